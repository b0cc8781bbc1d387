//! `audit/agreement`: a packet's signature is one, and refinement, audit and
//! gate log carry the same.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::AuditRow;
use crate::document::field::Field;
use crate::document::gate_log::text_or_empty;
use crate::document::packet::Generation;
use crate::document::{Packet, Signature};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Spanned, to_single_line};

/// Rows of one signature that are looked at; more than one is a mistake.
const MAX_AUDIT_ROWS: usize = 100;

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let library = input.governance;
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in library.packets() {
        let Some(signature) = &packet.signature else { continue };
        let mut found = match Signature::parse(&signature.value) {
            Err(fault) => {
                let message = format!("`{}` is no signature", to_single_line(&signature.value, 40));
                vec![rule.finding(message, Label::text(&packet.source, signature.span, fault.to_string()))]
            }
            Ok(_) => compare_records(library, id, packet, signature, rule),
        };
        if !library.is_open(id, packet) {
            found = found.into_iter().map(|finding| finding.with_level(Level::Note)).collect();
        }
        out.extend(found);
    }
    out.extend(check_unrecorded_signatures(library, rule));
    out.into()
}

/// The records that do not carry a packet's signature.
fn compare_records(
    library: &GovernanceDocuments<'_>,
    id: &str,
    packet: &Packet,
    signature: &Spanned<String>,
    rule: &Rule,
) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut say = |message: String, label: Label| {
        let here = Label::text(&packet.source, signature.span, "the packet's signature");
        out.push(rule.finding(message, label).related(here));
    };
    if let Some(refinement) = library.refinement(id) {
        let status = refinement.review_status().map(Field::unquoted_value);
        match refinement.filled_value("USER_SIGNATURE") {
            Some(other) if other.value != signature.value => {
                let label = Label::text(&refinement.source, other.span, "not the packet's");
                say(format!("the refinement of `{id}` carries another signature"), label);
            }
            None => {
                let label = Label::text(&refinement.source, refinement.head_span(), "not signed");
                say(format!("`{id}` is signed, its refinement is not"), label);
            }
            Some(other) if status != Some("APPROVED") => {
                let label = Label::text(&refinement.source, other.span, "signed without an approval");
                say(format!("`{id}` is signed, but its refinement is not APPROVED"), label);
            }
            Some(_) => {}
        }
    }
    if let Some(audit) = library.audit() {
        let rows: Vec<_> = audit.rows.iter().filter(|row| row.signature.value == signature.value).collect();
        match rows.first() {
            None => say(
                format!("the signature of `{id}` is not in the audit"),
                Label::text(&packet.source, signature.span, "no row carries it"),
            ),
            Some(row) if !rows.iter().any(|row| row.names_packet(id)) => say(
                format!("the audit's row of this signature does not name `{id}`"),
                Label::text(&audit.source, row.purpose.span, "another purpose"),
            ),
            Some(_) => {}
        }
    }
    let last = library.gate_log().filter(|_| packet.generation != Generation::G0);
    if let Some(entry) = last.and_then(|log| log.last_entry(id, "SIGNATURE"))
        && text_or_empty(&entry.signature) != signature.value
        && let Some(log) = library.gate_log()
    {
        let span = entry.signature.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span);
        say(
            format!("the gate log records another signature of `{id}`"),
            Label::text(&log.source, span, "not the packet's"),
        );
    }
    out
}

/// Signatures of the gate log without a row of the audit that names their
/// packet; packets that are there are told above.
fn check_unrecorded_signatures(library: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let (Some(log), Some(audit)) = (library.gate_log(), library.audit()) else { return Vec::new() };
    let mut rows: BTreeMap<&str, Vec<&AuditRow>> = BTreeMap::new();
    for row in &audit.rows {
        rows.entry(row.signature.value.as_str()).or_default().push(row);
    }
    let mut out = Vec::new();
    for entry in log.entries.iter().filter(|entry| text_or_empty(&entry.kind) == "SIGNATURE") {
        let (Some(id), Some(signature)) = (&entry.wp_id, &entry.signature) else { continue };
        let told = library.packet(&id.value).is_some();
        let same = rows.get(signature.value.as_str()).map_or(&[][..], Vec::as_slice);
        let known = same.iter().take(MAX_AUDIT_ROWS).any(|row| row.names_packet(&id.value));
        if told || known || Signature::parse(&signature.value).is_err() {
            continue;
        }
        let message =
            format!("no row of the audit has this signature for `{}`", to_single_line(&id.value, 80));
        let label = Label::text(&log.source, signature.span, "only in the log");
        out.push(rule.finding(message, label).with_level(Level::Warning));
    }
    out
}
