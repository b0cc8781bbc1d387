//! Records of commands that `evidence` ran: they tell evidence of a run from evidence
//! that was only typed. A record is a file in git's folder of this clone; it is help
//! for the person who did the work, not a proof for others.

use std::io;
use std::path::{Path, PathBuf};

use crate::check::normalize_command;
use crate::digest::sha256_hex;
use crate::system::files;

/// Maximum size of a record, in bytes.
const MAX_BYTES: u64 = 64;

/// `state` is the tool's folder inside git's folder.
fn receipt_path(state: &Path, command: &str, log_sha256: &str) -> PathBuf {
    let key = format!("{}\n{}", normalize_command(command), log_sha256.trim().to_lowercase());
    state.join("evidence").join(sha256_hex(key.as_bytes()))
}

/// Records that a command ran, with its exit code and the SHA-256 of its log.
///
/// # Errors
/// The record cannot be written.
pub(crate) fn record_run(state: &Path, command: &str, exit_code: i32, log_sha256: &str) -> io::Result<()> {
    files::write(&receipt_path(state, command, log_sha256), format!("{exit_code}\n").as_bytes())
}

/// Returns whether a command ran here with this exit code and this log.
pub(super) fn has_run(state: &Path, command: &str, exit_code: &str, log_sha256: &str) -> bool {
    let found = files::read(&receipt_path(state, command, log_sha256), MAX_BYTES);
    found.is_ok_and(|bytes| bytes.trim_ascii() == exit_code.trim().as_bytes())
}
