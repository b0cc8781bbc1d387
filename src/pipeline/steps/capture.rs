//! One program, run to its end with its output in a log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::EnvironmentPolicy;
use crate::system::clock::Stopwatch;
use crate::system::process::{ExitReason, Program};
use crate::system::{clock, environment, files, process};

use super::{EngineError, Progress};

/// How long a log may become, in bytes.
pub(crate) const MAX_LOG_BYTES: u64 = 256 * 1024 * 1024;
/// How much of a log's end is looked at.
const LOG_TAIL_BYTES: u64 = 4 * 1024 * 1024;

/// What is run.
pub struct CommandRun<'a> {
    /// What it is called in messages.
    pub name: &'a str,
    /// Program and arguments; no shell is involved.
    pub argv: &'a [String],
    /// Where it runs.
    pub folder: PathBuf,
    /// Which variables it sees.
    pub environment: &'a EnvironmentPolicy,
    /// When to give up.
    pub timeout: Duration,
    /// The folder of its log.
    pub log_folder: PathBuf,
    /// How the log's name begins.
    pub log_prefix: &'a str,
}

/// What came of it.
pub struct CommandOutput {
    /// How it ended, or why it could not be started.
    pub outcome: std::io::Result<ExitReason>,
    /// Its log.
    pub log: PathBuf,
    /// The log's SHA-256.
    pub log_sha256: String,
    /// The end of the log as text.
    pub text: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// Runs a program.
///
/// # Errors
/// Its log cannot be written or read.
pub fn capture(run: &CommandRun<'_>, progress: &dyn Progress) -> Result<CommandOutput, EngineError> {
    let log_error = |doing: &str| {
        let doing = format!("`{}`: {doing}", run.name);
        move |source| EngineError::Log { doing, source }
    };
    files::create_folder(&run.log_folder).map_err(log_error("making the folder of its log"))?;
    let (path, log) = create_log(run).map_err(log_error("writing its log"))?;
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
        return Err(EngineError::Interrupted(run.name.to_owned()));
    }
    let (bytes, _) = files::read_tail(&path, LOG_TAIL_BYTES).map_err(log_error("reading its log"))?;
    let log_sha256 = files::sha256_of_file(&path).map_err(log_error("reading its log"))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(CommandOutput { outcome, log: path, log_sha256, text, milliseconds })
}

/// A log of its own for every run: two gates at once do not share one.
fn create_log(run: &CommandRun<'_>) -> std::io::Result<(PathBuf, files::LogFile)> {
    let folder: &Path = &run.log_folder;
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name: String =
        run.name.chars().take(40).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    for number in 1..1000 {
        let path = folder.join(format!("{}-{name}-{stamp}-{number}.log", run.log_prefix));
        match files::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other("too many logs of the same second"))
}

/// The environment of a step. Variables that steer git are dropped unless
/// they are kept by name: a hook that calls a gate would point every git of
/// the step's tests at the wrong repository.
fn step_environment(policy: &EnvironmentPolicy) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let matches = |pattern: &String, name: &str| {
        pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
    };
    let mut out: Vec<_> = environment::variables()
        .into_iter()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            let named =
                policy.keep.as_ref().is_some_and(|keep| keep.iter().any(|pattern| matches(pattern, &name)));
            let kept = policy.keep.is_none() && !name.starts_with("GIT_");
            (named || kept) && !policy.drop.iter().any(|pattern| matches(pattern, &name))
        })
        .collect();
    out.retain(|(name, _)| !policy.set.contains_key(name.to_string_lossy().as_ref()));
    out.extend(policy.set.iter().map(|(name, value)| (name.into(), value.into())));
    out
}
