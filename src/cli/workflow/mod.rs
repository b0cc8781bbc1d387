//! Commands that write documents and the records of approval.

mod approve;
mod init;
mod new;
mod validator;

use serde::Serialize;

use super::desk::Desk;
use super::{FAILED, Global, Output, PASSED};
use crate::render::json;
use crate::system::writing::WriteError;
use crate::text::{RepoPath, visible};
use crate::workflow::records::{Read, Reason, Records, WorkflowError};

pub(super) use approve::{Prepare, Refine, Sign};
pub(super) use init::Init;
pub(super) use new::New;
pub(super) use validator::ValidatorGate;

/// What a command did, or why it did not.
#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    command: &'a str,
    done: bool,
    wp_id: Option<&'a str>,
    written: Vec<String>,
    refused: Vec<Refused<'a>>,
    next: &'a [String],
}

#[derive(Serialize)]
struct Refused<'a> {
    what: &'a str,
    help: &'a str,
}

/// What a command has to say when it is done.
#[derive(Debug, Default)]
struct Told {
    wp_id: Option<String>,
    /// What to do next, in sentences.
    next: Vec<String>,
}

const SCHEMA: &str = "countersign.workflow/v1";

/// Runs a command over a repository's records: under the lock, all files or
/// none.
fn change(
    global: &Global,
    output: &Output,
    command: &str,
    work: &dyn Fn(&mut Records<'_>, &Desk, &crate::config::Config) -> anyhow::Result<Told>,
) -> anyhow::Result<u8> {
    let is_json = global.is_json()?;
    let desk = Desk::take(global, command)?;
    let config = desk.config(global)?;
    let layout = desk.layout(&config)?;
    let read: Read<'_> = &|path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { desk.writer.read(path) };
    let mut records = Records::new(read, layout);
    let told = match work(&mut records, &desk, &config) {
        Ok(told) => told,
        Err(error) => return refused(global, output, command, error),
    };
    let writes = records.writes()?;
    desk.writer.write(&writes)?;
    let written: Vec<String> = writes.iter().map(|write| write.path.to_string()).collect();
    let text = if is_json {
        json::pretty(&Answer {
            schema: SCHEMA,
            command,
            done: true,
            wp_id: told.wp_id.as_deref(),
            written,
            refused: Vec::new(),
            next: &told.next,
        })
    } else {
        let mut out: String = written.iter().map(|path| format!("wrote {path}\n")).collect();
        told.next.iter().for_each(|line| out.push_str(&format!("next: {}\n", visible(line))));
        out
    };
    if is_json || !output.look.quiet {
        output.print(&text)?;
    }
    Ok(PASSED)
}

/// Tells why a command refused: exit code 1; other errors pass through.
fn refused(global: &Global, output: &Output, command: &str, error: anyhow::Error) -> anyhow::Result<u8> {
    match error.downcast::<WorkflowError>() {
        Ok(WorkflowError::Refused(reasons)) => {
            output.print(&if global.is_json()? {
                refusal_json(command, &reasons)
            } else {
                refusal(command, &reasons)
            })?;
            Ok(FAILED)
        }
        Ok(WorkflowError::Judged(report)) => {
            let code = output.report(global, &report)?;
            Output::problem(&format!("`{command}` is refused: the document has errors; nothing was written"));
            Ok(code)
        }
        Ok(other) => Err(other.into()),
        Err(other) => Err(other),
    }
}

fn refusal(command: &str, reasons: &[Reason]) -> String {
    let mut out = format!("error: `{}` is refused; nothing was written\n", visible(command));
    for reason in reasons {
        out.push_str(&format!("  - {}\n    help: {}\n", visible(&reason.what), visible(&reason.help)));
    }
    out
}

fn refusal_json(command: &str, reasons: &[Reason]) -> String {
    json::pretty(&Answer {
        schema: SCHEMA,
        command,
        done: false,
        wp_id: None,
        written: Vec::new(),
        refused: reasons.iter().map(|reason| Refused { what: &reason.what, help: &reason.help }).collect(),
        next: &[],
    })
}
