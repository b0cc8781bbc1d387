//! `audit/…`: the signature audit can be read, and every signature belongs to
//! one packet.

mod agreement;
mod form;
mod header;
mod malformed;
mod unlisted;

pub(super) use agreement::agreement;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, RepositoryCheckContext};
use crate::document::audit::find_wp_ids;
use crate::document::gate_log::text_or_empty;
use crate::document::table::MORE_THAN_HEADER;
use crate::document::{DocumentBody, Signature, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::Span;

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
        .map(|fault| {
            let finding = rule.finding(fault.message.clone(), at(fault.span, String::new()));
            let is_surplus = fault.message.contains(MORE_THAN_HEADER);
            if is_surplus { finding.with_level(Level::Warning) } else { finding }
        })
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
                    Some(day) if form::is_other_day(&signature, day, &row.at.value) => {
                        let message = format!(
                            "the row of `{shown}` has the minute of the signature, but the day {day} in place of {}",
                            signature.at.date()
                        );
                        let label = at(row.at.span, "not the day of the signature".into());
                        out.push(rule.finding(message, label).with_level(Level::Warning));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.extend(form::other_forms(audit, rule));
    out.extend(form::older_versions(audit, rule));
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
    out.extend(malformed::reused(input.governance, rule));
    out.into()
}
