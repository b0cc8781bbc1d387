//! `audit/…`: the signature audit can be read, and no signature serves twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::{AuditRow, find_wp_ids};
use crate::document::field::Field;
use crate::document::gate_log::text_or_empty;
use crate::document::packet::Generation;
use crate::document::{DocumentBody, Packet, Signature};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Spanned, to_single_line};

/// Rows of one signature that are looked at; more than one is a mistake.
const MAX_AUDIT_ROWS: usize = 100;

/// `audit/agreement`: a packet's signature is one, and refinement, audit and
/// gate log carry the same.
pub(super) fn agreement(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// One use of a signature: the packet that it is for, and where.
struct SignatureUse {
    id: String,
    label: Label,
}

/// `audit/reuse`: a signature stands for one packet in the whole repository.
pub(super) fn reuse(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut uses: BTreeMap<String, Vec<SignatureUse>> = BTreeMap::new();
    let mut add = |signature: &str, id: String, at: Label| {
        if Signature::parse(signature).is_ok() {
            uses.entry(signature.to_owned()).or_default().push(SignatureUse { id, label: at });
        }
    };
    let mut rows: BTreeMap<&str, Vec<Label>> = BTreeMap::new();
    for document in input.governance.documents {
        let own = || document.id().map(|id| id.as_str().to_owned());
        match &document.body {
            DocumentBody::Packet(packet) => {
                if let (Some(signature), Some(id)) = (&packet.signature, own()) {
                    add(&signature.value, id, Label::text(&packet.source, signature.span, "in this packet"));
                }
            }
            DocumentBody::Refinement(refinement) => {
                if let (Some(signature), Some(id)) = (refinement.filled_value("USER_SIGNATURE"), own()) {
                    add(
                        &signature.value,
                        id,
                        Label::text(&refinement.source, signature.span, "in this refinement"),
                    );
                }
            }
            DocumentBody::GateLog(log) => {
                for entry in log.entries.iter().filter(|entry| text_or_empty(&entry.kind) == "SIGNATURE") {
                    if let (Some(signature), Some(id)) = (&entry.signature, &entry.wp_id) {
                        add(
                            &signature.value,
                            id.value.clone(),
                            Label::text(&log.source, signature.span, "in the gate log"),
                        );
                    }
                }
            }
            DocumentBody::Audit(audit) => {
                for row in &audit.rows {
                    let label = Label::text(&audit.source, row.signature.span, "in the audit");
                    for id in find_wp_ids(&row.purpose.value) {
                        add(&row.signature.value, id.to_owned(), label.clone());
                    }
                    rows.entry(&row.signature.value).or_default().push(label);
                }
            }
            _ => {}
        }
    }
    let mut out: Vec<Finding> = Vec::new();
    for (signature, all) in &uses {
        let Some(first) = all.first() else { continue };
        let mut told: BTreeSet<&str> = BTreeSet::from([first.id.as_str()]);
        for other in all {
            if !told.insert(&other.id) {
                continue;
            }
            let message = format!(
                "the signature `{signature}` serves `{}` and `{}`",
                crate::text::to_single_line(&first.id, 80),
                crate::text::to_single_line(&other.id, 80)
            );
            out.push(rule.finding(message, other.label.clone()).related(first.label.clone()));
        }
    }
    for (signature, labels) in rows.iter().filter(|(signature, _)| Signature::parse(signature).is_ok()) {
        if let [first, again, ..] = labels.as_slice() {
            let message = format!("the audit records the signature `{signature}` {} times", labels.len());
            out.push(rule.finding(message, again.clone()).related(first.clone()));
        }
    }
    out.into()
}

/// `audit/row`: rows have all their cells, and record signatures.
pub(super) fn row(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let DocumentBody::Audit(audit) = &input.document.body else {
        return CheckResult::skipped("not a signature audit");
    };
    let at = |span, text: String| Label::text(&audit.source, span, text);
    let mut out: Vec<Finding> = audit
        .faults
        .iter()
        .map(|fault| rule.finding(fault.message.clone(), at(fault.span, String::new())))
        .collect();
    for row in &audit.rows {
        if audit.faults.iter().any(|fault| fault.span == row.span) {
            continue;
        }
        let shown = crate::text::to_single_line(&row.signature.value, 40);
        match Signature::parse(&row.signature.value) {
            Err(fault) => {
                let span = if row.signature.span.is_empty() { row.span } else { row.signature.span };
                out.push(rule.finding(format!("`{shown}` is no signature"), at(span, fault.to_string())));
            }
            Ok(signature) => {
                if input
                    .now
                    .checked_add(jiff::Span::new().hours(14))
                    .is_ok_and(|latest| signature.at > latest)
                {
                    let message = format!("`{shown}` is dated {}, in the future", signature.at);
                    out.push(rule.finding(message, at(row.signature.span, "not yet".into())));
                }
                let day = row.at.value.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
                match day {
                    None => {
                        let span = if row.at.span.is_empty() { row.span } else { row.at.span };
                        out.push(rule.finding(
                            format!("the row of `{shown}` gives no date"),
                            at(span, "YYYY-MM-DD HH:MM".into()),
                        ));
                    }
                    // A signer's clock and an auditor's may be a day apart.
                    Some(day) if (signature.at.date() - day).get_days().abs() > 1 => {
                        let message = format!(
                            "the row dates `{shown}` {day}, the signature itself says {}",
                            signature.at.date()
                        );
                        out.push(
                            rule.finding(message, at(row.at.span, "another day".into()))
                                .with_level(Level::Warning),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.into()
}
