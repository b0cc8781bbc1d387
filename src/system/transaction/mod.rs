//! Changes files of a repository: one writer at a time, all files or none.
//!
//! A writer holds a lock that the operating system releases when the process ends
//! for any reason. Several files are written through a journal, in these steps:
//!
//! 1. stage: the new bytes are written next to the journal and flushed;
//! 2. seal: the journal is renamed to its final name; from then on the write is valid;
//! 3. commit: every staged file is renamed over its target;
//! 4. clear: the journal is removed.
//!
//! The next writer that takes the lock completes a sealed write that was
//! interrupted, and removes one that was not sealed.

mod journal;
mod lock;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::text::RepoPath;

use super::files;

pub(crate) use lock::LOCK_TIMEOUT;

/// Maximum size in bytes of a file that is read or rewritten.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A write to one file: expected old bytes and new bytes.
#[derive(Debug, Clone)]
pub(crate) struct FileWrite {
    /// Path below the root.
    pub path: RepoPath,
    /// The bytes that the file must still have; `None` if it must not exist.
    pub before: Option<Vec<u8>>,
    /// The new bytes.
    pub after: Vec<u8>,
}

/// An error while files are written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Another process holds the lock.
    #[error(
        "another countersign is writing here: {holder}; waited {} s, nothing was written; run the command again",
        waited.as_secs()
    )]
    Locked {
        /// Command, process id and start time of the holder.
        holder: String,
        /// The time that this process waited.
        waited: Duration,
    },
    /// A file has changed since it was read.
    #[error("another program changed {0} in the meantime; nothing was written; run the command again")]
    Changed(RepoPath),
    /// The path is not a regular file below the root.
    #[error("{path} cannot be written: {why}")]
    Refused {
        /// The file.
        path: RepoPath,
        /// The reason.
        why: String,
    },
    /// An earlier write was interrupted and cannot be completed.
    #[error(
        "an earlier `{command}` was interrupted during a write, and {path} was changed since; the new bytes are in {}: restore what you need, then remove that folder",
        folder.display()
    )]
    Unrecoverable {
        /// The command that was interrupted.
        command: String,
        /// The file that has neither its old nor its new bytes.
        path: RepoPath,
        /// The folder of the journal and of the new bytes.
        folder: PathBuf,
    },
    /// An operation of the operating system failed.
    #[error("{operation}: {source}")]
    Io {
        /// The operation, as the start of a message ("reading a.md").
        operation: String,
        /// The error of the operating system.
        source: io::Error,
    },
}

fn io_error(operation: impl Into<String>) -> impl FnOnce(io::Error) -> WriteError {
    let operation = operation.into();
    move |source| WriteError::Io { operation, source }
}

/// Exclusive write access to a repository, until the value is dropped.
#[derive(Debug)]
pub(crate) struct Writer {
    root: PathBuf,
    state: PathBuf,
    command: String,
    _lock: File,
}

impl Writer {
    /// Waits for the lock, then completes an interrupted write. `state` is the
    /// tool's own folder; `command` names this writer in messages of other processes.
    ///
    /// # Errors
    /// Another process holds the lock for longer than `timeout`, or an interrupted
    /// write cannot be completed.
    pub(crate) fn acquire(
        root: &Path,
        state: &Path,
        command: &str,
        timeout: Duration,
    ) -> Result<Self, WriteError> {
        let lock = lock::acquire(state, command, timeout)?;
        let (root, state, command) = (root.to_path_buf(), state.to_path_buf(), command.to_owned());
        let writer = Self { root, state, command, _lock: lock };
        journal::complete_interrupted(&writer)?;
        Ok(writer)
    }

    /// Returns the exact bytes on disk; `None` if the file does not exist.
    ///
    /// # Errors
    /// The path is not a regular file, goes through a link, or leaves the root.
    pub(crate) fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
        read_below(&self.root, path)
    }

    /// Writes all files or none of them.
    ///
    /// # Errors
    /// A file has changed since it was read, or cannot be written. If the write was
    /// sealed before the error (see the module), the next writer completes it.
    pub(crate) fn write(&self, all: &[FileWrite]) -> Result<(), WriteError> {
        journal::write_files(self, all, &mut |_| true).map(|_| ())
    }

    fn resolve_path(&self, path: &RepoPath) -> Result<PathBuf, WriteError> {
        resolve_path(&self.root, path)
    }
}

/// Returns the exact bytes of a file below a root; `None` if it does not exist.
///
/// # Errors
/// The path is not a regular file, goes through a link, or leaves the root.
pub(crate) fn read_below(root: &Path, path: &RepoPath) -> Result<Option<Vec<u8>>, WriteError> {
    let target = resolve_path(root, path)?;
    if files::find_metadata(&target).map_err(io_error(format!("reading the metadata of {path}")))?.is_none() {
        return Ok(None);
    }
    files::read(&target, MAX_FILE_BYTES).map(Some).map_err(io_error(format!("reading {path}")))
}

/// Returns the path on disk. It is below the root, does not go through a link, and
/// is either missing or a regular file.
fn resolve_path(root: &Path, path: &RepoPath) -> Result<PathBuf, WriteError> {
    let refused = |why: &str| WriteError::Refused { path: path.clone(), why: why.to_owned() };
    let mut disk = root.to_path_buf();
    let names: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
    for (index, name) in names.iter().enumerate() {
        let leaves_root = cfg!(windows) && name.iter().any(|byte| matches!(byte, b':' | b'\\'));
        if matches!(*name, b"" | b"." | b"..") || leaves_root || name.eq_ignore_ascii_case(b".git") {
            return Err(refused("the path leads out of the working tree"));
        }
        disk = files::join_repo_path(&disk, &RepoPath::from_bytes(name));
        let found =
            files::find_metadata(&disk).map_err(io_error(format!("reading the metadata of {path}")))?;
        let Some(found) = found else { continue };
        if found.is_symlink() {
            return Err(refused("the path is a symbolic link, or goes through one"));
        }
        let is_last = index + 1 == names.len();
        if is_last != found.is_file() {
            return Err(refused(if is_last {
                "it is not a regular file"
            } else {
                "one of its parents is a file"
            }));
        }
    }
    Ok(disk)
}

/// Returns the command whose write was interrupted and not completed; `None` if
/// there is none. Some files may then have their old bytes and others their new
/// bytes.
#[must_use]
pub(crate) fn interrupted_command(state: &Path) -> Option<String> {
    journal::interrupted_command(state)
}

/// The lock for reading: no command writes while the value exists.
#[derive(Debug)]
pub(crate) struct ReadLock(#[expect(dead_code, reason = "the file holds the lock")] std::fs::File);

/// Takes the lock of a repository for reading. `None` if the folder of the lock cannot be
/// written.
///
/// # Errors
/// A writer holds the lock for longer than the timeout.
pub(crate) fn lock_for_reading(state: &Path) -> Result<Option<ReadLock>, WriteError> {
    Ok(lock::acquire_shared(state, LOCK_TIMEOUT)?.map(ReadLock))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for the lock: while another test starts a program, its copy of the file
    /// descriptor holds the lock for an instant.
    fn writer(root: &Path) -> Writer {
        Writer::acquire(root, &root.join(".git/countersign"), "a test", Duration::from_secs(5)).expect("lock")
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
    fn nobody_writes_while_a_gate_reads() {
        let scratch = files::create_scratch_folder("countersign-lock-").expect("folder");
        let state = scratch.path().join(".git/countersign");
        let acquire = || Writer::acquire(scratch.path(), &state, "a test", Duration::ZERO);
        let (first, second) =
            (lock_for_reading(&state).expect("lock"), lock_for_reading(&state).expect("lock"));
        assert!(matches!(acquire(), Err(WriteError::Locked { .. })), "two readers");
        drop(first);
        assert!(matches!(acquire(), Err(WriteError::Locked { .. })), "one reader");
        drop(second);
        // A child process of another test can hold the lock until it runs its program.
        let writer = Writer::acquire(scratch.path(), &state, "a test", LOCK_TIMEOUT).expect("no reader");
        assert!(super::lock::acquire_shared(&state, Duration::ZERO).is_err(), "a writer");
        drop(writer);
        assert!(lock_for_reading(&state).expect("lock").is_some());
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
                let is_complete = journal::write_files(&writer, &all, &mut |_| {
                    steps += 1;
                    steps <= stop
                });
                !is_complete.expect("written")
            };
            // The next writer finds all new files or none of them.
            let next_writer = writer(root);
            let seen = [text(root, "a.md"), text(root, "deep/b.md"), text(root, "c")];
            let contents = seen.iter().map(|text| text.as_deref()).collect::<Vec<_>>();
            match contents.as_slice() {
                [Some("old a"), None, None] => old += 1,
                [Some("new a"), Some("new b"), Some("")] => new += 1,
                other => panic!("after step {stop}: {other:?}"),
            }
            assert_eq!(interrupted_command(&root.join(".git/countersign")), None);
            drop(next_writer);
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
        // Interrupted, then edited by the user: neither version is lost.
        let one = [file("a.md", Some("mine"), "new")];
        let mut steps = 0;
        let stopped = journal::write_files(&writer(root), &one, &mut |step| {
            steps += 1;
            step != "rename"
        });
        assert!(!stopped.expect("stopped"));
        files::write(&root.join("a.md"), b"edited").expect("file");
        let state = root.join(".git/countersign");
        assert!(matches!(
            Writer::acquire(root, &state, "next", LOCK_TIMEOUT),
            Err(WriteError::Unrecoverable { .. })
        ));
        assert_eq!(text(root, "a.md").as_deref(), Some("edited"));
    }

    #[test]
    fn an_error_names_the_holder_of_the_lock() {
        let folder = files::create_scratch_folder("countersign-writing-").expect("folder");
        let first = writer(folder.path());
        let state = folder.path().join(".git/countersign");
        let second = Writer::acquire(folder.path(), &state, "b", Duration::from_millis(30));
        let message = second.expect_err("held").to_string();
        assert!(
            message.contains("`a test`") && message.contains(&std::process::id().to_string()),
            "{message}"
        );
        drop(first);
        assert!(Writer::acquire(folder.path(), &state, "b", Duration::from_secs(5)).is_ok());
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
