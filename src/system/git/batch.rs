//! Many files of the working tree at once, read on several threads.

use std::collections::HashMap;
use std::path::Path;

use bstr::BStr;
use git2::Oid;

use crate::change::{FileMode, RepositoryError, StoredFile};
use crate::digest::{Hash20, git_blob_id};
use crate::system::raw_file::{RawFile, read_raw_file};
use crate::system::{files, parallel};
use crate::text::RepoPath;

use super::{GitRepository, MAX_FILE_BYTES, to_hash};

/// Size from which a blob is looked for on disk first, in bytes.
const MIN_BYTES_FROM_DISK: u64 = 64 * 1024;

/// Maximum size of a file that is read with others, in bytes: they are held at once.
const MAX_SMALL_BYTES: u64 = 512 * 1024;

impl GitRepository {
    /// Returns those of `paths` on disk whose bytes `is_wanted`, or that could not be read as
    /// plain files.
    pub(super) fn filter_on_disk(
        &self,
        paths: Vec<RepoPath>,
        is_wanted: impl Fn(&[u8]) -> bool + Sync,
    ) -> Result<Vec<RepoPath>, RepositoryError> {
        let wanted = self.read_raw(&paths, MAX_FILE_BYTES, |read, bytes| {
            read.is_none_or(|read| !read.is_complete || is_wanted(bytes))
        })?;
        Ok(paths.into_iter().zip(wanted).filter_map(|(path, wanted)| wanted.then_some(path)).collect())
    }

    /// Returns the id of each file on disk as a blob, and whether its bytes are `is_wanted`;
    /// `None` for a path that cannot be read so.
    pub(super) fn filter_equal_on_disk(
        &self,
        paths: &[RepoPath],
        is_wanted: impl Fn(&[u8]) -> bool + Sync,
    ) -> Vec<Option<(Hash20, bool)>> {
        let job = |read: Option<RawFile>, bytes: &[u8]| {
            read.filter(|read| read.is_complete).map(|_| (git_blob_id(bytes), is_wanted(bytes)))
        };
        self.read_raw(paths, MAX_SMALL_BYTES, job).unwrap_or_else(|_| vec![None; paths.len()])
    }

    /// Returns the bytes of a large blob from the file at its path on disk, if they have its
    /// id: to read them there takes a tenth of the time.
    pub(super) fn read_equal_on_disk(&self, path: &RepoPath, id: Oid, size: u64) -> Option<Vec<u8>> {
        if size < MIN_BYTES_FROM_DISK {
            return None;
        }
        let (disk, metadata) = self.worktree_path(path).ok().flatten()?;
        let mut bytes = Vec::new();
        let is_like = metadata.is_file() && metadata.len() == size;
        let read = is_like.then(|| read_raw_file(&disk, size, &mut bytes).ok()).flatten()?;
        (read.is_complete && git_blob_id(&bytes) == to_hash(id)).then_some(bytes)
    }

    /// Reads small files on disk that are as HEAD has them; `None` for all others.
    pub(super) fn read_small_files_on_disk(
        &self,
        paths: &[RepoPath],
    ) -> Result<Vec<Option<StoredFile>>, RepositoryError> {
        let raw = self.read_raw(paths, MAX_SMALL_BYTES, |read, bytes| {
            let read = read.filter(|read| read.is_complete && read.mode == FileMode::Regular)?;
            Some((read.mode, git_blob_id(bytes), bytes.to_vec()))
        })?;
        let head = self.head_of_files()?;
        let mut out = Vec::with_capacity(paths.len());
        for (path, raw) in paths.iter().zip(raw) {
            let stored = match head {
                Some(head) => self.tree_entry(head, path)?.map(|(_, id)| id),
                None => None,
            };
            // The others may have to be converted.
            out.push(match raw.filter(|(_, id, _): &(FileMode, Hash20, Vec<u8>)| Some(*id) == stored) {
                Some((mode, _, bytes)) => {
                    Some(StoredFile { mode: self.git_mode(path, mode)?, content: Ok(bytes) })
                }
                None => None,
            });
        }
        Ok(out)
    }

    /// Reads files on several threads and returns what `job` makes of each; it receives
    /// `None` for a path that is no plain file, or is below a link.
    fn read_raw<R: Send>(
        &self,
        paths: &[RepoPath],
        limit: u64,
        job: impl Fn(Option<RawFile>, &[u8]) -> R + Sync,
    ) -> Result<Vec<R>, RepositoryError> {
        let root: &Path = self.root()?;
        let mut folders: HashMap<&BStr, bool> = HashMap::new();
        for path in paths {
            if !folders.contains_key(path.folder()) {
                let folder = RepoPath::from_bytes(path.folder());
                let is_real = folder.as_bytes().is_empty()
                    || self.worktree_path(&folder)?.is_some_and(|(_, metadata)| metadata.is_dir());
                folders.insert(path.folder(), is_real);
            }
        }
        let is_plain = |path: &RepoPath| {
            let name = path.file_name();
            // On Windows, a drive letter or a backslash would lead out of the folder.
            let leaves = cfg!(windows) && name.iter().any(|byte| matches!(byte, b':' | b'\\'));
            folders.get(path.folder()) == Some(&true) && !matches!(&**name, b"" | b"." | b"..") && !leaves
        };
        Ok(parallel::map_with(paths, Vec::new, |path, buffer| {
            let disk = files::join_repo_path(root, path);
            let read = is_plain(path).then(|| read_raw_file(&disk, limit, buffer).ok()).flatten();
            if read.is_none() {
                buffer.clear();
            }
            job(read, buffer)
        }))
    }
}
