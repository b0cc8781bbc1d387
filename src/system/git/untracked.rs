//! The walk over the working tree, with the ignore files of the base commit.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::change::{FileMode, RepositoryError, TreeEntry};
use crate::system::ignores::IgnoreRules;
use crate::system::{files, walk};
use crate::text::RepoPath;

use super::attributes::is_attributes_file;
use super::known_caches::is_known_cache;
use super::own_outputs::OwnOutputs;
use super::{GitRepository, to_oid, too_many_paths, unreadable};

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
    pub(super) fn base_ignore_rules(
        &self,
        base: &BTreeMap<RepoPath, TreeEntry>,
    ) -> Result<IgnoreRules, RepositoryError> {
        let is_file = |path: &RepoPath, entry: &TreeEntry| {
            // git does not follow a link at this path either.
            path.file_name() == ".gitignore" && matches!(entry.mode, FileMode::Regular | FileMode::Executable)
        };
        let all = base.iter().filter(|(path, entry)| is_file(path, entry));
        let read = all.map(|(path, entry)| Ok((path.clone(), self.read_blob(to_oid(entry.id), path)?)));
        Ok(IgnoreRules::from_files(read.collect::<Result<Vec<_>, RepositoryError>>()?))
    }
}

/// A file, link or nested repository on disk.
pub(super) struct DiskEntry {
    pub mode: FileMode,
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
    /// Report files of earlier commands.
    pub own_outputs: &'a OwnOutputs,
    /// Set when the walk finds a `.gitattributes` file, ignored or not.
    pub saw_attributes: Cell<bool>,
    /// Whether the file system stores executable bits and links.
    pub trust_modes: bool,
    /// The mode that the index records, for file systems that do not store modes.
    pub recorded_mode: &'a dyn Fn(&RepoPath) -> Option<FileMode>,
    /// Maximum number of files; a longer walk is an error.
    pub max_files: usize,
}

impl WorktreeWalk<'_> {
    /// Returns everything below the root that is tracked or not ignored.
    pub(super) fn run(&self) -> Result<BTreeMap<RepoPath, DiskEntry>, RepositoryError> {
        let mut out = BTreeMap::new();
        let mut pending = vec![RepoPath::default()];
        while let Some(folder) = pending.pop() {
            let disk = files::join_repo_path(self.root, &folder);
            let names = files::list_folder(&disk).map_err(|error| unreadable(&folder, &error))?;
            for (name, metadata) in names {
                let path = folder.join(name.as_bytes());
                if is_attributes_file(name.as_bytes()) {
                    self.saw_attributes.set(true);
                }
                let ignores_case = cfg!(any(windows, target_os = "macos"));
                if name.as_bytes() == b".git"
                    || (ignores_case && name.as_bytes().eq_ignore_ascii_case(b".git"))
                {
                    continue;
                }
                if metadata.is_dir() {
                    self.visit_folder(path, &mut pending, &mut out);
                } else if ((self.is_tracked)(&path)
                    || !(self.ignores.excludes(&path) || self.is_own_output(&path)))
                    && let Some(mode) = files::file_mode(&metadata)
                {
                    if out.len() > self.max_files {
                        return Err(too_many_paths(super::MAX_CHANGED_PATHS));
                    }
                    let mode =
                        if self.trust_modes { mode } else { (self.recorded_mode)(&path).unwrap_or(mode) };
                    out.insert(path, DiskEntry { mode });
                }
            }
        }
        Ok(out)
    }

    fn is_own_output(&self, path: &RepoPath) -> bool {
        self.own_outputs.contains(path, &files::join_repo_path(self.root, path))
    }

    /// Adds a folder to `pending`, or to `out` if it is a submodule or a nested
    /// repository; skips it if it is ignored.
    fn visit_folder(
        &self,
        path: RepoPath,
        pending: &mut Vec<RepoPath>,
        out: &mut BTreeMap<RepoPath, DiskEntry>,
    ) {
        let has_tracked_files = self.tracked_folders.contains(&path);
        let is_repository = files::join_repo_path(self.root, &path.join(b".git")).symlink_metadata().is_ok();
        if self.submodules.contains(&path) {
            if is_repository {
                out.insert(path, DiskEntry { mode: FileMode::Submodule });
            } else {
                // The submodule is not checked out: files in its folder are untracked.
                pending.push(path);
            }
        } else if !has_tracked_files
            && (self.ignores.matches(&path, true)
                || is_known_cache(&files::join_repo_path(self.root, &path), path.file_name().as_ref()))
        {
        } else if is_repository && !has_tracked_files {
            out.insert(path, DiskEntry { mode: FileMode::Submodule });
        } else {
            pending.push(path);
        }
    }
}
