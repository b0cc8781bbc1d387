//! Output of `show` for a contract: the progress of each phase.

use serde::Serialize;

use crate::document::contract::{Contract, ContractPhase, Task, TaskState};
use crate::text::{Span, escape_hidden, to_single_line};

use super::TextLine;

/// Number of tasks by state.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(crate) struct TaskProgress {
    /// Ticked tasks.
    pub done: usize,
    /// Unticked tasks.
    pub open: usize,
    /// Dropped tasks.
    pub dropped: usize,
}

/// A phase and its progress.
#[derive(Debug, Serialize)]
pub(crate) struct PhaseLine {
    /// The line of its heading, from 1.
    pub line: usize,
    /// Its heading.
    pub title: String,
    /// Its tasks.
    pub progress: TaskProgress,
}

/// A task.
#[derive(Debug, Serialize)]
pub(crate) struct TaskLine {
    /// Its line, from 1.
    pub line: usize,
    /// Its id, as written.
    pub id: Option<String>,
    /// `open`, `done` or `dropped`.
    pub state: &'static str,
    /// Its text.
    pub text: String,
}

/// A contract as it was parsed.
#[derive(Debug, Serialize)]
pub(crate) struct ContractDocument {
    /// `countersign.contract/v1`.
    pub schema: &'static str,
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: Option<String>,
    /// Its status, as written.
    pub status: Option<TextLine>,
    /// Its status, as interpreted.
    pub understood: Option<&'static str>,
    /// Its goal.
    pub goal: Option<TextLine>,
    /// Progress of all its tasks.
    pub progress: TaskProgress,
    /// Its phases.
    pub phases: Vec<PhaseLine>,
    /// Its tasks.
    pub tasks: Vec<TaskLine>,
    /// Words that are missing in its acceptance criteria; null without criteria.
    pub criteria_lack: Option<Vec<&'static str>>,
    /// Contracts that it depends on.
    pub dependencies: Vec<TextLine>,
    /// Its dated notes.
    pub notes: Vec<TextLine>,
}

fn count_progress<'a>(tasks: impl Iterator<Item = &'a Task>) -> TaskProgress {
    tasks.fold(TaskProgress::default(), |mut sum, task| {
        match task.state {
            TaskState::Done => sum.done += 1,
            TaskState::Open => sum.open += 1,
            TaskState::Dropped => sum.dropped += 1,
        }
        sum
    })
}

/// Converts a parsed contract to its document.
#[must_use]
pub(crate) fn to_document(contract: &Contract) -> ContractDocument {
    let line = |span: Span| contract.source.line(span.start);
    let text_line = |text: &str, span: Span| TextLine { line: line(span), text: text.to_owned() };
    let phase_progress =
        |phase: &ContractPhase| count_progress(phase.tasks.iter().filter_map(|at| contract.tasks.get(*at)));
    let task = |task: &Task| TaskLine {
        line: line(task.text.span),
        id: task.id.as_ref().map(|id| contract.source.slice(id.span).to_owned()),
        state: match task.state {
            TaskState::Done => "done",
            TaskState::Open => "open",
            TaskState::Dropped => "dropped",
        },
        text: task.text.value.clone(),
    };
    ContractDocument {
        schema: "countersign.contract/v1",
        path: contract.source.name().to_string(),
        name: contract.name.as_ref().map(|name| name.value.clone()),
        status: contract.status.as_ref().map(|(text, _)| text_line(&text.value, text.span)),
        understood: contract.status.as_ref().map(|(_, status)| status.as_str()),
        goal: contract.goal.as_ref().map(|goal| text_line(&goal.value, goal.span)),
        progress: count_progress(contract.tasks.iter()),
        phases: contract
            .phases
            .iter()
            .map(|phase| PhaseLine {
                line: line(phase.title.span),
                title: phase.title.value.clone(),
                progress: phase_progress(phase),
            })
            .collect(),
        tasks: contract.tasks.iter().map(task).collect(),
        criteria_lack: contract.criteria.as_ref().map(|criteria| criteria.missing.clone()),
        dependencies: contract
            .dependencies
            .iter()
            .map(|other| text_line(&other.name.value, other.name.span))
            .collect(),
        notes: contract
            .notes
            .iter()
            .map(|note| text_line(contract.source.slice(note.span), note.span))
            .collect(),
    }
}

/// Renders the contract as text; control and hidden characters are escaped.
#[must_use]
pub(crate) fn render_human(document: &ContractDocument) -> String {
    let mut out = format!("{} (contract)\n", document.path);
    let mut section = |title: &str, rows: Vec<(usize, String)>| {
        if rows.is_empty() {
            return;
        }
        out.push_str(&format!("\n{title}\n"));
        for (line, text) in rows {
            out.push_str(&format!("{line:>6}  {}\n", to_single_line(&text, 160)));
        }
    };
    let plain =
        |lines: &[TextLine]| lines.iter().map(|line| (line.line, line.text.clone())).collect::<Vec<_>>();
    let head = [("status", &document.status), ("goal", &document.goal)];
    let head = head
        .into_iter()
        .filter_map(|(name, line)| line.as_ref().map(|line| (line.line, format!("{name}: {}", line.text))));
    section("read as", head.collect());
    let phases = document.phases.iter();
    section(
        "phases",
        phases
            .map(|phase| (phase.line, format!("{}  {}", render_progress_bar(phase.progress), phase.title)))
            .collect(),
    );
    let open = document.tasks.iter().filter(|task| task.state == "open");
    section("open tasks", open.map(|task| (task.line, task.text.clone())).collect());
    section("depends on", plain(&document.dependencies));
    section("notes", plain(&document.notes));
    let all = document.progress;
    let dropped = if all.dropped > 0 { format!(", {} dropped", all.dropped) } else { String::new() };
    out.push_str(&format!(
        "\n{}  {} of {} tasks done{dropped}\n",
        render_progress_bar(all),
        all.done,
        all.done + all.open
    ));
    escape_hidden(&out).into_owned()
}

/// Renders a bar such as `[######    ]   3/5`.
fn render_progress_bar(progress: TaskProgress) -> String {
    const WIDTH: usize = 10;
    let all = progress.done + progress.open;
    let filled = (progress.done * WIDTH).checked_div(all).unwrap_or(0);
    let count = if all == 0 { "-".to_owned() } else { format!("{}/{all}", progress.done) };
    format!("[{}{}] {count:>5}", "#".repeat(filled), " ".repeat(WIDTH - filled))
}
