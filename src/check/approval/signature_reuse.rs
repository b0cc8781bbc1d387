//! `approval/signature-reuse`: a signature is used once.

use crate::check::CheckResult;
use crate::check::context::ApprovalCheckContext;
use crate::document::Signature;
use crate::document::audit::find_wp_ids;
use crate::document::gate_log::text_or_empty;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
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
