//! The traceability registry: the active packet of every base id.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::text::{Edit, RepoPath, Source, Span, Spanned};

use super::audit::find_wp_ids;
use super::field::strip_quotes;
use super::joined::{Joined, Shift, append_shifted, read_joined};
use super::link::{destination_path, join_relative};
use super::outline::Outline;
use super::table::{
    Table, append_row_edit, cell_count_fault, read_tables, stray_row_faults, wrong_columns_fault,
};
use super::{Fault, Layout, WpId};

/// Columns that identify the registry table, as messages name them.
const COLUMNS: &str = "`Base WP ID` and `Active Packet`";

/// One row of the registry.
#[derive(Debug, Clone)]
pub struct RegistryRow {
    /// The whole row.
    pub span: Span,
    /// The base id.
    pub base: Spanned<String>,
    /// Path of the active packet, as written.
    pub active: Spanned<String>,
    /// State of the packet on the task board, as the registry repeats it.
    pub board: Option<Spanned<String>>,
}

/// The traceability registry with its rows.
#[derive(Debug)]
pub struct Registry {
    /// Text of the registry.
    pub source: Arc<Source>,
    /// Rows of the registry table, in order.
    pub rows: Vec<RegistryRow>,
    /// Rows and tables that could not be read, or only in part.
    pub faults: Vec<Fault>,
    /// Positions of the rows by base id; computed when they are first needed.
    by_base: OnceLock<HashMap<String, Vec<usize>>>,
}

impl Registry {
    /// Reads a registry of one or of several files. Never fails; tables without the two
    /// columns are not part of it.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read_joined(source)
    }

    /// Returns the edit that adds a row; `None` if there is no registry table.
    #[must_use]
    pub fn append_row_edit(&self, base: &str, active: &str, board: &str, notes: &str) -> Option<Edit> {
        let is_registry_table = |table: &Table| {
            let has = |name: &str| table.head.iter().any(|head| head.contains(name));
            has("base") && has("active packet")
        };
        let cell = |head: &str| {
            let text = match head {
                head if head.contains("base") => base,
                head if head.contains("active packet") => active,
                head if head.contains("board") => board,
                head if head.contains("note") => notes,
                _ => "",
            };
            text.to_owned()
        };
        append_row_edit(&self.source, &is_registry_table, &cell)
    }

    /// Returns the packet id in a row's path; `None` if it is not a valid id.
    #[must_use]
    pub fn active_id(row: &RegistryRow) -> Option<WpId> {
        let path = row.active.value.replace('\\', "/");
        let path = path.trim_end_matches('/');
        let name = path.rsplit('/').next().unwrap_or("");
        // The row may also name the packet's folder.
        Layout::id_of(&RepoPath::from(path)).or_else(|| WpId::parse(name).ok())
    }

    /// Returns all rows of a base id.
    pub fn rows_of(&self, base: &str) -> impl Iterator<Item = &RegistryRow> {
        let by_base = self.by_base.get_or_init(|| {
            let mut by_base: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, row) in self.rows.iter().enumerate() {
                by_base.entry(row.base.value.clone()).or_default().push(at);
            }
            by_base
        });
        by_base.get(base).into_iter().flatten().filter_map(|at| self.rows.get(*at))
    }
}

impl Shift for RegistryRow {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
        self.base.shift(by);
        self.active.shift(by);
        self.board.shift(by);
    }
}

impl Joined for Registry {
    fn append(&mut self, other: Self, offset: usize) {
        self.by_base = OnceLock::new();
        append_shifted(&mut self.rows, other.rows, offset);
        append_shifted(&mut self.faults, other.faults, offset);
    }

    fn set_source(&mut self, source: &Arc<Source>) {
        self.source = Arc::clone(source);
    }

    fn read_file(source: &Arc<Source>) -> Self {
        let outline = Outline::parse(source.text());
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        let mut found = false;
        let mut misnamed: Vec<Fault> = Vec::new();
        for table in read_tables(source.text(), &outline) {
            let column = |name: &str| table.head.iter().position(|head| head.contains(name));
            let (Some(base), Some(active)) = (column("base"), column("active packet")) else {
                let has_id = |cell: &str| find_wp_ids(cell).next().is_some();
                misnamed.extend(wrong_columns_fault(&table, "traceability/row", COLUMNS, &has_id));
                continue;
            };
            found = true;
            let board = column("board");
            for row in table.rows {
                faults.extend(cell_count_fault(&row, table.head.len(), "traceability/row"));
                let get = |index: usize| {
                    row.cells.get(index).cloned().unwrap_or_else(|| Spanned::new(String::new(), row.span))
                };
                let clean = |cell: Spanned<String>| cell.map(|text| strip_quotes(&text).to_owned());
                let board = board.and_then(|index| row.cells.get(index).cloned()).map(clean);
                let base = clean(get(base)).map(without_link);
                let active = clean(get(active)).map(|text| linked_path(source, &text).unwrap_or(text));
                rows.push(RegistryRow { span: row.span, base, active, board });
            }
        }
        // Next to the registry's table, another table is about something else.
        faults.extend(misnamed.into_iter().filter(|_| !found));
        faults.extend(stray_row_faults(source, &outline, found, "traceability/row", COLUMNS));
        Self { source: Arc::clone(source), rows, faults, by_base: OnceLock::new() }
    }
}

/// Splits a link of Markdown into what it shows, without quotes, and where it leads.
fn split_link(text: &str) -> Option<(&str, &str)> {
    let (shown, target) = text.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    Some((strip_quotes(shown), target))
}

/// Returns what a cell shows that may be a link.
fn without_link(text: String) -> String {
    match split_link(&text) {
        Some((shown, _)) => shown.to_owned(),
        None => text,
    }
}

/// Returns the path that a link in a registry leads to; `None` for other texts, and if the link
/// shows another packet than it leads to.
fn linked_path(source: &Source, text: &str) -> Option<String> {
    let (shown, target) = split_link(text)?;
    let path = join_relative(&source.name().folder().to_string(), &destination_path(target)?)?;
    let id = |path: &str| {
        Layout::id_of(&RepoPath::from(path)).or_else(|| WpId::parse(path.rsplit('/').next()?).ok())
    };
    (id(shown).is_some() && id(shown) == id(&path)).then_some(path)
}

/// States of the registry as it writes them, with their groups.
const STATES: [(&str, &str); 7] = [
    ("stub", "stub"),
    ("ready for dev", "open"),
    ("in progress", "open"),
    ("blocked", "open"),
    ("done", "done"),
    ("validated", "done"),
    ("superseded", "superseded"),
];

/// Returns a cell without brackets and marks, in lower case: `[IN_PROGRESS]` is `in progress`.
fn plain_state(text: &str) -> String {
    let plain = text.trim().trim_matches(['[', ']', '`', '*', ' ']).replace('_', " ");
    plain.to_lowercase()
}

/// Returns the group of a board state that a text of the registry begins with.
pub(crate) fn board_group(text: &str) -> Option<&'static str> {
    let lower = plain_state(text);
    STATES.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, group)| *group)
}

/// Returns whether a row says that a packet is done or superseded. A state without an id is
/// that of the active packet.
pub(crate) fn names_as_over(row: &RegistryRow, id: &str) -> bool {
    let Some(cell) = &row.board else { return false };
    let is_over = board_group(&cell.value).is_some_and(group_ends);
    let is_named = match find_wp_ids(&cell.value).next() {
        Some(named) => named == id,
        None => {
            is_state_only(&cell.value) && Registry::active_id(row).is_some_and(|active| active.as_str() == id)
        }
    };
    is_over && is_named
}

/// Returns whether a group of states says that the work is over.
pub(crate) fn group_ends(group: &str) -> bool {
    matches!(group, "done" | "superseded")
}

/// Returns whether a cell is a state and nothing else: `Done`, `[VALIDATED]`, `Done (PASS)`.
pub(crate) fn is_state_only(text: &str) -> bool {
    let lower = plain_state(text);
    STATES.iter().filter_map(|(state, _)| lower.strip_prefix(state)).any(|rest| {
        let rest = rest.trim_start();
        rest.is_empty() || (rest.starts_with('(') && rest.ends_with(')'))
    })
}
