//! `coverage/test`: every changed source file has a test that lies beside it,
//! in it, or names it.

use crate::change::ChangeKind;
use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::scan::{Language, lexer, test_code};
use crate::text::RepoPath;

/// Languages whose files can have tests.
const TESTABLE_LANGUAGES: [Language; 7] = [
    Language::Rust,
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Jsx,
    Language::Python,
    Language::Go,
];

pub(super) fn test(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(changed) = input.changed else {
        return CheckResult::skipped("no change is judged; `validator-coverage-gaps` looks at changed files");
    };
    let has = |file: &str| input.has_file(file);
    let mut found = Vec::new();
    for file in
        changed.iter().filter(|file| !matches!(file.kind, ChangeKind::Deleted | ChangeKind::ModeChanged))
    {
        let language = Language::from_path(&file.path);
        let is_source = TESTABLE_LANGUAGES.contains(&language)
            && !input.settings.skips(&file.path)
            && !input.settings.is_test(&file.path, language)
            && input.settings.is_product(&file.path, language, &has);
        if !is_source || is_declaration_file(&file.path) || has_test(input, &file.path, language) {
            continue;
        }
        let message = format!("{} has no test", file.path);
        let label = Label::path(&file.path, format!("{}, and no test names it", file.kind.clause()));
        found.push(rule.finding(message, label).about_path(&file.path));
    }
    found.into()
}

/// Files that only declare.
fn is_declaration_file(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".d.ts") || path.as_bytes().ends_with(b".pyi")
}

fn has_test(input: &SourcesCheckContext<'_>, path: &RepoPath, language: Language) -> bool {
    let own = (input.read_file)(path).unwrap_or_default();
    let regions = lexer::tokenize(language, &own);
    if !test_code::test_ranges(language, &own, &regions).is_empty() {
        return true;
    }
    let Some(text) = path.as_str() else { return false };
    let (folder, file) = text.rsplit_once('/').unwrap_or(("", text));
    let stem = file.split('.').next().unwrap_or(file);
    // What a file like `mod.rs` is called by is its folder.
    let name = match stem {
        "mod" | "lib" | "main" | "index" | "__init__" => folder.rsplit('/').next().unwrap_or(stem),
        stem => stem,
    };
    let beside = |own: &RepoPath| {
        own.folder() == folder.as_bytes()
            && input.settings.is_test(own, Language::from_path(own))
            && test_name_matches(&own.file_name().to_string(), name)
    };
    if input.paths.iter().any(|own| *own != *path && beside(own)) {
        return true;
    }
    let tests = input.test_files.get_or_init(|| {
        let all = input.paths.iter().filter(|path| {
            let language = Language::from_path(path);
            TESTABLE_LANGUAGES.contains(&language)
                && input.settings.is_test(path, language)
                && !input.settings.skips(path)
        });
        all.filter_map(|path| Some((path.clone(), (input.read_file)(path)?))).collect()
    });
    tests.iter().any(|(at, bytes)| {
        let stem = at.file_name().to_string();
        test_name_matches(&stem, name) || contains_word(bytes, name)
    })
}

/// Whether a test file's name is made of a source file's name.
fn test_name_matches(file: &str, name: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file);
    let bare = stem.trim_start_matches("test_").trim_end_matches("_tests").trim_end_matches("_test");
    bare == name
}

/// Whether a text holds a name as a word.
fn contains_word(text: &[u8], name: &str) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memchr::memmem::find_iter(text, name).any(|at| {
        !word(at.checked_sub(1).and_then(|before| text.get(before))) && !word(text.get(at + name.len()))
    })
}
