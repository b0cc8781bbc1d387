//! Setting labelled fields of a document.

use crate::document::field::Field;
use crate::text::{Edit, Source, Span};

/// What stands between a label and its value: stars, a colon, blanks.
pub(super) fn separator_span(source: &Source, label: Span) -> Span {
    let line = source.line_span(source.line(label.start)).unwrap_or(label);
    let rest = source.slice(Span::new(label.end, line.end));
    let end = rest.len() - rest.trim_start_matches(['*', ':', ' ', '\t', '_']).len();
    Span::new(label.end, label.end + end)
}

/// Sets a field: the value alone where there is one, else the rest of the
/// line.
pub(super) fn edit_value(source: &Source, field: &Field, wanted: &str) -> Edit {
    let bare = field.bare_value();
    if field.is_filled() && !bare.value.contains('`') && !wanted.starts_with("``") {
        return Edit::replace(bare.span, wanted.trim_matches('`'));
    }
    edit_rest_of_line(source, field, wanted)
}

/// Sets all that stands behind a label on its line.
pub(super) fn edit_rest_of_line(source: &Source, field: &Field, wanted: &str) -> Edit {
    let start = separator_span(source, field.label);
    let line = source.line_span(source.line(field.label.start)).unwrap_or(start);
    let space = if source.slice(start).ends_with([' ', '\t']) { "" } else { " " };
    Edit::replace(Span::new(start.end, line.end), format!("{space}{wanted}"))
}

/// A text in back-ticks, as many as it needs.
pub(super) fn wrap_in_backticks(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}
