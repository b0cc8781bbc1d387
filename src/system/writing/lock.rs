//! The lock of a repository's writers.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::system::{clock, files};
use crate::text::one_line;

use super::{WriteError, system};

/// How long a writer waits for another one.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Takes the lock, waiting for it; leaves a word about who holds it.
pub(super) fn take(state: &Path, command: &str, patience: Duration) -> Result<File, WriteError> {
    let failed = || format!("locking {}", state.display());
    files::make_folder(state).map_err(system(failed()))?;
    if files::metadata(state).map_err(system(failed()))?.is_none_or(|found| !found.is_dir()) {
        return Err(system(failed())(std::io::Error::other("it is a link, not a folder")));
    }
    let options =
        File::options().read(true).write(true).create(true).truncate(false).open(state.join("lock"));
    let file = options.map_err(system(failed()))?;
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
                return Err(WriteError::Held { holder: holder(state), waited: patience });
            }
            Err(TryLockError::Error(source)) => return Err(WriteError::System { doing: failed(), source }),
        }
    }
    // The locked file cannot be read by others on every system.
    let word = format!(
        "`{}` (process {}, since {})\n",
        one_line(command, 200),
        std::process::id(),
        clock::now_text()
    );
    files::write(&state.join("holder"), word.as_bytes()).map_err(system(failed()))?;
    Ok(file)
}

fn holder(state: &Path) -> String {
    let word = files::read(&state.join("holder"), 1000).unwrap_or_default();
    let word = one_line(&String::from_utf8_lossy(&word), 300);
    if word.trim().is_empty() { "it does not say who it is".to_owned() } else { word.trim().to_owned() }
}
