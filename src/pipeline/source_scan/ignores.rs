//! Ignore files of a tree, and files that git does not track.

use std::collections::BTreeMap;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::system::files;
use crate::system::ignores::IgnoreRules;
use crate::text::RepoPath;

/// Reads all `.gitignore` files among `paths`.
pub(super) fn read_ignore_files(
    paths: &[RepoPath],
    read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) -> IgnoreRules {
    let ignore_files = paths.iter().filter(|path| path.file_name() == ".gitignore");
    IgnoreRules::from_files(ignore_files.filter_map(|path| Some((path.clone(), read(path)?))))
}

/// Returns untracked files with their sizes in bytes; `None` for a tree in
/// which every file is tracked.
pub(super) fn list_untracked(
    repo: &dyn Repository,
    tree: TreeState,
    paths: &[RepoPath],
) -> Result<Option<BTreeMap<RepoPath, u64>>, RepositoryError> {
    let (TreeState::Worktree, Some(root)) = (tree, repo.disk_root()) else { return Ok(None) };
    let tracked = repo.list_below(TreeState::Index, "")?;
    let untracked = paths.iter().filter(|path| tracked.binary_search(path).is_err());
    let sized = untracked.filter_map(|path| {
        let metadata = files::find_metadata(&files::join_repo_path(root, path)).ok().flatten()?;
        Some((path.clone(), metadata.len()))
    });
    Ok(Some(sized.collect()))
}
