//! The JSON format: one indented document that ends with a newline.
//!
//! Hidden characters are written as `\u` escapes, as JSON requires for control
//! characters, so that a terminal can show the text safely.

use serde::Serialize;

use super::model::ReportDocument;
use crate::finding::Report;
use crate::text::is_hidden;

/// Renders a report as JSON.
#[must_use]
pub(crate) fn render(report: &Report) -> String {
    pretty(&ReportDocument::from(report))
}

/// Renders any value as JSON.
#[must_use]
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let text =
        serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    let mut out = escape(&text);
    out.push('\n');
    out
}

/// Escapes characters of JSON text that a terminal would act on. In valid JSON they only
/// stand in strings, so that the text means the same.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if is_hidden(c) || (c.is_control() && c != '\n') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the JSON Schema of the report, for `docs/schema`.
#[cfg(test)]
#[must_use]
pub(crate) fn schema() -> String {
    pretty(&schemars::schema_for!(ReportDocument))
}
