//! The working tree: compares the files on disk with HEAD.
//!
//! The walk starts from the disk, and every file is read and hashed. The stat cache of
//! the index is not used, because it can be wrong: a clean filter that was removed
//! again, or a changed clock, can make it so. Index flags that mark a path as unchanged
//! are ignored and reported.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::change::{Change, ChangeSet, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::{Hash20, git_blob_id};
use crate::system::raw_file::read_raw_file;
use crate::system::{files, parallel, wildmatch};
use crate::text::RepoPath;

use super::attributes::is_attributes_file;
use super::index::StagedEntry;
use super::untracked::{DiskEntry, DiskKind, WorktreeWalk};
use super::{GitRepository, unreadable};

/// What a comparison leaves for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    Ids,
}

/// A file or link on disk, with the mode that the disk has, and git's id of its raw bytes;
/// `None` if it is too large to be read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawEntry {
    pub mode: FileMode,
    pub id: Option<Hash20>,
}

/// A path on disk with the mode that git would store, and its raw id.
#[derive(Clone, Copy)]
struct FoundEntry {
    mode: FileMode,
    id: Option<Hash20>,
}

impl GitRepository {
    /// Returns an error if `core.worktree` points away from the files of `folder`.
    pub(super) fn refuse_redirected_worktree(&self, folder: &Path) -> Result<(), RepositoryError> {
        let Some(root) = self.repo.workdir() else { return Ok(()) };
        let (Ok(here), Ok(there)) = (folder.canonicalize(), root.canonicalize()) else { return Ok(()) };
        // A folder `.git` belongs to the folder that contains it. A file `.git`
        // (submodules, linked working trees) points to settings elsewhere.
        let own = self.repo.path().canonicalize().ok().filter(|path| path.ends_with(".git"));
        let elsewhere = own.as_deref().and_then(Path::parent).is_some_and(|parent| parent != there);
        if here.starts_with(&there) && !elsewhere {
            return Ok(());
        }
        let operation = format!("opening the repository of {}", folder.display());
        let reason = format!("its configuration puts the working tree elsewhere, in {}", there.display());
        Err(RepositoryError::Git { operation, reason })
    }

    /// Returns the changes between a commit's tree (HEAD) and the files on disk; untracked
    /// files are included.
    pub(super) fn worktree_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        self.compare_worktree(base, Keep::Nothing)
    }

    /// Returns whether the files on disk differ from a commit's tree. If they do, the next
    /// call of [`GitRepository::worktree_changes`], which reads the change, need not hash
    /// them again.
    pub(super) fn is_worktree_changed(&self, base: Option<Commit>) -> Result<bool, RepositoryError> {
        let is_changed = !self.compare_worktree(base, Keep::Ids)?.changes.is_empty();
        if !is_changed {
            self.take_raw_files();
        }
        Ok(is_changed)
    }

    fn compare_worktree(&self, base: Option<Commit>, keep: Keep) -> Result<ChangeSet, RepositoryError> {
        self.refuse_foreign_attributes()?;
        wildmatch::start_walk();
        let mut staged = self.staged_entries()?;
        let mut before = self.flat_tree_like(base, &staged)?;
        let (found, exempted) = self.walk_worktree(&before, &staged)?;
        let mut user_ignored = self.user_ignored_paths(&before, &staged, &found)?;
        let raw_files = self.hash_raw_files(&found, self.take_raw_files())?;
        if keep == Keep::Ids {
            self.keep_raw_files(&raw_files);
        }
        let mut modes = self.disk_modes()?;
        let stored_mode = |path: &RepoPath, staged: Option<&StagedEntry>| {
            staged.map(|staged| staged.entry.mode).or_else(|| before.get(path).map(|old| old.mode))
        };
        if !modes.are_complete() {
            let with_stored =
                |(path, raw): (&RepoPath, &RawEntry)| Some((raw.mode, stored_mode(path, staged.get(path))?));
            modes = modes.as_seen(raw_files.iter().filter_map(with_stored));
        }
        let sparse = self.sparse_patterns()?;
        let mut changes = Vec::new();
        for (path, found) in found {
            let known = staged.remove(&path);
            let old = before.remove(&path);
            let raw = raw_files.get(&path);
            let stored = known.as_ref().map(|known| known.entry.mode).or(old.map(|old| old.mode));
            let self_ignoring = found.self_ignoring.filter(|_| known.is_none() && old.is_none());
            let found = FoundEntry {
                mode: raw.map_or(FileMode::Submodule, |raw| modes.mode_of(raw.mode, stored)),
                id: raw.and_then(|raw| raw.id),
            };
            wildmatch::check_walk()?;
            let change = self.compare_on_disk(&path, found, known.as_ref(), old)?;
            changes.extend(change.map(|change| Change {
                user_ignored: user_ignored.remove(&path),
                self_ignoring: self_ignoring.clone(),
                ..change
            }));
        }
        for (path, staged) in staged {
            let old = before.remove(&path);
            let is_absent_submodule = staged.entry.mode == FileMode::Submodule;
            let is_excluded = || sparse.as_ref().is_some_and(|sparse| sparse.excludes(&path));
            if is_absent_submodule || (staged.skip_worktree && is_excluded()) {
                changes.extend(Change::from_entries(path, old, Some(staged.entry)));
                continue;
            }
            let change = Change::from_entries(path, old, None);
            let note =
                staged.skip_worktree.then(|| "the index hides that it is missing (skip-worktree)".to_owned());
            changes.extend(change.map(|change| Change { note, ..change }));
        }
        changes
            .extend(before.into_iter().filter_map(|(path, old)| Change::from_entries(path, Some(old), None)));
        wildmatch::check_walk()?;
        Ok(ChangeSet { exempted, ..ChangeSet::new(changes) })
    }

    /// Returns the change of a path that exists on disk; `None` if it did not change.
    fn compare_on_disk(
        &self,
        path: &RepoPath,
        found: FoundEntry,
        known: Option<&StagedEntry>,
        old: Option<TreeEntry>,
    ) -> Result<Option<Change>, RepositoryError> {
        let note = known.and_then(|k| match (k.assume_unchanged, k.skip_worktree) {
            (true, _) => Some("the index marks this path as unchanged (assume-unchanged)".to_owned()),
            (_, true) => Some("the index marks this path as unchanged (skip-worktree)".to_owned()),
            _ => None,
        });
        let stored = [known.map(|k| k.entry.id), old.map(|entry| entry.id)];
        if let Some(id) = found.id.filter(|raw| stored.contains(&Some(*raw))) {
            let change = Change::from_entries(path.clone(), old, Some(TreeEntry { mode: found.mode, id }));
            return Ok(change.map(|change| Change { note, ..change }));
        }
        let (new, unreadable_reason) = self.read_disk_entry(path, found.mode, known, old)?;
        let change = Change::from_entries(path.clone(), old, Some(new));
        Ok(change.map(|change| Change { note, unreadable_reason, ..change }))
    }

    /// Returns mode and content id of a path on disk, and the reason why its content cannot
    /// be checked, if there is one.
    fn read_disk_entry(
        &self,
        path: &RepoPath,
        mode: FileMode,
        known: Option<&StagedEntry>,
        old: Option<TreeEntry>,
    ) -> Result<(TreeEntry, Option<String>), RepositoryError> {
        if mode == FileMode::Submodule {
            let (id, unreadable_reason) = self.submodule_head(path)?;
            return Ok((TreeEntry { mode: FileMode::Submodule, id }, unreadable_reason));
        }
        let expected = [known.map(|k| k.entry.id), old.map(|e| e.id)];
        let disk = self.disk_path(path)?;
        if let Some(pointer) = self.pointer_of_large_file(path, &disk, &expected)? {
            return Ok((TreeEntry { mode, id: git_blob_id(&pointer) }, None));
        }
        let is_link =
            files::find_metadata(&disk).ok().flatten().is_some_and(|metadata| metadata.is_symlink());
        let raw = files::read_as_stored(&disk, is_link, super::MAX_FILE_BYTES)
            .map_err(|error| unreadable(path, &error))?;
        let (bytes, unreadable_reason) = self.clean_bytes(path, raw, mode, &expected)?;
        Ok((TreeEntry { mode, id: git_blob_id(&bytes) }, unreadable_reason))
    }

    /// Returns the stored pointer of a file of Git LFS that is too large to be read at once.
    fn pointer_of_large_file(
        &self,
        path: &RepoPath,
        disk: &Path,
        expected: &[Option<Hash20>],
    ) -> Result<Option<Vec<u8>>, RepositoryError> {
        let size = files::find_metadata(disk).ok().flatten().map_or(0, |metadata| metadata.len());
        if size <= super::MAX_FILE_BYTES {
            return Ok(None);
        }
        self.stored_lfs_pointer(path, size, &|| files::sha256_of_file(disk).ok(), expected)
    }

    /// Walks the working tree; records whether there are attribute files. Also returns the
    /// untracked paths that count as no change.
    fn walk_worktree(
        &self,
        base: &BTreeMap<RepoPath, TreeEntry>,
        staged: &BTreeMap<RepoPath, StagedEntry>,
    ) -> Result<(BTreeMap<RepoPath, DiskEntry>, Vec<RepoPath>), RepositoryError> {
        let mut folders = BTreeSet::new();
        for path in staged.keys() {
            let bytes = path.as_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                if *byte == b'/' {
                    folders.insert(RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
                }
            }
        }
        let submodules = staged
            .iter()
            .filter(|(_, s)| s.entry.mode == FileMode::Submodule)
            .map(|(path, _)| path.clone())
            .collect();
        let tracked = |path: &RepoPath| staged.contains_key(path);
        let walk = WorktreeWalk {
            root: self.root()?,
            tracked_folders: &folders,
            submodules: &submodules,
            is_tracked: &tracked,
            ignores: self.base_ignore_rules(base, None)?,
            exempted: RefCell::default(),
            own_outputs: self.own_outputs(),
            saw_attributes: Cell::new(staged.keys().any(|path| is_attributes_file(path.file_name()))),
            max_files: staged.len().max(base.len()) + super::MAX_CHANGED_PATHS,
        };
        let found = walk.run()?;
        self.record_attribute_presence(walk.saw_attributes.get());
        let mut exempted = walk.exempted.take();
        exempted.sort();
        Ok((found, exempted))
    }

    /// Returns the mode of every file and link, and git's id of its raw bytes. Several threads
    /// read those that are not `known`.
    fn hash_raw_files(
        &self,
        found: &BTreeMap<RepoPath, DiskEntry>,
        mut known: BTreeMap<RepoPath, RawEntry>,
    ) -> Result<BTreeMap<RepoPath, RawEntry>, RepositoryError> {
        let root = self.root()?;
        known.retain(|path, _| found.contains_key(path));
        let files: Vec<(&RepoPath, &DiskEntry)> = found
            .iter()
            .filter(|(path, found)| found.kind != DiskKind::Repository && !known.contains_key(*path))
            .collect();
        let read = parallel::map_with(&files, Vec::new, |(path, found), buffer| {
            let disk = files::join_repo_path(root, path);
            let entry = if found.kind == DiskKind::Link {
                files::read_as_stored(&disk, true, super::MAX_FILE_BYTES)
                    .map(|target| RawEntry { mode: FileMode::Symlink, id: Some(git_blob_id(&target)) })
            } else {
                read_raw_file(&disk, super::MAX_FILE_BYTES, buffer).map(|file| {
                    // Larger files are looked at later, one by one.
                    RawEntry { mode: file.mode, id: file.is_complete.then(|| git_blob_id(buffer)) }
                })
            };
            entry.map_err(|error| unreadable(path, &error))
        });
        for ((path, _), entry) in files.into_iter().zip(read) {
            known.insert(path.clone(), entry?);
        }
        Ok(known)
    }

    pub(super) fn disk_path(&self, path: &RepoPath) -> Result<PathBuf, RepositoryError> {
        Ok(files::join_repo_path(self.root()?, path))
    }

    /// Returns the path on disk and its metadata; `None` if it does not exist, or if one of
    /// its parent folders is a symbolic link.
    pub(super) fn worktree_path(
        &self,
        path: &RepoPath,
    ) -> Result<Option<(PathBuf, Metadata)>, RepositoryError> {
        let mut at = self.root()?.to_path_buf();
        let mut found = None;
        for name in path.as_bytes().split(|byte| *byte == b'/') {
            // On Windows, a drive letter or a backslash would lead out of the root.
            let leaves_root = cfg!(windows) && name.iter().any(|byte| matches!(byte, b':' | b'\\'));
            if matches!(name, b"" | b"." | b"..") || leaves_root {
                return Ok(None);
            }
            if found.as_ref().is_some_and(|metadata: &Metadata| !metadata.is_dir()) {
                return Ok(None);
            }
            at = files::join_repo_path(&at, &RepoPath::from_bytes(name));
            found = match files::find_metadata(&at) {
                Ok(Some(metadata)) => Some(metadata),
                Ok(None) => return Ok(None),
                Err(error) => return Err(unreadable(path, &error)),
            };
        }
        Ok(found.map(|metadata| (at, metadata)))
    }

    pub(super) fn worktree_entry(&self, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        let Some((_, metadata)) = self.worktree_path(path)? else { return Ok(None) };
        let Some(mode) = files::file_mode(&metadata) else { return Ok(None) };
        let mode = self.git_mode(path, mode)?;
        let Some(bytes) = self.worktree_bytes(path)? else { return Ok(None) };
        Ok(Some(TreeEntry { mode, id: git_blob_id(&bytes) }))
    }

    /// Returns the mode that git gives a path with a mode on disk.
    pub(super) fn git_mode(&self, path: &RepoPath, disk: FileMode) -> Result<FileMode, RepositoryError> {
        let modes = self.disk_modes()?;
        Ok(if modes.are_complete() { disk } else { modes.mode_of(disk, self.stored_mode(path)?) })
    }

    /// Returns the mode that the index has for a path, otherwise HEAD.
    fn stored_mode(&self, path: &RepoPath) -> Result<Option<FileMode>, RepositoryError> {
        if let Some(entry) = self.index_entry(path)? {
            return Ok(Some(entry.mode));
        }
        let head = self.head_of_files()?;
        Ok(head
            .map(|head| self.tree_entry(head, path))
            .transpose()?
            .flatten()
            .and_then(|(raw, _)| FileMode::from_raw(raw)))
    }

    /// Returns the bytes of an entry on disk: the raw bytes if they have the entry's id,
    /// otherwise the bytes as git would store them.
    pub(super) fn disk_content(&self, path: &RepoPath, entry: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        if let Some((disk, metadata)) = self.worktree_path(path)?
            && files::file_mode(&metadata).is_some()
        {
            let is_link = metadata.is_symlink();
            let raw = files::read_as_stored(&disk, is_link, super::MAX_FILE_BYTES)
                .map_err(|error| unreadable(path, &error))?;
            if git_blob_id(&raw) == entry.id {
                return Ok(raw);
            }
        }
        Ok(self.worktree_bytes(path)?.unwrap_or_default())
    }

    /// Returns the bytes of a file on disk as git would store them; `None` if it does not
    /// exist.
    pub(super) fn worktree_bytes(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some((disk, metadata)) = self.worktree_path(path)? else { return Ok(None) };
        let Some(mode) = files::file_mode(&metadata) else { return Ok(None) };
        let head = match self.head_of_files()? {
            Some(commit) => self.tree_entry(commit, path)?.map(|(_, id)| id),
            None => None,
        };
        let read = |is_link: bool| {
            files::read_as_stored(&disk, is_link, super::MAX_FILE_BYTES)
                .map_err(|error| unreadable(path, &error))
        };
        // Most files are as HEAD has them; then the index does not matter.
        let mut raw = None;
        if mode == FileMode::Regular
            && metadata.len() <= super::MAX_FILE_BYTES
            && let Some(head) = head
        {
            let bytes = read(false)?;
            if git_blob_id(&bytes) == head {
                return Ok(Some(bytes));
            }
            raw = Some(bytes);
        }
        let staged = self.index_entry(path)?.map(|entry| entry.id);
        if let Some(pointer) = self.pointer_of_large_file(path, &disk, &[staged, head])? {
            return Ok(Some(pointer));
        }
        let raw = raw.map_or_else(|| read(mode == FileMode::Symlink), Ok)?;
        let mode = self.git_mode(path, mode)?;
        Ok(Some(self.clean_bytes(path, raw, mode, &[staged, head])?.0))
    }

    pub(super) fn list_worktree(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let at = RepoPath::from(folder);
        let disk = match self.worktree_path(&at)? {
            _ if folder.is_empty() => self.root()?.to_path_buf(),
            Some((disk, metadata)) if metadata.is_dir() => disk,
            _ => return Ok(Vec::new()),
        };
        let names = files::list_folder(&disk).map_err(|error| unreadable(&at, &error))?;
        let mut out = Vec::new();
        for (name, kind) in names {
            if !kind.is_dir() {
                out.push(at.join(name.as_bytes()));
            }
        }
        Ok(out)
    }
}
