//! Rows of Markdown tables, as cells with spans.

use crate::text::{Edit, Source, Span, Spanned, format_count, line_ending, trim_spanned};

use super::Fault;
use super::outline::{BlockKind, Outline};

/// One row of a table.
#[derive(Debug, Clone)]
pub struct TableRow {
    /// The whole row.
    pub span: Span,
    /// Its cells, trimmed; GFM fills a short row up with empty ones.
    pub cells: Vec<Spanned<String>>,
    /// How many cells are written there; GFM drops what is too much.
    pub cell_count: usize,
}

impl TableRow {
    /// A cell's text; empty if the row is too short.
    #[must_use]
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |cell| &cell.value)
    }
}

/// A table: the cells of its head and its rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// The head, lower case.
    pub head: Vec<String>,
    /// The rows below the head.
    pub rows: Vec<TableRow>,
    /// The head in the text.
    pub span: Span,
}

/// All tables of a document, in order.
#[must_use]
pub fn read_tables(text: &str, outline: &Outline) -> Vec<Table> {
    let row = |index: usize| {
        let block = outline.get(index)?;
        let cells = outline
            .children(Some(index))
            .filter_map(|cell| outline.get(cell))
            .map(|cell| trim_spanned(text, cell.content).map(str::to_owned))
            .collect();
        let raw = text.get(block.span.start..block.span.end).unwrap_or("");
        Some(TableRow { span: trim_spanned(text, block.span).span, cells, cell_count: count_cells(raw) })
    };
    let all = outline.blocks.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Table);
    all.filter_map(|(index, _)| {
        let mut rows = outline.children(Some(index)).filter_map(row);
        let first = rows.next()?;
        let span = first.span;
        let head = first.cells.into_iter().map(|cell| cell.value.to_lowercase()).collect();
        Some(Table { head, rows: rows.collect(), span })
    })
    .collect()
}

/// The edit that adds a row at the end of the first table that `is_it` takes;
/// `cell` gives the text under a column's head (lower case).
#[must_use]
pub fn append_row_edit(
    source: &Source,
    is_it: &dyn Fn(&Table) -> bool,
    cell: &dyn Fn(&str) -> String,
) -> Option<Edit> {
    let all = read_tables(source.text(), &Outline::parse(source.text()));
    let table = all.iter().find(|table| is_it(table))?;
    let line = match table.rows.last() {
        Some(row) => source.line(row.span.start),
        // Below the head stands the line that parts it from the rows.
        None => source.line(table.span.start) + 1,
    };
    let safe = |text: String| text.replace('|', "\\|").replace(['\r', '\n'], " ");
    let cells: Vec<String> = table.head.iter().map(|head| safe(cell(head))).collect();
    let row = format!("{}| {} |", line_ending(source.text()), cells.join(" | "));
    Some(Edit::insert(source.line_span(line)?.end, row))
}

/// Faults for tables that hold what their document is there for, but not
/// under the columns that its reader looks for.
#[must_use]
pub fn wrong_columns_fault(
    table: &Table,
    rule: &'static str,
    columns: &str,
    holds: &dyn Fn(&str) -> bool,
) -> Option<Fault> {
    let row = table.rows.iter().find(|row| row.cells.iter().any(|cell| holds(&cell.value)))?;
    let message = format!("this table has not the columns {columns}, so nobody reads it");
    Some(Fault { rule, message, span: row.span })
}

/// Cells that a row's line holds: what its unescaped pipes separate.
fn count_cells(line: &str) -> usize {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut pipes = 0;
    let mut last = ' ';
    for c in line.chars() {
        pipes += usize::from(c == '|' && last != '\\');
        last = c;
    }
    let closed = line.ends_with('|') && !line.ends_with("\\|");
    pipes + usize::from(!closed)
}

/// Lines of prose that are written like rows but belong to no table, because
/// a blank line or a missing head parted them from it.
#[must_use]
pub fn find_stray_rows(text: &str, outline: &Outline) -> Vec<Span> {
    let mut out = Vec::new();
    for (index, block) in outline.blocks.iter().enumerate() {
        if block.kind != BlockKind::Prose {
            continue;
        }
        for line in outline.prose_lines(text, index) {
            let body = line.text.trim();
            let at = line.start + (line.text.len() - line.text.trim_start().len());
            let is_row = body.len() > 2 && body.starts_with('|') && body.ends_with('|');
            out.extend(is_row.then(|| Span::new(at, at + body.len())));
        }
    }
    out
}

/// A row with more or fewer cells than the head: one of them is not where its
/// reader looks for it.
#[must_use]
pub fn cell_count_fault(row: &TableRow, head: usize, rule: &'static str) -> Option<Fault> {
    let message = format!("this row has {}, the head has {head}", format_count(row.cell_count, "cell"));
    (row.cell_count != head).then_some(Fault { rule, message, span: row.span })
}

/// Faults for rows outside of any table, or for a document without the table
/// that it is there for; `columns` says which columns that one has.
#[must_use]
pub fn stray_row_faults(
    source: &Source,
    outline: &Outline,
    found: bool,
    rule: &'static str,
    columns: &str,
) -> Vec<Fault> {
    let stray = find_stray_rows(source.text(), outline);
    if stray.is_empty() && !found {
        let span = source.line_span(1).unwrap_or_default();
        return vec![Fault { rule, message: format!("there is no table with the columns {columns}"), span }];
    }
    let message = "this row belongs to no table, so nobody reads it";
    stray.into_iter().map(|span| Fault { rule, message: message.to_owned(), span }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_as_written() {
        let text = "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |\n| x \\| y | z |\n\n| stray | row |\n";
        let outline = Outline::parse(text);
        let all = read_tables(text, &outline);
        let counts: Vec<usize> = all[0].rows.iter().map(|row| row.cell_count).collect();
        assert_eq!(counts, [1, 3, 2]);
        assert_eq!(find_stray_rows(text, &outline).len(), 1);
    }
}
