//! Entries of `OUT_OF_SCOPE`, which are read widely: an exclusion adds duties, never
//! permissions.

use crate::text::{RepoPath, glob_matches, globs_overlap};

use super::scope_entry::{ScopeEntry, ScopePattern, pattern_components};

impl ScopeEntry {
    /// Returns whether the entry excludes a path. An excluded name can be a folder, with or
    /// without a slash at its end: the path itself and everything below it are excluded. A
    /// glob whose last component is `*` names the files of one folder only.
    #[must_use]
    pub fn excludes(&self, path: &RepoPath) -> bool {
        match &self.pattern {
            Ok(ScopePattern::File(root) | ScopePattern::Folder(root)) => {
                root == path || path.is_below(root.as_bytes())
            }
            Ok(ScopePattern::Glob(parts)) if names_whole_folders(parts) => {
                self.covers(path) || path.as_str().is_some_and(|path| matches_above(parts, path))
            }
            _ => self.covers(path),
        }
    }

    /// Returns whether there can be a path that this entry covers and `exclusion` excludes.
    #[must_use]
    pub fn meets_exclusion(&self, exclusion: &ScopeEntry) -> bool {
        if self.overlaps(exclusion) {
            return true;
        }
        let (Ok(own), Ok(excluded)) = (&self.pattern, &exclusion.pattern) else { return false };
        let is_whole = match excluded {
            ScopePattern::File(_) => true,
            ScopePattern::Folder(_) => false,
            ScopePattern::Glob(parts) => names_whole_folders(parts),
        };
        let all_below = pattern_components(excluded).filter(|_| is_whole).map(below);
        pattern_components(own).zip(all_below).is_some_and(|(own, below)| globs_overlap(&own, &below))
    }
}

/// Returns whether a glob matches a folder above a path.
fn matches_above(parts: &[String], path: &str) -> bool {
    if parts.iter().any(|part| part == "**") {
        return glob_matches(&below(parts.to_vec()), path);
    }
    // Without `**`, a glob matches paths of its own depth.
    let end = path.match_indices('/').nth(parts.len().saturating_sub(1)).map(|(at, _)| at);
    end.and_then(|end| path.get(..end)).is_some_and(|folder| glob_matches(parts, folder))
}

/// Returns the glob of everything below what a glob matches.
fn below(mut parts: Vec<String>) -> Vec<String> {
    parts.extend(["**".to_owned(), "*".to_owned()]);
    parts
}

/// Returns whether a glob can name folders: `packages/*/dist`, not `src/*`.
fn names_whole_folders(parts: &[String]) -> bool {
    parts.last().is_some_and(|last| last != "*")
}

#[cfg(test)]
mod tests {
    use crate::text::{Span, Spanned};

    use super::*;

    fn entry(text: &str) -> ScopeEntry {
        ScopeEntry::read(Spanned::new(text.to_owned(), Span::new(0, text.len())))
    }

    #[test]
    fn an_exclusion_binds_the_path_and_everything_below_it() {
        for text in ["src/sub", "src/sub/", "src/s*b", "**/sub", "src/sub/**"] {
            assert!(entry(text).excludes(&RepoPath::from("src/sub/c/d.txt")), "{text}");
            assert!(!entry(text).excludes(&RepoPath::from("src/subway/c.txt")), "{text}");
        }
        for text in ["src/sub", "src/sub/", "src/s*b"] {
            assert!(entry(text).excludes(&RepoPath::from("src/sub")), "{text}");
        }
        assert!(!entry("src/*").excludes(&RepoPath::from("src/sub/c.txt")));
    }

    #[test]
    fn an_exclusion_meets_what_it_excludes() {
        let meets = |a: &str, b: &str| entry(a).meets_exclusion(&entry(b));
        assert!(meets("src/sub/", "src/sub") && meets("src/sub/a.rs", "src/sub") && meets("src/", "src/s*b"));
        assert!(!meets("src/other/", "src/sub") && !meets("src/sub/a.rs", "src/*"));
    }
}
