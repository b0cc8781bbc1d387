//! `approval/…`: the format of the typed signature, its agreement between
//! records, and its reuse.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::Signature;
use crate::document::audit::find_wp_ids;
use crate::document::gate_log::text_or_empty;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::Spanned;

/// `approval/signature-format`: `USER_SIGNATURE` is
/// `{username}{DDMMYYYYHHMM}` with a real date that is not in the future and
/// not before the refinement was recorded.
pub(in crate::check) fn signature_format(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let Some(text) = &packet.signature else {
        let label = input.packet.label_at(packet.heading_span("METADATA"), "add `USER_SIGNATURE` here");
        let finding = rule.finding("the packet is not signed", label);
        return Some(finding.misses("METADATA", Some("USER_SIGNATURE"))).into();
    };
    let shown = crate::text::to_single_line(&text.value, 40);
    let signature = match Signature::parse(&text.value) {
        Ok(signature) => signature,
        Err(fault) => {
            return Some(rule.finding(
                format!("invalid signature `{shown}`"),
                input.packet.label_at(text.span, fault.to_string()),
            ))
            .into();
        }
    };
    let mut out = Vec::new();
    // Local time can be up to fourteen hours ahead of UTC.
    let latest = input.now.checked_add(jiff::Span::new().hours(14)).unwrap_or(input.now);
    if signature.at > latest {
        out.push(rule.finding(
            format!("the signature `{shown}` has the date {}, in the future", signature.at),
            input.packet.label_at(text.span, "in the future"),
        ));
    }
    let (recorded, unreadable) = match refinement_recorded_at(input) {
        Ok(recorded) => (recorded, None),
        Err(stamp) => (None, Some(stamp)),
    };
    if let Some(stamp) = unreadable {
        let message = format!(
            "the REFINEMENT entry in the gate log has the invalid time `{}`; expected RFC 3339",
            crate::text::to_single_line(&stamp, 40)
        );
        out.push(rule.finding(message, input.packet.label_at(text.span, "the order cannot be checked")));
    }
    if let Some(recorded) = recorded {
        // The signer's local time and the UTC time in the log can differ.
        let earliest = recorded.checked_sub(jiff::Span::new().hours(14)).unwrap_or(recorded);
        if signature.at < earliest {
            let message = format!(
                "the signature `{shown}` has the date {}, before the refinement was recorded ({recorded})",
                signature.at
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(text.span, "signed before the refinement was recorded"),
            ));
        }
    }
    out.into()
}

/// Returns the time of the packet's last REFINEMENT entry in the gate log, in
/// UTC; `None` if there is no entry. The error is an invalid time, as written.
fn refinement_recorded_at(input: &ApprovalCheckContext<'_>) -> Result<Option<jiff::civil::DateTime>, String> {
    let Ok(log) = input.gate_log else { return Ok(None) };
    let Some(entry) = log.last_entry(input.packet.id.as_str(), "REFINEMENT") else { return Ok(None) };
    let text = text_or_empty(entry.timestamp.as_ref());
    let stamp: jiff::Timestamp = text.parse().map_err(|_| text.to_owned())?;
    Ok(Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}

/// `approval/signature-agreement`: the refinement, the signature audit and the
/// gate log record the packet's signature for this packet, and the audit does
/// not mark it as revoked.
pub(in crate::check) fn signature_agreement(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.packet.packet.signature.is_none() {
        return CheckResult::skipped("the packet is not signed");
    }
    disagreements_by_record(input, rule)
        .into_iter()
        .flat_map(|(_, findings)| findings)
        .collect::<Vec<_>>()
        .into()
}

/// Returns the findings for each record of the signature: the name of the
/// record and its findings, which are empty if it agrees with the packet.
pub(crate) fn disagreements_by_record(
    input: &ApprovalCheckContext<'_>,
    rule: &Rule,
) -> Vec<(&'static str, Vec<Finding>)> {
    let Some(signature) = &input.packet.packet.signature else { return Vec::new() };
    let id = input.packet.id.as_str();
    let comparison = || SignatureComparison { input, signature, id, rule, findings: Vec::new() };
    let (mut refinement, mut audit, mut gate_log) = (comparison(), comparison(), comparison());
    let has_no_gate_log = super::predates_refinements(input);
    let mut out = Vec::new();
    if input.refinement.is_ok() {
        refinement.compare_refinement();
        out.push(("refinement", refinement.findings));
    }
    audit.compare_audit();
    out.push(("audit", audit.findings));
    if !has_no_gate_log {
        gate_log.compare_gate_log();
        out.push(("gate log", gate_log.findings));
    }
    out
}

/// Compares the packet's signature with one other record.
struct SignatureComparison<'a> {
    input: &'a ApprovalCheckContext<'a>,
    signature: &'a Spanned<String>,
    id: &'a str,
    rule: &'a Rule,
    findings: Vec<Finding>,
}

impl SignatureComparison<'_> {
    fn add_finding(&mut self, message: impl Into<String>, label: Label) {
        let here = self.input.packet.label_at(self.signature.span, "the packet's signature");
        self.findings.push(self.rule.finding(message, label).related(here));
    }

    fn compare_refinement(&mut self) {
        let Ok(refinement) = self.input.refinement else { return };
        match refinement.field("USER_SIGNATURE") {
            Some(field) if field.bare_value().value == self.signature.value => {}
            Some(field) => {
                let span = if field.value.span.is_empty() { field.label } else { field.value.span };
                let label = Label::text(&refinement.source, span, "not the packet's signature");
                self.add_finding("the refinement has a different signature", label);
            }
            None => {
                let head = refinement.head_span();
                let label = Label::text(&refinement.source, head, "`USER_SIGNATURE` is missing");
                self.add_finding("the refinement has no signature", label);
            }
        }
    }

    fn compare_audit(&mut self) {
        let audit = match &self.input.audit {
            Ok(audit) => *audit,
            Err(path) => {
                return self
                    .add_finding("the signature audit does not exist", Label::path(path, "no such file"));
            }
        };
        let signature = &self.signature.value;
        let rows: Vec<_> = audit.rows.iter().filter(|row| row.signature.value == *signature).collect();
        let matching: Vec<_> = rows.iter().filter(|row| row.names_packet(self.id)).collect();
        if let Some(revoked) = matching.iter().find(|row| row.is_revoked) {
            let label = Label::text(&audit.source, revoked.span, "revoked here");
            return self.add_finding("the signature audit marks the signature as revoked", label);
        }
        if !matching.is_empty() {
            return;
        }
        match rows.first() {
            Some(row) => {
                let message = format!("the audit row of this signature does not name `{}`", self.id);
                self.add_finding(
                    message,
                    Label::text(&audit.source, row.purpose.span, "a different purpose"),
                );
            }
            None => {
                let label = Label::path(audit.source.name(), "no row with this signature");
                self.add_finding("the signature is not in the signature audit", label);
            }
        }
    }

    fn compare_gate_log(&mut self) {
        let log = match &self.input.gate_log {
            Ok(log) => *log,
            Err(path) => {
                return self.add_finding("the gate log does not exist", Label::path(path, "no such file"));
            }
        };
        if let Some(fault) = log.faults.first() {
            let label = Label::text(&log.source, fault.span, "invalid");
            return self.add_finding(format!("the gate log cannot be read: {}", fault.message), label);
        }
        for kind in ["REFINEMENT", "SIGNATURE"] {
            match log.last_entry(self.id, kind) {
                None => {
                    let message = format!("the gate log has no {kind} entry for `{}`", self.id);
                    self.add_finding(message, Label::path(log.source.name(), format!("no {kind} entry")));
                }
                Some(entry)
                    if kind == "SIGNATURE"
                        && text_or_empty(entry.signature.as_ref()) != self.signature.value =>
                {
                    let span = entry.signature.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span);
                    let label = Label::text(&log.source, span, "not the packet's signature");
                    self.add_finding("the gate log records a different signature", label);
                }
                Some(_) => {}
            }
        }
    }
}

/// `approval/signature-reuse`: the packet's signature is not used or recorded
/// for any other packet.
pub(in crate::check) fn signature_reuse(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(signature) = &input.packet.packet.signature else {
        return CheckResult::skipped("the packet is not signed");
    };
    if Signature::parse(&signature.value).is_err() {
        return CheckResult::skipped("the signature is invalid");
    }
    let id = input.packet.id.as_str();
    let here = || input.packet.label_at(signature.span, "the packet's signature");
    let mut out: Vec<_> = input
        .reused_in
        .iter()
        .map(|label| {
            rule.finding("the signature is also used by another packet", label.clone()).related(here())
        })
        .collect();
    if let Ok(audit) = &input.audit {
        for row in audit.rows.iter().filter(|row| row.signature.value == signature.value) {
            if let Some(other) = find_wp_ids(&row.purpose.value).find(|other| *other != id) {
                out.push(
                    rule.finding(
                        format!("the audit records the signature also for `{other}`"),
                        Label::text(&audit.source, row.span, "the other use"),
                    )
                    .related(here()),
                );
            }
        }
    }
    if let Ok(log) = &input.gate_log {
        for entry in log.entries.iter().filter(|entry| {
            text_or_empty(entry.signature.as_ref()) == signature.value
                && text_or_empty(entry.wp_id.as_ref()) != id
        }) {
            let other = crate::text::to_single_line(text_or_empty(entry.wp_id.as_ref()), 80);
            out.push(
                rule.finding(
                    format!("the gate log records the signature also for `{other}`"),
                    Label::text(&log.source, entry.anchor_span(), "the other use"),
                )
                .related(here()),
            );
        }
    }
    out.into()
}
