//! `refinement/verdict`: the checklist, its verdict and what follows from it
//! agree.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::field::Field;
use crate::document::refinement::ChecklistItem;
use crate::finding::Finding;
use crate::rule::Rule;

use super::{label_at, label_at_field};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    let said = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(verdict) = said("CLEARLY_COVERS_VERDICT") else {
        return CheckResult::skipped("the refinement gives no verdict");
    };
    let passes = verdict.bare_value().value == "PASS";
    if passes {
        out.extend(check_points(input, verdict, rule));
    }
    let ambiguous = said("AMBIGUITY_FOUND").filter(|field| field.bare_value().value == "YES");
    let demands: Option<(&Field, &str)> = match (passes, ambiguous) {
        (_, Some(field)) => Some((field, "an ambiguity was found")),
        (false, None) => Some((verdict, "the verdict is FAIL")),
        (true, None) => None,
    };
    if let Some(needed) = said("ENRICHMENT_NEEDED") {
        let value = needed.bare_value().value;
        match demands {
            Some((field, why)) if value == "NO" => out.push(
                rule.finding(
                    format!("{why}, but ENRICHMENT_NEEDED is NO"),
                    label_at_field(refinement, needed, "must be YES"),
                )
                .related(label_at_field(refinement, field, "because of this")),
            ),
            None if value == "YES" => out.push(
                rule.finding(
                    "the specification covers everything, but ENRICHMENT_NEEDED is YES",
                    label_at_field(refinement, needed, "must be NO"),
                )
                .related(label_at_field(refinement, verdict, "the verdict")),
            ),
            _ => {}
        }
    }
    out.into()
}

/// The five points by their names: each is there, ticked, and says PASS.
fn check_points(input: &RefinementCheckContext<'_>, verdict: &Field, rule: &Rule) -> Vec<Finding> {
    let refinement = input.refinement;
    let mut out = Vec::new();
    let (mut missing, mut open): (Vec<&str>, Vec<&ChecklistItem>) = (Vec::new(), Vec::new());
    for point in rule.parameter("points") {
        let named = |tick: &&ChecklistItem| {
            refinement.source.slice(tick.label).to_lowercase().starts_with(&point.to_lowercase())
        };
        match refinement.checklist.iter().find(named) {
            None => missing.push(point),
            Some(tick) if !tick.is_ticked => open.push(tick),
            Some(tick) if !says_pass(&tick.text.value) => {
                let said = crate::text::to_single_line(&tick.text.value, 40);
                let message = format!("the verdict is PASS, but a ticked point says `{said}`");
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
        let message = format!("the verdict is PASS over {} of {all} points", all - missing.len());
        let finding =
            rule.finding(message, label_at_field(refinement, verdict, "not all points are answered"));
        out.push(
            missing.iter().fold(finding, |finding, point| finding.note(format!("Not answered: {point}"))),
        );
    }
    out
}

/// `PASS`, or nothing behind the tick; a remark may follow.
fn says_pass(text: &str) -> bool {
    let text = text.trim();
    let rest = text.strip_prefix("PASS").unwrap_or(text).trim_start();
    text.is_empty()
        || (text.starts_with("PASS") && (rest.is_empty() || rest.starts_with(['(', '-', '—', ':', '['])))
}
