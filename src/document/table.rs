//! Markdown tables: rows of cells with spans.

use crate::text::{Edit, Source, Span, Spanned, format_count, line_ending, trim_spanned};

use super::Fault;
use super::outline::{BlockKind, Outline};

/// One row of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableRow {
    /// The whole row.
    pub span: Span,
    /// The cells, trimmed; GFM adds empty cells to a short row.
    pub cells: Vec<Spanned<String>>,
    /// Number of cells in the text; GFM ignores cells beyond the header's.
    pub cell_count: usize,
}

/// A table: its header and rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Cells of the header row, lower case.
    pub head: Vec<String>,
    /// Rows below the header.
    pub rows: Vec<TableRow>,
    /// Span of the header row.
    pub span: Span,
}

/// Reads all tables of a document, in order.
#[must_use]
pub(crate) fn read_tables(text: &str, outline: &Outline) -> Vec<Table> {
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

/// Returns the edit that appends a row to the first table that `is_wanted`
/// accepts; `None` if there is no such table. Of several files, only the first is
/// searched. `cell` returns the text for a column, given its header in lower case.
#[must_use]
pub(crate) fn append_row_edit(
    source: &Source,
    is_wanted: &dyn Fn(&Table) -> bool,
    cell: &dyn Fn(&str) -> String,
) -> Option<Edit> {
    let source = source.parts().first().map_or(source, |(_, first)| first);
    let all = read_tables(source.text(), &Outline::parse(source.text()));
    let table = all.iter().find(|table| is_wanted(table))?;
    let line = match table.rows.last() {
        Some(row) => source.line(row.span.start),
        // The delimiter line follows the header.
        None => source.line(table.span.start) + 1,
    };
    let escape = |text: String| text.replace('|', "\\|").replace(['\r', '\n'], " ");
    let cells: Vec<String> = table.head.iter().map(|head| escape(cell(head))).collect();
    let row = format!("{}| {} |", line_ending(source.text()), cells.join(" | "));
    Some(Edit::insert(source.line_span(line)?.end, row))
}

/// Returns a fault for a table that contains values of the document's records
/// (as `is_record` decides), but does not have the required columns.
#[must_use]
pub(crate) fn wrong_columns_fault(
    table: &Table,
    rule: &'static str,
    columns: &str,
    is_record: &dyn Fn(&str) -> bool,
) -> Option<Fault> {
    let row = table.rows.iter().find(|row| row.cells.iter().any(|cell| is_record(&cell.value)))?;
    let message = format!("this table does not have the columns {columns}, so its rows are ignored");
    Some(Fault { rule, message, span: row.span })
}

/// Counts the cells of a row's line: the texts between unescaped pipes.
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

/// Finds lines of prose that look like table rows but are outside any table,
/// because of a blank line or a missing header.
#[must_use]
pub(crate) fn find_stray_rows(text: &str, outline: &Outline) -> Vec<Span> {
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

/// What a fault says of a row with more cells than its header: a `|` in a text divides it.
pub(crate) const MORE_THAN_HEADER: &str = "; a `|` divides one of them, because the header has only";

/// Returns a fault for a row with more or fewer cells than the header, because
/// some cells are then in the wrong column.
#[must_use]
pub(crate) fn cell_count_fault(row: &TableRow, head: usize, rule: &'static str) -> Option<Fault> {
    (row.cell_count != head).then(|| {
        let cells = format_count(row.cell_count, "cell");
        let message = if row.cell_count > head {
            format!("this row has {cells}{MORE_THAN_HEADER} {head}")
        } else {
            format!("this row has {cells}; the header has {head}")
        };
        Fault { rule, message, span: row.span }
    })
}

/// Returns faults for rows outside any table, or for a document without its
/// table (`found` is false); `columns` names the columns of that table.
#[must_use]
pub(crate) fn stray_row_faults(
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
    // Rows in adjacent lines have one cause, such as a blank line above them.
    let mut groups: Vec<(Span, usize)> = Vec::new();
    for span in stray {
        match groups.last_mut() {
            Some((all, count)) if source.line(all.end) + 1 == source.line(span.start) => {
                *all = all.join(span);
                *count += 1;
            }
            _ => groups.push((span, 1)),
        }
    }
    groups
        .into_iter()
        .map(|(span, count)| {
            let line = source.line_span(source.line(span.start)).unwrap_or(span);
            let message = if count == 1 {
                "this row is outside the table, so it is ignored".to_owned()
            } else {
                format!("this row and {} below it are outside the table, so they are ignored", count - 1)
            };
            Fault { rule, message, span: Span::new(span.start, line.end.min(span.end)) }
        })
        .collect()
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
