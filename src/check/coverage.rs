//! `coverage/…`: changed source files have tests.

use crate::change::ChangeKind;
use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::scan::{AreaKind, Language, Treatment, lexer, test_code};
use crate::text::RepoPath;

/// Languages whose files can have tests.
const TESTABLE_LANGUAGES: [Language; 9] = [
    Language::Rust,
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Jsx,
    Language::Vue,
    Language::Svelte,
    Language::Python,
    Language::Go,
];

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
        let is_source = TESTABLE_LANGUAGES.contains(&language)
            && input.settings.treatment(input.area(&file.path)) == Treatment::Product;
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
    let stem = file.split('.').next().unwrap_or(file);
    // A file like `mod.rs` is named by its folder.
    let name = match stem {
        "mod" | "lib" | "main" | "index" | "__init__" => folder.rsplit('/').next().unwrap_or(stem),
        stem => stem,
    };
    let is_adjacent_test = |other: &RepoPath| {
        let beside = other.folder().strip_prefix(folder.as_bytes());
        let is_beside = beside.is_some_and(|rest| {
            matches!(rest, b"" | b"/__tests__" | b"/tests" | b"/test" | b"__tests__" | b"tests" | b"test")
        });
        let file = other.file_name().to_string();
        // `index.test.ts` beside `index.ts` imports it as `.`.
        is_beside
            && (test_name_matches(&file, name) || test_name_matches(&file, stem))
            && input.area(other) == AreaKind::Tests
    };
    if input.paths.iter().any(|other| *other != *path && is_adjacent_test(other)) {
        return true;
    }
    let tests = input.test_files.get_or_init(|| {
        let all = input.paths.iter().filter(|path| {
            let language = Language::from_path(path);
            TESTABLE_LANGUAGES.contains(&language) && input.area(path) == AreaKind::Tests
        });
        all.filter_map(|path| Some((path.clone(), (input.read_file)(path)?))).collect()
    });
    tests.iter().any(|(test, bytes)| {
        test_name_matches(&test.file_name().to_string(), name) || contains_word(bytes, name)
    })
}

/// Returns whether the name of a test file is the name of a source file with
/// the affix `test_`, `_test` or `_tests`.
fn test_name_matches(file: &str, name: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file);
    let base = stem.trim_start_matches("test_").trim_end_matches("_tests").trim_end_matches("_test");
    base == name
}

/// Returns whether a text contains a name as a whole word.
fn contains_word(text: &[u8], name: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memchr::memmem::find_iter(text, name).any(|at| {
        !is_word(at.checked_sub(1).and_then(|before| text.get(before))) && !is_word(text.get(at + name.len()))
    })
}
