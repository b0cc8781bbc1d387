//! Rust: finds items with `#[cfg(test)]`, `#[test]` and similar attributes, at any depth.

use std::ops::Range;

use super::super::lexer;
use super::rust_cfg::{CfgFacts, is_test_only};
use super::{bracket_end, skip_whitespace};

/// Maximum number of inner test attributes of one file; further ones are ignored.
const MAX_INNER_ATTRIBUTES: usize = 50;

/// A Rust file in which test items are searched.
pub(super) struct RustSource<'a> {
    /// The file without comments and strings.
    pub code: &'a [u8],
    /// The file.
    pub text: &'a [u8],
    pub facts: CfgFacts<'a>,
}

/// Returns the ranges of test items.
pub(super) fn ranges(source: &RustSource<'_>) -> Vec<Range<usize>> {
    let code = source.code;
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut at, mut inner) = (0, 0);
    while let Some(found) = memchr::memchr(b'#', code.get(at..).unwrap_or_default()) {
        let start = at + found;
        let Some(attribute) = RustAttribute::read(code, start) else {
            at = start + 1;
            continue;
        };
        at = attribute.end;
        if !attribute.is_test(source) {
            continue;
        }
        if attribute.is_inner {
            // Each one searches the code around it. A usual file has one or two.
            inner += 1;
            if inner > MAX_INNER_ATTRIBUTES {
                continue;
            }
            let opening = enclosing_bracket(code, start);
            let range = opening.map_or(0..code.len(), |open| open..bracket_end(code, open));
            out.push(range);
        } else {
            let end = item_end(code, attribute.end);
            out.push(with_comments_above(source, start)..end);
            at = end;
        }
    }
    out.sort_by_key(|range| range.start);
    out
}

/// Returns where the lines of comments directly above an attribute begin, which belong to its
/// item; the attribute itself if there are none.
fn with_comments_above(source: &RustSource<'_>, attribute: usize) -> usize {
    let line_start = |at: usize| {
        let before = source.text.get(..at).unwrap_or_default();
        memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)
    };
    let is_blank =
        |range: Range<usize>| source.code.get(range).is_some_and(|code| code.trim_ascii().is_empty());
    let mut begin = attribute;
    let mut first = line_start(attribute);
    while is_blank(first..begin) && first > 0 {
        let above = line_start(first - 1);
        let line = source.text.get(above..first).unwrap_or_default().trim_ascii();
        // `//!` is about what is around it.
        let is_comment = line.starts_with(b"//") && !line.starts_with(b"//!");
        if !(is_comment && is_blank(above..first)) {
            break;
        }
        begin = above;
        first = above;
    }
    begin
}

/// An attribute, `#[…]` or `#![…]`.
struct RustAttribute {
    is_inner: bool,
    /// Range between the brackets.
    content: Range<usize>,
    /// Offset after the closing bracket.
    end: usize,
}

impl RustAttribute {
    /// Reads the attribute that begins at `hash`; `None` if there is none.
    fn read(code: &[u8], hash: usize) -> Option<Self> {
        let mut at = skip_whitespace(code, hash + 1);
        let inner = code.get(at) == Some(&b'!');
        if inner {
            at = skip_whitespace(code, at + 1);
        }
        (code.get(at) == Some(&b'[')).then(|| {
            let end = bracket_end(code, at);
            Self { is_inner: inner, content: at + 1..end.saturating_sub(1).max(at + 1), end }
        })
    }

    /// Returns whether the attribute marks its item as test code.
    fn is_test(&self, source: &RustSource<'_>) -> bool {
        let raw = source.code.get(self.content.clone()).unwrap_or_default();
        let text: String = String::from_utf8_lossy(raw).split_whitespace().collect();
        if text.starts_with("cfg(") {
            // The names of features are strings.
            let has_feature = text.contains("feature=") && source.facts.enabled.is_some();
            let whole = source.text.get(self.content.clone()).filter(|_| has_feature);
            let whole: Option<String> =
                whole.map(|whole| String::from_utf8_lossy(whole).split_whitespace().collect());
            let text = whole.as_ref().unwrap_or(&text);
            let predicate = text.strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')'));
            return predicate
                .is_some_and(|predicate| is_test_only(predicate.trim_end_matches(','), source.facts, 0));
        }
        let path = text.split(['(', '=', '{', '[']).next().unwrap_or_default();
        let last = path.rsplit("::").next().unwrap_or_default();
        matches!(last, "test" | "bench" | "rstest" | "test_case" | "quickcheck" | "wasm_bindgen_test")
    }
}

/// Returns the offset of the opening bracket that encloses `at`; `None` at the top level.
fn enclosing_bracket(code: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, byte) in code.iter().enumerate().take(at).rev() {
        match byte {
            b'}' | b')' | b']' => depth += 1,
            b'{' | b'(' | b'[' if depth == 0 => return Some(index),
            b'{' | b'(' | b'[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Kind of the item after an attribute, by the way it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemShape {
    /// A function, module or type: ends with its braces, or with a semicolon before them.
    Item,
    /// `use`, `let`, `static`: ends with a semicolon.
    Statement,
    /// `if`, `for`, `match` and similar: ends with its last block.
    Block,
    /// A field or parameter: ends with a comma, but not one inside its type.
    Field,
    /// A variant, match arm or expression: ends with a comma.
    ListElement,
}

/// Returns the end of the item after an attribute that ends at `from`.
fn item_end(code: &[u8], from: usize) -> usize {
    let mut at = skip_whitespace(code, from);
    while let Some(next) = (code.get(at) == Some(&b'#')).then(|| RustAttribute::read(code, at)).flatten() {
        at = skip_whitespace(code, next.end);
    }
    let (shape, start) = item_shape(code, at);
    let (mut depth, mut angles) = (0_usize, 0_usize);
    let mut block = matches!(shape, ItemShape::Item | ItemShape::Block) || code.get(start) == Some(&b'{');
    for (index, byte) in code.iter().enumerate().skip(start) {
        let before = index.checked_sub(1).and_then(|before| code.get(before));
        let arrow = matches!(before, Some(b'-' | b'='));
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return index,
            b')' | b']' | b'}' => {
                depth -= 1;
                // Braces in angle brackets are const generic arguments.
                if depth == 0 && *byte == b'}' && block && angles == 0 {
                    let next = skip_whitespace(code, index + 1);
                    let continues = shape == ItemShape::Block && word_at(code, next) == b"else";
                    if !continues {
                        return index + 1;
                    }
                }
            }
            b'<' if depth == 0 && matches!(shape, ItemShape::Item | ItemShape::Field) => angles += 1,
            b'>' if depth == 0 && !arrow => angles = angles.saturating_sub(1),
            b';' if depth == 0 => return index + 1,
            b',' if depth == 0
                && angles == 0
                && matches!(shape, ItemShape::ListElement | ItemShape::Field) =>
            {
                return index + 1;
            }
            b'>' if depth == 0 && shape == ItemShape::ListElement && before == Some(&b'=') => {
                // The arrow of a match arm: a block after it ends the arm.
                block |= code.get(skip_whitespace(code, index + 1)) == Some(&b'{');
            }
            _ => {}
        }
    }
    code.len()
}

/// Returns the name that begins at an offset; empty if there is none.
fn word_at(code: &[u8], at: usize) -> &[u8] {
    let rest = code.get(at..).unwrap_or_default();
    let length = rest.iter().take_while(|byte| lexer::is_word(**byte)).count();
    rest.get(..length).unwrap_or_default()
}

/// Skips visibility and qualifiers; returns the shape according to the keyword, and the
/// offset of the keyword.
fn item_shape(code: &[u8], from: usize) -> (ItemShape, usize) {
    let mut at = from;
    let mut is_statement = false;
    loop {
        at = skip_whitespace(code, at);
        let word = word_at(code, at);
        match word {
            b"pub" => {
                at = skip_whitespace(code, at + 3);
                if code.get(at) == Some(&b'(') {
                    at = bracket_end(code, at);
                }
            }
            b"async" | b"default" | b"safe" => at += word.len(),
            b"unsafe" => {
                let next = skip_whitespace(code, at + word.len());
                if code.get(next) == Some(&b'{') {
                    return (ItemShape::Block, at);
                }
                at = next;
            }
            b"extern" => {
                // `extern "C" fn`, `extern "C" { … }`, `extern crate x;`
                at = skip_whitespace(code, at + word.len());
                if code.get(at) == Some(&b'"') {
                    let close = memchr::memchr(b'"', code.get(at + 1..).unwrap_or_default());
                    at += close.map_or(1, |close| close + 2);
                }
                let next = skip_whitespace(code, at);
                if code.get(next) == Some(&b'{') {
                    return (ItemShape::Item, next);
                }
                is_statement = true;
            }
            b"const" => {
                is_statement = true;
                at += word.len();
            }
            b"fn" | b"mod" | b"impl" | b"struct" | b"enum" | b"union" | b"trait" | b"macro_rules" => {
                return (ItemShape::Item, at);
            }
            b"use" | b"let" | b"static" | b"type" | b"crate" if !is_path_separator(code, at + word.len()) => {
                return (ItemShape::Statement, at);
            }
            b"if" | b"for" | b"while" | b"loop" | b"match" => return (ItemShape::Block, at),
            _ if is_statement => return (ItemShape::Statement, at),
            _ => return (shape_without_keyword(code, at), at),
        }
    }
}

/// Returns whether `::` is the next token from an offset on.
fn is_path_separator(code: &[u8], at: usize) -> bool {
    code.get(skip_whitespace(code, at)..).is_some_and(|rest| rest.starts_with(b"::"))
}

/// Returns the shape of an item that does not begin with a keyword: a label, a macro, a
/// field, or a list element.
fn shape_without_keyword(code: &[u8], from: usize) -> ItemShape {
    let mut at = from;
    if code.get(at) == Some(&b'\'') {
        return ItemShape::Block;
    }
    loop {
        let length = word_at(code, at).len();
        if length == 0 {
            return ItemShape::ListElement;
        }
        at = skip_whitespace(code, at + length);
        if !is_path_separator(code, at) {
            break;
        }
        at = skip_whitespace(code, at + 2);
    }
    match code.get(at) {
        Some(b'!') if code.get(at + 1) != Some(&b'=') => ItemShape::Item,
        Some(b':') => ItemShape::Field,
        _ => ItemShape::ListElement,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::Language;
    use super::*;
    use crate::scan::token_map::{TokenKind, TokenKindSet};

    /// Returns the text outside the test ranges.
    fn outside_test_ranges(text: &str) -> String {
        outside_with(text, None)
    }

    fn outside_with(text: &str, enabled: Option<&BTreeSet<String>>) -> String {
        let token_map = lexer::tokenize(Language::Rust, text.as_bytes());
        let code = token_map.masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
        let facts = CfgFacts { enabled, ..CfgFacts::default() };
        let ranges = ranges(&RustSource { code: &code, text: text.as_bytes(), facts });
        text.char_indices()
            .filter(|(at, _)| !super::super::contains_offset(&ranges, *at))
            .map(|(_, c)| c)
            .collect()
    }

    #[test]
    fn an_item_ends_as_in_rust() {
        assert_eq!(outside_test_ranges("#[cfg(test)] mod t { fn a() { '}' } }fn b() {}"), "fn b() {}");
        assert_eq!(outside_test_ranges("#[cfg(test)] use a::{b, c};fn b() {}"), "fn b() {}");
        assert_eq!(outside_test_ranges("#[cfg(test)] const A: [u8; 2] = [1, 2];b"), "b");
        assert_eq!(outside_test_ranges("#[cfg(test)] pub(crate) async fn a<T, U>(x: T) where T: B {}c"), "c");
        assert_eq!(outside_test_ranges("#[cfg(test)] mod t;fn b() {}"), "fn b() {}");
        assert_eq!(outside_test_ranges("struct A { #[cfg(test)] a: B<C>, d: u8 }"), "struct A {  d: u8 }");
        assert_eq!(outside_test_ranges("match x { #[cfg(test)] A => { 1 } B => 2 }"), "match x {  B => 2 }");
        assert_eq!(outside_test_ranges("#[test] #[ignore = \"}\"] fn a() {}b"), "b");
        assert_eq!(outside_test_ranges("#[tokio::test(flavor = \"x\")] async fn a() {}b"), "b");
        assert_eq!(outside_test_ranges("mod a { #![cfg(test)] fn b() {} }fn c() {}"), "mod a fn c() {}");
        assert_eq!(outside_test_ranges("#![cfg(test)]\nfn b() {}"), "");
        assert_eq!(outside_test_ranges("#[cfg(test)] impl A for B { }c"), "c");
        assert_eq!(outside_test_ranges("#[cfg(test)] thread_local! { static A: u8 = 1; }c"), "c");
        assert_eq!(outside_test_ranges("#[cfg(test)] extern \"C\" fn a() {}c"), "c");
        assert_eq!(
            outside_test_ranges("struct A { #[cfg(test,)] a: HashMap<B, C>, d: u8 }"),
            "struct A {  d: u8 }"
        );
        assert_eq!(outside_test_ranges("#[cfg(test)] self::fakes! { a }fn c() {}"), "fn c() {}");
        assert_eq!(outside_test_ranges("#[cfg(test)] impl A for B<{ C * 2 }> { fn d() {} }c"), "c");
        assert_eq!(outside_test_ranges("{ #[cfg(test)] if a { b } else { c } d(); }"), "{  d(); }");
        assert_eq!(outside_test_ranges("{ #[cfg(test)] 'a: loop { b } d(); }"), "{  d(); }");
    }

    #[test]
    fn predicates_that_are_true_outside_tests_do_not_mark_test_code() {
        for text in [
            "#[cfg(not(test))] fn a() {}",
            "#[cfg(any(test, feature = \"x\"))] fn a() {}",
            "#[cfg_attr(test, derive(A))] fn a() {}",
            "#[cfg(feature = \"test\")] fn a() {}",
            "#[testing] fn a() {}",
            "#[doc = \"#[cfg(test)]\"] fn a() {}",
        ] {
            assert_eq!(outside_test_ranges(text), text);
        }
        assert_eq!(outside_test_ranges("#[cfg(not(doc))] fn a() {}"), "#[cfg(not(doc))] fn a() {}");
        assert_eq!(outside_test_ranges("#[cfg(doc)] fn a() {}b"), "b");
        assert_eq!(outside_test_ranges("#[cfg(any(doc, docsrs))] macro_rules! a { () => {} }b"), "b");
        assert_eq!(outside_test_ranges("#[cfg(any(doc, unix))] fn a() {}").len(), 32);
        assert_eq!(outside_test_ranges("#[cfg(all(test, unix))] fn a() {}"), "");
        assert_eq!(outside_test_ranges("#[cfg(any(test, doctest))] fn a() {}"), "");
        assert_eq!(outside_test_ranges("#[cfg(fuzzing)] fn a() {}#[cfg(all(loom, unix))] fn b() {}c"), "c");
        assert_eq!(outside_test_ranges("#[cfg(not(miri))] fn a() {}b"), "#[cfg(not(miri))] fn a() {}b");
    }

    #[test]
    fn comments_above_an_attribute_belong_to_its_item() {
        assert_eq!(outside_test_ranges("//! A\n/// b\n// c\n#[cfg(test)]\nfn a() {}d"), "//! A\nd");
        assert_eq!(outside_test_ranges("a();\n  // b\n  #[cfg(test)]\n  c();d"), "a();\nd");
        assert_eq!(outside_test_ranges("a(); // b\n#[cfg(test)]\nfn c() {}d"), "a(); // b\nd");
        assert_eq!(outside_test_ranges("// a\n\n#[cfg(test)]\nfn c() {}d"), "// a\n\nd");
        assert_eq!(outside_test_ranges("/// a\nfn b() {} #[cfg(test)] fn c() {}"), "/// a\nfn b() {} ");
    }

    #[test]
    fn features_of_tests_that_no_build_switches_on_mark_test_code() {
        let enabled = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let (off, on) = (enabled(&["default"]), enabled(&["default", "testing"]));
        for text in [
            "#[cfg(feature = \"testing\")] fn a() {}",
            "#[cfg(any(test, feature = \"testing\"))] fn a() {}",
            "#[cfg(all(unix, feature=\"testing\"))] mod a;",
        ] {
            assert_eq!(outside_with(text, Some(&off)), "", "{text}");
            assert_eq!(outside_with(text, Some(&on)), text, "{text}");
            assert_eq!(outside_with(text, None), text, "{text}");
        }
        assert_eq!(outside_with("#[cfg(feature = \"dev_mode\")] fn a() {}", Some(&off)), "");
        // A hidden feature gives other packages what tests need.
        let hidden = "#[cfg(any(test, feature = \"__tide\"))] mod a;";
        assert_eq!(outside_with(hidden, Some(&off)), "");
        assert_eq!(outside_with(hidden, Some(&enabled(&["__tide"]))), hidden);
        for text in [
            "#[cfg(not(feature = \"testing\"))] fn a() {}",
            "#[cfg(feature = \"latest\")] fn a() {}",
            "#[cfg(feature = \"__tide\")] fn a() {}",
            "#[cfg(any(test, unix, feature = \"__tide\"))] fn a() {}",
            "#[cfg(feature = \"dev\")] fn a() {}",
            "#[cfg(feature = \"real\" /* -test- \" */)] fn a() {}",
            "#[cfg(any(unix, feature = \"testing\"))] fn a() {}",
            "#[cfg(feature = r\"testing\")] fn a() {}",
        ] {
            assert_eq!(outside_with(text, Some(&off)), text, "{text}");
        }
    }
}
