//! The environment of the process.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

/// The current folder.
///
/// # Errors
/// It is gone.
pub fn current_folder() -> io::Result<PathBuf> {
    env::current_dir()
}

/// One variable, as text.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// All variables.
#[must_use]
pub fn variables() -> Vec<(OsString, OsString)> {
    env::vars_os().collect()
}

/// Whether standard error is a terminal.
#[must_use]
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Path of the running program.
///
/// # Errors
/// The system does not tell.
pub fn program() -> io::Result<PathBuf> {
    env::current_exe()
}
