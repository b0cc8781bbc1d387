//! Code quality report for GitLab: a list of findings with paths and lines.

use serde_json::{Value, json};

use crate::digest::sha256_hex;
use crate::finding::{Level, Report};
use crate::text::to_single_line;

use super::json::pretty;
use super::location::{Location, compute_fingerprints};

/// Renders a report as a list of issues, without waived findings.
#[must_use]
pub(super) fn render(report: &Report) -> String {
    let fingerprints = compute_fingerprints(&report.findings);
    let unwaived =
        report.findings.iter().zip(fingerprints).filter(|(finding, _)| finding.waived_by.is_none());
    let not_run = report.not_run.iter().map(|reason| {
        json!({
            "description": to_single_line(&format!("{} could not run: {reason}", report.gate), 1000),
            "check_name": "countersign/not-run",
            "fingerprint": sha256_hex(format!("{}\0{reason}", report.gate).as_bytes()),
            "severity": "blocker",
            "location": { "path": crate::config::FILE_NAME, "lines": { "begin": 1, "end": 1 } },
        })
    });
    let issues: Vec<Value> = unwaived
        .map(|(finding, fingerprint)| {
            let location = Location::for_finding(finding, report);
            let lines = location
                .as_ref()
                .and_then(|location| location.region.as_ref())
                .map_or((1, 1), |region| (region.line, region.end_line));
            let path = location
                // The path itself, which a JSON string can hold; not the quoted form for people.
                .map_or_else(
                    || crate::config::FILE_NAME.to_owned(),
                    |location| location.path.to_text().into_owned(),
                );
            json!({
                "description": to_single_line(&finding.message, 1000),
                "check_name": finding.rule.as_str(),
                "fingerprint": fingerprint,
                "severity": match finding.level {
                    Level::Error => "major",
                    Level::Warning => "minor",
                    Level::Note => "info",
                },
                "location": { "path": path, "lines": { "begin": lines.0, "end": lines.1 } },
            })
        })
        .chain(not_run)
        .collect();
    pretty(&issues)
}
