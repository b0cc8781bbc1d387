//! Workflow commands of GitHub: one annotation a finding, everything in them
//! escaped. Their order is the report's: GitHub shows the first few only.

use super::human::{self, Look};
use super::spot::{Spot, told};
use crate::finding::{Finding, Level, Report};
use crate::text::visible;

/// The report as annotations, then its summary.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut out = String::new();
    for finding in report.findings.iter().filter(|finding| finding.waived_by.is_none()) {
        out.push_str(&annotation(finding, report));
    }
    let look = Look { colour: false, verbose: false, quiet: false };
    out.push_str(&human::summary(report, look));
    out
}

fn annotation(finding: &Finding, report: &Report) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(spot) = Spot::shown(finding, report) {
        properties.push(format!("file={}", property(&spot.path.to_string())));
        if let Some(region) = spot.region {
            properties.push(format!("line={},endLine={}", region.line, region.end_line));
            if region.line == region.end_line {
                properties.push(format!("col={},endColumn={}", region.column, region.end_column));
            }
        }
    }
    properties.push(format!("title={}", property(&format!("countersign: {}", finding.rule))));
    format!("::{command} {}::{}\n", properties.join(","), data(&told(finding)))
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind `name=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(super::property("a:b,c%\n::d"), "a%3Ab%2Cc%25%0A%3A%3Ad");
        assert_eq!(super::data("x\n::error::y\u{1b}"), "x%0A::error::y\\u{1b}");
    }
}
