//! `approval/withdrawn`: what the main branch withdrew, closed or signed again stays so.

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact, TrustedDocument, TrustedState};
use crate::document::audit::Audit;
use crate::document::gate_log::{GateLog, text_or_empty};
use crate::document::{Packet, Signature};
use crate::finding::Label;
use crate::rule::Rule;

use super::contract_difference::first_difference;
use super::trusted::is_closed;

/// `approval/withdrawn`: at the trusted revision the packet is not closed, its signature and
/// the records of it are still there and not revoked, no newer signature replaces it, and
/// its contract is the signed one.
pub(in crate::check) fn withdrawn(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.trusted.states.is_empty() {
        return CheckResult::skipped("the judged range is part of the main branch's history");
    }
    let Some(signature) = &input.packet.packet.signature else {
        return CheckResult::skipped("the packet is not signed");
    };
    let here = || input.packet.label_at(signature.span, "the judged signature");
    for state in &input.trusted.states {
        let Some((message, there)) = withdrawal(input, state, &signature.value) else { continue };
        return Some(rule.finding(message, here()).related(there)).into();
    }
    Vec::new().into()
}

/// Returns why a trusted state does not approve the judged signature, and where it
/// says so; `None` if it does.
fn withdrawal(
    input: &ApprovalCheckContext<'_>,
    state: &TrustedState,
    signature: &str,
) -> Option<(String, Label)> {
    let at = &state.revision;
    let had_signature =
        |packet: &&Packet| packet.signature.as_ref().is_some_and(|old| old.value == signature);
    let signed_before = state.shared_packet.as_ref().filter(had_signature);
    let Some(packet) = state.any_packet() else {
        let before = signed_before?;
        let message = format!("the packet does not exist any more in commit {at}");
        return Some((message, Label::text(&before.source, before.head_span(), "removed since")));
    };
    let Some(trusted) = packet.signature.as_ref() else {
        let before = signed_before?;
        let message = format!("the packet carries no signature any more in commit {at}");
        let span = before.signature.as_ref().map_or_else(|| before.head_span(), |signature| signature.span);
        return Some((message, Label::text(&before.source, span, "removed since")));
    };
    if trusted.value != signature {
        let time = |text: &str| Signature::parse(text).ok().map(|signature| signature.at);
        let is_newer = match (time(&trusted.value), time(signature)) {
            (Some(trusted), Some(judged)) => trusted > judged,
            _ => true,
        };
        let message = format!("the packet carries a newer signature in commit {at}");
        return is_newer.then(|| (message, Label::text(&packet.source, trusted.span, "the newer signature")));
    }
    let is_open_now = input.packet.packet.status.as_ref().is_none_or(|status| !is_closed(&status.value));
    if !input.judges_change
        && is_open_now
        && let Some(status) = packet.status.as_ref().filter(|status| is_closed(&status.value))
    {
        let message = format!("the packet is `{}` in commit {at}", status.value);
        return Some((message, Label::text(&packet.source, status.span, "closed here")));
    }
    audit_withdrawal(input, state, signature)
        .or_else(|| record_withdrawal(input, state, signature))
        .or_else(|| contract_withdrawal(input, state, packet))
}

/// Returns why the audit of a trusted state does not approve the signature.
fn audit_withdrawal(
    input: &ApprovalCheckContext<'_>,
    state: &TrustedState,
    signature: &str,
) -> Option<(String, Label)> {
    let at = &state.revision;
    let judged = input.audit.as_ref().ok().filter(|audit| has_valid_row(audit, signature))?;
    let audit = match &state.audit {
        TrustedDocument::Same => return None,
        TrustedDocument::Missing => {
            let message = format!("commit {at} has no signature audit");
            return Some((message, Label::path(judged.source.name(), "not there")));
        }
        TrustedDocument::Different(audit) => audit,
    };
    if let Some(row) = audit.rows.iter().find(|row| row.signature.value == signature && row.is_revoked) {
        let message = format!("the signature is revoked in commit {at}");
        return Some((message, Label::text(&audit.source, row.span, "revoked here")));
    }
    (!has_valid_row(audit, signature)).then(|| {
        let span = audit.source.line_span(1).unwrap_or_default();
        let message = format!("the audit of commit {at} has no row of the packet's signature");
        (message, Label::text(&audit.source, span, "no such row"))
    })
}

/// Returns whether the gate log or the refinement, which record the signature, are gone in a
/// trusted state. Without them, `pre-work` refuses the packet there.
fn record_withdrawal(
    input: &ApprovalCheckContext<'_>,
    state: &TrustedState,
    signature: &str,
) -> Option<(String, Label)> {
    let (at, id) = (&state.revision, input.packet.id.as_str());
    let records = |log: &GateLog| {
        let mut entries = log.entries.iter();
        entries.any(|entry| {
            text_or_empty(entry.wp_id.as_ref()) == id && text_or_empty(entry.signature.as_ref()) == signature
        })
    };
    if let Some(judged) = input.gate_log.as_ref().ok().filter(|log| records(log)) {
        let message = format!("the gate log of commit {at} does not record the packet's signature");
        match &state.gate_log {
            TrustedDocument::Missing => {
                return Some((message, Label::path(judged.source.name(), "not there")));
            }
            TrustedDocument::Different(log) if !records(log) => {
                let span = log.source.line_span(1).unwrap_or_default();
                return Some((message, Label::text(&log.source, span, "no such entry")));
            }
            _ => {}
        }
    }
    let judged = input.refinement.as_ref().ok()?;
    let is_gone = matches!(state.refinement, TrustedDocument::Missing);
    is_gone.then(|| {
        let message = format!("commit {at} has no refinement of the packet");
        (message, Label::path(judged.source.name(), "not there"))
    })
}

/// Returns how the contract of a trusted state differs from the signed one: there, nothing
/// approves the packet any more.
fn contract_withdrawal(
    input: &ApprovalCheckContext<'_>,
    state: &TrustedState,
    packet: &Packet,
) -> Option<(String, Label)> {
    let ContractFact::Known { packet_at_signing, .. } = input.contract else { return None };
    let (key, span) = first_difference(packet_at_signing, packet)?;
    let message =
        format!("`{key}` of the packet in commit {} differs from the text that was signed", state.revision);
    Some((message, Label::text(&packet.source, span, "changed without a new signature")))
}

fn has_valid_row(audit: &Audit, signature: &str) -> bool {
    let mut rows = audit.rows.iter().filter(|row| row.signature.value == signature).peekable();
    rows.peek().is_some() && rows.all(|row| !row.is_revoked)
}
