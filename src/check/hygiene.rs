//! `hygiene/…`: tracked artifacts, missing ignore entries, and large untracked
//! files.

use std::collections::HashSet;

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::scan::AreaKind;
use crate::text::RepoPath;

/// Default limit in bytes; a larger untracked file is reported. `scan: {large:}` in
/// the configuration changes it.
const DEFAULT_LARGE_BYTES: u64 = 5 * 1024 * 1024;

/// `hygiene/artifact`: no tracked file is ignored, or is a build artifact, log or
/// secrets file by its name.
pub(super) fn artifact(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let is_untracked = |path: &RepoPath| input.untracked.is_some_and(|all| all.contains_key(path));
    let mut found = Vec::new();
    // Data of tests looks like an artifact on purpose, and is added by force.
    let is_test_data = |path: &RepoPath| matches!(input.area(path), AreaKind::Tests | AreaKind::Fixtures);
    let is_candidate =
        |path: &&RepoPath| input.is_reported(path) && !is_untracked(path) && !is_test_data(path);
    for path in input.paths.iter().filter(is_candidate) {
        let why = if input.settings.artifacts.matches(&path.to_text()) {
            "is tracked, but its name is that of an artifact or secrets file"
        } else if path.file_name() != ".gitignore" && (input.is_ignored)(path) {
            "is tracked, but an ignore file matches it"
        } else {
            continue;
        };
        found.push(rule.finding(format!("{path} {why}"), Label::path(path, "tracked")).about_path(path));
    }
    found.into()
}

/// `hygiene/ignore`: the output folders `target/`, `node_modules/` and
/// `__pycache__/` are ignored where the repository's tools create them.
pub(super) fn ignore(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let wanted =
        [("Cargo.toml", "target/"), ("package.json", "node_modules/"), ("pyproject.toml", "__pycache__/")];
    let mut found = Vec::new();
    for (manifest, output) in wanted {
        let mut roots: Vec<&RepoPath> = Vec::new();
        let mut folders: HashSet<&[u8]> = HashSet::new();
        for path in input.paths.iter().filter(|path| path.file_name() == manifest && !input.skips(path)) {
            // Members of a workspace write their output to the root of the workspace.
            let above = memchr::memchr_iter(b'/', path.as_bytes()).filter_map(|at| path.as_bytes().get(..at));
            if !std::iter::once(&b""[..]).chain(above).any(|folder| folders.contains(folder)) {
                roots.push(path);
                folders.insert(path.folder());
            }
        }
        for path in roots {
            let folder = RepoPath::from_bytes(path.folder());
            if !(input.is_ignored)(&folder.join(format!("{output}probe"))) {
                let shown = folder.join(output);
                let message = format!("{shown} is not ignored");
                let label = Label::path(path, format!("the tools of this project write to {shown}"));
                found.push(rule.finding(message, label).help(format!("Add `{output}` to .gitignore.")));
            }
        }
    }
    found.into()
}

/// `hygiene/large`: every large file is either tracked or ignored.
pub(super) fn large(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(untracked) = input.untracked else {
        return CheckResult::skipped("the scanned tree has no untracked files");
    };
    let limit = input.settings.large_file_bytes.unwrap_or(DEFAULT_LARGE_BYTES);
    let found = untracked.iter().filter(|(_, bytes)| **bytes > limit).map(|(path, bytes)| {
        let message =
            format!("{path} is neither tracked nor ignored and has {bytes} bytes; the limit is {limit}");
        rule.finding(message, Label::path(path, "added by the next `git add .`"))
    });
    found.collect::<Vec<_>>().into()
}
