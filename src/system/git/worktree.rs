//! The working tree: files on disk against HEAD.
//!
//! The walk starts from the disk, and every file is read and hashed: the
//! index's stat cache can be poisoned (by a clean filter that is gone again,
//! by a set clock), so it excuses nothing. Flags that call a path unchanged
//! are ignored and reported.

use crate::change::History as _;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::PathBuf;

use crate::change::{Change, ChangeSet, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::{Hash20, git_blob_id};
use crate::system::files;
use crate::text::RepoPath;

use super::attributes::is_attributes_file;
use super::index::StagedEntry;
use super::untracked::{DiskEntry, WorktreeWalk};
use super::{GitRepository, unreadable};

impl GitRepository {
    /// HEAD's tree against the files on disk, untracked ones included.
    pub(super) fn worktree_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        self.refuse_foreign_attributes()?;
        let mut staged = self.staged_entries()?;
        let mut before = self.flat_tree(base)?;
        let found = self.walk_worktree(&before, &staged)?;
        let ids = self.hash_raw_files(&found)?;
        let sparse = self.sparse_patterns()?;
        let mut changes = Vec::new();
        for (path, found) in found {
            let known = staged.remove(&path);
            let pre = before.remove(&path);
            let raw = ids.get(&path).copied();
            changes.extend(self.compare_on_disk(&path, &found, known.as_ref(), pre, raw)?);
        }
        for (path, staged) in staged {
            let pre = before.remove(&path);
            let absent_submodule = staged.entry.mode == FileMode::Submodule;
            let left_out = || sparse.as_ref().is_some_and(|sparse| sparse.excludes(&path));
            if absent_submodule || (staged.skip_worktree && left_out()) {
                changes.extend(Change::from_entries(path, pre, Some(staged.entry)));
                continue;
            }
            let change = Change::from_entries(path, pre, None);
            let remark =
                staged.skip_worktree.then(|| "the index hides its absence (skip-worktree)".to_owned());
            changes.extend(change.map(|change| Change { note: remark, ..change }));
        }
        changes
            .extend(before.into_iter().filter_map(|(path, pre)| Change::from_entries(path, Some(pre), None)));
        Ok(ChangeSet::new(changes))
    }

    fn compare_on_disk(
        &self,
        path: &RepoPath,
        found: &DiskEntry,
        known: Option<&StagedEntry>,
        pre: Option<TreeEntry>,
        raw: Option<Hash20>,
    ) -> Result<Option<Change>, RepositoryError> {
        let flagged = known.and_then(|k| match (k.assume_unchanged, k.skip_worktree) {
            (true, _) => Some("the index calls this path unchanged (assume-unchanged)".to_owned()),
            (_, true) => Some("the index calls this path unchanged (skip-worktree)".to_owned()),
            _ => None,
        });
        let stored = [known.map(|k| k.entry.id), pre.map(|entry| entry.id)];
        if let Some(id) = raw.filter(|raw| stored.contains(&Some(*raw))) {
            let change = Change::from_entries(path.clone(), pre, Some(TreeEntry { mode: found.mode, id }));
            return Ok(change.map(|change| Change { note: flagged, ..change }));
        }
        let (post, unjudged) = self.read_disk_entry(path, found, known, pre)?;
        let change = Change::from_entries(path.clone(), pre, Some(post));
        Ok(change.map(|change| Change { note: flagged, unreadable_reason: unjudged, ..change }))
    }

    /// Mode and content id of what stands on disk.
    fn read_disk_entry(
        &self,
        path: &RepoPath,
        found: &DiskEntry,
        known: Option<&StagedEntry>,
        pre: Option<TreeEntry>,
    ) -> Result<(TreeEntry, Option<String>), RepositoryError> {
        if found.mode == FileMode::Submodule {
            let (id, unjudged) = self.submodule_head(path)?;
            return Ok((TreeEntry { mode: FileMode::Submodule, id }, unjudged));
        }
        let raw = files::read_as_stored(
            &self.disk_path(path)?,
            found.mode == FileMode::Symlink,
            super::MAX_FILE_BYTES,
        )
        .map_err(|error| unreadable(path, &error))?;
        let expected = [known.map(|k| k.entry.id), pre.map(|e| e.id)];
        let (bytes, unjudged) = self.clean_bytes(path, raw, found.mode, &expected)?;
        Ok((TreeEntry { mode: found.mode, id: git_blob_id(&bytes) }, unjudged))
    }

    fn walk_worktree(
        &self,
        base: &BTreeMap<RepoPath, TreeEntry>,
        staged: &BTreeMap<RepoPath, StagedEntry>,
    ) -> Result<BTreeMap<RepoPath, DiskEntry>, RepositoryError> {
        let mut folders = BTreeSet::new();
        for path in staged.keys() {
            let bytes = path.as_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                if *byte == b'/' {
                    folders.insert(RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
                }
            }
        }
        let links = staged
            .iter()
            .filter(|(_, s)| s.entry.mode == FileMode::Submodule)
            .map(|(path, _)| path.clone())
            .collect();
        let tracked = |path: &RepoPath| staged.contains_key(path);
        let walk = WorktreeWalk {
            root: self.root()?,
            tracked_folders: &folders,
            submodules: &links,
            is_tracked: &tracked,
            ignores: self.base_ignore_rules(base)?,
            saw_attributes: Cell::new(staged.keys().any(|path| is_attributes_file(path.file_name()))),
            trust_modes: cfg!(unix),
            recorded_mode: &|path| staged.get(path).map(|s| s.entry.mode),
            max_files: staged.len().max(base.len()) + super::MAX_CHANGED_PATHS,
        };
        let found = walk.run()?;
        self.record_attribute_presence(walk.saw_attributes.get());
        Ok(found)
    }

    /// Git's id of the raw bytes of every file and link, read by several
    /// threads.
    fn hash_raw_files(
        &self,
        found: &BTreeMap<RepoPath, DiskEntry>,
    ) -> Result<BTreeMap<RepoPath, Hash20>, RepositoryError> {
        let root = self.root()?;
        let files: Vec<(&RepoPath, &DiskEntry)> =
            found.iter().filter(|(_, found)| found.mode != FileMode::Submodule).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let share = files.len().div_ceil(threads).max(1);
        let read = |part: &[(&RepoPath, &DiskEntry)]| -> Result<Vec<(RepoPath, Hash20)>, RepositoryError> {
            let one = |(path, found): &(&RepoPath, &DiskEntry)| {
                let is_link = found.mode == FileMode::Symlink;
                let bytes =
                    files::read_as_stored(&files::join_repo_path(root, path), is_link, super::MAX_FILE_BYTES)
                        .map_err(|error| unreadable(path, &error))?;
                Ok(((*path).clone(), git_blob_id(&bytes)))
            };
            part.iter().map(one).collect()
        };
        let parts: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = files.chunks(share).map(|part| scope.spawn(|| read(part))).collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| read(&files))).collect()
        });
        let mut ids = BTreeMap::new();
        for part in parts {
            ids.extend(part?);
        }
        Ok(ids)
    }

    pub(super) fn disk_path(&self, path: &RepoPath) -> Result<PathBuf, RepositoryError> {
        Ok(files::join_repo_path(self.root()?, path))
    }

    /// Where a path lies on disk, if it is there and no folder above it is a
    /// symbolic link.
    pub(super) fn worktree_path(
        &self,
        path: &RepoPath,
    ) -> Result<Option<(PathBuf, Metadata)>, RepositoryError> {
        let mut at = self.root()?.to_path_buf();
        let mut found = None;
        for name in path.as_bytes().split(|byte| *byte == b'/') {
            // On Windows a drive or a back-slash would lead elsewhere.
            let leads_away = cfg!(windows) && name.iter().any(|byte| matches!(byte, b':' | b'\\'));
            if matches!(name, b"" | b"." | b"..") || leads_away {
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
        let Some(bytes) = self.worktree_bytes(path)? else { return Ok(None) };
        Ok(Some(TreeEntry { mode, id: git_blob_id(&bytes) }))
    }

    /// The bytes of an entry on disk: as they lie there if they have its id,
    /// else as git would store them.
    pub(super) fn disk_content(&self, path: &RepoPath, entry: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        if let Some((disk, metadata)) = self.worktree_path(path)?
            && files::file_mode(&metadata).is_some()
        {
            let is_link = entry.mode == FileMode::Symlink;
            let raw = files::read_as_stored(&disk, is_link, super::MAX_FILE_BYTES)
                .map_err(|error| unreadable(path, &error))?;
            if git_blob_id(&raw) == entry.id {
                return Ok(raw);
            }
        }
        Ok(self.worktree_bytes(path)?.unwrap_or_default())
    }

    /// The bytes of a file on disk as git would store them.
    pub(super) fn worktree_bytes(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some((disk, metadata)) = self.worktree_path(path)? else { return Ok(None) };
        let Some(mode) = files::file_mode(&metadata) else { return Ok(None) };
        let raw = files::read_as_stored(&disk, mode == FileMode::Symlink, super::MAX_FILE_BYTES)
            .map_err(|error| unreadable(path, &error))?;
        let head = match self.head()? {
            Some(commit) => self.tree_entry(commit, path)?.map(|(_, id)| id),
            None => None,
        };
        Ok(Some(self.clean_bytes(path, raw, mode, &[head])?.0))
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
        for (name, metadata) in names {
            if !metadata.is_dir() {
                out.push(at.join(name.as_bytes()));
            }
        }
        Ok(out)
    }
}
