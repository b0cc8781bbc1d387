//! `refinement/approval`: status, evidence and signature tell one story.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::{Signature, WpId};
use crate::finding::Finding;
use crate::rule::Rule;

use super::{label_at, label_at_field};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let said = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(status) = refinement.review_status() else {
        return CheckResult::skipped("the refinement has no review status");
    };
    let approved = status.bare_value().value == "APPROVED";
    let mut out: Vec<Finding> = Vec::new();
    if status.unquoted_value() != status.bare_value().value && !status.unquoted_value().contains('|') {
        let shown = crate::text::to_single_line(status.unquoted_value(), 60);
        let message = format!("`{shown}` is more than a review status");
        out.push(rule.finding(message, label_at_field(refinement, status, "one word belongs here")));
    }
    // One that needs enrichment may be approved as such, but is not signed.
    let enrich = said("ENRICHMENT_NEEDED").is_some_and(|field| field.bare_value().value == "YES");
    for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
        if enrich && key == "USER_SIGNATURE" {
            continue;
        }
        match (approved, refinement.field(key), said(key)) {
            // A field that is missing is told by `refinement/field`.
            (true, Some(field), None) => {
                let message = format!("the refinement is APPROVED, but `{key}` is not filled");
                let label = label_at_field(refinement, field, "fill this");
                out.push(rule.finding(message, label).related(label_at_field(
                    refinement,
                    status,
                    "says APPROVED",
                )));
            }
            (false, _, Some(field)) => {
                let message = format!("the refinement is not APPROVED, but carries `{key}`");
                out.push(
                    rule.finding(message, label_at_field(refinement, field, "too early"))
                        .related(label_at_field(refinement, status, "the review status")),
                );
            }
            _ => {}
        }
    }
    if let Some(field) = said("USER_SIGNATURE").filter(|_| approved) {
        let value = field.bare_value();
        if let Err(fault) = Signature::parse(value.value) {
            let shown = crate::text::to_single_line(value.value, 40);
            out.push(rule.finding(
                format!("`{shown}` is no signature"),
                label_at(refinement, value.span, fault.to_string()),
            ));
        }
    }
    let own = said("WP_ID").and_then(|field| WpId::parse(field.bare_value().value).ok());
    if let (Some(field), Some(id)) =
        (said("USER_APPROVAL_EVIDENCE").filter(|_| approved), input.id.cloned().or(own))
    {
        let wanted = format!("APPROVE REFINEMENT {id}");
        // Words behind it may take it back.
        if field.unquoted_value().trim_matches('"') != wanted {
            let message = format!("`USER_APPROVAL_EVIDENCE` is not `{wanted}`");
            out.push(
                rule.finding(message, label_at(refinement, field.value.span, "approves something else")),
            );
        }
    }
    out.into()
}
