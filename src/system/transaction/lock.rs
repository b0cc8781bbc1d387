//! The lock of a repository's writers.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::system::{clock, files};
use crate::text::to_single_line;

use super::{WriteError, io_error};

/// How long a writer waits for another one.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes the lock, waiting for it; leaves a word about who holds it.
pub(super) fn acquire(state: &Path, command: &str, patience: Duration) -> Result<File, WriteError> {
    let failed = || format!("locking {}", state.display());
    files::create_folder(state).map_err(io_error(failed()))?;
    if files::find_metadata(state).map_err(io_error(failed()))?.is_none_or(|found| !found.is_dir()) {
        return Err(io_error(failed())(std::io::Error::other("it is a link, not a folder")));
    }
    let options =
        File::options().read(true).write(true).create(true).truncate(false).open(state.join("lock"));
    let file = options.map_err(io_error(failed()))?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(WriteError::Locked { holder: read_holder(state), waited: patience });
            }
            Err(TryLockError::Error(source)) => return Err(WriteError::Io { doing: failed(), source }),
        }
    }
    // The locked file cannot be read by others on every system.
    let word = format!(
        "`{}` (process {}, since {})\n",
        to_single_line(command, 200),
        std::process::id(),
        clock::now_text()
    );
    files::write(&state.join("holder"), word.as_bytes()).map_err(io_error(failed()))?;
    Ok(file)
}

fn read_holder(state: &Path) -> String {
    let word = files::read(&state.join("holder"), 1000).unwrap_or_default();
    let word = to_single_line(&String::from_utf8_lossy(&word), 300);
    if word.trim().is_empty() { "it does not say who it is".to_owned() } else { word.trim().to_owned() }
}
