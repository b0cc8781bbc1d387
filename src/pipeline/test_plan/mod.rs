//! The commands of a packet's test plan, and which of them may run as evidence.
//!
//! A test plan is untrusted text. A command of it runs only if it needs no shell
//! and matches a command that the trusted configuration allows.

pub(crate) mod words;

use crate::config::{Config, FILE_NAME};
use crate::document::Packet;
use crate::document::link::join_relative;
use crate::document::packet::without_comment;
use crate::text::to_single_line;

/// Maximum number of refused commands that a report names.
const MAX_WARNINGS: usize = 10;

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
        // Without backticks, only what the configuration lists word for word is a command.
        let is_listed = || words::split_words(&text).is_ok_and(|argv| is_allowed(&argv, &folder, config));
        if !command.is_quoted && !is_listed() {
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
            out.push(refused(format!("it depends on `{}`, which is refused", to_single_line(unmet, 60))));
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

/// Returns a warning for each planned command that `evidence` would refuse, with the line
/// for the configuration.
#[must_use]
pub(crate) fn warn_of_refusals(packet: &Packet, config: &Config) -> Vec<String> {
    let planned = plan_commands(packet, config);
    let quoted = |argv: &[String]| serde_json::to_string(&argv.join(" ")).unwrap_or_default();
    // The key replaces the default list, so it must also name what that list allows.
    let mut wanted: Vec<String> = Vec::new();
    for line in &planned {
        let argv = match line {
            PlannedLine::Run { argv, .. } if config.evidence.is_default => Some(argv.clone()),
            PlannedLine::Refused { command, why } if why == NOT_ALLOWED => words::split_words(command).ok(),
            _ => None,
        };
        // An argument with blanks is split elsewhere: such a command is a step.
        let argv = argv.filter(|argv| argv.iter().all(|word| !word.contains(char::is_whitespace)));
        let entry = argv.map(|argv| quoted(&argv)).filter(|entry| !wanted.contains(entry));
        wanted.extend(entry);
    }
    let (list, place) = (wanted.join(", "), FILE_NAME);
    let advice = if config.evidence.is_default {
        format!("add to {place} of the main branch: `evidence: {{allow: [{list}]}}`")
    } else {
        format!("add to `evidence: allow` in {place} of the main branch: `{list}`")
    };
    let refused = planned.iter().filter_map(|line| match line {
        PlannedLine::Refused { command, why } => Some((command, why)),
        _ => None,
    });
    let warning = |(command, why): (&String, &String)| {
        let shown = to_single_line(command, 100);
        let (why, advice) = if why == NOT_ALLOWED {
            ("the trusted configuration does not allow it".to_owned(), advice.clone())
        } else {
            (to_single_line(why, 160), "name one program with its arguments, such as a script".to_owned())
        };
        format!("the planned command `{shown}` cannot be run as evidence: {why}; {advice}")
    };
    refused.take(MAX_WARNINGS).map(warning).collect()
}
