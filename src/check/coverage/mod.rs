//! `coverage/test`: every changed source file has a test that lies beside it,
//! in it, or names it.

use super::Verdict;
use super::input::SourcesInput;
use crate::change::ChangeKind;
use crate::finding::Label;
use crate::rule::Rule;
use crate::scan::{Language, lexer, test_code};
use crate::text::RepoPath;

/// Languages whose files can have tests.
const TESTED: [Language; 7] = [
    Language::Rust,
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Jsx,
    Language::Python,
    Language::Go,
];

pub(super) fn test(input: &SourcesInput<'_>, rule: &Rule) -> Verdict {
    let Some(changed) = input.changed else {
        return Verdict::skipped("no change is judged; `validator-coverage-gaps` looks at changed files");
    };
    let has = |file: &str| input.has(file);
    let mut found = Vec::new();
    for file in
        changed.iter().filter(|file| !matches!(file.kind, ChangeKind::Deleted | ChangeKind::ModeChanged))
    {
        let language = Language::of(&file.path);
        let is_source = TESTED.contains(&language)
            && !input.settings.skips(&file.path)
            && !input.settings.is_test(&file.path, language)
            && input.settings.is_product(&file.path, language, &has);
        if !is_source || is_declaration(&file.path) || is_tested(input, &file.path, language) {
            continue;
        }
        let message = format!("{} has no test", file.path);
        let label = Label::path(&file.path, format!("{}, and no test names it", file.kind.clause()));
        found.push(rule.finding(message, label).about(&file.path));
    }
    found.into()
}

/// Files that only declare.
fn is_declaration(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".d.ts") || path.as_bytes().ends_with(b".pyi")
}

fn is_tested(input: &SourcesInput<'_>, path: &RepoPath, language: Language) -> bool {
    let own = (input.read)(path).unwrap_or_default();
    let regions = lexer::regions(language, &own);
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
            && input.settings.is_test(own, Language::of(own))
            && names(&own.file_name().to_string(), name)
    };
    if input.paths.iter().any(|own| *own != *path && beside(own)) {
        return true;
    }
    let tests = input.tests.get_or_init(|| {
        let all = input.paths.iter().filter(|path| {
            let language = Language::of(path);
            TESTED.contains(&language)
                && input.settings.is_test(path, language)
                && !input.settings.skips(path)
        });
        all.filter_map(|path| Some((path.clone(), (input.read)(path)?))).collect()
    });
    tests.iter().any(|(at, bytes)| {
        let stem = at.file_name().to_string();
        names(&stem, name) || holds(bytes, name)
    })
}

/// Whether a test file's name is made of a source file's name.
fn names(file: &str, name: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file);
    let bare = stem.trim_start_matches("test_").trim_end_matches("_tests").trim_end_matches("_test");
    bare == name
}

/// Whether a text holds a name as a word.
fn holds(text: &[u8], name: &str) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memchr::memmem::find_iter(text, name).any(|at| {
        !word(at.checked_sub(1).and_then(|before| text.get(before))) && !word(text.get(at + name.len()))
    })
}
