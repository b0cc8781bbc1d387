//! Rust: items under `#[cfg(test)]`, `#[test]` and their like, wherever they
//! stand.

use std::ops::Range;

use super::super::region::{Kind, KindSet};
use super::super::{Language, lexer};
use super::{behind_blanks, behind_bracket};

/// More inner attributes of one file say nothing.
const MOST_INNER: usize = 50;

/// The ranges of test items in code without comments and strings.
pub(super) fn ranges(code: &[u8]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut at, mut inner) = (0, 0);
    while let Some(found) = memchr::memchr(b'#', code.get(at..).unwrap_or_default()) {
        let start = at + found;
        let Some(attribute) = Attribute::read(code, start) else {
            at = start + 1;
            continue;
        };
        at = attribute.end;
        if !attribute.is_test(code) {
            continue;
        }
        if attribute.inner {
            // Each looks at all that is around it; a file has one or two.
            inner += 1;
            if inner > MOST_INNER {
                continue;
            }
            let opening = enclosing(code, start);
            let range = opening.map_or(0..code.len(), |open| open..behind_bracket(code, open));
            out.push(range);
        } else {
            let end = item_end(code, attribute.end);
            out.push(start..end);
            at = end;
        }
    }
    out.sort_by_key(|range| range.start);
    out
}

/// Whether a file declares a module (`mod name;`, or `#[path = "file"]` before
/// one), and for tests only: then the module's own file is test code. `None` if
/// it does not declare it.
#[must_use]
pub fn declared(parent: &[u8], name: &str, file: &str) -> Option<bool> {
    let quoted = format!("\"{file}\"");
    let by_path = memchr::memmem::find(parent, quoted.as_bytes()).is_some();
    if memchr::memmem::find(parent, name.as_bytes()).is_none() && !by_path {
        return None;
    }
    let regions = lexer::regions(Language::Rust, parent);
    let code = regions.view(parent, KindSet::of(&[Kind::Code]));
    let tests = ranges(&code);
    let mut places = Vec::new();
    for found in memchr::memmem::find_iter(&code, name) {
        let before = code.get(..found).unwrap_or_default().trim_ascii_end();
        let after = code.get(found + name.len()..).unwrap_or_default().trim_ascii_start();
        if before.ends_with(b"mod") && found > before.len() && after.starts_with(b";") {
            places.push(found);
        }
    }
    for found in memchr::memmem::find_iter(parent, &quoted) {
        let before = code.get(..found).unwrap_or_default().trim_ascii_end();
        let path = before.strip_suffix(b"=").is_some_and(|before| before.trim_ascii_end().ends_with(b"path"));
        if path {
            places.push(found);
        }
    }
    let all = || places.iter().all(|at| super::lies_in(&tests, *at));
    (!places.is_empty()).then(all)
}

struct Attribute {
    inner: bool,
    /// What stands between the brackets.
    content: Range<usize>,
    /// Behind the closing bracket.
    end: usize,
}

impl Attribute {
    fn read(code: &[u8], hash: usize) -> Option<Self> {
        let mut at = behind_blanks(code, hash + 1);
        let inner = code.get(at) == Some(&b'!');
        if inner {
            at = behind_blanks(code, at + 1);
        }
        (code.get(at) == Some(&b'[')).then(|| {
            let end = behind_bracket(code, at);
            Self { inner, content: at + 1..end.saturating_sub(1).max(at + 1), end }
        })
    }

    fn is_test(&self, code: &[u8]) -> bool {
        let raw = code.get(self.content.clone()).unwrap_or_default();
        let text: String = String::from_utf8_lossy(raw).split_whitespace().collect();
        if let Some(predicate) = text.strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')')) {
            return is_test_only(predicate.trim_end_matches(','), 0);
        }
        let path = text.split(['(', '=', '{', '[']).next().unwrap_or_default();
        let last = path.rsplit("::").next().unwrap_or_default();
        matches!(last, "test" | "bench" | "rstest" | "test_case" | "quickcheck" | "wasm_bindgen_test")
    }
}

/// Whether a predicate holds in tests only.
fn is_test_only(predicate: &str, depth: usize) -> bool {
    let list = |name: &str| {
        let inner = predicate.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
        Some(parts(inner))
    };
    if depth > 20 {
        return false;
    }
    if let Some(all) = list("all") {
        return all.iter().any(|part| is_test_only(part, depth + 1));
    }
    if let Some(any) = list("any") {
        return !any.is_empty() && any.iter().all(|part| is_test_only(part, depth + 1));
    }
    matches!(predicate, "test" | "doctest")
}

/// Splits at commas outside of parentheses.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0_i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    out.extend(text.get(start..));
    out.retain(|part| !part.is_empty());
    out
}

/// The brace that encloses an offset.
fn enclosing(code: &[u8], at: usize) -> Option<usize> {
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

/// How the thing behind an attribute ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A function, module, type: with its braces, or a semicolon before any.
    Item,
    /// `use`, `let`, `static`: with a semicolon.
    Statement,
    /// `if`, `for`, `match` and the like: with its last block.
    Block,
    /// A field or parameter: with a comma, but not one inside its type.
    Field,
    /// A variant, match arm or expression: with a comma.
    Piece,
}

/// Where the item behind an attribute ends.
fn item_end(code: &[u8], from: usize) -> usize {
    let mut at = behind_blanks(code, from);
    while let Some(next) = (code.get(at) == Some(&b'#')).then(|| Attribute::read(code, at)).flatten() {
        at = behind_blanks(code, next.end);
    }
    let (shape, start) = shape(code, at);
    let (mut depth, mut angles) = (0_usize, 0_usize);
    let mut block = matches!(shape, Shape::Item | Shape::Block) || code.get(start) == Some(&b'{');
    for (index, byte) in code.iter().enumerate().skip(start) {
        let before = index.checked_sub(1).and_then(|before| code.get(before));
        let arrow = matches!(before, Some(b'-' | b'='));
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return index,
            b')' | b']' | b'}' => {
                depth -= 1;
                // Braces in angle brackets are values of types.
                if depth == 0 && *byte == b'}' && block && angles == 0 {
                    let next = behind_blanks(code, index + 1);
                    let goes_on = shape == Shape::Block && word_at(code, next) == b"else";
                    if !goes_on {
                        return index + 1;
                    }
                }
            }
            b'<' if depth == 0 && matches!(shape, Shape::Item | Shape::Field) => angles += 1,
            b'>' if depth == 0 && !arrow => angles = angles.saturating_sub(1),
            b';' if depth == 0 => return index + 1,
            b',' if depth == 0 && angles == 0 && matches!(shape, Shape::Piece | Shape::Field) => {
                return index + 1;
            }
            b'>' if depth == 0 && shape == Shape::Piece && before == Some(&b'=') => {
                // The arrow of a match arm: its block may end it.
                block |= code.get(behind_blanks(code, index + 1)) == Some(&b'{');
            }
            _ => {}
        }
    }
    code.len()
}

/// The name that begins at an offset.
fn word_at(code: &[u8], at: usize) -> &[u8] {
    let rest = code.get(at..).unwrap_or_default();
    let length = rest.iter().take_while(|byte| lexer::is_word(**byte)).count();
    rest.get(..length).unwrap_or_default()
}

/// Reads visibility and qualifiers, then the word that says what it is.
fn shape(code: &[u8], from: usize) -> (Shape, usize) {
    let mut at = from;
    let mut constant = false;
    loop {
        at = behind_blanks(code, at);
        let word = word_at(code, at);
        match word {
            b"pub" => {
                at = behind_blanks(code, at + 3);
                if code.get(at) == Some(&b'(') {
                    at = behind_bracket(code, at);
                }
            }
            b"async" | b"default" | b"safe" => at += word.len(),
            b"unsafe" => {
                let next = behind_blanks(code, at + word.len());
                if code.get(next) == Some(&b'{') {
                    return (Shape::Block, at);
                }
                at = next;
            }
            b"extern" => {
                // `extern "C" fn`, `extern "C" { … }`, `extern crate x;`
                at = behind_blanks(code, at + word.len());
                if code.get(at) == Some(&b'"') {
                    let close = memchr::memchr(b'"', code.get(at + 1..).unwrap_or_default());
                    at += close.map_or(1, |close| close + 2);
                }
                let next = behind_blanks(code, at);
                if code.get(next) == Some(&b'{') {
                    return (Shape::Item, next);
                }
                constant = true;
            }
            b"const" => {
                constant = true;
                at += word.len();
            }
            b"fn" | b"mod" | b"impl" | b"struct" | b"enum" | b"union" | b"trait" | b"macro_rules" => {
                return (Shape::Item, at);
            }
            b"use" | b"let" | b"static" | b"type" | b"crate" if !is_path(code, at + word.len()) => {
                return (Shape::Statement, at);
            }
            b"if" | b"for" | b"while" | b"loop" | b"match" => return (Shape::Block, at),
            _ if constant => return (Shape::Statement, at),
            _ => return (unnamed(code, at), at),
        }
    }
}

/// Whether `::` stands at an offset.
fn is_path(code: &[u8], at: usize) -> bool {
    code.get(behind_blanks(code, at)..).is_some_and(|rest| rest.starts_with(b"::"))
}

/// What begins with no word of the language: a label, a macro, a field, or
/// anything else.
fn unnamed(code: &[u8], from: usize) -> Shape {
    let mut at = from;
    if code.get(at) == Some(&b'\'') {
        return Shape::Block;
    }
    loop {
        let length = word_at(code, at).len();
        if length == 0 {
            return Shape::Piece;
        }
        at = behind_blanks(code, at + length);
        if !is_path(code, at) {
            break;
        }
        at = behind_blanks(code, at + 2);
    }
    match code.get(at) {
        Some(b'!') if code.get(at + 1) != Some(&b'=') => Shape::Item,
        Some(b':') => Shape::Field,
        _ => Shape::Piece,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text outside of test ranges.
    fn kept(text: &str) -> String {
        let regions = lexer::regions(Language::Rust, text.as_bytes());
        let code = regions.view(text.as_bytes(), KindSet::of(&[Kind::Code]));
        let ranges = ranges(&code);
        text.char_indices().filter(|(at, _)| !super::super::lies_in(&ranges, *at)).map(|(_, c)| c).collect()
    }

    #[test]
    fn items_end_where_rust_ends_them() {
        assert_eq!(kept("#[cfg(test)] mod t { fn a() { '}' } }fn b() {}"), "fn b() {}");
        assert_eq!(kept("#[cfg(test)] use a::{b, c};fn b() {}"), "fn b() {}");
        assert_eq!(kept("#[cfg(test)] const A: [u8; 2] = [1, 2];b"), "b");
        assert_eq!(kept("#[cfg(test)] pub(crate) async fn a<T, U>(x: T) where T: B {}c"), "c");
        assert_eq!(kept("#[cfg(test)] mod t;fn b() {}"), "fn b() {}");
        assert_eq!(kept("struct A { #[cfg(test)] a: B<C>, d: u8 }"), "struct A {  d: u8 }");
        assert_eq!(kept("match x { #[cfg(test)] A => { 1 } B => 2 }"), "match x {  B => 2 }");
        assert_eq!(kept("#[test] #[ignore = \"}\"] fn a() {}b"), "b");
        assert_eq!(kept("#[tokio::test(flavor = \"x\")] async fn a() {}b"), "b");
        assert_eq!(kept("mod a { #![cfg(test)] fn b() {} }fn c() {}"), "mod a fn c() {}");
        assert_eq!(kept("#![cfg(test)]\nfn b() {}"), "");
        assert_eq!(kept("#[cfg(test)] impl A for B { }c"), "c");
        assert_eq!(kept("#[cfg(test)] thread_local! { static A: u8 = 1; }c"), "c");
        assert_eq!(kept("#[cfg(test)] extern \"C\" fn a() {}c"), "c");
        assert_eq!(kept("struct A { #[cfg(test,)] a: HashMap<B, C>, d: u8 }"), "struct A {  d: u8 }");
        assert_eq!(kept("#[cfg(test)] self::fakes! { a }fn c() {}"), "fn c() {}");
        assert_eq!(kept("#[cfg(test)] impl A for B<{ C * 2 }> { fn d() {} }c"), "c");
        assert_eq!(kept("{ #[cfg(test)] if a { b } else { c } d(); }"), "{  d(); }");
        assert_eq!(kept("{ #[cfg(test)] 'a: loop { b } d(); }"), "{  d(); }");
    }

    #[test]
    fn predicates_that_hold_outside_of_tests_are_no_tests() {
        for text in [
            "#[cfg(not(test))] fn a() {}",
            "#[cfg(any(test, feature = \"x\"))] fn a() {}",
            "#[cfg_attr(test, derive(A))] fn a() {}",
            "#[cfg(feature = \"test\")] fn a() {}",
            "#[testing] fn a() {}",
            "#[doc = \"#[cfg(test)]\"] fn a() {}",
        ] {
            assert_eq!(kept(text), text);
        }
        assert_eq!(kept("#[cfg(all(test, unix))] fn a() {}"), "");
        assert_eq!(kept("#[cfg(any(test, doctest))] fn a() {}"), "");
    }

    #[test]
    fn modules_declared_for_tests() {
        let told = |text: &str| declared(text.as_bytes(), "checks", "checks.rs");
        assert_eq!(told("#[cfg(test)]\nmod checks;\n"), Some(true));
        assert_eq!(told("mod checks;\n"), Some(false));
        assert_eq!(told("// #[cfg(test)]\nmod checks;\n"), Some(false));
        assert_eq!(told("#[cfg(test)]\nmod other;\nmod checks;"), Some(false));
        assert_eq!(told("#[cfg(test)] mod checks {}\n"), None);
        assert_eq!(told("#[cfg(test)] #[path = \"checks.rs\"] mod tests;\n"), Some(true));
        assert_eq!(told("#[cfg(test)] mod checks; #[path = \"checks.rs\"] mod real;"), Some(false));
    }
}
