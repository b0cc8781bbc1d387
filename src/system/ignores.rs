//! What ignore files excuse, read as git reads them.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::RepoPath;

use super::files;

/// The ignore files of one side, by folder, deepest last.
#[derive(Default)]
pub struct IgnoreRules(Vec<(RepoPath, Gitignore)>);

impl IgnoreRules {
    /// Takes ignore files with their bytes.
    #[must_use]
    pub fn from_files(all: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        let mut out = Vec::new();
        for (path, bytes) in all {
            let folder = RepoPath::from_bytes(path.folder());
            let mut builder = GitignoreBuilder::new(files::to_relative_path(&folder));
            for line in String::from_utf8_lossy(&bytes).lines() {
                // A line that is no pattern excuses nothing.
                let _ = builder.add_line(None, &escape_braces(line));
            }
            if let Ok(rules) = builder.build() {
                out.push((folder, rules));
            }
        }
        out.sort_by_key(|(folder, _)| folder.as_bytes().len());
        Self(out)
    }

    /// Whether a path itself is ignored; its folders are not asked.
    #[must_use]
    pub fn matches(&self, path: &RepoPath, is_dir: bool) -> bool {
        let disk = files::to_relative_path(path);
        let below = |folder: &RepoPath| path.is_below(folder.as_bytes());
        let verdict = self
            .0
            .iter()
            .rev()
            .filter(|(folder, _)| below(folder))
            .map(|(_, rules)| rules.matched(&disk, is_dir))
            .find(|m| !m.is_none());
        verdict.is_some_and(|m| m.is_ignore())
    }

    /// Whether a file or a folder above it is ignored: what lies in an ignored
    /// folder cannot be taken out again.
    #[must_use]
    pub fn excludes(&self, path: &RepoPath) -> bool {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut folders = slashes.map(|at| RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
        self.matches(path, false) || folders.any(|folder| self.matches(&folder, true))
    }
}

/// A pattern as git reads it: braces are letters, not alternatives.
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
