//! SARIF 2.1.0 within the limits of GitHub's code scanning: at most 5,000 results
//! and 20 tags per rule. Columns count Unicode code points.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::check::{find_rule, wording};
use crate::finding::{Finding, Fix, Level, Place, Report, Verdict, Wording};
use crate::text::{RepoPath, escape_hidden, to_single_line};

use super::json::pretty;
use super::location::{Location, Region, compute_fingerprints, full_message};
use super::remedy::fill_packet_id;

/// Maximum number of results that GitHub shows; a notification counts the
/// others.
const MAX_RESULTS: usize = 5000;
/// Maximum number of related locations of a result.
const MAX_RELATED: usize = 20;
/// Maximum length of a message or a snippet, in characters.
const MAX_TEXT_LENGTH: usize = 4000;

/// Renders a report as SARIF.
#[must_use]
pub(super) fn render(report: &Report) -> String {
    let mut rules = SarifRules::default();
    for outcome in &report.outcomes {
        let own = report.findings.iter().find(|finding| finding.rule == outcome.rule);
        rules.index_of(outcome.rule.as_str(), own);
    }
    let fingerprints = compute_fingerprints(&report.findings);
    let results: Vec<Value> = report
        .findings
        .iter()
        .zip(&fingerprints)
        .take(MAX_RESULTS)
        .map(|(finding, fingerprint)| build_result(finding, fingerprint, report, &mut rules))
        .collect();
    let mut invocation = json!({
        "executionSuccessful": report.not_run.is_none(),
        "exitCode": match report.verdict() {
            Verdict::Passed => 0,
            Verdict::Failed => 1,
            Verdict::NotRun => 2,
        },
    });
    let mut notifications = Vec::new();
    if let Some(reason) = &report.not_run {
        let text = truncate(&escape_hidden(reason));
        notifications.push(json!({ "level": "error", "message": { "text": text } }));
    }
    if !report.run.started_at.is_empty() {
        insert_member(&mut invocation, "startTimeUtc", json!(report.run.started_at));
    }
    let unlisted = report.findings.len().saturating_sub(MAX_RESULTS);
    let more = unlisted + report.scan.as_ref().map_or(0, |scan| scan.truncated);
    if more > 0 {
        let text =
            format!("{more} more findings are not listed here; `--format json` lists those that are kept");
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    if !notifications.is_empty() {
        insert_member(&mut invocation, "toolExecutionNotifications", json!(notifications));
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

/// The rules of a run, in the order in which they ran.
#[derive(Default)]
struct SarifRules {
    documents: Vec<Value>,
    by_id: BTreeMap<String, usize>,
}

impl SarifRules {
    /// Returns the index of a rule, and adds the rule if it is new. `finding`
    /// provides the text of a rule that the program does not know.
    fn index_of(&mut self, id: &str, finding: Option<&Finding>) -> usize {
        if let Some(index) = self.by_id.get(id) {
            return *index;
        }
        let registered = find_rule(id).map(|entry| entry.rule.text());
        let scan = crate::scan::find_embedded(id);
        let level = registered
            .map(|text| text.level)
            .or(scan.map(|rule| rule.level))
            .or(finding.map(|finding| finding.level))
            .unwrap_or(Level::Error);
        let wording = finding
            .and_then(wording)
            .or(registered.map(|text| &text.wording))
            .or(scan.map(|rule| rule.wording.as_ref()));
        let index = self.documents.len();
        self.documents.push(build_descriptor(id, level, wording));
        self.by_id.insert(id.to_owned(), index);
        index
    }
}

fn build_descriptor(id: &str, level: Level, wording: Option<&Wording>) -> Value {
    let empty = Wording::default();
    let wording = wording.unwrap_or(&empty);
    let see = if wording.references.is_empty() {
        String::new()
    } else {
        format!("\n\nSee {}.", wording.references.join(", "))
    };
    let remedy = fill_packet_id(&wording.remedy, None);
    let summary = if wording.summary.is_empty() { id } else { &wording.summary };
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": if wording.why.is_empty() { summary } else { &wording.why } },
        "help": {
            "text": format!("{}\n\nWhat to do: {remedy}{see}", wording.why),
            "markdown": format!("{}\n\n**What to do:** {remedy}{see}\n\n`countersign explain {id}`", wording.why),
        },
        "defaultConfiguration": { "level": level.as_str() },
        "properties": { "tags": wording.references.iter().take(20).collect::<Vec<_>>() },
    })
}

fn build_result(finding: &Finding, fingerprint: &str, report: &Report, rules: &mut SarifRules) -> Value {
    let mut text = truncate(&escape_hidden(&full_message(finding)));
    if let Some(packet) = &finding.packet {
        text.push_str(&format!("\nPacket: {}", escape_hidden(packet)));
    }
    let mut out = json!({
        "ruleId": finding.rule.as_str(),
        "ruleIndex": rules.index_of(finding.rule.as_str(), Some(finding)),
        "level": finding.level.as_str(),
        "message": { "text": text },
        "locations": Location::for_finding(finding, report).map(|location| json!({ "physicalLocation": build_physical_location(&location) })).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { "countersign/v1": fingerprint },
    });
    let related: Vec<Value> = finding
        .related
        .iter()
        .filter_map(|label| Some((Location::from_place(&label.place)?, &label.text)))
        .take(MAX_RELATED)
        .enumerate()
        .map(|(id, (location, text))| json!({
            "id": id,
            "physicalLocation": build_physical_location(&location),
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
        let justification = format!("waiver {}", to_single_line(waiver, 200));
        insert_member(
            &mut out,
            "suppressions",
            json!([{ "kind": "external", "status": "accepted", "justification": justification }]),
        );
    }
    out
}

fn build_physical_location(location: &Location) -> Value {
    let mut out = json!({ "artifactLocation": { "uri": to_uri(&location.path), "uriBaseId": "%SRCROOT%" } });
    if let Some(region) = &location.region {
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
    // A cut snippet would not match its region.
    if with_snippet && region.snippet.chars().count() <= MAX_TEXT_LENGTH {
        insert_member(&mut out, "snippet", json!({ "text": region.snippet }));
    }
    out
}

fn build_fix(fix: &Fix) -> Option<Value> {
    let Place::Text { source, span } = &fix.place else { return None };
    let location = Location::from_place(&fix.place)?;
    Some(json!({
        "description": { "text": fix.message },
        "artifactChanges": [{
            "artifactLocation": { "uri": to_uri(&location.path), "uriBaseId": "%SRCROOT%" },
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

/// Returns a path as a relative URI; bytes with a special meaning in a URI are
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
