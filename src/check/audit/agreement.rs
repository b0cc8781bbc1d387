//! `audit/agreement`: packets, refinements, audit and gate log record the same signatures.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::unlisted;
use crate::check::CheckResult;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::AuditRow;
use crate::document::field::Field;
use crate::document::gate_log::{GateLog, text_or_empty};
use crate::document::packet::Generation;
use crate::document::{Packet, Signature};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, Spanned, to_single_line};

/// Maximum number of rows per signature that are compared. One row is normal.
const MAX_AUDIT_ROWS: usize = 100;

/// `audit/agreement`: the signature of every packet is well-formed, and the
/// refinement, the audit row and the gate log record the same signature.
pub(in crate::check) fn agreement(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut rows: HashMap<&str, Vec<&AuditRow>> = HashMap::new();
    for row in governance.audit().iter().flat_map(|audit| &audit.rows) {
        rows.entry(&row.signature.value).or_default().push(row);
    }
    let records = SignatureRecords { rows, first_day: governance.gate_log().and_then(first_day) };
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in governance.packets() {
        let Some(signature) = &packet.signature else { continue };
        let mut found = match Signature::parse(&signature.value) {
            Err(fault) => {
                let message = format!("invalid signature `{}`", to_single_line(&signature.value, 40));
                vec![rule.finding(message, Label::text(&packet.source, signature.span, fault.to_string()))]
            }
            Ok(_) => compare_records(governance, &records, id, packet, signature, rule),
        };
        if !governance.is_open(id, packet) {
            found = found.into_iter().map(|finding| finding.with_level(Level::Note)).collect();
        }
        out.extend(found);
    }
    out.extend(check_unrecorded_signatures(governance, rule));
    out.extend(unlisted::unlisted_tokens(governance, rule));
    out.extend(unlisted::other_versions(governance, rule));
    out.into()
}

/// What the records say of signatures.
struct SignatureRecords<'a> {
    /// The rows of the audit by their signatures.
    rows: HashMap<&'a str, Vec<&'a AuditRow>>,
    /// The day of the first entry of the gate log.
    first_day: Option<Date>,
}

/// Returns a finding for each record that does not contain a packet's
/// signature.
fn compare_records(
    governance: &GovernanceDocuments<'_>,
    records: &SignatureRecords<'_>,
    id: &str,
    packet: &Packet,
    signature: &Spanned<String>,
    rule: &Rule,
) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |message: String, label: Label| {
        let here = Label::text(&packet.source, signature.span, "the packet's signature");
        out.push(rule.finding(message, label).related(here));
    };
    if let Some(refinement) = governance.refinement(id) {
        let status = refinement.review_status().map(Field::unquoted_value);
        match refinement.filled_value("USER_SIGNATURE") {
            Some(other) if other.value != signature.value => {
                let label = Label::text(&refinement.source, other.span, "not the packet's signature");
                add(format!("the refinement of `{id}` has a different signature"), label);
            }
            None => {
                let label = Label::text(&refinement.source, refinement.head_span(), "not signed");
                add(format!("`{id}` is signed, but its refinement is not"), label);
            }
            Some(other) if status != Some("APPROVED") => {
                let label = Label::text(&refinement.source, other.span, "signed, but not approved");
                add(format!("`{id}` is signed, but its refinement is not APPROVED"), label);
            }
            Some(_) => {}
        }
    }
    if let Some(log) = governance.gate_log().filter(|_| packet.generation != Generation::G0) {
        // The time of a signature is local.
        let signed = Signature::parse(&signature.value).ok().map(|signature| signature.at.date());
        let is_covered = signed.zip(records.first_day).is_some_and(|(signed, first)| signed > first);
        match log.last_entry(id, "SIGNATURE") {
            Some(entry) if text_or_empty(entry.signature.as_ref()) != signature.value => {
                let span = entry.signature.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span);
                add(
                    format!("the gate log records a different signature for `{id}`"),
                    Label::text(&log.source, span, "not the packet's signature"),
                );
            }
            // `gate-log/order` reports the entry that a PREPARE entry misses.
            None if log.last_entry(id, "PREPARE").is_none() && is_covered => add(
                format!("the gate log has no SIGNATURE entry for `{id}`"),
                Label::path(log.source.name(), "no such entry"),
            ),
            _ => {}
        }
    }
    out.extend(compare_with_audit(governance, records, id, packet, signature, rule));
    out
}

/// Returns a finding if the signature audit has no valid row for a packet's signature.
fn compare_with_audit(
    governance: &GovernanceDocuments<'_>,
    records: &SignatureRecords<'_>,
    id: &str,
    packet: &Packet,
    signature: &Spanned<String>,
    rule: &Rule,
) -> Option<Finding> {
    let audit = governance.audit()?;
    let at = |span: Span, text: &str| Label::text(&audit.source, span, text.to_owned());
    let here = |text: &str| Label::text(&packet.source, signature.span, text.to_owned());
    let rows = records.rows.get(signature.value.as_str()).map_or(&[][..], Vec::as_slice);
    let Some(first) = rows.first() else {
        let message = format!("the signature of `{id}` is not in the signature audit");
        let row = audit.rows.iter().find(|row| row.names_packet(id));
        let span = |row: &AuditRow| if row.signature.span.is_empty() { row.span } else { row.signature.span };
        // The row can have another signature, or one that cannot be read.
        let other =
            row.map_or_else(|| here("the packet's signature"), |row| at(span(row), "the row of this packet"));
        return Some(rule.finding(message, here("no row with this signature")).related(other));
    };
    let finding = |message: String, label: Label| {
        Some(rule.finding(message, label).related(here("the packet's signature")))
    };
    if let Some(revoked) = rows.iter().find(|row| row.is_revoked) {
        let message = format!("the signature audit marks the signature of `{id}` as revoked");
        return finding(message, at(revoked.span, "revoked here"));
    }
    if rows.iter().any(|row| row.names_packet(id)) {
        return None;
    }
    let message = format!("the audit row of this signature does not name `{id}`");
    finding(message, at(first.purpose.span, "a different purpose"))
}

/// Returns the day of the first entry of the gate log. Logs were introduced while packets
/// existed.
fn first_day(log: &GateLog) -> Option<Date> {
    let times =
        log.entries.iter().filter_map(|entry| entry.timestamp.as_ref()?.value.parse::<Timestamp>().ok());
    times.min().map(|first| first.to_zoned(TimeZone::UTC).date())
}

/// Returns a finding for each signature in the gate log that has no audit row
/// with its packet. Existing packets are checked by [`compare_records`].
fn check_unrecorded_signatures(governance: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let (Some(log), Some(audit)) = (governance.gate_log(), governance.audit()) else { return Vec::new() };
    let mut rows: BTreeMap<&str, Vec<&AuditRow>> = BTreeMap::new();
    for row in &audit.rows {
        rows.entry(row.signature.value.as_str()).or_default().push(row);
    }
    let mut out = Vec::new();
    for entry in log.entries.iter().filter(|entry| text_or_empty(entry.kind.as_ref()) == "SIGNATURE") {
        let (Some(id), Some(signature)) = (&entry.wp_id, &entry.signature) else { continue };
        let has_packet = governance.packet(&id.value).is_some();
        let same = rows.get(signature.value.as_str()).map_or(&[][..], Vec::as_slice);
        let has_row = same.iter().take(MAX_AUDIT_ROWS).any(|row| row.names_packet(&id.value));
        if has_packet || has_row || Signature::parse(&signature.value).is_err() {
            continue;
        }
        let message = format!(
            "the signature audit has no row with this signature for `{}`",
            to_single_line(&id.value, 80)
        );
        let label = Label::text(&log.source, signature.span, "only in the gate log");
        out.push(rule.finding(message, label).with_level(Level::Warning));
    }
    out
}
