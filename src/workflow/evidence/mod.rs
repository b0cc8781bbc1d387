//! Runs a packet's test plan and records the results as evidence.
//!
//! A test plan is untrusted text. A command of it runs only if it needs no shell
//! and matches a command that the trusted configuration allows.

mod entry;

use std::path::Path;

use crate::bus::Bus;
use crate::config::{Config, EnvironmentPolicy, StepRights};
use crate::pipeline::steps::{self, CommandRun, Progress, StepsError, find_proof_lines};
use crate::system::files;
use crate::system::process::ExitReason;
use crate::text::RepoPath;

pub(crate) use crate::pipeline::test_plan::{PlannedLine, plan_commands};
pub(crate) use entry::record_entries;

/// The result of one command.
#[derive(Debug, Clone)]
pub(crate) struct EvidenceRun {
    /// The text of the line in the plan.
    pub command: String,
    /// The working folder below the root; empty for the root.
    pub folder: String,
    /// The exit code. As in shells, 124 means a timeout, 137 a killed process, and
    /// 127 a program that could not be started.
    pub exit_code: i32,
    /// Whether the program could be started. If not, there is no result to record.
    pub is_started: bool,
    /// A remark on how the command ended, if it did not exit by itself.
    pub note: Option<String>,
    /// The path of its log below the root.
    pub log_path: RepoPath,
    /// The SHA-256 of the log, in hexadecimal.
    pub log_sha256: String,
    /// Lines of the log that show the result.
    pub proof_lines: Vec<String>,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// Runs one command of a plan. `planned` holds its text, its arguments and its
/// folder; `logs` is the folder of logs below the root.
///
/// # Errors
/// The log cannot be written, or the run was interrupted.
pub(crate) fn run_command(
    root: &Path,
    logs: &str,
    wp: &str,
    planned: (&str, &[String], &str),
    config: &Config,
    bus: &Bus<'_>,
    progress: &dyn Progress,
) -> Result<EvidenceRun, StepsError> {
    let (command, argv, folder) = planned;
    let logs = format!("{logs}/{wp}");
    let folder_path =
        files::resolve_folder_below(root, folder).map_err(|source| log_error(folder, source))?;
    let logs_folder = files::resolve_folder_below(root, &logs).map_err(|source| log_error(&logs, source))?;
    let name = argv.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
    // A command that is also a step runs with the environment of that step.
    let default_environment = EnvironmentPolicy::default();
    let step = config.steps.iter().flatten().find(|step| step.argv == argv && step.folder == folder);
    let default_rights = StepRights::default_of(argv);
    let captured = steps::run_command(
        bus,
        &CommandRun {
            name: &name,
            argv,
            root,
            rights: step.map_or(&default_rights, |step| &step.rights),
            folder: folder_path,
            environment: step.map_or(&default_environment, |step| &step.environment),
            timeout: config.evidence.timeout,
            limits: step.map(|step| step.limits).unwrap_or_default(),
            log_folder: logs_folder,
            log_prefix: "evidence",
        },
        progress,
    )?;
    let (exit_code, note) = match &captured.outcome {
        Ok(ExitReason::Exited(code)) => {
            (*code, captured.refused.map(|line| format!("it is confined, and its log says: {line}")))
        }
        Ok(ExitReason::TimedOut) => {
            (124, Some(format!("stopped at the time limit of {} s", config.evidence.timeout.as_secs())))
        }
        Ok(ExitReason::MemoryExceeded | ExitReason::CpuExceeded) => {
            (137, Some("stopped at the limit of its memory or processor time".to_owned()))
        }
        Ok(ExitReason::LogLimitExceeded) => (137, Some("stopped at the size limit of its log".to_owned())),
        Ok(ExitReason::Killed | ExitReason::Interrupted) => (137, Some("killed by a signal".to_owned())),
        Err(error) => {
            let program = argv.first().map(String::as_str).unwrap_or_default();
            let why = match error.kind() {
                std::io::ErrorKind::NotFound if program.contains('/') => "does not exist".to_owned(),
                std::io::ErrorKind::NotFound => "is not installed (not found in PATH)".to_owned(),
                _ => format!("could not be started: {error}"),
            };
            let program = crate::text::to_single_line(program, 120);
            (127, Some(format!("`{program}` {why}")))
        }
    };
    let is_started = captured.outcome.is_ok();
    let file = captured.log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(EvidenceRun {
        command: command.to_owned(),
        folder: folder.to_owned(),
        exit_code,
        is_started,
        note,
        log_path: RepoPath::from(format!("{logs}/{file}").as_str()),
        log_sha256: captured.log_sha256,
        proof_lines: find_proof_lines(argv, &captured.text),
        milliseconds: captured.milliseconds,
    })
}

/// Returns the error for a folder that cannot be used.
fn log_error(folder: &str, source: std::io::Error) -> StepsError {
    StepsError::Folder { folder: folder.to_owned(), source }
}
