//! The lock that allows one writer of a repository at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::system::{clock, files};
use crate::text::to_single_line;

use super::{WriteError, io_error};

/// Maximum time that a writer waits for the lock.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes the lock and waits for it at most `timeout`. Writes the command, process
/// id and start time of the holder to the file `holder`, for messages of others.
pub(super) fn acquire(state: &Path, command: &str, timeout: Duration) -> Result<File, WriteError> {
    let failed = || format!("locking {}", state.display());
    files::create_folder(state).map_err(io_error(failed()))?;
    if files::find_metadata(state).map_err(io_error(failed()))?.is_none_or(|found| !found.is_dir()) {
        return Err(io_error(failed())(std::io::Error::other("this is not a folder")));
    }
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(state.join("lock"));
    let file = opened.map_err(io_error(failed()))?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if start.elapsed() < timeout => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(WriteError::Locked { holder: read_holder(state), waited: timeout });
            }
            Err(TryLockError::Error(source)) => return Err(WriteError::Io { operation: failed(), source }),
        }
    }
    // On some systems, other processes cannot read the locked file itself.
    let holder = format!(
        "`{}` (process {}, since {})\n",
        to_single_line(command, 200),
        std::process::id(),
        clock::now_text()
    );
    files::write(&state.join("holder"), holder.as_bytes()).map_err(io_error(failed()))?;
    Ok(file)
}

/// Takes the lock for reading and waits for a writer at most `timeout`. Several readers
/// can hold it. `None` if the folder of the lock cannot be written, as in a read-only
/// checkout: then nobody can write under the lock either.
pub(super) fn acquire_shared(state: &Path, timeout: Duration) -> Result<Option<File>, WriteError> {
    let failed = || format!("locking {}", state.display());
    let opened = files::create_folder(state).and_then(|()| {
        File::options().read(true).write(true).create(true).truncate(false).open(state.join("lock"))
    });
    let Ok(file) = opened else { return Ok(None) };
    let start = Instant::now();
    loop {
        match file.try_lock_shared() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < timeout => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(WriteError::Locked { holder: read_holder(state), waited: timeout });
            }
            Err(TryLockError::Error(source)) => return Err(WriteError::Io { operation: failed(), source }),
        }
    }
}

fn read_holder(state: &Path) -> String {
    let holder = files::read(&state.join("holder"), 1000).unwrap_or_default();
    let holder = to_single_line(&String::from_utf8_lossy(&holder), 300);
    if holder.trim().is_empty() { "an unknown process".to_owned() } else { holder.trim().to_owned() }
}
