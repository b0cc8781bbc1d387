//! Running a packet's test plan, and recording what came of it.
//!
//! A test plan is text that somebody wrote: a command of it is run only if it
//! needs no shell and begins like one that the trusted configuration allows.

mod entry;
mod words;

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, EnvironmentPolicy};
use crate::document::Packet;
use crate::document::link::join_relative;
use crate::pipeline::steps::{CommandRun, EngineError, Progress, capture, find_proof_lines};
use crate::system::files;
use crate::system::process::ExitReason;
use crate::text::{RepoPath, Source};

pub use entry::record_entries;

/// What is to be done with one line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedLine {
    /// It is run: program and arguments, in a folder below the root.
    Run {
        /// The line.
        command: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// The folder, empty for the root.
        folder: String,
    },
    /// It calls a gate of this tool, which is not run from here.
    GateCall(String),
    /// It is not run, and why.
    Refused {
        /// The line.
        command: String,
        /// Why, as a clause.
        why: String,
    },
}

const NOT_ALLOWED: &str = "it is none of the commands that the trusted configuration allows (`evidence.allow`, where ` *` at the end allows arguments, and `steps`)";

/// What becomes of every line of a packet's test plan, in order.
#[must_use]
pub fn plan_commands(packet: &Packet, config: &Config) -> Vec<PlannedLine> {
    let mut folder = String::new();
    let mut lost: Option<String> = None;
    let mut out = Vec::new();
    for command in &packet.test_plan {
        let text = command.text.clone();
        if command.is_gate() {
            out.push(PlannedLine::GateCall(text));
            continue;
        }
        let refused = |why: String| PlannedLine::Refused { command: text.clone(), why };
        let argv = match words::split_words(&text) {
            Ok(argv) => argv,
            Err(why) => {
                if may_change_state(&text) {
                    lost = Some(text.clone());
                }
                out.push(refused(why));
                continue;
            }
        };
        // Changing folders is no command, but the next ones depend on it.
        if argv.first().map(String::as_str) == Some("cd") {
            match argv.get(1).map(|to| enter_folder(&folder, to)) {
                Some(Some(to)) if argv.len() == 2 => folder = to,
                _ => {
                    lost = Some(text.clone());
                    out.push(refused("it leaves the repository".to_owned()));
                }
            }
            continue;
        }
        if let Some(lost) = &lost {
            out.push(refused(format!(
                "it depends on `{}`, which is refused",
                crate::text::to_single_line(lost, 60)
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

/// Whether a line that is not run might have changed what the next ones do.
fn may_change_state(line: &str) -> bool {
    let words =
        line.split(|c: char| c.is_whitespace() || ";&|(){}".contains(c)).filter(|word| !word.is_empty());
    let shells = ["cd", "pushd", "popd", "export", "unset", "set", "source", ".", "alias", "ulimit", "umask"];
    let sets = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let words: Vec<&str> = words.collect();
    words.iter().any(|word| shells.contains(word)) || words.iter().all(|word| sets(word))
}

/// A folder below another one; `None` if it leaves the root.
fn enter_folder(from: &str, to: &str) -> Option<String> {
    let elsewhere = to.starts_with(['/', '-']) || to.contains(['\\', ':']);
    if elsewhere { None } else { join_relative(from, to) }
}

fn is_allowed(argv: &[String], folder: &str, config: &Config) -> bool {
    let steps = config.steps.iter().flatten().any(|step| step.argv == argv && step.folder == folder);
    steps || config.evidence.allow.iter().any(|allowed| allowed.matches(argv))
}

/// What came of one command.
#[derive(Debug, Clone)]
pub struct EvidenceRun {
    /// The line of the plan.
    pub command: String,
    /// The folder that it ran in, below the root; empty for the root.
    pub folder: String,
    /// Its exit code; 124 when its time was up, 137 when it was killed, 127
    /// when it could not be started, as shells say it.
    pub exit_code: i32,
    /// What else there is to say of its end.
    pub note: Option<String>,
    /// Its log, below the root.
    pub log_path: RepoPath,
    /// The log's SHA-256.
    pub log_sha256: String,
    /// Lines that the log holds.
    pub proof_lines: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// Runs one command.
///
/// # Errors
/// Its log cannot be written, or the run was interrupted.
pub fn run_command(
    root: &Path,
    logs: &str,
    wp: &str,
    planned: (&str, &[String], &str),
    config: &Config,
    progress: &dyn Progress,
) -> Result<EvidenceRun, EngineError> {
    let (command, argv, folder) = planned;
    let logs = format!("{logs}/{wp}");
    let below = folder;
    let folder = files::resolve_folder_below(root, folder).map_err(|source| log_error(below, source))?;
    let logs_folder = files::resolve_folder_below(root, &logs).map_err(|source| log_error(&logs, source))?;
    let name = argv.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
    // A step's command runs as the step does.
    let as_usual = EnvironmentPolicy::default();
    let step = config.steps.iter().flatten().find(|step| step.argv == argv && step.folder == below);
    let captured = capture(
        &CommandRun {
            name: &name,
            argv,
            folder,
            environment: step.map_or(&as_usual, |step| &step.environment),
            timeout: config.evidence.timeout,
            log_folder: logs_folder,
            log_prefix: "evidence",
        },
        progress,
    )?;
    let (exit_code, remark) = match &captured.outcome {
        Ok(ExitReason::Exited(code)) => (*code, None),
        Ok(ExitReason::TimedOut) => {
            (124, Some(format!("not done after {} s, ended", config.evidence.timeout.as_secs())))
        }
        Ok(ExitReason::LogLimitExceeded) => (137, Some("it wrote too much and was ended".to_owned())),
        Ok(ExitReason::Killed | ExitReason::Interrupted) => (137, Some("killed by a signal".to_owned())),
        Err(error) => (127, Some(format!("it could not be started: {error}"))),
    };
    let file = captured.log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(EvidenceRun {
        command: command.to_owned(),
        folder: below.to_owned(),
        exit_code,
        note: remark,
        log_path: RepoPath::from(format!("{logs}/{file}").as_str()),
        log_sha256: captured.log_sha256,
        proof_lines: find_proof_lines(argv, &captured.text),
        milliseconds: captured.milliseconds,
    })
}

fn log_error(folder: &str, source: std::io::Error) -> EngineError {
    EngineError::Log { doing: format!("the folder {}", crate::text::to_single_line(folder, 120)), source }
}

/// A packet's exact text, as [`with_entries`] takes it.
pub type PacketSource = Arc<Source>;
