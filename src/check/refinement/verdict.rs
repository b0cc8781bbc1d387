//! `refinement/verdict`: the checklist, its verdict and what follows from it
//! agree.

use super::{at, at_field};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::document::label::Field;
use crate::finding::Finding;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    let said = |key: &str| refinement.field(key).filter(|field| field.is_filled());
    let Some(verdict) = said("CLEARLY_COVERS_VERDICT") else {
        return Verdict::skipped("the refinement gives no verdict");
    };
    let passes = verdict.bare().value == "PASS";
    if passes {
        let wanted = rule.list("points").len();
        if refinement.ticks.len() < wanted {
            let message = format!("the verdict is PASS over {} of {wanted} points", refinement.ticks.len());
            let mut finding =
                rule.finding(message, at_field(refinement, verdict, "not all points are answered"));
            for point in rule.list("points") {
                let known = refinement.ticks.iter().any(|tick| {
                    refinement.source.slice(tick.label).to_lowercase().starts_with(&point.to_lowercase())
                });
                if !known {
                    finding = finding.note(format!("Not answered: {point}"));
                }
            }
            out.push(finding);
        }
        for tick in &refinement.ticks {
            let fails = tick.text.value.to_uppercase().contains("FAIL");
            if !tick.ticked || fails {
                let why = if tick.ticked { "a ticked point says FAIL" } else { "a point is not ticked" };
                let message = format!("the verdict is PASS, but {why}");
                let label = at(refinement, tick.label, "this point");
                out.push(rule.finding(message, label).related(at_field(refinement, verdict, "the verdict")));
            }
        }
    }
    let ambiguous = said("AMBIGUITY_FOUND").filter(|field| field.bare().value == "YES");
    let demands: Option<(&Field, &str)> = match (passes, ambiguous) {
        (_, Some(field)) => Some((field, "an ambiguity was found")),
        (false, None) => Some((verdict, "the verdict is FAIL")),
        (true, None) => None,
    };
    if let Some(needed) = said("ENRICHMENT_NEEDED") {
        let value = needed.bare().value;
        match demands {
            Some((field, why)) if value == "NO" => out.push(
                rule.finding(
                    format!("{why}, but ENRICHMENT_NEEDED is NO"),
                    at_field(refinement, needed, "must be YES"),
                )
                .related(at_field(refinement, field, "because of this")),
            ),
            None if value == "YES" => out.push(
                rule.finding(
                    "the specification covers everything, but ENRICHMENT_NEEDED is YES",
                    at_field(refinement, needed, "must be NO"),
                )
                .related(at_field(refinement, verdict, "the verdict")),
            ),
            _ => {}
        }
    }
    out.into()
}
