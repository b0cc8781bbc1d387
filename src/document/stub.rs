//! Stubs: backlog notes that are not executable.

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::field::{Field, read_fields};
use super::outline::Outline;
use super::section::{Section, read_sections};

/// A stub with its fields and sections.
#[derive(Debug)]
pub struct Stub {
    /// Text of the stub.
    pub source: Arc<Source>,
    /// The id in its title.
    pub title_id: Option<Spanned<String>>,
    /// All labelled fields.
    pub fields: Vec<Field>,
    /// All sections.
    pub sections: Vec<Section>,
}

impl Stub {
    /// Reads a stub. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let sections = read_sections(text, &outline);
        let fields = read_fields(text, &outline, 0..outline.blocks.len());
        let title_id = sections.iter().filter(|section| section.level == 1).find_map(parse_title_id);
        Self { source: Arc::clone(source), title_id, fields, sections }
    }

    /// Returns the first field with this key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Returns the span for findings about the stub as a whole: its title, or its
    /// first line.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.title_id.as_ref().map_or_else(|| self.source.line_span(1).unwrap_or_default(), |id| id.span)
    }
}

fn parse_title_id(section: &Section) -> Option<Spanned<String>> {
    let (name, id) = section.title.value.split_once(':')?;
    let id = id.split_whitespace().next()?.trim_matches('`');
    name.trim().to_lowercase().ends_with("stub").then(|| Spanned::new(id.to_owned(), section.title.span))
}
