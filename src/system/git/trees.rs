//! Reads git trees and compares two of them entry by entry, by raw mode and object id.

use std::collections::BTreeMap;

use git2::Oid;

use crate::change::{Change, ChangeSet, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::{GitRepository, to_hash};

/// Raw mode of a folder in a tree.
const FOLDER_MODE: u32 = 0o040_000;
/// Maximum depth of nested folders; deeper trees are refused.
const MAX_DEPTH: usize = 512;

/// Maximum number of files of one tree, and of changed paths of one comparison. A few
/// small tree objects that name each other can unfold to more paths than memory holds.
const MAX_FILES: usize = 1_000_000;
/// Maximum number of tree entries that one run reads. Every comparison of two trees
/// counts.
const MAX_ENTRIES_READ: u64 = 50_000_000;

/// Raw mode and object id of a tree entry.
type RawTreeEntry = (u32, Oid);
type RawTreeEntries = BTreeMap<Vec<u8>, RawTreeEntry>;
/// A name with its old and its new entry.
type ComparedEntry = (Vec<u8>, Option<RawTreeEntry>, Option<RawTreeEntry>);

/// Returns the reason why no checkout may create a file of this name, as a clause.
/// `None` if it may. These are the names that git itself refuses to check out.
pub(super) fn forbidden_name(name: &[u8]) -> Option<&'static str> {
    if name.is_empty() || name == b"." || name == b".." {
        return Some("has a name that is not a file name");
    }
    if name.iter().any(|byte| matches!(byte, b'/' | 0)) {
        return Some("has a name with a slash or a NUL byte");
    }
    is_git_folder(name).then_some("has a name that means git's own folder")
}

/// Returns whether a name means `.git` on any file system: in upper case, as the short
/// name of NTFS, as an NTFS stream, or with characters that HFS+ ignores.
fn is_git_folder(name: &[u8]) -> bool {
    let visible: String =
        String::from_utf8_lossy(name).chars().filter(|c| !is_ignored_by_hfs(*c)).collect::<String>();
    let lower = visible.to_lowercase();
    let stem = lower.split([':', '\\']).next().unwrap_or_default();
    matches!(stem.trim_end_matches([' ', '.']), ".git" | "git~1")
}

fn is_ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

impl GitRepository {
    /// Reads the direct entries of a tree, by name. `at` is the tree's path, for
    /// messages. Unknown modes and duplicate names are errors.
    fn read_tree_entries(&self, tree: Option<Oid>, at: &RepoPath) -> Result<RawTreeEntries, RepositoryError> {
        let Some(id) = tree else { return Ok(RawTreeEntries::new()) };
        let tree = self.find_tree(id, at)?;
        let count = u64::try_from(tree.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.entries_read.set(self.entries_read.get().saturating_add(count));
        if self.entries_read.get() > MAX_ENTRIES_READ {
            return Err(RepositoryError::Git {
                operation: format!("reading folder {at}"),
                reason: format!("this would require reading more than {MAX_ENTRIES_READ} entries of folders"),
            });
        }
        let mut out = RawTreeEntries::new();
        for entry in &tree {
            let path = at.join(entry.name_bytes());
            let mode = u32::try_from(entry.filemode_raw()).unwrap_or(0);
            let refused = |reason: &str| RepositoryError::Git {
                operation: format!("reading folder {at} ({id})"),
                reason: format!("{path} {reason}"),
            };
            if let Some(problem) = forbidden_name(entry.name_bytes()) {
                return Err(refused(problem));
            }
            if mode & 0o170_000 != FOLDER_MODE && FileMode::from_raw(mode).is_none() {
                return Err(refused(&format!("has mode {mode:o}, which git does not define")));
            }
            if out.insert(entry.name_bytes().to_vec(), (mode, entry.id())).is_some() {
                return Err(refused("is there twice"));
            }
        }
        Ok(out)
    }

    fn find_tree(&self, id: Oid, at: &RepoPath) -> Result<git2::Tree<'_>, RepositoryError> {
        self.repo
            .find_tree(id)
            .map_err(|error| self.missing_object(format!("reading folder {at} ({id})"), &error))
    }

    /// Returns the changes between the trees of two commits; `None` is the empty tree.
    pub(super) fn tree_changes(
        &self,
        base: Option<Commit>,
        head: Option<Commit>,
    ) -> Result<ChangeSet, RepositoryError> {
        let root =
            |commit: Option<Commit>| commit.map(|commit| self.tree(commit).map(|tree| tree.id())).transpose();
        let mut changes = Vec::new();
        self.compare_trees(root(base)?, root(head)?, &RepoPath::default(), 0, &mut changes)?;
        Ok(ChangeSet::new(changes))
    }

    /// Adds the changes between two trees to `out`, with their subfolders. `at` is the
    /// path of the trees, `depth` the number of folders above them.
    pub(super) fn compare_trees(
        &self,
        a: Option<Oid>,
        b: Option<Oid>,
        at: &RepoPath,
        depth: usize,
        out: &mut Vec<Change>,
    ) -> Result<(), RepositoryError> {
        if a == b {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(RepositoryError::Git {
                operation: format!("comparing folder {at}"),
                reason: format!("folders are nested more than {MAX_DEPTH} levels deep"),
            });
        }
        let mut before = self.read_tree_entries(a, at)?;
        let after = self.read_tree_entries(b, at)?;
        let mut names: Vec<ComparedEntry> =
            after.into_iter().map(|(name, new)| (name.clone(), before.remove(&name), Some(new))).collect();
        names.extend(before.into_iter().map(|(name, old)| (name, Some(old), None)));
        for (name, old, new) in names {
            if old == new {
                continue;
            }
            let path = at.join(&name);
            let folder = |entry: Option<RawTreeEntry>| {
                entry.filter(|(mode, _)| *mode & 0o170_000 == FOLDER_MODE).map(|(_, id)| id)
            };
            let file = |entry: Option<RawTreeEntry>| {
                entry.and_then(|(mode, id)| {
                    Some(TreeEntry { mode: FileMode::from_raw(mode)?, id: to_hash(id) })
                })
            };
            self.compare_trees(folder(old), folder(new), &path, depth + 1, out)?;
            if out.len() >= MAX_FILES {
                return Err(super::too_many_paths(MAX_FILES));
            }
            out.extend(Change::from_entries(path, file(old), file(new)));
        }
        Ok(())
    }

    /// Returns all files of a commit's tree; empty for `None`.
    pub(super) fn flat_tree(
        &self,
        commit: Option<Commit>,
    ) -> Result<BTreeMap<RepoPath, TreeEntry>, RepositoryError> {
        let changes = self.tree_changes(None, commit)?.changes;
        Ok(changes.into_iter().filter_map(|change| Some((change.path, change.after?))).collect())
    }

    /// Returns raw mode and object id of a path in a commit's tree; folders count.
    /// `None` if the path does not exist.
    pub(super) fn tree_entry(
        &self,
        commit: Commit,
        path: &RepoPath,
    ) -> Result<Option<(u32, Hash20)>, RepositoryError> {
        let mut tree = self.tree(commit)?;
        if path.as_bytes().is_empty() {
            return Ok(Some((FOLDER_MODE, to_hash(tree.id()))));
        }
        let mut names = path.as_bytes().split(|byte| *byte == b'/').peekable();
        while let Some(name) = names.next() {
            // A tree cannot contain a name with a NUL byte, and libgit2 rejects it.
            if name.contains(&0) {
                return Ok(None);
            }
            let Some(entry) = tree.get_name_bytes(name) else { return Ok(None) };
            let raw = u32::try_from(entry.filemode_raw()).unwrap_or(0);
            let id = entry.id();
            drop(entry);
            if names.peek().is_none() {
                return Ok(Some((raw, to_hash(id))));
            }
            if raw & 0o170_000 != FOLDER_MODE {
                return Ok(None);
            }
            tree = self.find_tree(id, path)?;
        }
        Ok(None)
    }

    /// Lists the files and links directly in a folder of a commit.
    pub(super) fn list_tree(&self, commit: Commit, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let at = RepoPath::from(folder);
        let tree = if folder.is_empty() {
            self.tree(commit)?.id()
        } else {
            match self.tree_entry(commit, &at)? {
                Some((raw, id)) if raw & 0o170_000 == FOLDER_MODE => super::to_oid(id),
                _ => return Ok(Vec::new()),
            }
        };
        let level = self.read_tree_entries(Some(tree), &at)?;
        Ok(level
            .into_iter()
            .filter(|(_, (mode, _))| mode & 0o170_000 != FOLDER_MODE)
            .map(|(name, _)| at.join(name))
            .collect())
    }
}

/// Creates a change set; an error if it has more than [`super::MAX_CHANGED_PATHS`] paths.
pub(super) fn limit_changes(changes: Vec<Change>) -> Result<ChangeSet, RepositoryError> {
    if changes.len() > super::MAX_CHANGED_PATHS {
        Err(super::too_many_paths(super::MAX_CHANGED_PATHS))
    } else {
        Ok(ChangeSet::new(changes))
    }
}

#[cfg(test)]
mod tests {
    use super::forbidden_name;

    #[test]
    fn names_of_git_and_paths_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a\0",
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~1",
            ".git.",
            ".git ",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            ".git\\x",
        ] {
            assert!(forbidden_name(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in [".gitignore", "git", ".git2", "...", "git~2", ".gitx.", "a.git", "\u{fffd}"] {
            assert!(forbidden_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }
}
