//! Workflow commands of GitHub: one annotation per finding, with all text
//! escaped. Annotations have the order of the report, because GitHub shows only
//! the first few.

use crate::finding::{Finding, Level, Report};
use crate::text::escape_hidden;

use super::location::{Location, full_message};
use super::style::HumanOptions;
use super::summary::render_summary;

/// Renders a report as annotations, followed by its summary.
#[must_use]
pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    if let Some(reason) = &report.not_run {
        let title = escape_property(&format!("countersign: {} could not run", report.gate));
        out.push_str(&format!("::error title={title}::{}\n", escape_data(reason)));
    }
    for finding in report.findings.iter().filter(|finding| finding.waived_by.is_none()) {
        out.push_str(&render_annotation(finding, report));
    }
    let options = HumanOptions { color: false, verbose: false, quiet: false };
    out.push_str(&render_summary(report, options));
    out
}

fn render_annotation(finding: &Finding, report: &Report) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(location) = Location::for_finding(finding, report) {
        properties.push(format!("file={}", escape_property(&location.path.to_text())));
        if let Some(region) = location.region {
            properties.push(format!("line={},endLine={}", region.line, region.end_line));
            if region.line == region.end_line {
                properties.push(format!("col={},endColumn={}", region.column, region.end_column));
            }
        }
    }
    properties.push(format!("title={}", escape_property(&format!("countersign: {}", finding.rule))));
    format!("::{command} {}::{}\n", properties.join(","), escape_data(&full_message(finding)))
}

/// Escapes text behind the second `::`.
fn escape_data(text: &str) -> String {
    escape_hidden(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes text behind `name=`.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn escaped_text_cannot_end_a_command() {
        assert_eq!(super::escape_property("a:b,c%\n::d"), "a%3Ab%2Cc%25%0A%3A%3Ad");
        assert_eq!(super::escape_data("x\n::error::y\u{1b}"), "x%0A::error::y\\u{1b}");
    }
}
