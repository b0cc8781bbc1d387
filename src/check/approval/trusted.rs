//! `approval/…`: the approval compared with trusted commits (CHECKS, "The trusted
//! revision"): what the main branch recorded stays, and an unsigned contract is its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, TrustedRecords};
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{PacketStatus, ends_work};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, Source, Span, format_count};

/// Maximum number of removed entries that a finding shows.
const MAX_SHOWN_ENTRIES: usize = 3;

/// Returns whether a status ends the work of a packet.
pub(crate) fn is_closed(status: &PacketStatus) -> bool {
    match status {
        PacketStatus::Validated(_) | PacketStatus::Superseded | PacketStatus::DoneHistorical => true,
        PacketStatus::Unknown(text) => ends_work(text),
        _ => false,
    }
}

/// `approval/record-removed`: the audit and the gate log of trusted commits are a
/// subsequence of the judged ones: no entry is gone, changed or moved.
pub(in crate::check) fn record_removed(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let judged = (input.audit.as_ref().ok().copied(), input.gate_log.as_ref().ok().copied());
    removed_records(&input.trusted.records, judged, rule).into()
}

/// Returns the findings of `approval/record-removed` for the audit and the gate log of
/// the judged tree.
pub(crate) fn removed_records(
    records: &[TrustedRecords],
    (audit, gate_log): (Option<&Audit>, Option<&GateLog>),
    rule: &Rule,
) -> Vec<Finding> {
    let (mut out, mut reported) = (Vec::new(), BTreeSet::new());
    for trusted in records {
        let lost = [
            trusted.audit.as_ref().map(|trusted| lost_rows(trusted, audit)),
            trusted.gate_log.as_ref().map(|trusted| lost_entries(trusted, gate_log)),
        ];
        for lost in lost.into_iter().flatten().filter(|lost| !lost.spans.is_empty()) {
            if reported.insert(lost.path.clone()) {
                out.push(removal_finding(rule, &trusted.revision, &lost));
            }
        }
        for path in trusted.gone.iter().filter(|path| reported.insert((*path).clone())) {
            let message = format!("the record {path} of commit {} was removed", trusted.revision);
            out.push(rule.finding(message, Label::path(path, "the record was removed")));
        }
    }
    out
}

/// Entries of a trusted record that the judged record does not contain in order.
struct LostEntries<'a> {
    path: &'a RepoPath,
    source: &'a Arc<Source>,
    spans: Vec<Span>,
    judged: Option<&'a Arc<Source>>,
}

fn lost_rows<'a>(trusted: &'a Audit, judged: Option<&'a Audit>) -> LostEntries<'a> {
    let texts = |audit: &Audit| -> Vec<(String, Span)> {
        let text = |span: Span| audit.source.slice(span);
        let cells = |span: Span| text(span).split('|').map(str::trim).collect::<Vec<_>>().join("|");
        audit.rows.iter().map(|row| (cells(row.span), row.span)).collect()
    };
    LostEntries {
        path: trusted.source.name(),
        source: &trusted.source,
        spans: missing_in_order(&texts(trusted), &judged.map(texts).unwrap_or_default()),
        judged: judged.map(|audit| &audit.source),
    }
}

fn lost_entries<'a>(trusted: &'a GateLog, judged: Option<&'a GateLog>) -> LostEntries<'a> {
    let texts = |log: &GateLog| -> Vec<(String, Span)> {
        let canonical = |span: Span| {
            let text = log.source.slice(span);
            serde_json::from_str::<serde_json::Value>(text)
                .map_or_else(|_| text.split_whitespace().collect(), |value| value.to_string())
        };
        log.entries.iter().map(|entry| (canonical(entry.span), entry.anchor_span())).collect()
    };
    LostEntries {
        path: trusted.source.name(),
        source: &trusted.source,
        spans: missing_in_order(&texts(trusted), &judged.map(texts).unwrap_or_default()),
        judged: judged.map(|log| &log.source),
    }
}

/// Returns the spans of the entries of `trusted` that keep it from being a subsequence
/// of `judged`. The time is the sum of both lengths.
fn missing_in_order(trusted: &[(String, Span)], judged: &[(String, Span)]) -> Vec<Span> {
    let present: BTreeSet<&str> = judged.iter().map(|(text, _)| text.as_str()).collect();
    let mut rest = judged.iter();
    let mut missing = Vec::new();
    for (text, span) in trusted {
        // An entry that is nowhere must not consume the others.
        if !present.contains(text.as_str()) || !rest.any(|(other, _)| other == text) {
            missing.push(*span);
        }
    }
    missing
}

fn removal_finding(rule: &Rule, revision: &str, lost: &LostEntries<'_>) -> Finding {
    let message = format!(
        "{} of commit {revision} {} removed, changed or moved",
        format_count(lost.spans.len(), "record"),
        if lost.spans.len() == 1 { "was" } else { "were" }
    );
    let here = match lost.judged {
        Some(source) => Label::text(source, source.line_span(1).unwrap_or_default(), "the judged record"),
        None => Label::path(lost.path, "the record was removed"),
    };
    lost.spans.iter().take(MAX_SHOWN_ENTRIES).fold(rule.finding(message, here), |finding, span| {
        finding.related(Label::text(lost.source, *span, "missing here now"))
    })
}

/// Returns whether the files of a signature by a key exist.
fn has_key_files(input: &ApprovalCheckContext<'_>) -> bool {
    input.key_signature.contract.is_some() && input.key_signature.signature.is_some()
}

/// Returns why no signature approves the packet, as the start of a message.
fn name_missing_approval(input: &ApprovalCheckContext<'_>) -> String {
    if input.packet.packet.signature.is_none() {
        "the packet is not signed".to_owned()
    } else if has_key_files(input) {
        let path = &input.key_signature.signers_path;
        format!("no key may sign the packet because the trusted revision has no {path}")
    } else {
        "the packet has a typed signature and no signature by a key".to_owned()
    }
}

/// `approval/unsigned-contract`: the contract of a packet without a signature is the
/// one of the trusted revision.
pub(in crate::check) fn unsigned_contract(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    // With a list of allowed keys, `approval/signed` judges the signature by a key.
    let is_judged_by_key = has_key_files(input) && input.key_signature.signers.is_some();
    if packet.signature.is_some() && (input.packet.policy.typed_signature_approves || is_judged_by_key) {
        return CheckResult::skipped("the packet is signed");
    }
    let Some(state) = input.trusted.states.first() else {
        return CheckResult::skipped("the judged range is part of the main branch's history");
    };
    match state.any_packet() {
        None if input.packet.policy.requires_signature => CheckResult::skipped("the packet is not signed"),
        None => {
            let reason = name_missing_approval(input);
            let message = format!("{reason}, and commit {} does not contain it", state.revision);
            Some(rule.finding(message, input.packet.label_at(packet.head_span(), "not approved"))).into()
        }
        Some(trusted) => {
            let mut out = Vec::new();
            super::contract_difference::compare_with_trusted(input, trusted, &state.revision, rule, &mut out);
            out.into()
        }
    }
}
