//! `refinement/…`: the verdict and the approval of a refinement.

use super::{label_at, label_at_field};
use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::field::Field;
use crate::document::refinement::ChecklistItem;
use crate::document::{Signature, WpId};
use crate::finding::Finding;
use crate::rule::Rule;

/// `refinement/verdict`: the five checklist points, the verdict, the ambiguity and
/// the need for enrichment agree with each other.
pub(in crate::check) fn verdict(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    let filled = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(verdict) = filled("CLEARLY_COVERS_VERDICT") else {
        return CheckResult::skipped("the refinement has no verdict");
    };
    let passes = verdict.bare_value().value == "PASS";
    if passes {
        out.extend(check_points(input, verdict, rule));
    }
    let ambiguous = filled("AMBIGUITY_FOUND").filter(|field| field.bare_value().value == "YES");
    let requirement: Option<(&Field, &str)> = match (passes, ambiguous) {
        (_, Some(field)) => Some((field, "an ambiguity was found")),
        (false, None) => Some((verdict, "the verdict is FAIL")),
        (true, None) => None,
    };
    if let Some(needed) = filled("ENRICHMENT_NEEDED") {
        let value = needed.bare_value().value;
        match requirement {
            Some((field, why)) if value == "NO" => out.push(
                rule.finding(
                    format!("{why}, but ENRICHMENT_NEEDED is NO"),
                    label_at_field(refinement, needed, "must be YES"),
                )
                .related(label_at_field(refinement, field, "the reason")),
            ),
            None if value == "YES" => out.push(
                rule.finding(
                    "the verdict is PASS and there is no ambiguity, but ENRICHMENT_NEEDED is YES",
                    label_at_field(refinement, needed, "must be NO"),
                )
                .related(label_at_field(refinement, verdict, "the verdict")),
            ),
            _ => {}
        }
    }
    out.into()
}

/// Returns a finding for each group of checklist points that do not support the
/// verdict PASS: every point must be present, ticked and PASS.
fn check_points(input: &RefinementCheckContext<'_>, verdict: &Field, rule: &Rule) -> Vec<Finding> {
    let refinement = input.refinement;
    let mut out = Vec::new();
    let (mut missing, mut open): (Vec<&str>, Vec<&ChecklistItem>) = (Vec::new(), Vec::new());
    for point in rule.parameter("points") {
        let has_name = |tick: &&ChecklistItem| {
            refinement.source.slice(tick.label).to_lowercase().starts_with(&point.to_lowercase())
        };
        match refinement.checklist.iter().find(has_name) {
            None => missing.push(point),
            Some(tick) if !tick.is_ticked => open.push(tick),
            Some(tick) if !says_pass(&tick.text.value) => {
                let shown = crate::text::to_single_line(&tick.text.value, 40);
                let message = format!("the verdict is PASS, but a ticked point has the answer `{shown}`");
                out.push(
                    rule.finding(message, label_at(refinement, tick.label, "this point"))
                        .related(label_at_field(refinement, verdict, "the verdict")),
                );
            }
            Some(_) => {}
        }
    }
    let all = rule.parameter("points").len();
    if let Some(first) = open.first() {
        let message = match open.len() {
            1 => "the verdict is PASS, but a point is not ticked".to_owned(),
            many => format!("the verdict is PASS, but {many} of {all} points are not ticked"),
        };
        out.push(
            rule.finding(message, label_at(refinement, first.label, "this point")).related(label_at_field(
                refinement,
                verdict,
                "the verdict",
            )),
        );
    }
    if !missing.is_empty() {
        let message =
            format!("the verdict is PASS, but only {} of {all} points are answered", all - missing.len());
        let finding = rule.finding(message, label_at_field(refinement, verdict, "the verdict"));
        out.push(
            missing.iter().fold(finding, |finding, point| finding.note(format!("Not answered: {point}"))),
        );
    }
    out
}

/// Returns whether the answer of a point is `PASS`, with or without a remark, or
/// empty.
fn says_pass(text: &str) -> bool {
    let text = text.trim();
    let rest = text.strip_prefix("PASS").unwrap_or(text).trim_start();
    text.is_empty()
        || (text.starts_with("PASS") && (rest.is_empty() || rest.starts_with(['(', '-', '—', ':', '['])))
}

/// `refinement/approval`: the review status, the approval evidence and the signature
/// of a refinement agree with each other.
pub(in crate::check) fn approval(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let filled = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(status) = refinement.review_status() else {
        return CheckResult::skipped("the refinement has no review status");
    };
    let is_approved = status.bare_value().value == "APPROVED";
    let mut out: Vec<Finding> = Vec::new();
    if status.unquoted_value() != status.bare_value().value && !status.unquoted_value().contains('|') {
        let shown = crate::text::to_single_line(status.unquoted_value(), 60);
        let message =
            format!("invalid review status `{shown}`; expected one word: PENDING, APPROVED or REJECTED");
        out.push(rule.finding(message, label_at_field(refinement, status, "more than one word")));
    }
    // A refinement that needs enrichment may be approved as such, but is not signed.
    let needs_enrichment = filled("ENRICHMENT_NEEDED").is_some_and(|field| field.bare_value().value == "YES");
    for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
        if needs_enrichment && key == "USER_SIGNATURE" {
            continue;
        }
        match (is_approved, refinement.field(key), filled(key)) {
            // `refinement/field` reports a missing field.
            (true, Some(field), None) => {
                let message = format!("the refinement is APPROVED, but `{key}` is not filled");
                let label = label_at_field(refinement, field, "not filled");
                out.push(rule.finding(message, label).related(label_at_field(
                    refinement,
                    status,
                    "the review status",
                )));
            }
            (false, _, Some(field)) => {
                let message = format!("the refinement is not APPROVED, but `{key}` is filled");
                out.push(
                    rule.finding(
                        message,
                        label_at_field(refinement, field, "not allowed before the approval"),
                    )
                    .related(label_at_field(refinement, status, "the review status")),
                );
            }
            _ => {}
        }
    }
    if let Some(field) = filled("USER_SIGNATURE").filter(|_| is_approved) {
        let value = field.bare_value();
        if let Err(fault) = Signature::parse(value.value) {
            let shown = crate::text::to_single_line(value.value, 40);
            out.push(rule.finding(
                format!("invalid signature `{shown}`"),
                label_at(refinement, value.span, fault.to_string()),
            ));
        }
    }
    let own = filled("WP_ID").and_then(|field| WpId::parse(field.bare_value().value).ok());
    if let (Some(field), Some(id)) =
        (filled("USER_APPROVAL_EVIDENCE").filter(|_| is_approved), input.id.cloned().or(own))
    {
        let wanted = format!("APPROVE REFINEMENT {id}");
        // Text after the expected words could withdraw the approval.
        if field.unquoted_value().trim_matches('"') != wanted {
            let message = format!("`USER_APPROVAL_EVIDENCE` is not `{wanted}`");
            out.push(rule.finding(message, label_at(refinement, field.value.span, "a different text")));
        }
    }
    out.into()
}
