//! Code quality of GitLab: a list of findings with paths and first lines.

use serde_json::{Value, json};

use crate::finding::{Level, Report};
use crate::text::to_single_line;

use super::json::pretty;
use super::location::{Location, compute_fingerprints};

/// The report as a list of issues; waived findings are left out.
#[must_use]
pub fn render(report: &Report) -> String {
    let prints = compute_fingerprints(&report.findings);
    let open = report.findings.iter().zip(prints).filter(|(finding, _)| finding.waived_by.is_none());
    let issues: Vec<Value> = open
        .map(|(finding, print)| {
            let spot = Location::for_finding(finding, report);
            let lines = spot
                .as_ref()
                .and_then(|spot| spot.region.as_ref())
                .map_or((1, 1), |region| (region.line, region.end_line));
            let path = spot.map_or_else(|| crate::config::FILE_NAME.to_owned(), |spot| spot.path.to_string());
            json!({
                "description": to_single_line(&finding.message, 1000),
                "check_name": finding.rule.as_str(),
                "fingerprint": print,
                "severity": match finding.level {
                    Level::Error => "major",
                    Level::Warning => "minor",
                    Level::Note => "info",
                },
                "location": { "path": path, "lines": { "begin": lines.0, "end": lines.1 } },
            })
        })
        .collect();
    pretty(&issues)
}
