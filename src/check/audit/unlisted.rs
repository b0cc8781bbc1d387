//! What packets and refinements say of signatures is in the audit.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::repository_documents::GovernanceDocuments;
use crate::document::audit::AuditRow;
use crate::document::{Packet, Signature};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 6;

/// Returns one note for each packet whose text contains signatures of the audit's users that
/// the audit does not have: a marker, a lock or a waiver was signed and not recorded. The
/// signature of the packet itself is compared elsewhere.
pub(super) fn unlisted_tokens(governance: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let Some(audit) = governance.audit() else { return Vec::new() };
    let known: BTreeSet<&str> = audit.rows.iter().map(|row| row.signature.value.as_str()).collect();
    let users: BTreeSet<String> =
        known.iter().filter_map(|text| Signature::parse(text).ok()).map(|signature| signature.user).collect();
    let mut out = Vec::new();
    for (id, _, packet) in governance.packets() {
        let own = packet.signature.as_ref().map_or("", |signature| signature.value.as_str());
        let places: Vec<(Span, &str)> = find_tokens(packet, &users)
            .into_iter()
            .filter(|(_, token)| *token != own && !known.contains(token))
            .collect();
        let Some(((first, token), others)) = places.split_first() else { continue };
        let message = format!(
            "`{id}` contains the signature `{}`, which is not in the signature audit",
            to_single_line(token, 40)
        );
        let label = |span: Span| Label::text(&packet.source, span, "not in the audit");
        let finding = rule.finding(message, label(*first)).with_level(Level::Note);
        let shown = others.iter().take(MAX_SHOWN - 1);
        out.push(shown.fold(finding, |finding, (span, _)| finding.related(label(*span))));
    }
    out
}

/// Number of digits of a signature: day, month, year, hour and minute.
const TIME_DIGITS: usize = 12;

/// Finds the signatures of some users in the text of a packet, in document order.
fn find_tokens<'a>(packet: &'a Packet, users: &BTreeSet<String>) -> Vec<(Span, &'a str)> {
    let text = packet.source.text();
    let is_part = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
    let mut out: Vec<(Span, &str)> = Vec::new();
    for user in users.iter().filter(|user| !user.is_empty()) {
        let found = memchr::memmem::find_iter(text.as_bytes(), user.as_bytes());
        out.extend(found.filter_map(|start| {
            let end = start + user.len() + TIME_DIGITS;
            let is_word = !is_part(end) && start.checked_sub(1).is_none_or(|before| !is_part(before));
            let word = text.get(start..end).filter(|_| is_word)?;
            let is_signature = Signature::parse(word).is_ok() && is_act(packet, start);
            is_signature.then_some((Span::new(start, end), word))
        }));
    }
    out.sort();
    out
}

/// Returns whether the line at an offset says that something is signed: excerpts of the
/// specification also contain signatures.
fn is_act(packet: &Packet, at: usize) -> bool {
    let line = packet.source.line_span(packet.source.line(at)).map_or("", |line| packet.source.slice(line));
    let line = line.to_lowercase();
    ["signature", "approv", "waive", "signed"].iter().any(|word| line.contains(word))
}

/// Returns one note for each refinement that targets another version of the specification than
/// the audit row of its signature names: one of them was changed after the signature.
pub(super) fn other_versions(governance: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let Some(audit) = governance.audit() else { return Vec::new() };
    let rows: BTreeMap<&str, &AuditRow> = audit
        .rows
        .iter()
        .filter(|row| !row.is_revoked)
        .map(|row| (row.signature.value.as_str(), row))
        .collect();
    let mut out = Vec::new();
    for document in governance.documents {
        let Some(refinement) = document.refinement() else { continue };
        let row = refinement.filled_value("USER_SIGNATURE").and_then(|text| rows.get(text.value.as_str()));
        let target = refinement.filled_value("SPEC_TARGET_RESOLVED");
        let (Some(row), Some(target)) = (row, target) else { continue };
        let (Some(recorded), Some(targeted)) =
            (version_in(&row.spec_version.value), version_in(&target.value))
        else {
            continue;
        };
        // An enrichment is signed for the version before it.
        let enriches = refinement.filled_value("ENRICHMENT_NEEDED").is_some_and(|text| text.value == "YES");
        if recorded == targeted || enriches {
            continue;
        }
        let message =
            format!("the refinement targets {targeted}, but the audit row of its signature names {recorded}");
        let there = Label::text(&audit.source, row.spec_version.span, "the version of the audit");
        let here = Label::text(&refinement.source, target.span, "another version");
        out.push(rule.finding(message, here).with_level(Level::Note).related(there));
    }
    out
}

/// Returns the last version such as `v02.126` in a text.
fn version_in(text: &str) -> Option<&str> {
    let mut starts = text.rmatch_indices('v').map(|(at, _)| at);
    starts.find_map(|at| {
        let rest = text.get(at..)?;
        let end = rest.char_indices().skip(1).find(|(_, c)| !(c.is_ascii_digit() || *c == '.'));
        let version = rest.get(..end.map_or(rest.len(), |(end, _)| end))?.trim_end_matches('.');
        let (major, minor) = version.get(1..)?.split_once('.')?;
        (!major.is_empty() && !minor.is_empty() && !minor.contains('.')).then_some(version)
    })
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_last_version_of_a_text_is_found() {
        assert_eq!(version_in("docs/SPEC.md -> Greeter_Spec_v02.126.md"), Some("v02.126"));
        assert_eq!(version_in(" v02.84 "), Some("v02.84"));
        for text in ["v01", "Greeter_Spec_v01.md", "version 2.1", "v.1", ""] {
            assert_eq!(version_in(text), None, "{text}");
        }
    }
}
