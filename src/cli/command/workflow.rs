//! Commands that write documents and the records of approval.

use serde::Serialize;

use crate::change::{ObjectStore as _, TreeState};
use crate::cli::workspace::LockedWorkspace;
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::render::json;
use crate::system::transaction::WriteError;
use crate::text::{RepoPath, escape_hidden};
use crate::workflow::records::{DocumentReader, FolderReader, Reason, Records, WorkflowError};

/// Result of a command that writes: what was written, or why it refused.
#[derive(Serialize)]
struct WorkflowOutput<'a> {
    schema: &'static str,
    command: &'a str,
    done: bool,
    wp_id: Option<&'a str>,
    written: Vec<String>,
    refused: Vec<RefusalOutput<'a>>,
    next: &'a [String],
}

#[derive(Serialize)]
struct RefusalOutput<'a> {
    what: &'a str,
    help: &'a str,
}

/// What a command prints when it is done.
#[derive(Debug, Default)]
pub(crate) struct CommandSummary {
    pub(crate) wp_id: Option<String>,
    /// The next steps, in sentences.
    pub(crate) next: Vec<String>,
}

pub(crate) const SCHEMA: &str = "countersign.workflow/v1";

/// Runs a command over the records of a repository: under the lock, and it
/// writes all files or none.
pub(crate) fn run_workflow(
    global: &GlobalArgs,
    output: &Output,
    command: &str,
    work: &dyn Fn(
        &mut Records<'_>,
        &LockedWorkspace,
        &crate::config::Config,
    ) -> anyhow::Result<CommandSummary>,
) -> anyhow::Result<u8> {
    let is_json = global.is_json()?;
    let workspace = LockedWorkspace::lock(global, command)?;
    let config = workspace.load_config(global)?;
    let layout = workspace.require_layout(&config)?;
    let read: DocumentReader<'_> =
        &|path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { workspace.writer.read(path) };
    let list: FolderReader<'_> = &|folder: &str| workspace.repo.list(TreeState::Worktree, folder);
    let mut records = Records::new(read, list, layout);
    let summary = match work(&mut records, &workspace, &config) {
        Ok(summary) => summary,
        Err(error) => {
            workspace.record_refusal(&format!("{error:#}"));
            return print_refusal(global, output, command, error);
        }
    };
    let writes = records.into_writes()?;
    workspace.apply(&writes)?;
    let written: Vec<String> = writes.iter().map(|write| write.path.to_string()).collect();
    let text = if is_json {
        json::pretty(&WorkflowOutput {
            schema: SCHEMA,
            command,
            done: true,
            wp_id: summary.wp_id.as_deref(),
            written,
            refused: Vec::new(),
            next: &summary.next,
        })
    } else {
        let mut out: String = written.iter().map(|path| format!("wrote {path}\n")).collect();
        summary.next.iter().for_each(|line| out.push_str(&format!("next: {}\n", escape_hidden(line))));
        out
    };
    if is_json || !output.human_options.quiet {
        output.print(&text)?;
    }
    Ok(PASSED)
}

/// Prints why a command refused (exit code 1); passes other errors through.
pub(crate) fn print_refusal(
    global: &GlobalArgs,
    output: &Output,
    command: &str,
    error: anyhow::Error,
) -> anyhow::Result<u8> {
    match error.downcast::<WorkflowError>() {
        Ok(WorkflowError::Refused(reasons)) => {
            output.print(&if global.is_json()? {
                render_refusal_json(command, &reasons)
            } else {
                render_refusal(command, &reasons)
            })?;
            Ok(FAILED)
        }
        Ok(WorkflowError::DocumentHasErrors(report)) => {
            let code = output.write_report(global, &report)?;
            Output::print_problem(&format!("`{command}` refused to write: the document has errors"));
            Ok(code)
        }
        Ok(other) => Err(other.into()),
        Err(other) => Err(other),
    }
}

fn render_refusal(command: &str, reasons: &[Reason]) -> String {
    let mut out = format!("error: `{}` refused; nothing was written\n", escape_hidden(command));
    for reason in reasons {
        out.push_str(&format!(
            "  - {}\n    help: {}\n",
            escape_hidden(&reason.what),
            escape_hidden(&reason.help)
        ));
    }
    out
}

fn render_refusal_json(command: &str, reasons: &[Reason]) -> String {
    json::pretty(&WorkflowOutput {
        schema: SCHEMA,
        command,
        done: false,
        wp_id: None,
        written: Vec::new(),
        refused: reasons
            .iter()
            .map(|reason| RefusalOutput { what: &reason.what, help: &reason.help })
            .collect(),
        next: &[],
    })
}
