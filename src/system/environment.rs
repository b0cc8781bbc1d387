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

/// What standard input holds, at most `limit` bytes of it.
///
/// # Errors
/// It cannot be read, is longer, or is no text.
pub fn read_stdin(limit: u64) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    io::stdin().take(limit + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::other(format!("it is longer than {limit} bytes")));
    }
    Ok(text)
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

/// Whether somebody sits at standard input and reads standard error.
#[must_use]
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question on standard error and reads a line of standard input.
///
/// # Errors
/// They cannot be written or read.
pub fn prompt(question: &str) -> io::Result<String> {
    use std::io::Write as _;
    let mut stderr = io::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Path of the running program.
///
/// # Errors
/// The system does not tell.
pub fn program_path() -> io::Result<PathBuf> {
    env::current_exe()
}
