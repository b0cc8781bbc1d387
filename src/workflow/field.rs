//! Edits that set labelled fields of a document.

use crate::document::field::Field;
use crate::text::{Edit, Source, Span};

/// Returns the span between a label and its value: emphasis marks, a colon,
/// spaces.
pub(super) fn separator_span(source: &Source, label: Span) -> Span {
    let line = source.line_span(source.line(label.start)).unwrap_or(label);
    let rest = source.slice(Span::new(label.end, line.end));
    let end = rest.len() - rest.trim_start_matches(['*', ':', ' ', '\t', '_']).len();
    Span::new(label.end, label.end + end)
}

/// Returns the edit that sets a field: it replaces a plain value alone, and
/// otherwise the rest of the line.
pub(super) fn edit_value(source: &Source, field: &Field, wanted: &str) -> Edit {
    let bare = field.bare_value();
    if field.is_filled() && !bare.value.contains('`') && !wanted.starts_with("``") {
        return Edit::replace(bare.span, wanted.trim_matches('`'));
    }
    edit_rest_of_line(source, field, wanted)
}

/// Returns the edit that replaces all text after a label on its line.
pub(super) fn edit_rest_of_line(source: &Source, field: &Field, wanted: &str) -> Edit {
    let start = separator_span(source, field.label);
    let line = source.line_span(source.line(field.label.start)).unwrap_or(start);
    let space = if source.slice(start).ends_with([' ', '\t']) { "" } else { " " };
    Edit::replace(Span::new(start.end, line.end), format!("{space}{wanted}"))
}

/// Returns a text as a code span, with more backticks than its longest run.
pub(super) fn wrap_in_backticks(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}
