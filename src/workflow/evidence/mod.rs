//! Runs a packet's test plan and records the results as evidence.
//!
//! A test plan is untrusted text. A command of it runs only if it needs no shell
//! and matches a command that the trusted configuration allows.

mod entry;
pub(crate) mod words;

use std::path::Path;

use crate::bus::Bus;
use crate::config::{Config, EnvironmentPolicy, StepRights};
use crate::document::Packet;
use crate::document::link::join_relative;
use crate::document::packet::without_comment;
use crate::pipeline::steps::{self, CommandRun, Progress, StepsError, find_proof_lines};
use crate::system::files;
use crate::system::process::ExitReason;
use crate::text::RepoPath;

pub(crate) use entry::record_entries;

/// The action for one line of a test plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlannedLine {
    /// The line is run.
    Run {
        /// The text of the line.
        command: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// The working folder below the root; empty for the root.
        folder: String,
    },
    /// The line calls a gate of countersign, which this command does not run.
    GateCall(String),
    /// The line is not run.
    Refused {
        /// The text of the line.
        command: String,
        /// The reason, as a clause.
        why: String,
    },
}

const NOT_ALLOWED: &str = "the trusted configuration does not allow it: neither `steps` nor `evidence.allow` lists this command (` *` at the end of an entry allows arguments)";

/// Decides for every line of a packet's test plan, in order, whether it runs.
#[must_use]
pub(crate) fn plan_commands(packet: &Packet, config: &Config) -> Vec<PlannedLine> {
    let mut folder = String::new();
    let mut unmet: Option<String> = None;
    let mut out = Vec::new();
    for command in &packet.test_plan {
        let text = command.text.clone();
        if command.is_gate() {
            out.push(PlannedLine::GateCall(text));
            continue;
        }
        let refused = |why: String| PlannedLine::Refused { command: text.clone(), why };
        if !command.is_quoted {
            out.push(refused("it is not a command in backticks".to_owned()));
            continue;
        }
        let argv = match words::split_words(without_comment(&text)) {
            Ok(argv) => argv,
            Err(why) => {
                if may_change_state(&text) {
                    unmet = Some(text.clone());
                }
                out.push(refused(why));
                continue;
            }
        };
        // `cd` is not run as a command, but it sets the folder of the next ones.
        if argv.first().map(String::as_str) == Some("cd") {
            match argv.get(1).map(|to| enter_folder(&folder, to)) {
                Some(Some(to)) if argv.len() == 2 => folder = to,
                _ => {
                    unmet = Some(text.clone());
                    out.push(refused("it does not lead to a folder of the repository".to_owned()));
                }
            }
            continue;
        }
        if let Some(unmet) = &unmet {
            out.push(refused(format!(
                "it depends on `{}`, which is refused",
                crate::text::to_single_line(unmet, 60)
            )));
            continue;
        }
        out.push(if is_allowed(&argv, &folder, config) {
            PlannedLine::Run { command: text, argv, folder: folder.clone() }
        } else {
            refused(NOT_ALLOWED.to_owned())
        });
    }
    out
}

/// Returns whether a refused line could have changed the effect of the next
/// lines, such as `cd`, `export` or an assignment.
fn may_change_state(line: &str) -> bool {
    let words =
        line.split(|c: char| c.is_whitespace() || ";&|(){}".contains(c)).filter(|word| !word.is_empty());
    let builtins =
        ["cd", "pushd", "popd", "export", "unset", "set", "source", ".", "alias", "ulimit", "umask"];
    let is_assignment = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let words: Vec<&str> = words.collect();
    words.iter().any(|word| builtins.contains(word)) || words.iter().all(|word| is_assignment(word))
}

/// Returns the folder that `cd` leads to; `None` if it is outside the root.
fn enter_folder(from: &str, to: &str) -> Option<String> {
    let is_outside = to.starts_with(['/', '-']) || to.contains(['\\', ':']);
    if is_outside { None } else { join_relative(from, to) }
}

/// Returns whether a step or `evidence.allow` lists the command.
fn is_allowed(argv: &[String], folder: &str, config: &Config) -> bool {
    let is_step = config.steps.iter().flatten().any(|step| step.argv == argv && step.folder == folder);
    is_step || config.evidence.allow.iter().any(|allowed| allowed.matches(argv))
}

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
        Err(error) => (127, Some(format!("it could not be started: {error}"))),
    };
    let file = captured.log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(EvidenceRun {
        command: command.to_owned(),
        folder: folder.to_owned(),
        exit_code,
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
