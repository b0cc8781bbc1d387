//! The environment of the process.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

/// Returns the current working folder.
///
/// # Errors
/// The folder does not exist anymore, or is not accessible.
pub(crate) fn current_folder() -> io::Result<PathBuf> {
    env::current_dir()
}

/// Returns the value of an environment variable; `None` if it is unset or not UTF-8.
#[must_use]
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// Returns the folder for state of programs of this user: `$XDG_STATE_HOME`, or
/// `.local/state` in the home folder; on Windows `%LOCALAPPDATA%`. Relative paths are
/// ignored, as the XDG base directory specification requires. `None` if there is none.
#[must_use]
pub(crate) fn state_home() -> Option<PathBuf> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
}

/// Returns the folder for configuration of programs of this user: `$XDG_CONFIG_HOME`, or
/// `.config` in the home folder. Relative paths are ignored. `None` if there is none.
#[must_use]
pub(crate) fn config_home() -> Option<PathBuf> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    let home = || absolute("HOME").or_else(|| absolute("USERPROFILE"));
    absolute("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
}

/// Returns the home folder of the user; `None` if there is none.
#[cfg(feature = "ledger")]
#[must_use]
pub(crate) fn home_folder() -> Option<PathBuf> {
    ["HOME", "USERPROFILE"].iter().find_map(env::var_os).map(PathBuf::from).filter(|home| home.is_absolute())
}

/// Returns the first path of a variable that holds a list of paths; `None` if it is empty.
#[must_use]
pub(crate) fn first_path(value: &OsStr) -> Option<PathBuf> {
    env::split_paths(value).next().filter(|path| !path.as_os_str().is_empty())
}

/// Reads standard input to its end, at most `limit` bytes.
///
/// # Errors
/// It cannot be read, is longer than `limit`, or is not UTF-8.
pub(crate) fn read_stdin(limit: u64) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    io::stdin().take(limit + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::other(format!("the input is longer than {limit} bytes")));
    }
    Ok(text)
}

/// Returns all environment variables.
#[must_use]
pub(crate) fn variables() -> Vec<(OsString, OsString)> {
    env::vars_os().collect()
}

/// Returns the operating system and the processor, such as `linux/x86_64`.
#[must_use]
pub(crate) fn platform() -> String {
    format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Returns whether standard error is a terminal.
#[must_use]
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Returns whether standard input and standard error are terminals, so that the
/// tool can ask the user.
#[must_use]
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a question to standard error and reads a line from standard input.
///
/// # Errors
/// Standard error cannot be written, or standard input cannot be read.
pub(crate) fn prompt(question: &str) -> io::Result<String> {
    use std::io::Write as _;
    let mut stderr = io::stderr();
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Returns the path of the running program.
///
/// # Errors
/// The operating system does not provide it.
pub(crate) fn program_path() -> io::Result<PathBuf> {
    env::current_exe()
}

/// Variables that continuous-integration services set.
const CI_VARIABLES: [&str; 5] = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL"];

/// Returns whether this process runs in a continuous-integration service.
#[must_use]
pub(crate) fn is_ci() -> bool {
    CI_VARIABLES
        .iter()
        .any(|name| variable(name).is_some_and(|value| !matches!(value.as_str(), "" | "false" | "0")))
}

/// Variables that coding agents set for the commands that they start; a final `*`
/// stands for any rest of the name.
const AGENT_VARIABLES: [&str; 9] = [
    "CLAUDECODE",
    "CLAUDE_CODE_*",
    "CODEX_*",
    "CURSOR_*",
    "GEMINI_CLI",
    "AIDER_*",
    "OPENCODE*",
    "COPILOT_AGENT_*",
    "AI_AGENT",
];

/// Returns the name of a variable that shows a coding agent; `None` if a person seems to
/// run this process.
#[must_use]
pub(crate) fn agent_variable() -> Option<String> {
    let names =
        env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok());
    let mut found: Vec<String> = names
        .filter(|name| AGENT_VARIABLES.iter().any(|pattern| crate::text::fnmatch(pattern, name)))
        .collect();
    found.sort();
    found.into_iter().next()
}

/// Returns a path with a leading `~/` replaced by the home folder.
#[must_use]
pub(crate) fn expand_home(path: &str) -> PathBuf {
    let home = || env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    match path.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest))) {
        Some(whole) => whole,
        None => PathBuf::from(path),
    }
}
