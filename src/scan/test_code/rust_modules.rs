//! Rust: modules that are declared for tests only, or for builds for debugging.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::{Language, lexer};
use super::rust::{RustSource, ranges};
use super::rust_cfg::CfgFacts;
use crate::scan::token_map::{TokenKind, TokenKindSet};

/// Returns what decides about modules: no build that is delivered has those of debug builds.
fn facts_of_modules(enabled: Option<&BTreeSet<String>>) -> CfgFacts<'_> {
    CfgFacts { enabled, with_debug_builds: true }
}

/// Returns whether `parent` declares a module for tests only; then the file of the module
/// is test code. The declaration is `mod name;`, or a module with `#[path = "file"]`.
/// `None` if `parent` does not declare it.
#[must_use]
pub(crate) fn declared_for_tests(
    parent: &[u8],
    name: &str,
    file: &str,
    enabled: Option<&BTreeSet<String>>,
) -> Option<bool> {
    let end = format!("{file}\"");
    let by_path = memchr::memmem::find(parent, end.as_bytes()).is_some();
    if memchr::memmem::find(parent, name.as_bytes()).is_none() && !by_path {
        return None;
    }
    let token_map = lexer::tokenize(Language::Rust, parent);
    let code = token_map.masked_text(parent, TokenKindSet::of(&[TokenKind::Code]));
    let tests = ranges(&RustSource { code: &code, text: parent, facts: facts_of_modules(enabled) });
    let mut declarations = Vec::new();
    for found in memchr::memmem::find_iter(&code, name) {
        let before = code.get(..found).unwrap_or_default().trim_ascii_end();
        let after = code.get(found + name.len()..).unwrap_or_default().trim_ascii_start();
        if before.ends_with(b"mod") && found > before.len() && after.starts_with(b";") {
            declarations.push(found);
        }
    }
    for found in memchr::memmem::find_iter(parent, &end) {
        // The string is the file, or a path to it: `#[path = "./unit/orders_tests.rs"]`.
        let line = parent.get(..found).unwrap_or_default();
        let Some(quote) = memchr::memrchr(b'"', line) else { continue };
        let lead = line.get(quote + 1..).unwrap_or_default();
        if !(lead.is_empty() || (lead.ends_with(b"/") && !lead.contains(&b'\n'))) {
            continue;
        }
        let before = code.get(..quote).unwrap_or_default().trim_ascii_end();
        let path = before.strip_suffix(b"=").is_some_and(|before| before.trim_ascii_end().ends_with(b"path"));
        // The attribute that makes it a module of tests may follow.
        if path {
            declarations.push(find_module(&code, found).unwrap_or(found));
        }
    }
    let all = || declarations.iter().all(|at| super::contains_offset(&tests, *at));
    (!declarations.is_empty()).then(all)
}

/// Returns whether a file declares the module `name` in the inline modules `within`, from the
/// outermost to the innermost, for tests only: `mod a { #[cfg(test)] mod name; }`. `None` if it
/// does not declare it there.
#[must_use]
pub(crate) fn declared_inline_for_tests(
    parent: &[u8],
    within: &[&str],
    name: &str,
    enabled: Option<&BTreeSet<String>>,
) -> Option<bool> {
    let has_all =
        within.iter().chain([&name]).all(|one| memchr::memmem::find(parent, one.as_bytes()).is_some());
    if !has_all {
        return None;
    }
    let token_map = lexer::tokenize(Language::Rust, parent);
    let code = token_map.masked_text(parent, TokenKindSet::of(&[TokenKind::Code]));
    let pairs = super::BracketPairs::find(&code);
    // All blocks of the modules so far; at first the whole file.
    let mut blocks: Vec<Range<usize>> = std::iter::once(0..code.len()).collect();
    for module in within {
        let mut inner = Vec::new();
        for block in blocks {
            let found = modules(&code, block, module).filter(|(_, end)| code.get(*end) == Some(&b'{'));
            inner.extend(found.map(|(_, open)| open + 1..pairs.end_of(open)));
        }
        // A module inside of one with the same name is a part of it.
        blocks = super::merge_ranges(inner);
    }
    let tests = ranges(&RustSource { code: &code, text: parent, facts: facts_of_modules(enabled) });
    let declared = blocks.into_iter().flat_map(|block| modules(&code, block, name));
    let mut declared = declared.filter(|(_, end)| code.get(*end) == Some(&b';')).peekable();
    declared.peek().is_some().then(|| declared.all(|(at, _)| super::contains_offset(&tests, at)))
}

/// Returns the declarations of modules with a name in a part of the code: the offset of the
/// name, and that of the first byte after it that is no blank.
fn modules<'a>(
    code: &'a [u8],
    block: Range<usize>,
    name: &'a str,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let text = code.get(block.clone()).unwrap_or_default();
    memchr::memmem::find_iter(text, name.as_bytes()).filter_map(move |found| {
        let at = block.start + found;
        let before = code.get(..at)?.trim_ascii_end();
        let is_whole = !code.get(at + name.len()).copied().is_some_and(lexer::is_word);
        let has_word =
            before.strip_suffix(b"mod").is_some_and(|rest| !rest.last().copied().is_some_and(lexer::is_word));
        let is_module = has_word && at > before.len() && is_whole;
        is_module.then(|| (at, super::skip_whitespace(code, at + name.len())))
    })
}

/// Returns where the next `mod` after a place is.
fn find_module(code: &[u8], at: usize) -> Option<usize> {
    let rest = code.get(at..)?;
    let is_word = |found: usize| {
        let is_blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
        found > 0 && is_blank(rest.get(found - 1)) && is_blank(rest.get(found + 3))
    };
    memchr::memmem::find_iter(rest, b"mod").find(|found| is_word(*found)).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_test_code_if_all_declarations_are() {
        let declared = |text: &str| declared_for_tests(text.as_bytes(), "checks", "checks.rs", None);
        assert_eq!(declared("#[cfg(test)]\nmod checks;\n"), Some(true));
        assert_eq!(declared("mod checks;\n"), Some(false));
        assert_eq!(declared("// #[cfg(test)]\nmod checks;\n"), Some(false));
        assert_eq!(declared("#[cfg(test)]\nmod other;\nmod checks;"), Some(false));
        assert_eq!(declared("#[cfg(test)] mod checks {}\n"), None);
        assert_eq!(declared("#[cfg(test)] #[path = \"checks.rs\"] mod tests;\n"), Some(true));
        assert_eq!(declared("#[path = \"checks.rs\"]\n#[cfg(test)]\nmod tests;\n"), Some(true));
        assert_eq!(declared("#[path = \"checks.rs\"]\nmod real;\n#[cfg(test)]\nmod tests;\n"), Some(false));
        assert_eq!(declared("#[cfg(test)] mod checks; #[path = \"checks.rs\"] mod real;"), Some(false));
    }

    #[test]
    fn a_module_of_debug_builds_is_none_of_the_product() {
        let declared = |text: &str| declared_for_tests(text.as_bytes(), "checks", "checks.rs", None);
        for text in [
            "#[cfg(debug_assertions)]\npub(crate) mod checks;\n",
            "#[cfg(any(test, debug_assertions))] mod checks;",
            "#[cfg(all(unix, debug_assertions))] mod checks;",
            "#[cfg(debug_assertions)] mod checks; #[cfg(test)] mod checks;",
        ] {
            assert_eq!(declared(text), Some(true), "{text}");
        }
        for text in [
            "#[cfg(not(debug_assertions))] mod checks;",
            "#[cfg(any(unix, debug_assertions))] mod checks;",
            "#[cfg(debug_assertions)] mod checks; mod checks;",
            "#[cfg(debug_assertions)] mod checks; #[cfg(not(debug_assertions))] mod checks;",
            "// #[cfg(debug_assertions)]\nmod checks;",
            "#[cfg(feature = \"debug_assertions\")] mod checks;",
            "#[cfg(debug_assertions)] mod other; mod checks;",
        ] {
            assert_eq!(declared(text), Some(false), "{text}");
        }
        let inline = |text: &str| declared_inline_for_tests(text.as_bytes(), &["a"], "checks", None);
        assert_eq!(inline("#[cfg(debug_assertions)] mod a { mod checks; }"), Some(true));
        assert_eq!(inline("mod a { #[cfg(debug_assertions)] mod checks; }"), Some(true));
        assert_eq!(inline("#[cfg(not(debug_assertions))] mod a { mod checks; }"), Some(false));
    }

    #[test]
    fn a_module_in_an_inline_module_is_declared_there() {
        let declared =
            |text: &str, within: &[&str]| declared_inline_for_tests(text.as_bytes(), within, "checks", None);
        assert_eq!(declared("#[cfg(test)] mod two { mod checks; }", &["two"]), Some(true));
        assert_eq!(declared("mod a { #[cfg(test)] mod checks; }", &["a"]), Some(true));
        assert_eq!(declared("mod a { mod b { #[cfg(test)] mod checks; } }", &["a", "b"]), Some(true));
        assert_eq!(declared("mod a { mod checks; }", &["a"]), Some(false));
        // Another module has the same name.
        assert_eq!(
            declared("mod a { mod checks; } #[cfg(test)] mod two { mod checks; }", &["a"]),
            Some(false)
        );
        assert_eq!(declared("#[cfg(test)] mod checks; mod a {}", &["a"]), None);
        assert_eq!(declared("#[cfg(test)] mod a; mod checks;", &["a"]), None);
        assert_eq!(declared("mod aa { #[cfg(test)] mod checks; }", &["a"]), None);
    }
}
