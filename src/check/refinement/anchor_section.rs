//! `refinement/anchor-section`: the section number of a `SPEC_ANCHOR` is a real
//! heading's.

use super::{at, basis};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::document::spec::number_of;
use crate::finding::Finding;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let spec = match basis(input) {
        Ok(spec) => spec,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some(name) = &anchor.name else {
            let label = at(refinement, anchor.heading, "SPEC_ANCHOR is missing");
            out.push(rule.finding("the anchor does not say what it anchors", label));
            continue;
        };
        // `Spec_v01.md 2.2 Farewell`: the file comes first.
        let rest = name.value.split_once(".md").map_or(name.value.as_str(), |(_, rest)| rest);
        let Some(number) = number_of(rest.trim_start_matches([' ', '#', '`', ':', ','])) else { continue };
        if spec.has_section(number) {
            continue;
        }
        let message = format!("no heading of {} has the number {number}", spec.source.name());
        let finding = rule.finding(message, at(refinement, name.span, "no such section"));
        out.push(match nearest(spec.headings().iter().map(|section| section.title.value.as_str()), number) {
            Some(near) => finding.help(format!("The nearest heading that is there: `{near}`.")),
            None => finding,
        });
    }
    out.into()
}

/// The heading whose number is the longest beginning of the wanted one.
fn nearest<'a>(titles: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let above = |number: &str| wanted.strip_prefix(number).is_some_and(|rest| rest.starts_with('.'));
    let best =
        titles.filter_map(|title| Some((number_of(title)?, title))).filter(|(number, _)| above(number));
    best.max_by_key(|(number, _)| number.len()).map(|(_, title)| crate::text::one_line(title, 80))
}
