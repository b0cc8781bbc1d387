//! `audit/…`: the signature audit can be read, and every signature belongs to
//! one packet.

mod header;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::{AuditRow, find_wp_ids};
use crate::document::field::Field;
use crate::document::gate_log::text_or_empty;
use crate::document::packet::Generation;
use crate::document::{DocumentBody, Packet, Signature, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, Spanned, to_single_line};

/// `audit/row`: every row has all its cells, a well-formed signature that is
/// not in the future, and the date of that signature.
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
    let reported: HashSet<Span> = audit.faults.iter().map(|fault| fault.span).collect();
    for row in audit.rows.iter().filter(|row| !reported.contains(&row.span)) {
        let shown = crate::text::to_single_line(&row.signature.value, 40);
        match Signature::parse(&row.signature.value) {
            Err(fault) => {
                let span = if row.signature.span.is_empty() { row.span } else { row.signature.span };
                out.push(rule.finding(format!("invalid signature `{shown}`"), at(span, fault.to_string())));
            }
            Ok(signature) => {
                if input
                    .now
                    .checked_add(jiff::Span::new().hours(14))
                    .is_ok_and(|latest| signature.at > latest)
                {
                    let message =
                        format!("the signature `{shown}` has the date {}, in the future", signature.at);
                    out.push(rule.finding(message, at(row.signature.span, "in the future".into())));
                }
                let day = row.at.value.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
                match day {
                    None => {
                        let span = if row.at.span.is_empty() { row.span } else { row.at.span };
                        out.push(rule.finding(
                            format!("the row of `{shown}` has no valid date; expected YYYY-MM-DD HH:MM"),
                            at(span, "no valid date".into()),
                        ));
                    }
                    // The local dates of signer and auditor can differ by one day.
                    Some(day) if (signature.at.date() - day).get_days().abs() > 1 => {
                        let message = format!(
                            "the row of `{shown}` has the date {day}, but the signature contains {}",
                            signature.at.date()
                        );
                        out.push(
                            rule.finding(message, at(row.at.span, "not the date of the signature".into()))
                                .with_level(Level::Warning),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.extend(header::stale_date(audit, rule));
    out.into()
}

/// One use of a signature: the packet that it is for, and the location.
struct SignatureUse {
    id: String,
    label: Label,
}

/// Returns whether one id is the other one with a date in place of the revision: packets
/// were renamed from `WP-1-A-20251228` to `WP-1-A-v2`.
fn is_renamed(a: &str, b: &str) -> bool {
    let dated = |id: &str| {
        let (base, date) = id.rsplit_once('-')?;
        let is_date = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        is_date.then(|| base.to_owned())
    };
    let revised = |id: &str| {
        let id = WpId::parse(id).ok()?;
        id.revision().map(|_| id.base().to_owned())
    };
    let is_pair = |a: &str, b: &str| dated(a).is_some() && dated(a) == revised(b);
    is_pair(a, b) || is_pair(b, a)
}

/// `audit/reuse`: every signature in the repository belongs to one packet and
/// has at most one row in the audit.
pub(super) fn reuse(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut uses: BTreeMap<String, Vec<SignatureUse>> = BTreeMap::new();
    let mut add = |signature: &str, id: String, label: Label| {
        if Signature::parse(signature).is_ok() {
            uses.entry(signature.to_owned()).or_default().push(SignatureUse { id, label });
        }
    };
    let mut rows: BTreeMap<&str, Vec<Label>> = BTreeMap::new();
    for document in input.governance.documents {
        let document_id = || document.id().map(|id| id.as_str().to_owned());
        match &document.body {
            DocumentBody::Packet(packet) => {
                if let (Some(signature), Some(id)) = (&packet.signature, document_id()) {
                    add(&signature.value, id, Label::text(&packet.source, signature.span, "in this packet"));
                }
            }
            DocumentBody::Refinement(refinement) => {
                if let (Some(signature), Some(id)) =
                    (refinement.filled_value("USER_SIGNATURE"), document_id())
                {
                    add(
                        &signature.value,
                        id,
                        Label::text(&refinement.source, signature.span, "in this refinement"),
                    );
                }
            }
            DocumentBody::GateLog(log) => {
                for entry in
                    log.entries.iter().filter(|entry| text_or_empty(entry.kind.as_ref()) == "SIGNATURE")
                {
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
        let mut seen: BTreeSet<&str> = BTreeSet::from([first.id.as_str()]);
        for other in all {
            if !seen.insert(&other.id) || is_renamed(&first.id, &other.id) {
                continue;
            }
            let message = format!(
                "the signature `{signature}` is used for `{}` and for `{}`",
                crate::text::to_single_line(&first.id, 80),
                crate::text::to_single_line(&other.id, 80)
            );
            out.push(rule.finding(message, other.label.clone()).related(first.label.clone()));
        }
    }
    for (signature, labels) in rows.iter().filter(|(signature, _)| Signature::parse(signature).is_ok()) {
        if let [first, second, ..] = labels.as_slice() {
            let message = format!("the signature `{signature}` is in {} rows of the audit", labels.len());
            out.push(rule.finding(message, second.clone()).related(first.clone()));
        }
    }
    out.into()
}

/// Maximum number of rows per signature that are compared. One row is normal.
const MAX_AUDIT_ROWS: usize = 100;

/// `audit/agreement`: the signature of every packet is well-formed, and the
/// refinement, the audit row and the gate log record the same signature.
pub(super) fn agreement(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut rows: HashMap<&str, Vec<&AuditRow>> = HashMap::new();
    for row in governance.audit().iter().flat_map(|audit| &audit.rows) {
        rows.entry(&row.signature.value).or_default().push(row);
    }
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in governance.packets() {
        let Some(signature) = &packet.signature else { continue };
        let mut found = match Signature::parse(&signature.value) {
            Err(fault) => {
                let message = format!("invalid signature `{}`", to_single_line(&signature.value, 40));
                vec![rule.finding(message, Label::text(&packet.source, signature.span, fault.to_string()))]
            }
            Ok(_) => compare_records((governance, &rows), id, packet, signature, rule),
        };
        if !governance.is_open(id, packet) {
            found = found.into_iter().map(|finding| finding.with_level(Level::Note)).collect();
        }
        out.extend(found);
    }
    out.extend(check_unrecorded_signatures(governance, rule));
    out.into()
}

/// Returns a finding for each record that does not contain a packet's
/// signature.
fn compare_records(
    (governance, rows): (&GovernanceDocuments<'_>, &HashMap<&str, Vec<&AuditRow>>),
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
    if let Some(audit) = governance.audit() {
        let rows = rows.get(signature.value.as_str()).map_or(&[][..], Vec::as_slice);
        match rows.first() {
            None => add(
                format!("the signature of `{id}` is not in the signature audit"),
                Label::text(&packet.source, signature.span, "no row with this signature"),
            ),
            Some(row) if !rows.iter().any(|row| row.names_packet(id)) => add(
                format!("the audit row of this signature does not name `{id}`"),
                Label::text(&audit.source, row.purpose.span, "a different purpose"),
            ),
            Some(_) => {}
        }
    }
    let last = governance.gate_log().filter(|_| packet.generation != Generation::G0);
    if let Some(entry) = last.and_then(|log| log.last_entry(id, "SIGNATURE"))
        && text_or_empty(entry.signature.as_ref()) != signature.value
        && let Some(log) = governance.gate_log()
    {
        let span = entry.signature.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span);
        add(
            format!("the gate log records a different signature for `{id}`"),
            Label::text(&log.source, span, "not the packet's signature"),
        );
    }
    out
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
