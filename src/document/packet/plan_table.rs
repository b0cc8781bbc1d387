//! Tables in a test plan: which cells are commands, and which are remarks beside them.

use std::collections::HashSet;

use crate::document::outline::Outline;

use super::items::{FieldText, TextForm, code_spans};

/// A cell of a table in a plan.
struct PlanCell {
    block: usize,
    table: usize,
    row: usize,
    column: usize,
    is_quoted: bool,
    is_filled: bool,
    /// The text of a head, in lower case.
    head: String,
}

/// Heads of columns with commands.
const COMMAND_HEADS: [&str; 2] = ["command", "commands"];
/// Heads of columns with remarks.
const REMARK_HEADS: [&str; 22] = [
    "",
    "#",
    "no",
    "id",
    "name",
    "step",
    "test",
    "kind",
    "type",
    "area",
    "scope",
    "what",
    "why",
    "when",
    "note",
    "notes",
    "purpose",
    "description",
    "comment",
    "expected",
    "expected result",
    "proves",
];

/// Returns the blocks of the cells that hold no command: those of the head, and the remarks beside
/// the command of their row. A row without a command in backticks, and without one in a column that
/// is called `Command`, has no remarks. Beside commands in other columns, a remark is in a column of
/// remarks; the second set has the first other cell of each table, which is not read.
pub(super) fn find_remarks(outline: &Outline, texts: &[FieldText]) -> (HashSet<usize>, HashSet<usize>) {
    let mut cells: Vec<PlanCell> = Vec::new();
    for found in texts.iter().filter(|found| found.form == TextForm::Cell) {
        let row = outline.get(found.block).and_then(|cell| cell.parent);
        let table = row.and_then(|row| outline.get(row)?.parent);
        let (Some(row), Some(table)) = (row, table) else { continue };
        let column = cells.last().filter(|before| before.row == row).map_or(0, |before| before.column + 1);
        let head = if row == table + 1 { found.text.value.to_lowercase() } else { String::new() };
        cells.push(PlanCell {
            block: found.block,
            table,
            row,
            column,
            is_quoted: !code_spans(&found.text.value).is_empty(),
            is_filled: !found.is_empty_statement(),
            head: head.trim_matches(['*', '_', ' ', '.']).to_owned(),
        });
    }
    // The head is the first child of its table.
    let is_head = |cell: &PlanCell| cell.row == cell.table + 1;
    let named: HashSet<(usize, usize)> = cells
        .iter()
        .filter(|cell| is_head(cell) && COMMAND_HEADS.contains(&cell.head.as_str()))
        .map(|cell| (cell.table, cell.column))
        .collect();
    let of_remarks: HashSet<(usize, usize)> = cells
        .iter()
        .filter(|cell| is_head(cell) && REMARK_HEADS.contains(&cell.head.as_str()))
        .map(|cell| (cell.table, cell.column))
        .collect();
    let has_commands: HashSet<usize> = named.iter().map(|(table, _)| *table).collect();
    let is_command = |cell: &PlanCell| {
        cell.is_quoted || (!is_head(cell) && cell.is_filled && named.contains(&(cell.table, cell.column)))
    };
    let rows: HashSet<usize> = cells.iter().filter(|cell| is_command(cell)).map(|cell| cell.row).collect();
    let is_remark = |cell: &&PlanCell| !is_command(cell) && (is_head(cell) || rows.contains(&cell.row));
    let remarks: Vec<&PlanCell> = cells.iter().filter(is_remark).collect();
    let mut tables: HashSet<usize> = HashSet::new();
    let unread = remarks.iter().filter(|cell| {
        let is_known = is_head(cell)
            || !cell.is_filled
            || has_commands.contains(&cell.table)
            || of_remarks.contains(&(cell.table, cell.column));
        !is_known && tables.insert(cell.table)
    });
    let unread = unread.map(|cell| cell.block).collect();
    (remarks.iter().map(|cell| cell.block).collect(), unread)
}
