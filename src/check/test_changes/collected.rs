//! Which new files a test runner collects. Tests that move to another file are lost if no
//! runner looks there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::change::ChangedFile;
use crate::check::context::ChangeCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::Language;
use crate::text::{RepoPath, to_single_line};

/// Lines that load another file of the same language.
static LOADS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(?:import\s|from\s|(?:pub(?:\([^)]*\))?\s+)?mod\s|#\[path|.*\binclude!\s*\(|.*\brequire\s*\(|.*\bautomod\b).*$").ok()
});
/// A module of Rust in a file of its own.
static RUST_MODULE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*[;{]").ok());

/// What the change says about files that load each other.
pub(super) struct Collected {
    /// Words of lines that load other files.
    loaded: BTreeSet<String>,
    /// Names, without their extensions, of scripts that are gone and that a runner collected
    /// by their name.
    gone_scripts: BTreeSet<String>,
}

impl Collected {
    /// Reads all files of a change.
    pub(super) fn read(input: &ChangeCheckContext<'_>) -> Self {
        let mut out = Self { loaded: BTreeSet::new(), gone_scripts: BTreeSet::new() };
        for file in input.files {
            let path = &file.change.path;
            let name = path.file_name().to_string();
            let language = Language::from_path(path);
            let is_script = is_script(language);
            if file.after.is_none() && is_script && has_test_name(&name) {
                out.gone_scripts.insert(stem_of(&name).to_owned());
            }
            if !matches!(language, Language::Rust | Language::Python) && !is_script {
                continue;
            }
            let Some((after, pattern)) = file.after.as_ref().zip(LOADS.as_ref()) else { continue };
            let text = String::from_utf8_lossy(&after.bytes);
            let words = pattern.find_iter(&text).flat_map(|line| {
                line.as_str().split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            });
            out.loaded.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        out
    }

    /// Returns whether a runner finds the tests of a file after the change. A file that the
    /// base has stays what it was.
    pub(super) fn is_collected(&self, file: &ChangedFile) -> bool {
        let path = &file.change.path;
        if file.before.is_some() || file.after.is_none() {
            return true;
        }
        let text = path.to_text();
        let name = path.file_name().to_string();
        let stem = stem_of(&name);
        let folders: Vec<&str> = text.split('/').rev().skip(1).collect();
        match Language::from_path(path) {
            Language::Python => {
                stem.starts_with("test")
                    || stem.ends_with("_test")
                    || stem.ends_with("_tests")
                    || matches!(stem, "tests" | "conftest")
                    || self.loaded.contains(stem)
            }
            Language::Go => {
                let is_left_out = |part: &&str| part.starts_with(['_', '.']) || *part == "testdata";
                !name.starts_with(['_', '.']) && !folders.iter().any(is_left_out)
            }
            Language::Rust => {
                let is_target = matches!(folders.first(), Some(&("tests" | "benches" | "examples" | "bin")))
                    || matches!(stem, "main" | "lib" | "build");
                let module = if stem == "mod" { folders.first().copied().unwrap_or_default() } else { stem };
                is_target || self.loaded.contains(module)
            }
            language if is_script(language) => {
                has_test_name(&name) || !self.gone_scripts.contains(stem) || self.loaded.contains(stem)
            }
            _ => true,
        }
    }
}

fn is_script(language: Language) -> bool {
    matches!(language, Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx)
}

fn has_test_name(name: &str) -> bool {
    [".test.", ".spec.", "_test.", "_spec."].iter().any(|part| name.contains(part))
}

/// Returns a name up to its first dot.
fn stem_of(name: &str) -> &str {
    let name = name.split('.').next().unwrap_or(name);
    name.strip_suffix("_test").or_else(|| name.strip_suffix("_spec")).unwrap_or(name)
}

/// Finds modules with tests of Rust that a file no longer names: nothing builds them.
pub(super) fn find_unbuilt(input: &ChangeCheckContext<'_>, rule: &Rule) -> Vec<Finding> {
    let Some(pattern) = RUST_MODULE.as_ref() else { return Vec::new() };
    let modules = |content: Option<&crate::change::FileContent>| -> BTreeSet<String> {
        let text = content.map(|content| String::from_utf8_lossy(&content.bytes).into_owned());
        let text = text.unwrap_or_default();
        pattern.captures_iter(&text).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect()
    };
    let rust = || input.files.iter().filter(|file| Language::from_path(&file.change.path) == Language::Rust);
    let mut removed: Vec<(&RepoPath, String)> = Vec::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for file in rust() {
        let (before, after) = (modules(file.before.as_ref()), modules(file.after.as_ref()));
        if file.after.is_some() {
            let tests =
                before.difference(&after).filter(|name| name.split('_').any(|part| part.starts_with("test")));
            removed.extend(tests.map(|name| (&file.change.path, name.clone())));
        }
        named.extend(after);
    }
    // The tests of a file that is gone are reported by themselves.
    let gone: BTreeSet<String> = rust()
        .filter(|file| file.after.is_none())
        .flat_map(|file| {
            file.change
                .path
                .to_text()
                .split('/')
                .map(|part| part.trim_end_matches(".rs").to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    removed.retain(|(_, name)| !named.contains(name) && !gone.contains(name) && name != "tests");
    let finding = |(path, name): &(&RepoPath, String)| {
        let message = format!(
            "{path} no longer names the module `{}`, so its tests are not built",
            to_single_line(name, 60)
        );
        rule.finding(message, Label::path(path, "a module is not named anymore")).about_path(path)
    };
    removed.iter().take(20).map(finding).collect()
}
