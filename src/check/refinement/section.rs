//! `refinement/section`: the required headings, as headings.

use super::at;
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let head = || at(refinement, refinement.head(), "this refinement");
    let missing = rule
        .list("sections")
        .iter()
        .filter(|key| !refinement.sections.iter().any(|section| section.key == **key));
    let mut out: Vec<_> =
        missing.map(|key| rule.finding(format!("the refinement has no section `{key}`"), head())).collect();
    if refinement.anchors.is_empty() {
        let label = at(refinement, refinement.head(), "`#### ANCHOR 1` is missing");
        out.push(rule.finding("the refinement has no spec anchor", label));
    }
    out.into()
}
