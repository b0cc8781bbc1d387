//! The working tree: files on disk against HEAD.
//!
//! The walk starts from the disk, never from a cache. The index's stat cache
//! may say "unchanged" only for a file whose size, inode and both times are
//! those that the index recorded and that was last touched before the index
//! was written; flags that call a path unchanged are ignored and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::PathBuf;

use crate::change::{Change, ChangeSet, Commit, Entry, FileMode, Repository as _, RepositoryError};
use crate::digest::{Hash20, git_blob_id};
use crate::system::files;
use crate::text::RepoPath;

use super::index::{RawStat, Staged};
use super::untracked::{Found, Walk};
use super::{GitRepository, hash};

impl GitRepository {
    /// HEAD's tree against the files on disk, untracked ones included.
    pub(super) fn worktree_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        let mut staged = self.staged()?;
        let mut before = self.flat_tree(base)?;
        let found = self.walk(base, &staged)?;
        let written = self.index_written();
        let sparse =
            self.repo.config().and_then(|config| config.get_bool("core.sparseCheckout")).unwrap_or(false);
        let mut changes = Vec::new();
        for (path, found) in found {
            let known = staged.remove(&path);
            let pre = before.remove(&path);
            changes.extend(self.on_disk(&path, &found, known.as_ref(), pre, written)?);
        }
        for (path, staged) in staged {
            let pre = before.remove(&path);
            let absent_submodule = staged.entry.mode == FileMode::Submodule;
            if absent_submodule || (staged.skipped && sparse) {
                changes.extend(Change::between(path, pre, Some(staged.entry)));
                continue;
            }
            let change = Change::between(path, pre, None);
            let remark = staged.skipped.then(|| "the index hides its absence (skip-worktree)".to_owned());
            changes.extend(change.map(|change| Change { remark, ..change }));
        }
        changes.extend(before.into_iter().filter_map(|(path, pre)| Change::between(path, Some(pre), None)));
        Ok(ChangeSet::new(changes))
    }

    fn on_disk(
        &self,
        path: &RepoPath,
        found: &Found,
        known: Option<&Staged>,
        pre: Option<Entry>,
        written: Option<(i64, i64)>,
    ) -> Result<Option<Change>, RepositoryError> {
        let flagged = known.and_then(|k| match (k.assumed, k.skipped) {
            (true, _) => Some("the index calls this path unchanged (assume-unchanged)".to_owned()),
            (_, true) => Some("the index calls this path unchanged (skip-worktree)".to_owned()),
            _ => None,
        });
        let trusted = known
            .filter(|k| flagged.is_none() && !k.intended)
            .filter(|k| k.entry.mode == found.mode && is_fresh(&found.metadata, k.raw, written));
        if let Some(known) = trusted {
            return Ok(Change::between(path.clone(), pre, Some(known.entry)));
        }
        let (post, unjudged) = self.seen(path, found, known, pre)?;
        let change = Change::between(path.clone(), pre, Some(post));
        Ok(change.map(|change| Change { remark: flagged, unjudged, ..change }))
    }

    /// Mode and content id of what stands on disk.
    fn seen(
        &self,
        path: &RepoPath,
        found: &Found,
        known: Option<&Staged>,
        pre: Option<Entry>,
    ) -> Result<(Entry, Option<String>), RepositoryError> {
        if found.mode == FileMode::Submodule {
            let head = git2::Repository::open(self.disk(path)?)
                .and_then(|repo| repo.head()?.peel_to_commit().map(|commit| commit.id()));
            let (id, unjudged) = match head {
                Ok(id) => (hash(id), None),
                Err(_) => (
                    known.map_or(Hash20::ZERO, |k| k.entry.id),
                    known.is_none().then(|| "a repository without a commit lies here".to_owned()),
                ),
            };
            return Ok((Entry { mode: FileMode::Submodule, id }, unjudged));
        }
        let raw =
            files::read_as_stored(&self.disk(path)?, found.mode == FileMode::Symlink, super::LARGEST_FILE)
                .map_err(|error| unreadable(path, &error))?;
        let expected = [known.map(|k| k.entry.id), pre.map(|e| e.id)];
        let (bytes, unjudged) = self.cleaned(path, raw, found.mode, &expected)?;
        Ok((Entry { mode: found.mode, id: git_blob_id(&bytes) }, unjudged))
    }

    fn walk(
        &self,
        base: Option<Commit>,
        staged: &BTreeMap<RepoPath, Staged>,
    ) -> Result<BTreeMap<RepoPath, Found>, RepositoryError> {
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
        let walk = Walk {
            root: self.root()?,
            folders: &folders,
            submodules: &links,
            tracked: &tracked,
            ignores: self.base_ignores(base)?,
            trust_modes: cfg!(unix),
            recorded: &|path| staged.get(path).map(|s| s.entry.mode),
        };
        walk.run()
    }

    /// Modification time of the index file.
    fn index_written(&self) -> Option<(i64, i64)> {
        files::modified(&self.repo.path().join("index"))
    }

    pub(super) fn disk(&self, path: &RepoPath) -> Result<PathBuf, RepositoryError> {
        Ok(files::below(self.root()?, path))
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
            at = files::below(&at, &RepoPath::from_bytes(name));
            found = match files::metadata(&at) {
                Ok(Some(metadata)) => Some(metadata),
                Ok(None) => return Ok(None),
                Err(error) => return Err(unreadable(path, &error)),
            };
        }
        Ok(found.map(|metadata| (at, metadata)))
    }

    pub(super) fn worktree_entry(&self, path: &RepoPath) -> Result<Option<Entry>, RepositoryError> {
        let Some((_, metadata)) = self.worktree_path(path)? else { return Ok(None) };
        let Some(mode) = files::mode(&metadata) else { return Ok(None) };
        let Some(bytes) = self.worktree_bytes(path)? else { return Ok(None) };
        Ok(Some(Entry { mode, id: git_blob_id(&bytes) }))
    }

    /// The bytes of a file on disk as git would store them.
    pub(super) fn worktree_bytes(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        let Some((disk, metadata)) = self.worktree_path(path)? else { return Ok(None) };
        let Some(mode) = files::mode(&metadata) else { return Ok(None) };
        let raw = files::read_as_stored(&disk, mode == FileMode::Symlink, super::LARGEST_FILE)
            .map_err(|error| unreadable(path, &error))?;
        let head = match self.head()? {
            Some(commit) => self.tree_entry(commit, path)?.map(|(_, id)| id),
            None => None,
        };
        Ok(Some(self.cleaned(path, raw, mode, &[head])?.0))
    }

    pub(super) fn worktree_list(&self, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let at = RepoPath::from(folder);
        let disk = match self.worktree_path(&at)? {
            Some((disk, metadata)) if metadata.is_dir() => disk,
            _ => return Ok(Vec::new()),
        };
        let names = files::names(&disk).map_err(|error| unreadable(&at, &error))?;
        let mut out = Vec::new();
        for (name, metadata) in names {
            if !metadata.is_dir() {
                out.push(at.join(name.as_bytes()));
            }
        }
        Ok(out)
    }
}

pub(super) fn unreadable(path: &RepoPath, error: &std::io::Error) -> RepositoryError {
    RepositoryError::Unreadable { path: path.clone(), reason: error.to_string() }
}

/// Whether the index may be believed that a file is unchanged.
#[cfg(unix)]
fn is_fresh(metadata: &Metadata, recorded: RawStat, written: Option<(i64, i64)>) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (mtime, ctime) =
        ((metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec()));
    #[expect(clippy::cast_possible_truncation, reason = "the index keeps the low 32 bits of size and inode")]
    let same = metadata.len() as u32 == recorded.size && metadata.ino() as u32 == recorded.inode;
    same && mtime == recorded.mtime
        && ctime == recorded.ctime
        && written.is_some_and(|written| mtime < written && ctime < written)
}

/// Elsewhere than on Unix there is no change time to check: always read.
#[cfg(not(unix))]
fn is_fresh(_: &Metadata, _: RawStat, _: Option<(i64, i64)>) -> bool {
    false
}
