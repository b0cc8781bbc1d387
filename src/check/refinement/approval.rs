//! `refinement/approval`: status, evidence and signature tell one story.

use super::{at, at_field};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::document::{Signature, WpId};
use crate::finding::Finding;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let said = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(status) = refinement.review_status() else {
        return Verdict::skipped("the refinement has no review status");
    };
    let approved = status.bare().value == "APPROVED";
    let mut out: Vec<Finding> = Vec::new();
    if status.full() != status.bare().value && !status.full().contains('|') {
        let shown = crate::text::one_line(status.full(), 60);
        let message = format!("`{shown}` is more than a review status");
        out.push(rule.finding(message, at_field(refinement, status, "one word belongs here")));
    }
    // One that needs enrichment may be approved as such, but is not signed.
    let enrich = said("ENRICHMENT_NEEDED").is_some_and(|field| field.bare().value == "YES");
    for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
        if enrich && key == "USER_SIGNATURE" {
            continue;
        }
        match (approved, refinement.field(key), said(key)) {
            // A field that is missing is told by `refinement/field`.
            (true, Some(field), None) => {
                let message = format!("the refinement is APPROVED, but `{key}` is not filled");
                let label = at_field(refinement, field, "fill this");
                out.push(rule.finding(message, label).related(at_field(refinement, status, "says APPROVED")));
            }
            (false, _, Some(field)) => {
                let message = format!("the refinement is not APPROVED, but carries `{key}`");
                out.push(rule.finding(message, at_field(refinement, field, "too early")).related(at_field(
                    refinement,
                    status,
                    "the review status",
                )));
            }
            _ => {}
        }
    }
    if let Some(field) = said("USER_SIGNATURE").filter(|_| approved) {
        let value = field.bare();
        if let Err(fault) = Signature::parse(value.value) {
            let shown = crate::text::one_line(value.value, 40);
            out.push(rule.finding(
                format!("`{shown}` is no signature"),
                at(refinement, value.span, fault.to_string()),
            ));
        }
    }
    let own = said("WP_ID").and_then(|field| WpId::parse(field.bare().value).ok());
    if let (Some(field), Some(id)) =
        (said("USER_APPROVAL_EVIDENCE").filter(|_| approved), input.id.cloned().or(own))
    {
        let wanted = format!("APPROVE REFINEMENT {id}");
        // Words behind it may take it back.
        if field.full().trim_matches('"') != wanted {
            let message = format!("`USER_APPROVAL_EVIDENCE` is not `{wanted}`");
            out.push(rule.finding(message, at(refinement, field.value.span, "approves something else")));
        }
    }
    out.into()
}
