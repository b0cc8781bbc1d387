//! Facts that one run would read twice within milliseconds.
//!
//! Nothing here outlives the run, and nothing is kept over a step: a step is judged by a
//! fingerprint of HEAD, references, index and tree, which is always read anew.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};

use git2::Oid;

use crate::change::{ChangeSet, Commit, History as _, RepositoryError};
use crate::text::RepoPath;

use super::GitRepository;
use super::index::Staged;
use super::version_search::ContentHashes;
use super::worktree::RawEntry;

/// Mode and id of a name in a folder, by the id of the folder and its depth in the path.
pub(super) type KnownFolders = HashMap<(Oid, usize), Option<(u32, Oid)>>;

/// Facts of one run.
#[derive(Default)]
pub(super) struct Remembered {
    /// The commit of HEAD when the first file was read. It only says where to look first:
    /// the bytes of a file are compared with what is found there.
    head: OnceCell<Option<Commit>>,
    /// The changes from a commit to the index. libgit2 reads the index once for each
    /// repository that it opens.
    index_changes: RefCell<Option<(Option<Commit>, ChangeSet)>>,
    /// The entries of the index, also for questions about single paths. A stranger chooses the
    /// number of questions and the size of the index.
    staged: OnceCell<Vec<Staged>>,
    /// Modes and ids of the files on disk, between the choice of the change and its reading.
    raw_files: RefCell<Option<BTreeMap<RepoPath, RawEntry>>>,
    /// For a path, what the folders of commits have there: walks ask for it again.
    path_folders: RefCell<HashMap<RepoPath, KnownFolders>>,
    /// Hashes of the contents of blobs in which a version was searched.
    content_hashes: RefCell<HashMap<Oid, ContentHashes>>,
    /// Number of objects that were read, and of their bytes.
    objects: Cell<(u64, u64)>,
}

impl GitRepository {
    /// Counts an object that was read.
    pub(super) fn count_object(&self, bytes: usize) {
        let (objects, all) = self.remembered.objects.get();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.remembered.objects.set((objects + 1, all.saturating_add(bytes)));
    }

    /// Returns the number of objects that this run has read, and of their bytes. Unlike a
    /// time, it is the same on every machine.
    #[cfg(test)]
    pub(crate) fn objects_read(&self) -> (u64, u64) {
        self.remembered.objects.get()
    }

    /// Returns the commit of HEAD, to find the stored version of a file on disk.
    pub(super) fn head_of_files(&self) -> Result<Option<Commit>, RepositoryError> {
        if let Some(head) = self.remembered.head.get() {
            return Ok(*head);
        }
        let head = self.head()?;
        Ok(*self.remembered.head.get_or_init(|| head))
    }

    /// Returns the changes from a commit to the index; computed once for each commit.
    pub(super) fn index_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        if let Some((known, changes)) = &*self.remembered.index_changes.borrow()
            && *known == base
        {
            return Ok(changes.clone());
        }
        let changes = self.read_index_changes(base)?;
        *self.remembered.index_changes.borrow_mut() = Some((base, changes.clone()));
        Ok(changes)
    }

    /// Returns the entries of the index, in order of path; read once.
    pub(super) fn staged_list(&self) -> Result<&[Staged], RepositoryError> {
        if let Some(staged) = self.remembered.staged.get() {
            return Ok(staged);
        }
        let staged = self.read_staged()?;
        Ok(self.remembered.staged.get_or_init(|| staged))
    }

    /// Takes what the folders of commits have at a path; [`GitRepository::keep_folders`] gives
    /// it back.
    pub(super) fn take_folders(&self, path: &RepoPath) -> KnownFolders {
        self.remembered.path_folders.borrow_mut().remove(path).unwrap_or_default()
    }

    pub(super) fn keep_folders(&self, path: &RepoPath, folders: KnownFolders) {
        self.remembered.path_folders.borrow_mut().insert(path.clone(), folders);
    }

    /// Returns the hashes of a blob's content, if this run has computed them.
    pub(super) fn known_hashes(&self, blob: Oid) -> Option<ContentHashes> {
        self.remembered.content_hashes.borrow().get(&blob).copied()
    }

    pub(super) fn keep_hashes(&self, blob: Oid, hashes: ContentHashes) {
        self.remembered.content_hashes.borrow_mut().insert(blob, hashes);
    }

    /// Keeps the files on disk for the next comparison, which takes them.
    pub(super) fn keep_raw_files(&self, files: &BTreeMap<RepoPath, RawEntry>) {
        *self.remembered.raw_files.borrow_mut() = Some(files.clone());
    }

    /// Takes the files on disk that the comparison before has kept.
    pub(super) fn take_raw_files(&self) -> BTreeMap<RepoPath, RawEntry> {
        self.remembered.raw_files.take().unwrap_or_default()
    }
}
