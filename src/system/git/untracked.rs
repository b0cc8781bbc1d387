//! The walk over the working tree, with the ignore files of the base commit.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::FileType;
use std::path::Path;

use crate::change::{FileMode, RepositoryError, TreeEntry};
use crate::system::files::FileName;
use crate::system::ignores::IgnoreRules;
use crate::system::{files, parallel, walk, wildmatch};
use crate::text::RepoPath;

use super::attributes::is_attributes_file;
use super::known_caches::{ignores_itself, is_known_cache};
use super::own_outputs::OwnOutputs;
use super::{GitRepository, to_oid, unreadable};

impl GitRepository {
    /// Returns the files on disk that are tracked, or that no ignore file on disk ignores.
    pub(super) fn list_worktree_sources(&self) -> Result<Vec<RepoPath>, RepositoryError> {
        let root = self.root()?;
        let mut found =
            walk::list_unignored_files(root).map_err(|error| unreadable(&RepoPath::default(), &error))?;
        found.sort();
        let is_file = |mode| matches!(mode, FileMode::Regular | FileMode::Executable);
        let tracked = self.staged_entries()?.into_iter().filter(|(_, staged)| is_file(staged.entry.mode));
        let ignored: Vec<RepoPath> =
            tracked.map(|(path, _)| path).filter(|path| found.binary_search(path).is_err()).collect();
        for path in ignored {
            if self.worktree_path(&path)?.is_some_and(|(_, metadata)| metadata.is_file()) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Reads the `.gitignore` files that the base commit tracks. Only they exempt an
    /// untracked file. `.git/info/exclude`, global ignore files and edits of the change
    /// under judgement do not.
    ///
    /// With `user_rules`, the ignore file of git's user counts as well, behind them.
    pub(super) fn base_ignore_rules(
        &self,
        base: &BTreeMap<RepoPath, TreeEntry>,
        user_rules: Option<Vec<u8>>,
    ) -> Result<IgnoreRules, RepositoryError> {
        let is_file = |path: &RepoPath, entry: &TreeEntry| {
            // git does not follow a link at this path either.
            path.file_name() == ".gitignore" && matches!(entry.mode, FileMode::Regular | FileMode::Executable)
        };
        let all = base.iter().filter(|(path, entry)| is_file(path, entry));
        let read = all.map(|(path, entry)| Ok((path.clone(), self.read_blob(to_oid(entry.id), path)?)));
        let mut files = read.collect::<Result<Vec<_>, RepositoryError>>()?;
        // The first of two files of one folder decides last.
        files.splice(0..0, user_rules.map(|bytes| (RepoPath::from(".gitignore"), bytes)));
        Ok(IgnoreRules::from_files(files))
    }
}

/// What is at a path on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiskKind {
    File,
    Link,
    /// A submodule or another nested repository.
    Repository,
}

/// Number of folders that are listed before their entries are looked at.
const FOLDERS_AT_ONCE: usize = 256;

/// A file, link or nested repository on disk.
pub(super) struct DiskEntry {
    pub kind: DiskKind,
    /// The folder above it, without tracked files, that ignores itself.
    pub self_ignoring: Option<RepoPath>,
}

/// Input of a walk over the working tree.
pub(super) struct WorktreeWalk<'a> {
    pub root: &'a Path,
    /// Folders that contain tracked files.
    pub tracked_folders: &'a BTreeSet<RepoPath>,
    /// Tracked submodules.
    pub submodules: &'a BTreeSet<RepoPath>,
    /// Whether a path is tracked.
    pub is_tracked: &'a dyn Fn(&RepoPath) -> bool,
    pub ignores: IgnoreRules,
    /// Receives the untracked paths that count as no change.
    pub exempted: RefCell<Vec<RepoPath>>,
    /// Report files of earlier commands.
    pub own_outputs: &'a OwnOutputs,
    /// Set when the walk finds a `.gitattributes` file, ignored or not.
    pub saw_attributes: Cell<bool>,
    /// Maximum number of files; a longer walk is an error.
    pub max_files: usize,
}

impl WorktreeWalk<'_> {
    /// Returns everything below the root that is tracked or not ignored.
    pub(super) fn run(&self) -> Result<BTreeMap<RepoPath, DiskEntry>, RepositoryError> {
        let mut out = BTreeMap::new();
        let mut pending = vec![(RepoPath::default(), None)];
        while !pending.is_empty() {
            let batch = pending.split_off(pending.len().saturating_sub(FOLDERS_AT_ONCE));
            let listed = parallel::map(&batch, |(folder, _)| {
                files::list_folder(&files::join_repo_path(self.root, folder))
            });
            for ((folder, self_ignoring), names) in batch.into_iter().zip(listed) {
                let names = names.map_err(|error| unreadable(&folder, &error))?;
                self.visit_names((folder, self_ignoring), &names, &mut pending, &mut out)?;
            }
        }
        Ok(out)
    }

    /// Adds the entries of a folder to `out`, and its folders to `pending`.
    fn visit_names(
        &self,
        (folder, self_ignoring): (RepoPath, Option<RepoPath>),
        names: &[(FileName, FileType)],
        pending: &mut Vec<(RepoPath, Option<RepoPath>)>,
        out: &mut BTreeMap<RepoPath, DiskEntry>,
    ) -> Result<(), RepositoryError> {
        for (name, found) in names {
            wildmatch::check_walk()?;
            let path = folder.join(name.as_bytes());
            if is_attributes_file(name.as_bytes()) {
                self.saw_attributes.set(true);
            }
            let ignores_case = cfg!(any(windows, target_os = "macos"));
            if name.as_bytes() == b".git" || (ignores_case && name.as_bytes().eq_ignore_ascii_case(b".git")) {
                continue;
            }
            if found.is_dir() {
                self.visit_folder((path, self_ignoring.clone()), pending, out);
                continue;
            }
            let kind = match (found.is_file(), found.is_symlink()) {
                (true, _) => DiskKind::File,
                (_, true) => DiskKind::Link,
                _ => continue,
            };
            if (self.is_tracked)(&path) || !(self.ignores.excludes(&path) || self.exempts(&path)) {
                if out.len() > self.max_files {
                    return Err(RepositoryError::TooManyPaths { limit: super::MAX_CHANGED_PATHS });
                }
                out.insert(path, DiskEntry { kind, self_ignoring: self_ignoring.clone() });
            }
        }
        Ok(())
    }

    /// Returns whether a file is an own report, and records it.
    fn exempts(&self, path: &RepoPath) -> bool {
        let is_own = self.own_outputs.contains(path, &files::join_repo_path(self.root, path));
        if is_own {
            self.exempted.borrow_mut().push(path.clone());
        }
        is_own
    }

    /// Adds a folder to `pending`, or to `out` if it is a submodule or a nested
    /// repository; skips it if it is ignored.
    fn visit_folder(
        &self,
        (path, self_ignoring): (RepoPath, Option<RepoPath>),
        pending: &mut Vec<(RepoPath, Option<RepoPath>)>,
        out: &mut BTreeMap<RepoPath, DiskEntry>,
    ) {
        let has_tracked_files = self.tracked_folders.contains(&path);
        let is_repository = files::join_repo_path(self.root, &path.join(b".git")).symlink_metadata().is_ok();
        if self.submodules.contains(&path) {
            if is_repository {
                out.insert(path, DiskEntry { kind: DiskKind::Repository, self_ignoring: None });
            } else {
                // The submodule is not checked out: files in its folder are untracked.
                pending.push((path, None));
            }
        } else if !has_tracked_files && self.ignores.matches(&path, true) {
        } else if !has_tracked_files
            && is_known_cache(&files::join_repo_path(self.root, &path), path.file_name().as_ref())
        {
            self.exempted.borrow_mut().push(path);
        } else if is_repository && !has_tracked_files {
            out.insert(path, DiskEntry { kind: DiskKind::Repository, self_ignoring: None });
        } else {
            let disk = files::join_repo_path(self.root, &path);
            let ignoring =
                self_ignoring.or_else(|| (!has_tracked_files && ignores_itself(&disk)).then(|| path.clone()));
            pending.push((path, ignoring));
        }
    }
}
