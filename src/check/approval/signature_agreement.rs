//! `approval/signature-agreement`: packet, refinement, audit and gate log
//! carry one signature for one packet.

use crate::check::Verdict;
use crate::check::input::ApprovalInput;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    let Some(signature) = &input.packet.packet.signature else {
        return Verdict::skipped("the packet is not signed");
    };
    let here = || input.packet.at(signature.span, "the packet's signature");
    let id = input.packet.id.as_str();
    let mut out = Vec::new();
    if let Ok(refinement) = &input.refinement {
        match refinement.field("USER_SIGNATURE") {
            Some(field) if field.bare().value == signature.value => {}
            Some(field) => {
                let span = if field.value.span.is_empty() { field.label } else { field.value.span };
                out.push(
                    rule.finding(
                        "the refinement carries another signature",
                        Label::text(&refinement.source, span, "not the packet's"),
                    )
                    .related(here()),
                );
            }
            None => out.push(
                rule.finding(
                    "the refinement carries no signature",
                    Label::text(&refinement.source, refinement.head(), "`USER_SIGNATURE` is missing"),
                )
                .related(here()),
            ),
        }
    }
    audit(input, &signature.value, id, rule, &here, &mut out);
    if !super::predates_refinements(input) {
        gate_log(input, &signature.value, id, rule, &here, &mut out);
    }
    out.into()
}

fn audit(
    input: &ApprovalInput<'_>,
    signature: &str,
    id: &str,
    rule: &Rule,
    here: &dyn Fn() -> Label,
    out: &mut Vec<Finding>,
) {
    let audit = match &input.audit {
        Ok(audit) => *audit,
        Err(path) => {
            out.push(
                rule.finding("there is no signature audit", Label::path(path, "no such file"))
                    .related(here()),
            );
            return;
        }
    };
    let rows: Vec<_> = audit.rows.iter().filter(|row| row.signature.value == signature).collect();
    if rows.iter().any(|row| row.names(id)) {
        return;
    }
    match rows.first() {
        Some(row) => out.push(
            rule.finding(
                format!("the audit's row of this signature does not name `{id}`"),
                Label::text(&audit.source, row.purpose.span, "another purpose"),
            )
            .related(here()),
        ),
        None => out.push(
            rule.finding(
                "the signature is not in the audit",
                Label::path(audit.source.name(), "no row carries it"),
            )
            .related(here()),
        ),
    }
}

fn gate_log(
    input: &ApprovalInput<'_>,
    signature: &str,
    id: &str,
    rule: &Rule,
    here: &dyn Fn() -> Label,
    out: &mut Vec<Finding>,
) {
    let log = match &input.gate_log {
        Ok(log) => *log,
        Err(path) => {
            out.push(rule.finding("there is no gate log", Label::path(path, "no such file")).related(here()));
            return;
        }
    };
    if let Some((reason, span)) = &log.fault {
        out.push(rule.finding(
            format!("the gate log cannot be read: {reason}"),
            Label::text(&log.source, *span, "here"),
        ));
        return;
    }
    for kind in ["REFINEMENT", "SIGNATURE"] {
        let Some(entry) = log.last(id, kind) else {
            out.push(
                rule.finding(
                    format!("the gate log has no {kind} entry of `{id}`"),
                    Label::path(log.source.name(), "no such entry"),
                )
                .related(here()),
            );
            continue;
        };
        if kind == "SIGNATURE" && entry.signature != signature {
            out.push(
                rule.finding(
                    "the gate log records another signature",
                    Label::text(&log.source, log.find(&entry.signature), "not the packet's"),
                )
                .related(here()),
            );
        }
    }
}
