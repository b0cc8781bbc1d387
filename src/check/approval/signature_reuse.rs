//! `approval/signature-reuse`: a signature is used once.

use crate::check::Verdict;
use crate::check::input::ApprovalInput;
use crate::document::Signature;
use crate::document::audit::wp_ids_in;
use crate::document::gate_log::value;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    let Some(signature) = &input.packet.packet.signature else {
        return Verdict::skipped("the packet is not signed");
    };
    if Signature::parse(&signature.value).is_err() {
        return Verdict::skipped("what stands there is no signature");
    }
    let id = input.packet.id.as_str();
    let here = || input.packet.at(signature.span, "the packet's signature");
    let mut out: Vec<_> = input
        .reuse
        .iter()
        .map(|label| rule.finding("the signature is used by another packet", label.clone()).related(here()))
        .collect();
    if let Ok(audit) = &input.audit {
        for row in audit.rows.iter().filter(|row| row.signature.value == signature.value) {
            if let Some(other) = wp_ids_in(&row.purpose.value).find(|other| *other != id) {
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
        for entry in log
            .entries
            .iter()
            .filter(|entry| value(&entry.signature) == signature.value && value(&entry.wp_id) != id)
        {
            let other = crate::text::one_line(value(&entry.wp_id), 80);
            out.push(
                rule.finding(
                    format!("the gate log records the signature for `{other}` too"),
                    Label::text(&log.source, entry.place(), "the other use"),
                )
                .related(here()),
            );
        }
    }
    out.into()
}
