//! `approval/…`: the typed signature: its form, its agreement between records, its reuse.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::Signature;
use crate::document::audit::find_wp_ids;
use crate::document::gate_log::text_or_empty;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::Spanned;

/// `approval/signature-format`: the signature is one, of a real moment.
pub(in crate::check) fn signature_format(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let Some(text) = &packet.signature else {
        return Some(rule.finding(
            "the packet is not signed",
            input.packet.label_at(packet.heading_span("METADATA"), "`USER_SIGNATURE` belongs here"),
        ))
        .into();
    };
    let shown = crate::text::to_single_line(&text.value, 40);
    let signature = match Signature::parse(&text.value) {
        Ok(signature) => signature,
        Err(fault) => {
            return Some(rule.finding(
                format!("`{shown}` is no signature"),
                input.packet.label_at(text.span, fault.to_string()),
            ))
            .into();
        }
    };
    let mut out = Vec::new();
    // The signer's clock may run up to fourteen hours ahead of UTC.
    let latest = input.now.checked_add(jiff::Span::new().hours(14)).unwrap_or(input.now);
    if signature.at > latest {
        out.push(rule.finding(
            format!("`{shown}` is dated {}, in the future", signature.at),
            input.packet.label_at(text.span, "not yet"),
        ));
    }
    let (recorded, unreadable) = match refinement_recorded_at(input) {
        Ok(recorded) => (recorded, None),
        Err(stamp) => (None, Some(stamp)),
    };
    if let Some(stamp) = unreadable {
        let message = format!(
            "when the refinement was recorded cannot be read: `{}` is no time",
            crate::text::to_single_line(&stamp, 40)
        );
        out.push(rule.finding(message, input.packet.label_at(text.span, "so its order cannot be checked")));
    }
    if let Some(recorded) = recorded {
        // Signer's clock and log's clock may differ by a time zone.
        let earliest = recorded.checked_sub(jiff::Span::new().hours(14)).unwrap_or(recorded);
        if signature.at < earliest {
            let message = format!(
                "`{shown}` is dated {}, before the refinement was recorded ({recorded})",
                signature.at
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(text.span, "signed before there was something to sign"),
            ));
        }
    }
    out.into()
}

/// When the refinement was recorded: the gate log's entry. The error is a
/// time that cannot be read.
fn refinement_recorded_at(input: &ApprovalCheckContext<'_>) -> Result<Option<jiff::civil::DateTime>, String> {
    let Ok(log) = input.gate_log else { return Ok(None) };
    let Some(entry) = log.last_entry(input.packet.id.as_str(), "REFINEMENT") else { return Ok(None) };
    let text = crate::document::gate_log::text_or_empty(&entry.timestamp);
    let stamp: jiff::Timestamp = text.parse().map_err(|_| text.to_owned())?;
    Ok(Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}

/// `approval/signature-agreement`: packet, refinement, audit and gate log
/// carry one signature for one packet.
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

/// What speaks against each of the other records; nothing where it agrees.
pub(crate) fn disagreements_by_record(
    input: &ApprovalCheckContext<'_>,
    rule: &Rule,
) -> Vec<(&'static str, Vec<Finding>)> {
    let Some(signature) = &input.packet.packet.signature else { return Vec::new() };
    let id = input.packet.id.as_str();
    let comparison = || SignatureComparison { input, signature, id, rule, findings: Vec::new() };
    let (mut refinement, mut audit, mut gate_log) = (comparison(), comparison(), comparison());
    let dated = super::predates_refinements(input);
    let mut out = Vec::new();
    if input.refinement.is_ok() {
        refinement.compare_refinement();
        out.push(("refinement", refinement.findings));
    }
    audit.compare_audit();
    out.push(("audit", audit.findings));
    if !dated {
        gate_log.compare_gate_log();
        out.push(("gate log", gate_log.findings));
    }
    out
}

/// The packet's signature against the other records.
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
                let label = Label::text(&refinement.source, span, "not the packet's");
                self.add_finding("the refinement carries another signature", label);
            }
            None => {
                let head = refinement.head_span();
                let label = Label::text(&refinement.source, head, "`USER_SIGNATURE` is missing");
                self.add_finding("the refinement carries no signature", label);
            }
        }
    }

    fn compare_audit(&mut self) {
        let audit = match &self.input.audit {
            Ok(audit) => *audit,
            Err(path) => {
                return self.add_finding("there is no signature audit", Label::path(path, "no such file"));
            }
        };
        let signature = &self.signature.value;
        let rows: Vec<_> = audit.rows.iter().filter(|row| row.signature.value == *signature).collect();
        let own: Vec<_> = rows.iter().filter(|row| row.names_packet(self.id)).collect();
        if let Some(revoked) = own.iter().find(|row| row.is_revoked) {
            let label = Label::text(&audit.source, revoked.span, "taken back here");
            return self.add_finding("the audit records that the signature was revoked", label);
        }
        if !own.is_empty() {
            return;
        }
        match rows.first() {
            Some(row) => {
                let message = format!("the audit's row of this signature does not name `{}`", self.id);
                self.add_finding(message, Label::text(&audit.source, row.purpose.span, "another purpose"));
            }
            None => {
                let label = Label::path(audit.source.name(), "no row carries it");
                self.add_finding("the signature is not in the audit", label);
            }
        }
    }

    fn compare_gate_log(&mut self) {
        let log = match &self.input.gate_log {
            Ok(log) => *log,
            Err(path) => return self.add_finding("there is no gate log", Label::path(path, "no such file")),
        };
        if let Some(fault) = log.faults.first() {
            let label = Label::text(&log.source, fault.span, "here");
            return self.add_finding(format!("the gate log cannot be read: {}", fault.message), label);
        }
        for kind in ["REFINEMENT", "SIGNATURE"] {
            match log.last_entry(self.id, kind) {
                None => {
                    let message = format!("the gate log has no {kind} entry of `{}`", self.id);
                    self.add_finding(message, Label::path(log.source.name(), "no such entry"));
                }
                Some(entry)
                    if kind == "SIGNATURE" && text_or_empty(&entry.signature) != self.signature.value =>
                {
                    let span = entry.signature.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span);
                    let label = Label::text(&log.source, span, "not the packet's");
                    self.add_finding("the gate log records another signature", label);
                }
                Some(_) => {}
            }
        }
    }
}

/// `approval/signature-reuse`: a signature is used once.
pub(in crate::check) fn signature_reuse(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(signature) = &input.packet.packet.signature else {
        return CheckResult::skipped("the packet is not signed");
    };
    if Signature::parse(&signature.value).is_err() {
        return CheckResult::skipped("what stands there is no signature");
    }
    let id = input.packet.id.as_str();
    let here = || input.packet.label_at(signature.span, "the packet's signature");
    let mut out: Vec<_> = input
        .reused_in
        .iter()
        .map(|label| rule.finding("the signature is used by another packet", label.clone()).related(here()))
        .collect();
    if let Ok(audit) = &input.audit {
        for row in audit.rows.iter().filter(|row| row.signature.value == signature.value) {
            if let Some(other) = find_wp_ids(&row.purpose.value).find(|other| *other != id) {
                out.push(
                    rule.finding(
                        format!("the audit records the signature for `{other}` too"),
                        Label::text(&audit.source, row.span, "the other use"),
                    )
                    .related(here()),
                );
            }
        }
    }
    if let Ok(log) = &input.gate_log {
        for entry in log.entries.iter().filter(|entry| {
            text_or_empty(&entry.signature) == signature.value && text_or_empty(&entry.wp_id) != id
        }) {
            let other = crate::text::to_single_line(text_or_empty(&entry.wp_id), 80);
            out.push(
                rule.finding(
                    format!("the gate log records the signature for `{other}` too"),
                    Label::text(&log.source, entry.anchor_span(), "the other use"),
                )
                .related(here()),
            );
        }
    }
    out.into()
}
