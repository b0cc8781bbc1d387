//! Rows of Markdown tables, as cells with spans.

use crate::text::{Span, Spanned, trimmed};

use super::outline::{Kind, Outline};

/// One row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The whole row.
    pub span: Span,
    /// Its cells, trimmed.
    pub cells: Vec<Spanned<String>>,
}

impl Row {
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
    pub rows: Vec<Row>,
}

/// All tables of a document, in order.
#[must_use]
pub fn tables(text: &str, outline: &Outline) -> Vec<Table> {
    let row = |index: usize| {
        let block = outline.get(index)?;
        let cells = outline
            .children(Some(index))
            .filter_map(|cell| outline.get(cell))
            .map(|cell| trimmed(text, cell.content).map(str::to_owned))
            .collect();
        Some(Row { span: block.span, cells })
    };
    let all = outline.blocks.iter().enumerate().filter(|(_, block)| block.kind == Kind::Table);
    all.filter_map(|(index, _)| {
        let mut rows = outline.children(Some(index)).filter_map(row);
        let head = rows.next()?.cells.into_iter().map(|cell| cell.value.to_lowercase()).collect();
        Some(Table { head, rows: rows.collect() })
    })
    .collect()
}
