//! Output of `list`: packets and stubs with their states.

use serde::Serialize;

use crate::pipeline::document_check::{PacketListEntry, PacketListing, TaskListEntry};
use crate::text::{escape_hidden, format_count};

/// Name and version of the format.
const SCHEMA: &str = "countersign.list/v1";
/// Name and version of the format of tasks.
const TASK_SCHEMA: &str = "countersign.tasks/v1";

/// The listing as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct PacketListDocument<'a> {
    schema: &'static str,
    packets: Vec<PacketListEntryDocument<'a>>,
}

/// The tasks as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct TaskListDocument<'a> {
    schema: &'static str,
    tasks: Vec<TaskListEntryDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TaskListEntryDocument<'a> {
    wp_id: &'a str,
    task_id: &'a str,
    path: String,
    status: Option<&'a str>,
    depends_on: &'a [String],
    files: usize,
}

/// Converts the tasks of a listing to their JSON document.
#[must_use]
pub(crate) fn to_task_document(listing: &PacketListing) -> TaskListDocument<'_> {
    let tasks = listing.tasks.iter().map(|task| TaskListEntryDocument {
        wp_id: &task.wp_id,
        task_id: &task.task_id,
        path: task.path.to_string(),
        status: task.status.as_deref(),
        depends_on: &task.depends_on,
        files: task.files,
    });
    TaskListDocument { schema: TASK_SCHEMA, tasks: tasks.collect() }
}

/// Renders the tasks as a table with one row per task.
#[must_use]
pub(crate) fn render_tasks(listing: &PacketListing) -> String {
    let header = ["WP", "TASK", "STATUS", "FILES", "DEPENDS ON"].map(str::to_owned);
    let row = |task: &TaskListEntry| {
        let depends_on = if task.depends_on.is_empty() { "-".to_owned() } else { task.depends_on.join(", ") };
        [
            crate::text::to_single_line(&task.wp_id, 60),
            crate::text::to_single_line(&task.task_id, 40),
            crate::text::to_single_line(task.status.as_deref().unwrap_or("-"), 24),
            task.files.to_string(),
            crate::text::to_single_line(&depends_on, 60),
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(header).chain(listing.tasks.iter().map(row)).collect();
    let mut out = align(&rows);
    out.push_str(&format!("\n{}\n", format_count(listing.tasks.len(), "task")));
    escape_hidden(&out).into_owned()
}

/// Renders rows with columns of equal width.
pub(super) fn align<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[derive(Debug, Serialize)]
struct PacketListEntryDocument<'a> {
    wp_id: &'a str,
    base_id: &'a str,
    kind: &'a str,
    path: String,
    generation: Option<&'a str>,
    status: Option<&'a str>,
    board: Option<&'a str>,
    lifecycle: &'a str,
    signed: Option<&'a str>,
}

/// Converts the listing to its JSON document.
#[must_use]
pub(crate) fn to_document(listing: &PacketListing) -> PacketListDocument<'_> {
    PacketListDocument { schema: SCHEMA, packets: listing.entries.iter().map(to_entry).collect() }
}

fn to_entry(entry: &PacketListEntry) -> PacketListEntryDocument<'_> {
    PacketListEntryDocument {
        wp_id: &entry.wp_id,
        base_id: &entry.base_id,
        kind: entry.kind,
        path: entry.path.to_string(),
        generation: entry.generation.as_deref(),
        status: entry.status.as_deref(),
        board: entry.board.as_deref(),
        lifecycle: entry.lifecycle,
        signed: entry.signed.as_deref(),
    }
}

/// Renders the listing as a table with one row per packet or stub.
#[must_use]
pub(crate) fn render_human(listing: &PacketListing) -> String {
    let header = ["WP", "GENERATION", "STATUS", "BOARD", "LIFECYCLE", "SIGNED"].map(str::to_owned);
    let short = |text: Option<&str>| crate::text::to_single_line(text.unwrap_or("-"), 24);
    let row = |entry: &PacketListEntry| {
        [
            crate::text::to_single_line(&entry.wp_id, 60),
            short(entry.generation.as_deref()),
            short(entry.status.as_deref()),
            short(entry.board.as_deref()),
            entry.lifecycle.to_owned(),
            short(entry.signed.as_deref()),
        ]
    };
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(listing.entries.iter().map(row)).collect();
    let mut out = align(&rows);
    let stubs = listing.entries.iter().filter(|entry| entry.kind == "stub").count();
    let packets = listing.entries.len() - stubs;
    out.push_str(&format!("\n{}, {}\n", format_count(packets, "packet"), format_count(stubs, "stub")));
    escape_hidden(&out).into_owned()
}
