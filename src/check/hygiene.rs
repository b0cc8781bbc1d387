//! `hygiene/…`: what a repository tracks and should not, what it ignores and
//! should, and what lies about.

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

/// An untracked file of more bytes is large, unless the configuration says
/// otherwise.
const DEFAULT_LARGE_BYTES: u64 = 5 * 1024 * 1024;

/// `hygiene/artifact`: no artifact is tracked.
pub(super) fn artifact(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let untracked = |path: &RepoPath| input.untracked.is_some_and(|all| all.contains_key(path));
    let mut found = Vec::new();
    for path in input.paths.iter().filter(|path| input.is_reported(path) && !untracked(path)) {
        let why = if input.settings.artifacts.matches(&path.to_text()) {
            "is an artifact by its name"
        } else if path.file_name() != ".gitignore" && (input.is_ignored)(path) {
            "is tracked although an ignore file names it"
        } else {
            continue;
        };
        found.push(rule.finding(format!("{path} {why}"), Label::path(path, "tracked")).about_path(path));
    }
    found.into()
}

/// `hygiene/ignore`: what tools make is ignored.
pub(super) fn ignore(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let wanted =
        [("Cargo.toml", "target/"), ("package.json", "node_modules/"), ("pyproject.toml", "__pycache__/")];
    let mut found = Vec::new();
    for (manifest, made) in wanted {
        let mut tops: Vec<&RepoPath> = Vec::new();
        for path in
            input.paths.iter().filter(|path| path.file_name() == manifest && !input.settings.skips(path))
        {
            // A member of a workspace makes its files at the top.
            if !tops.iter().any(|top| path.is_below(top.folder())) {
                tops.push(path);
            }
        }
        for path in tops {
            let folder = RepoPath::from_bytes(path.folder());
            if !(input.is_ignored)(&folder.join(format!("{made}probe"))) {
                let shown = folder.join(made);
                let message = format!("{shown} is not ignored");
                let label = Label::path(path, format!("its tools write to {shown}"));
                found.push(rule.finding(message, label).help(format!("Add `{made}` to .gitignore.")));
            }
        }
    }
    found.into()
}

/// `hygiene/large`: no large file lies about untracked.
pub(super) fn large(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(untracked) = input.untracked else {
        return CheckResult::skipped("nothing is untracked here");
    };
    let most = input.settings.large_file_bytes.unwrap_or(DEFAULT_LARGE_BYTES);
    let found = untracked.iter().filter(|(_, bytes)| **bytes > most).map(|(path, bytes)| {
        let message = format!("{path} is untracked, not ignored and {bytes} bytes long");
        rule.finding(message, Label::path(path, "would be added by the next `git add .`"))
    });
    found.collect::<Vec<_>>().into()
}
