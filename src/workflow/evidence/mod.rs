//! Running a packet's test plan, and recording what came of it.
//!
//! A test plan is text that somebody wrote: a command of it is run only if it
//! needs no shell and begins like one that the trusted configuration allows.

mod entry;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Config, EnvironmentPolicy};
use crate::document::Packet;
use crate::engine::{EngineError, Progress, Run, capture, proof_lines};
use crate::system::process::Ended;
use crate::text::{RepoPath, Source};

pub use entry::with_entries;

/// What is to be done with one line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
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
    Gate(String),
    /// It is not run, and why.
    Refused {
        /// The line.
        command: String,
        /// Why, as a clause.
        why: String,
    },
}

const NOT_ALLOWED: &str = "it begins like none of the commands that `evidence.allow` of the trusted countersign.yaml (or its steps) names";

/// What becomes of every line of a packet's test plan, in order.
#[must_use]
pub fn plan(packet: &Packet, config: &Config) -> Vec<Planned> {
    let mut folder = String::new();
    let mut lost: Option<String> = None;
    let mut out = Vec::new();
    for command in &packet.test_plan {
        let text = command.text.clone();
        if command.is_gate() {
            out.push(Planned::Gate(text));
            continue;
        }
        let refused = |why: String| Planned::Refused { command: text.clone(), why };
        let argv = match words::words(&text) {
            Ok(argv) => argv,
            Err(why) => {
                out.push(refused(why));
                continue;
            }
        };
        // Changing folders is no command, but the next ones depend on it.
        if argv.first().map(String::as_str) == Some("cd") {
            match argv.get(1).map(|to| entered(&folder, to)) {
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
                crate::text::one_line(lost, 60)
            )));
            continue;
        }
        out.push(if allowed(&argv, config) {
            Planned::Run { command: text, argv, folder: folder.clone() }
        } else {
            refused(NOT_ALLOWED.to_owned())
        });
    }
    out
}

/// A folder below another one; `None` if it leaves the root.
fn entered(from: &str, to: &str) -> Option<String> {
    let mut names: Vec<&str> = from.split('/').filter(|name| !name.is_empty()).collect();
    if to.starts_with('/') || to.contains(['\\', ':']) || to.starts_with('-') {
        return None;
    }
    for name in to.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

fn allowed(argv: &[String], config: &Config) -> bool {
    let begins =
        |prefix: &Vec<String>| argv.len() >= prefix.len() && argv.iter().zip(prefix).all(|(a, b)| a == b);
    let steps = config.steps.iter().flatten().any(|step| begins(&step.argv));
    steps || config.evidence.allow.iter().any(begins)
}

/// What came of one command.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The line of the plan.
    pub command: String,
    /// Its exit code; 124 when its time was up, 137 when it was killed, 127
    /// when it could not be started, as shells say it.
    pub exit_code: i32,
    /// What else there is to say of its end.
    pub remark: Option<String>,
    /// Its log, below the root.
    pub log_path: RepoPath,
    /// The log's SHA-256.
    pub log_sha256: String,
    /// Lines that the log holds.
    pub proof: Vec<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// Runs one command.
///
/// # Errors
/// Its log cannot be written, or the run was interrupted.
pub fn run(
    root: &Path,
    logs: &str,
    wp: &str,
    planned: (&str, &[String], &str),
    config: &Config,
    progress: &dyn Progress,
) -> Result<Ran, EngineError> {
    let (command, argv, folder) = planned;
    let logs = format!("{logs}/{wp}");
    let folder: PathBuf = if folder.is_empty() { root.to_path_buf() } else { root.join(folder) };
    let name = argv.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
    let captured = capture(
        &Run {
            name: &name,
            argv,
            folder,
            environment: &EnvironmentPolicy::default(),
            timeout: config.evidence.timeout,
            logs: root.join(&logs),
            log_prefix: "evidence",
        },
        progress,
    )?;
    let (exit_code, remark) = match &captured.outcome {
        Ok(Ended::Exited(code)) => (*code, None),
        Ok(Ended::TimedOut) => {
            (124, Some(format!("not done after {} s, ended", config.evidence.timeout.as_secs())))
        }
        Ok(Ended::LogTooLong) => (137, Some("it wrote too much and was ended".to_owned())),
        Ok(Ended::Killed | Ended::Interrupted) => (137, Some("killed by a signal".to_owned())),
        Err(error) => (127, Some(format!("it could not be started: {error}"))),
    };
    let file = captured.log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Ran {
        command: command.to_owned(),
        exit_code,
        remark,
        log_path: RepoPath::from(format!("{logs}/{file}").as_str()),
        log_sha256: captured.log_sha256,
        proof: proof_lines(argv, &captured.text),
        milliseconds: captured.milliseconds,
    })
}

/// A packet's exact text, as [`with_entries`] takes it.
pub type Text = Arc<Source>;
