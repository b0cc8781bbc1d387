//! Lookups of paths in a tree that remember their answers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::change::{FileMode, Repository, TreeState};
use crate::text::RepoPath;

/// Returns a function that tests whether a path exists, and looks up each path
/// once.
pub(crate) fn cached_exists(repo: &dyn Repository, tree: TreeState) -> impl Fn(&RepoPath) -> bool {
    let cache: RefCell<BTreeMap<RepoPath, bool>> = RefCell::default();
    move |path| {
        let known = cache.borrow().get(path).copied();
        known.unwrap_or_else(|| {
            let exists = repo.exists(tree, path).unwrap_or(false);
            cache.borrow_mut().insert(path.clone(), exists);
            exists
        })
    }
}

/// Returns a function that reads the target of a link, and looks up each path once.
pub(crate) fn cached_link_target(
    repo: &dyn Repository,
    tree: TreeState,
) -> impl Fn(&RepoPath) -> Option<Vec<u8>> {
    let cache: RefCell<BTreeMap<RepoPath, Option<Vec<u8>>>> = RefCell::default();
    move |path| {
        if let Some(known) = cache.borrow().get(path) {
            return known.clone();
        }
        let is_link = repo.mode(tree, path).is_ok_and(|mode| mode == Some(FileMode::Symlink));
        let target = if is_link { repo.read(tree, path).ok().flatten() } else { None };
        cache.borrow_mut().insert(path.clone(), target.clone());
        target
    }
}
