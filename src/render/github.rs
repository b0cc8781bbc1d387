//! Workflow commands of GitHub: one annotation a finding, everything in them
//! escaped. Their order is the report's: GitHub shows the first few only.

use crate::finding::{Finding, Level, Report};
use crate::text::escape_hidden;

use super::human;
use super::human::HumanOptions;
use super::location::{Location, full_message};

/// The report as annotations, then its summary.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|finding| finding.waived_by.is_none()) {
        out.push_str(&render_annotation(finding, report));
    }
    let look = HumanOptions { color: false, verbose: false, quiet: false };
    out.push_str(&human::render_summary(report, look));
    out
}

fn render_annotation(finding: &Finding, report: &Report) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(spot) = Location::for_finding(finding, report) {
        properties.push(format!("file={}", escape_property(&spot.path.to_string())));
        if let Some(region) = spot.region {
            properties.push(format!("line={},endLine={}", region.line, region.end_line));
            if region.line == region.end_line {
                properties.push(format!("col={},endColumn={}", region.column, region.end_column));
            }
        }
    }
    properties.push(format!("title={}", escape_property(&format!("countersign: {}", finding.rule))));
    format!("::{command} {}::{}\n", properties.join(","), escape_data(&full_message(finding)))
}

/// What stands behind the second `::`.
fn escape_data(text: &str) -> String {
    escape_hidden(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `name=`.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(super::escape_property("a:b,c%\n::d"), "a%3Ab%2Cc%25%0A%3A%3Ad");
        assert_eq!(super::escape_data("x\n::error::y\u{1b}"), "x%0A::error::y\\u{1b}");
    }
}
