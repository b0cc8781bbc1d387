//! The traceability registry: which packet is the active one of a base id.

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::label::unquoted;
use super::outline::Outline;
use super::table::tables;

/// One row of the registry.
#[derive(Debug, Clone)]
pub struct RegistryRow {
    /// The whole row.
    pub span: Span,
    /// The base id.
    pub base: Spanned<String>,
    /// Path of the active packet, as written.
    pub active: Spanned<String>,
}

/// The registry as it was read.
#[derive(Debug)]
pub struct Registry {
    /// Its text.
    pub source: Arc<Source>,
    /// Its rows.
    pub rows: Vec<RegistryRow>,
}

impl Registry {
    /// Reads a registry. Never fails; tables without the two columns are not
    /// part of it.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let outline = Outline::parse(source.text());
        let mut rows = Vec::new();
        for table in tables(source.text(), &outline) {
            let column = |name: &str| table.head.iter().position(|head| head.contains(name));
            let (Some(base), Some(active)) = (column("base"), column("active packet")) else { continue };
            for row in table.rows {
                let get = |index: usize| {
                    row.cells.get(index).cloned().unwrap_or_else(|| Spanned::new(String::new(), row.span))
                };
                let clean = |cell: Spanned<String>| cell.map(|text| unquoted(&text).to_owned());
                rows.push(RegistryRow { span: row.span, base: clean(get(base)), active: clean(get(active)) });
            }
        }
        Self { source: Arc::clone(source), rows }
    }

    /// All rows of a base id.
    pub fn rows_of<'a>(&'a self, base: &'a str) -> impl Iterator<Item = &'a RegistryRow> {
        self.rows.iter().filter(move |row| row.base.value == base)
    }
}
