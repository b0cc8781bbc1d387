//! SARIF 2.1.0, within the limits of GitHub's code scanning: at most 5,000
//! results, 20 tags a rule. Columns count Unicode code points.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::check::{find_rule, wording};
use crate::finding::{Finding, Fix, Level, Place, Report, Wording};
use crate::text::{RepoPath, escape_hidden, to_single_line};

use super::json::pretty;
use super::location::{Location, Region, compute_fingerprints, full_message};

/// More results are not shown by GitHub; the rest is told in a notification.
const MAX_RESULTS: usize = 5000;
/// The most other places of a result.
const MAX_RELATED: usize = 20;
/// The most characters of a message or snippet.
const MAX_TEXT_LENGTH: usize = 4000;

/// The report as SARIF.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut rules = SarifRules::default();
    for outcome in &report.outcomes {
        let own = report.findings.iter().find(|finding| finding.rule == outcome.rule);
        rules.index_of(outcome.rule.as_str(), own);
    }
    let prints = compute_fingerprints(&report.findings);
    let results: Vec<Value> = report
        .findings
        .iter()
        .zip(&prints)
        .take(MAX_RESULTS)
        .map(|(finding, print)| build_result(finding, print, report, &mut rules))
        .collect();
    let mut invocation = json!({
        "executionSuccessful": true,
        "exitCode": i32::from(!report.passed()),
    });
    if !report.run.started_at.is_empty() {
        insert_member(&mut invocation, "startTimeUtc", json!(report.run.started_at));
    }
    let left = report.findings.len().saturating_sub(MAX_RESULTS);
    let more = left + report.scan.as_ref().map_or(0, |scan| scan.truncated);
    if more > 0 {
        let text =
            format!("{more} more findings are not listed here; `--format json` lists those that are kept");
        let notification = json!([{ "level": "warning", "message": { "text": text } }]);
        insert_member(&mut invocation, "toolExecutionNotifications", notification);
    }
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://crates.io/crates/countersign",
                "rules": rules.documents,
            }},
            "automationDetails": { "id": format!("countersign/{}/", report.gate) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The root of the repository." } } },
            "invocations": [invocation],
            "results": results,
        }],
    }))
}

fn insert_member(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// The rules that a run names, in the order in which they were asked.
#[derive(Default)]
struct SarifRules {
    documents: Vec<Value>,
    by_id: BTreeMap<String, usize>,
}

impl SarifRules {
    fn index_of(&mut self, id: &str, of: Option<&Finding>) -> usize {
        if let Some(index) = self.by_id.get(id) {
            return *index;
        }
        let registered = find_rule(id).map(|entry| entry.rule.text());
        let scan = crate::scan::find_embedded(id);
        let level = registered
            .map(|text| text.level)
            .or(scan.map(|rule| rule.level))
            .or(of.map(|finding| finding.level))
            .unwrap_or(Level::Error);
        let told = of
            .and_then(wording)
            .or(registered.map(|text| &text.wording))
            .or(scan.map(|rule| rule.wording.as_ref()));
        let index = self.documents.len();
        self.documents.push(build_descriptor(id, level, told));
        self.by_id.insert(id.to_owned(), index);
        index
    }
}

fn build_descriptor(id: &str, level: Level, told: Option<&Wording>) -> Value {
    let nothing = Wording::default();
    let told = told.unwrap_or(&nothing);
    let see = if told.references.is_empty() {
        String::new()
    } else {
        format!("\n\nSee {}.", told.references.join(", "))
    };
    let summary = if told.summary.is_empty() { id } else { &told.summary };
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": if told.why.is_empty() { summary } else { &told.why } },
        "help": {
            "text": format!("{}\n\nWhat to do: {}{see}", told.why, told.remedy),
            "markdown": format!("{}\n\n**What to do:** {}{see}\n\n`countersign explain {id}`", told.why, told.remedy),
        },
        "defaultConfiguration": { "level": level.as_str() },
        "properties": { "tags": told.references.iter().take(20).collect::<Vec<_>>() },
    })
}

fn build_result(finding: &Finding, print: &str, report: &Report, rules: &mut SarifRules) -> Value {
    let mut text = truncate(&escape_hidden(&full_message(finding)));
    if let Some(packet) = &finding.packet {
        text.push_str(&format!("\nPacket: {}", escape_hidden(packet)));
    }
    let mut out = json!({
        "ruleId": finding.rule.as_str(),
        "ruleIndex": rules.index_of(finding.rule.as_str(), Some(finding)),
        "level": finding.level.as_str(),
        "message": { "text": text },
        "locations": Location::for_finding(finding, report).map(|spot| json!({ "physicalLocation": build_physical_location(&spot) })).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { "countersign/v1": print },
    });
    let related: Vec<Value> = finding
        .related
        .iter()
        .filter_map(|label| Some((Location::from_place(&label.place)?, &label.text)))
        .take(MAX_RELATED)
        .enumerate()
        .map(|(id, (spot, text))| json!({
            "id": id,
            "physicalLocation": build_physical_location(&spot),
            "message": { "text": if text.is_empty() { "see here".to_owned() } else { to_single_line(text, 400) } },
        }))
        .collect();
    if !related.is_empty() {
        insert_member(&mut out, "relatedLocations", json!(related));
    }
    if let Some(fix) = finding.fix.as_ref().and_then(build_fix) {
        insert_member(&mut out, "fixes", json!([fix]));
    }
    if let Some(waiver) = &finding.waived_by {
        let why = format!("waiver {}", to_single_line(waiver, 200));
        insert_member(
            &mut out,
            "suppressions",
            json!([{ "kind": "external", "status": "accepted", "justification": why }]),
        );
    }
    out
}

fn build_physical_location(spot: &Location) -> Value {
    let mut out = json!({ "artifactLocation": { "uri": to_uri(&spot.path), "uriBaseId": "%SRCROOT%" } });
    if let Some(region) = &spot.region {
        insert_member(&mut out, "region", build_region(region, true));
    }
    out
}

fn build_region(region: &Region, with_snippet: bool) -> Value {
    let mut out = json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    });
    // A part of the text would not be what the region cuts.
    if with_snippet && region.snippet.chars().count() <= MAX_TEXT_LENGTH {
        insert_member(&mut out, "snippet", json!({ "text": region.snippet }));
    }
    out
}

fn build_fix(fix: &Fix) -> Option<Value> {
    let Place::Text { source, span } = &fix.place else { return None };
    let spot = Location::from_place(&fix.place)?;
    Some(json!({
        "description": { "text": fix.message },
        "artifactChanges": [{
            "artifactLocation": { "uri": to_uri(&spot.path), "uriBaseId": "%SRCROOT%" },
            "replacements": [{
                "deletedRegion": build_region(&Region::from_span(source, *span), false),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    }))
}

fn truncate(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_TEXT_LENGTH).collect();
    if text.chars().nth(MAX_TEXT_LENGTH).is_some() {
        out.push('…');
    }
    out
}

/// A path as a relative URI: every byte that could mean something else is
/// escaped.
fn to_uri(path: &RepoPath) -> String {
    let mut out = String::new();
    for byte in path.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
