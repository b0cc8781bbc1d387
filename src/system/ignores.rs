//! Rules of `.gitignore` files, read as git reads them.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::RepoPath;

use super::files;

/// The ignore files of one tree state, by folder; the deepest folder is last.
#[derive(Default)]
pub(crate) struct IgnoreRules(Vec<(RepoPath, Gitignore)>);

impl IgnoreRules {
    /// Reads ignore files, each given as path and bytes.
    #[must_use]
    pub(crate) fn from_files(all: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        let mut out = Vec::new();
        for (path, bytes) in all {
            let folder = RepoPath::from_bytes(path.folder());
            let mut builder = GitignoreBuilder::new(files::to_relative_path(&folder));
            for line in String::from_utf8_lossy(&bytes).lines() {
                // An invalid pattern exempts nothing.
                let _ = builder.add_line(None, &escape_braces(line));
            }
            if let Ok(rules) = builder.build() {
                out.push((folder, rules));
            }
        }
        out.sort_by_key(|(folder, _)| folder.as_bytes().len());
        Self(out)
    }

    /// Returns whether a rule ignores the path itself; rules that ignore one of its
    /// parent folders do not count.
    #[must_use]
    pub(crate) fn matches(&self, path: &RepoPath, is_dir: bool) -> bool {
        let disk = files::to_relative_path(path);
        let below = |folder: &RepoPath| path.is_below(folder.as_bytes());
        let decision = self
            .0
            .iter()
            .rev()
            .filter(|(folder, _)| below(folder))
            .map(|(_, rules)| rules.matched(&disk, is_dir))
            .find(|m| !m.is_none());
        decision.is_some_and(|m| m.is_ignore())
    }

    /// Returns whether the file or one of its parent folders is ignored. A file in
    /// an ignored folder cannot be included again, as in git.
    #[must_use]
    pub(crate) fn excludes(&self, path: &RepoPath) -> bool {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut folders = slashes.map(|at| RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
        self.matches(path, false) || folders.any(|folder| self.matches(&folder, true))
    }
}

/// Escapes braces in a pattern: git reads them literally, the `ignore` crate as
/// alternatives.
pub(super) fn escape_braces(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut escaped = false;
    for c in line.chars() {
        if matches!(c, '{' | '}') && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}
