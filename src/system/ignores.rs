//! Rules of `.gitignore` files, read as git reads them (`gitignore(5)`).

use crate::text::RepoPath;

use super::wildmatch::PathPattern;

/// The ignore files of one tree state, by folder; the deepest folder is last.
#[derive(Default)]
pub(crate) struct IgnoreRules(Vec<(RepoPath, Vec<PathPattern>)>);

impl IgnoreRules {
    /// Reads ignore files, each given as path and bytes.
    #[must_use]
    pub(crate) fn from_files(all: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        let mut out: Vec<(RepoPath, Vec<PathPattern>)> = all
            .into_iter()
            .map(|(path, bytes)| (RepoPath::from_bytes(path.folder()), read_patterns(&bytes)))
            .collect();
        out.sort_by_key(|(folder, _)| folder.as_bytes().len());
        Self(out)
    }

    /// Returns whether a rule ignores the path itself; rules that ignore one of its
    /// parent folders do not count.
    #[must_use]
    pub(crate) fn matches(&self, path: &RepoPath, is_dir: bool) -> bool {
        let bytes = path.as_bytes();
        for (folder, patterns) in self.0.iter().rev().filter(|(folder, _)| path.is_below(folder.as_bytes())) {
            let start = if folder.as_bytes().is_empty() { 0 } else { folder.as_bytes().len() + 1 };
            let relative = bytes.get(start..).unwrap_or_default();
            let decides =
                |pattern: &&PathPattern| (is_dir || !pattern.only_folders) && pattern.matches(relative);
            if let Some(pattern) = patterns.iter().rev().find(decides) {
                return !pattern.is_negated;
            }
        }
        false
    }

    /// Returns whether the file or one of its parent folders is ignored. A file in
    /// an ignored folder cannot be included again, as in git.
    #[must_use]
    pub(crate) fn excludes(&self, path: &RepoPath) -> bool {
        self.ignored_root(path).is_some()
    }

    /// Returns the highest path that a rule ignores: a folder above the file, or the file.
    #[must_use]
    pub(crate) fn ignored_root(&self, path: &RepoPath) -> Option<RepoPath> {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut folders = slashes.map(|at| RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
        folders
            .find(|folder| self.matches(folder, true))
            .or_else(|| self.matches(path, false).then(|| path.clone()))
    }
}

/// Reads the patterns of an ignore file, in order. A line ends at a newline; only spaces
/// at its end are removed, not tabs and other whitespace.
fn read_patterns(bytes: &[u8]) -> Vec<PathPattern> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| line.split(|byte| *byte == 0).next().unwrap_or_default())
        .map(trim_trailing_spaces)
        .map(PathPattern::parse)
        .collect()
}

/// Removes spaces at the end; a backslash keeps the space behind it.
fn trim_trailing_spaces(line: &[u8]) -> &[u8] {
    let mut end = 0;
    let mut bytes = line.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b' ' => {}
            b'\\' => match bytes.next() {
                Some((next, _)) => end = next + 1,
                None => return line,
            },
            _ => end = at + 1,
        }
    }
    line.get(..end).unwrap_or_default()
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
