//! The signature audit: a table with one row for each used signature.

mod revocation;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::text::{Edit, Source, Span, Spanned};

use super::field::strip_quotes;
use super::joined::{Joined, Shift, append_shifted, read_joined};
use super::outline::Outline;
use super::table::{
    Table, append_row_edit, cell_count_fault, read_tables, stray_row_faults, wrong_columns_fault,
};
use super::{Fault, Signature};

/// Columns that identify the audit table, as messages name them.
const COLUMNS: &str = "`Signature` and `Purpose`";

/// One row of the audit.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// The whole row.
    pub span: Span,
    /// The signature.
    pub signature: Spanned<String>,
    /// Purpose of the signature; names the packet.
    pub purpose: Spanned<String>,
    /// Date, as written.
    pub at: Spanned<String>,
    /// Version of the specification, as written; empty without such a column.
    pub spec_version: Spanned<String>,
    /// Whether the audit says that the signature is revoked.
    pub is_revoked: bool,
}

impl AuditRow {
    /// Returns whether the purpose names this id as a whole word.
    #[must_use]
    pub fn names_packet(&self, id: &str) -> bool {
        find_wp_ids(&self.purpose.value).any(|found| found == id)
    }
}

/// The signature audit with its rows.
#[derive(Debug)]
pub struct Audit {
    /// Text of the audit.
    pub source: Arc<Source>,
    /// Rows of the audit table, in order.
    pub rows: Vec<AuditRow>,
    /// Rows and tables that could not be read, or only in part.
    pub faults: Vec<Fault>,
    /// Signatures that a text outside of the rows revokes.
    revoked: BTreeSet<String>,
}

impl Audit {
    /// Returns the edit that adds a row; `None` if there is no audit table.
    /// `cell` returns the text for a column, given its header in lower case.
    #[must_use]
    pub fn append_row_edit(&self, cell: &dyn Fn(&str) -> String) -> Option<Edit> {
        let is_audit_table = |table: &Table| {
            let has = |name: &str| table.head.iter().any(|head| head.contains(name));
            has("signature") && has("purpose")
        };
        append_row_edit(&self.source, &is_audit_table, cell)
    }

    /// Reads an audit of one or of several files. Never fails; tables without the columns
    /// `Signature` and `Purpose` are not part of it.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read_joined(source)
    }

    /// Marks the rows of signatures that a text outside of the rows revokes.
    fn mark_revoked(&mut self) {
        let revoked = &self.revoked;
        let rows = self.rows.iter_mut().filter(|row| revoked.contains(&row.signature.value));
        rows.for_each(|row| row.is_revoked = true);
    }
}

impl Shift for AuditRow {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
        self.signature.shift(by);
        self.purpose.shift(by);
        self.at.shift(by);
        self.spec_version.shift(by);
    }
}

impl Joined for Audit {
    fn append(&mut self, other: Self, offset: usize) {
        append_shifted(&mut self.rows, other.rows, offset);
        append_shifted(&mut self.faults, other.faults, offset);
        self.revoked.extend(other.revoked);
        self.mark_revoked();
    }

    fn set_source(&mut self, source: &Arc<Source>) {
        self.source = Arc::clone(source);
    }

    fn read_file(source: &Arc<Source>) -> Self {
        let outline = Outline::parse(source.text());
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        let mut found = false;
        for table in read_tables(source.text(), &outline) {
            let column = |name: &str| table.head.iter().position(|head| head.contains(name));
            let (Some(signature), Some(purpose)) = (column("signature"), column("purpose")) else {
                let is_signature = |cell: &str| Signature::parse(strip_quotes(cell)).is_ok();
                faults.extend(wrong_columns_fault(&table, "audit/row", COLUMNS, &is_signature));
                continue;
            };
            let at = column("date").unwrap_or(usize::MAX);
            let version = column("spec").unwrap_or(usize::MAX);
            found = true;
            let columns: Vec<bool> = table.head.iter().map(|head| revocation::is_column(head)).collect();
            for row in table.rows {
                faults.extend(cell_count_fault(&row, table.head.len(), "audit/row"));
                let get = |index: usize| {
                    row.cells.get(index).cloned().unwrap_or_else(|| Spanned::new(String::new(), row.span))
                };
                let revokes = |(index, cell): (usize, &Spanned<String>)| match index {
                    _ if index == signature || index == purpose || index == at => {
                        revocation::is_marked(&cell.value)
                    }
                    _ if columns.get(index) == Some(&true) => revocation::is_filled(&cell.value),
                    _ => revocation::says_revoked(&cell.value),
                };
                let is_revoked = row.cells.iter().enumerate().any(revokes);
                rows.push(AuditRow {
                    span: row.span,
                    signature: get(signature).map(|text| strip_quotes(&text).to_owned()),
                    purpose: get(purpose),
                    at: get(at),
                    spec_version: get(version),
                    is_revoked,
                });
            }
        }
        faults.extend(stray_row_faults(source, &outline, found, "audit/row", COLUMNS));
        let revoked = revocation::revoked_outside(source.text(), &outline);
        let mut audit = Self { source: Arc::clone(source), rows, faults, revoked };
        audit.mark_revoked();
        audit
    }
}

/// Finds packet ids in a text, as whole words: `WP-1-A` is not found in
/// `WP-1-A-v2`.
pub(crate) fn find_wp_ids(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.split(move |c| !inside(c))
        .map(|word| word.trim_end_matches(['.', '-']))
        .filter(|word| word.starts_with("WP-"))
        .map(|word| word.strip_suffix(".md").unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_whole_words() {
        let found: Vec<_> = find_wp_ids("Task packet creation: WP-1-A-v2, and (WP-1-B.md).").collect();
        assert_eq!(found, ["WP-1-A-v2", "WP-1-B"]);
    }
}
