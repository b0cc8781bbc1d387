//! `coverage/…`: changed source files have tests.

use crate::change::ChangeKind;
use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::scan::{AreaKind, Language, Treatment, lexer, test_code};
use crate::text::RepoPath;

/// `coverage/test`: every changed source file contains a test, has a test file
/// next to it, or is named in a test file.
pub(super) fn test(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(changed) = input.changed else {
        return CheckResult::skipped("no change is judged; the rule checks changed files only");
    };
    let mut found = Vec::new();
    for file in
        changed.iter().filter(|file| !matches!(file.kind, ChangeKind::Deleted | ChangeKind::ModeChanged))
    {
        let language = Language::from_path(&file.path);
        let is_source =
            language.is_testable() && input.settings.treatment(input.area(&file.path)) == Treatment::Product;
        if !is_source || is_declaration_file(&file.path) || has_test(input, &file.path, language) {
            continue;
        }
        let message = format!("no test found for {}", file.path);
        let label = Label::path(&file.path, format!("this file {}", file.kind.clause()));
        found.push(rule.finding(message, label).about_path(&file.path));
    }
    found.into()
}

/// Returns whether a file contains only declarations.
fn is_declaration_file(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".d.ts") || path.as_bytes().ends_with(b".pyi")
}

/// Returns whether a source file contains a test, has a test file next to it,
/// or is named in a test file.
fn has_test(input: &SourcesCheckContext<'_>, path: &RepoPath, language: Language) -> bool {
    let own = (input.read_file)(path).unwrap_or_default();
    let regions = lexer::tokenize(language, &own);
    if !test_code::test_ranges(language, &own, &regions, None).is_empty() {
        return true;
    }
    let Some(text) = path.as_str() else { return false };
    let (folder, file) = text.rsplit_once('/').unwrap_or(("", text));
    let first = file.split('.').next().unwrap_or(file);
    let stem = source_stem(file);
    // A file like `mod.rs` is named by its folder.
    let name = match first {
        "mod" | "lib" | "main" | "index" | "__init__" => folder.rsplit('/').next().unwrap_or(first),
        _ => stem,
    };
    // Names of tests for this file: `user.test.ts` tests `user.controller.ts`, unless there is a
    // file `user.ts`.
    let is_test_of = |test: &str| {
        let base = test_stem(test);
        let is_part =
            |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
        base == name
            || base == stem
            || (is_part(base, stem) || is_part(stem, base)) && !has_source(input, folder, base)
    };
    let is_adjacent_test = |other: &RepoPath| {
        let beside = other.folder().strip_prefix(folder.as_bytes());
        let is_beside = beside.is_some_and(|rest| {
            matches!(rest, b"" | b"/__tests__" | b"/tests" | b"/test" | b"__tests__" | b"tests" | b"test")
        });
        // `index.test.ts` beside `index.ts` imports it as `.`.
        is_beside && is_test_of(&other.file_name().to_string()) && input.area(other) == AreaKind::Tests
    };
    if input.paths.iter().any(|other| *other != *path && is_adjacent_test(other)) {
        return true;
    }
    let tests = input.test_files.get_or_init(|| {
        let all = input.paths.iter().filter(|path| {
            let language = Language::from_path(path);
            language.is_testable() && input.area(path) == AreaKind::Tests
        });
        all.filter_map(|path| Some((path.clone(), (input.read_file)(path)?))).collect()
    });
    tests
        .iter()
        .any(|(test, bytes)| test_stem(&test.file_name().to_string()) == name || contains_word(bytes, name))
}

/// Endings of files that a test can be about.
const SOURCE_ENDINGS: [&str; 10] = ["ts", "tsx", "js", "jsx", "mjs", "vue", "svelte", "rs", "py", "go"];
/// Parts of a name before its ending that say where the file runs, and not what it does.
const PLATFORMS: [&str; 8] = ["native", "ios", "android", "web", "server", "client", "browser", "node"];
/// Parts of a name before its ending that make it a test.
const TEST_PARTS: [&str; 8] = ["test", "tests", "spec", "cy", "e2e", "test-d", "stories", "unit"];

/// Returns the name of a source file without its ending and platform: `user.controller` for
/// `user.controller.ts`.
fn source_stem(file: &str) -> &str {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match stem.rsplit_once('.') {
        Some((before, platform)) if PLATFORMS.contains(&platform) => before,
        _ => stem,
    }
}

/// Returns the name of the source file that a test file is named after: without its ending,
/// the parts that make it a test, and the affixes `test_`, `_test` and `_tests`.
fn test_stem(file: &str) -> &str {
    let mut stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    while let Some((before, part)) = stem.rsplit_once('.')
        && TEST_PARTS.contains(&part)
    {
        stem = before;
    }
    stem.trim_start_matches("test_").trim_end_matches("_tests").trim_end_matches("_test")
}

/// Returns whether a folder has a source file with a name.
fn has_source(input: &SourcesCheckContext<'_>, folder: &str, stem: &str) -> bool {
    let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    SOURCE_ENDINGS.iter().any(|ending| input.has_file(&format!("{start}{stem}.{ending}")))
}

/// Returns whether a text contains a name as a whole word.
fn contains_word(text: &[u8], name: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memchr::memmem::find_iter(text, name).any(|at| {
        !is_word(at.checked_sub(1).and_then(|before| text.get(before))) && !is_word(text.get(at + name.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_endings_and_words_for_tests() {
        for (test, source) in [
            ("user.service.spec.ts", "user.service.ts"),
            ("Cart.test.tsx", "Cart.tsx"),
            ("cart.e2e.test.ts", "cart.native.ts"),
            ("test_orders.py", "orders.py"),
            ("orders_test.go", "orders.go"),
            ("orders_tests.rs", "orders.rs"),
        ] {
            assert_eq!(test_stem(test), source_stem(source), "{test}");
        }
        assert_ne!(test_stem("user.service.spec.ts"), source_stem("user.controller.ts"));
    }
}
