//! Changing files of a repository: one writer at a time, all files or none.
//!
//! A writer holds a lock that the system takes back when its process ends,
//! however it ends. Several files are written through a journal: their new
//! bytes are put aside and flushed, then the journal is renamed into place
//! (from then on the write counts), then every file is renamed over its old
//! one. Whoever takes the lock next completes what was interrupted.

mod journal;
mod lock;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::text::RepoPath;

use super::files;

pub use lock::LOCK_TIMEOUT;

/// The most bytes of a document that is rewritten.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A file as it is to be.
#[derive(Debug, Clone)]
pub struct FileWrite {
    /// Where, below the root.
    pub path: RepoPath,
    /// The bytes that must still be there; `None` if nothing may be.
    pub before: Option<Vec<u8>>,
    /// The bytes that are to be there.
    pub after: Vec<u8>,
}

/// Why nothing could be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else writes.
    #[error(
        "another countersign is writing here: {holder}; waited {} s for it, nothing was written",
        waited.as_secs()
    )]
    Locked {
        /// Who, as they put it.
        holder: String,
        /// How long was waited.
        waited: Duration,
    },
    /// A file is not what it was when it was read.
    #[error("{0} was changed by somebody else meanwhile; nothing was written, run the command again")]
    Changed(RepoPath),
    /// What lies there is not written to.
    #[error("{path} is not written: {why}")]
    Refused {
        /// The file.
        path: RepoPath,
        /// What lies there instead.
        why: String,
    },
    /// An earlier write was interrupted and cannot be completed.
    #[error(
        "an earlier `{command}` was interrupted while it wrote, and {path} was changed since; look at {} and remove that folder once all is well",
        folder.display()
    )]
    Unrecoverable {
        /// What was interrupted.
        command: String,
        /// The file that is neither as it was nor as it was to be.
        path: RepoPath,
        /// Where the new bytes lie.
        folder: PathBuf,
    },
    /// The system refuses.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system says.
        source: io::Error,
    },
}

fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> WriteError {
    let doing = doing.into();
    move |source| WriteError::Io { doing, source }
}

/// The only writer of a repository, while it lives.
#[derive(Debug)]
pub struct Writer {
    root: PathBuf,
    state: PathBuf,
    command: String,
    _lock: File,
}

impl Writer {
    /// Waits for the lock, then completes what an interrupted writer left.
    /// `state` is the tool's own folder, `command` says who writes.
    ///
    /// # Errors
    /// The lock is held too long, or an interrupted write cannot be completed.
    pub fn acquire(root: &Path, state: &Path, command: &str, patience: Duration) -> Result<Self, WriteError> {
        let lock = lock::acquire(state, command, patience)?;
        let (root, state, command) = (root.to_path_buf(), state.to_path_buf(), command.to_owned());
        let writer = Self { root, state, command, _lock: lock };
        journal::complete_interrupted(&writer)?;
        Ok(writer)
    }

    /// The root of the files.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The bytes on disk, exactly; `None` if nothing is there.
    ///
    /// # Errors
    /// A link, a folder, or a path that leaves the root lies there.
    pub fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
        read_below(&self.root, path)
    }

    /// Writes files, all of them or none.
    ///
    /// # Errors
    /// A file is not as it was read, or cannot be written. What was agreed to
    /// before the error (see the module) is completed by the next writer.
    pub fn write(&self, all: &[FileWrite]) -> Result<(), WriteError> {
        journal::write_files(self, all, &mut |_| true).map(|_| ())
    }

    fn resolve_path(&self, path: &RepoPath) -> Result<PathBuf, WriteError> {
        resolve_path(&self.root, path)
    }
}

/// The bytes of a file below a root, exactly; `None` if nothing is there.
///
/// # Errors
/// A link, a folder, or a path that leaves the root lies there.
pub fn read_below(root: &Path, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
    let place = resolve_path(root, path)?;
    if files::find_metadata(&place).map_err(io_error(format!("looking at {path}")))?.is_none() {
        return Ok(None);
    }
    files::read(&place, MAX_FILE_BYTES).map(Some).map_err(io_error(format!("reading {path}")))
}

/// Where a path lies on disk: below the root, through no link, and not
/// where anything but a file stands.
fn resolve_path(root: &Path, path: &RepoPath) -> Result<PathBuf, WriteError> {
    let refused = |why: &str| WriteError::Refused { path: path.clone(), why: why.to_owned() };
    let mut at = root.to_path_buf();
    let names: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
    for (index, name) in names.iter().enumerate() {
        let leads_away = cfg!(windows) && name.iter().any(|byte| matches!(byte, b':' | b'\\'));
        if matches!(*name, b"" | b"." | b"..") || leads_away || name.eq_ignore_ascii_case(b".git") {
            return Err(refused("it leads out of the working tree"));
        }
        at = files::join_repo_path(&at, &RepoPath::from_bytes(name));
        let found = files::find_metadata(&at).map_err(io_error(format!("looking at {path}")))?;
        let Some(found) = found else { continue };
        if found.is_symlink() {
            return Err(refused("a symbolic link lies there, or above it"));
        }
        let last = index + 1 == names.len();
        if last != found.is_file() {
            return Err(refused(if last { "no ordinary file lies there" } else { "a file lies above it" }));
        }
    }
    Ok(at)
}

/// What was interrupted, if a write waits to be completed: files may then be
/// partly as they were and partly as they are to be.
#[must_use]
pub fn interrupted_command(state: &Path) -> Option<String> {
    journal::interrupted_command(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(root: &Path) -> Writer {
        Writer::acquire(root, &root.join(".git/countersign"), "a test", Duration::ZERO).expect("lock")
    }

    fn file(path: &str, before: Option<&str>, after: &str) -> FileWrite {
        let (path, before) = (RepoPath::from(path), before.map(|text| text.as_bytes().to_vec()));
        FileWrite { path, before, after: after.as_bytes().to_vec() }
    }

    fn text(root: &Path, path: &str) -> Option<String> {
        files::read(&root.join(path), MAX_FILE_BYTES)
            .ok()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn interrupted_anywhere_files_are_all_old_or_all_new() {
        let (mut old, mut new) = (0, 0);
        for stop in 0..40 {
            let folder = files::create_scratch_folder("countersign-writing-").expect("folder");
            let root = folder.path();
            files::write(&root.join("a.md"), b"old a").expect("file");
            let all =
                [file("a.md", Some("old a"), "new a"), file("deep/b.md", None, "new b"), file("c", None, "")];
            let interrupted = {
                let writer = writer(root);
                let mut steps = 0;
                let whole = journal::write_files(&writer, &all, &mut |_| {
                    steps += 1;
                    steps <= stop
                });
                !whole.expect("written")
            };
            // Whoever writes next finds all or nothing.
            let after = writer(root);
            let seen = [text(root, "a.md"), text(root, "deep/b.md"), text(root, "c")];
            let said = seen.iter().map(|text| text.as_deref()).collect::<Vec<_>>();
            match said.as_slice() {
                [Some("old a"), None, None] => old += 1,
                [Some("new a"), Some("new b"), Some("")] => new += 1,
                other => panic!("after step {stop}: {other:?}"),
            }
            assert_eq!(interrupted_command(&root.join(".git/countersign")), None);
            drop(after);
            if !interrupted {
                break;
            }
        }
        assert!(old >= 4 && new >= 4, "{old} {new}");
    }

    #[test]
    fn a_file_that_was_changed_since_is_not_overwritten() {
        let folder = files::create_scratch_folder("countersign-writing-").expect("folder");
        let root = folder.path();
        files::write(&root.join("a.md"), b"mine").expect("file");
        let all = [file("b.md", None, "new"), file("a.md", Some("theirs"), "new")];
        assert!(matches!(writer(root).write(&all), Err(WriteError::Changed(_))));
        assert_eq!((text(root, "a.md").as_deref(), text(root, "b.md")), (Some("mine"), None));
        // Interrupted, then changed by hand: neither version is lost.
        let one = [file("a.md", Some("mine"), "new")];
        let mut steps = 0;
        let stopped = journal::write_files(&writer(root), &one, &mut |step| {
            steps += 1;
            step != "rename"
        });
        assert!(!stopped.expect("stopped"));
        files::write(&root.join("a.md"), b"by hand").expect("file");
        let state = root.join(".git/countersign");
        assert!(matches!(
            Writer::acquire(root, &state, "next", Duration::ZERO),
            Err(WriteError::Unrecoverable { .. })
        ));
        assert_eq!(text(root, "a.md").as_deref(), Some("by hand"));
    }

    #[test]
    fn the_holder_of_the_lock_is_named() {
        let folder = files::create_scratch_folder("countersign-writing-").expect("folder");
        let first = writer(folder.path());
        let state = folder.path().join(".git/countersign");
        let second = Writer::acquire(folder.path(), &state, "b", Duration::from_millis(30));
        let told = second.expect_err("held").to_string();
        assert!(told.contains("`a test`") && told.contains(&std::process::id().to_string()), "{told}");
        drop(first);
        assert!(Writer::acquire(folder.path(), &state, "b", Duration::ZERO).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_paths_that_lead_away_are_refused() {
        let folder = files::create_scratch_folder("countersign-writing-").expect("folder");
        let root = folder.path();
        files::create_folder(&root.join("real")).expect("folder");
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).expect("link");
        std::os::unix::fs::symlink("/etc/passwd", root.join("file")).expect("link");
        for path in ["link/a", "file", "../a", "/a", "a/../b", ".git/config", "real", ""] {
            let written = writer(root).write(&[file(path, None, "x")]);
            assert!(matches!(written, Err(WriteError::Refused { .. })), "{path}: {written:?}");
        }
    }
}
