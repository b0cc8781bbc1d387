//! Runs one program to its end and writes its output to a log.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::EnvironmentPolicy;
use crate::system::clock::Stopwatch;
use crate::system::process::{ExitReason, Program};
use crate::system::{clock, files, process};

use super::environment::step_environment;
use super::error::StepsError;
use super::options::Progress;

/// Maximum size of a log, in bytes.
pub(crate) const MAX_LOG_BYTES: u64 = 256 * 1024 * 1024;
/// Size of the part at the end of a log that is read, in bytes.
const LOG_TAIL_BYTES: u64 = 4 * 1024 * 1024;
/// Maximum number of logs of one step that start in the same second.
const MAX_LOGS_PER_SECOND: u32 = 999;

/// A program to run.
pub(crate) struct CommandRun<'a> {
    /// Its name in messages.
    pub name: &'a str,
    /// Program and arguments; no shell is involved.
    pub argv: &'a [String],
    /// Working folder.
    pub folder: PathBuf,
    /// Environment variables that it receives.
    pub environment: &'a EnvironmentPolicy,
    /// Time after which it is ended.
    pub timeout: Duration,
    /// Folder of its log.
    pub log_folder: PathBuf,
    /// Start of the log's file name.
    pub log_prefix: &'a str,
}

/// Result of a program that was run.
pub(crate) struct CommandOutput {
    /// How it ended, or why it could not be started. Never
    /// [`ExitReason::Interrupted`]: [`capture`] returns that as an error.
    pub outcome: io::Result<ExitReason>,
    /// Path of its log.
    pub log: PathBuf,
    /// SHA-256 of the log.
    pub log_sha256: String,
    /// The end of the log as text.
    pub text: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
}

/// Runs a program and waits for its end.
///
/// # Errors
/// Its log cannot be written or read, or the user pressed Ctrl-C.
pub(crate) fn capture(run: &CommandRun<'_>, progress: &dyn Progress) -> Result<CommandOutput, StepsError> {
    let step = || run.name.to_owned();
    let read_error = |source| StepsError::ReadLog { step: step(), source };
    files::create_folder(&run.log_folder)
        .map_err(|source| StepsError::CreateLogFolder { step: step(), source })?;
    let (path, log) = create_log(run).map_err(|source| StepsError::CreateLog { step: step(), source })?;
    let program = Program {
        argv: run.argv.to_vec(),
        folder: run.folder.clone(),
        environment: step_environment(run.environment),
        timeout: run.timeout,
        max_log_bytes: MAX_LOG_BYTES,
    };
    let watch = Stopwatch::start();
    let outcome = process::run(&program, &log, |elapsed| {
        progress.step_running(run.name, u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
    });
    progress.step_ended();
    let milliseconds = watch.elapsed_milliseconds();
    drop(log);
    if let Ok(ExitReason::Interrupted) = outcome {
        return Err(StepsError::Interrupted { step: step() });
    }
    let (bytes, _) = files::read_tail(&path, LOG_TAIL_BYTES).map_err(read_error)?;
    let log_sha256 = files::sha256_of_file(&path).map_err(read_error)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(CommandOutput { outcome, log: path, log_sha256, text, milliseconds })
}

/// Creates a new log for this run: two runs at the same time never share one.
fn create_log(run: &CommandRun<'_>) -> io::Result<(PathBuf, files::LogFile)> {
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name: String =
        run.name.chars().take(40).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    for number in 1..=MAX_LOGS_PER_SECOND {
        let path = run.log_folder.join(format!("{}-{name}-{stamp}-{number}.log", run.log_prefix));
        match files::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many logs of the same second"))
}
