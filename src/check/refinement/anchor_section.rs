//! `refinement/anchor-section`: the section number of a `SPEC_ANCHOR` is a real
//! heading's.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::check::spec::parse_version;
use crate::document::section::Section;
use crate::document::spec::{SpecText, section_number};
use crate::finding::{Finding, Level};
use crate::rule::Rule;

use super::{label_at, recorded_spec};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let spec = match recorded_spec(input) {
        Ok(spec) => spec,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some(name) = &anchor.name else {
            let label = label_at(refinement, anchor.heading, "SPEC_ANCHOR is missing");
            out.push(rule.finding("the anchor does not say what it anchors", label));
            continue;
        };
        // `Spec_v01.md 2.2 Farewell`: the file comes first.
        let (file, rest) =
            name.value.split_once(".md").map_or(("", name.value.as_str()), |(file, rest)| (file, rest));
        let own = spec.source.name().file_name().to_string();
        let file = file.rsplit(['/', ' ', '`']).next().unwrap_or("");
        if !file.is_empty()
            && parse_version(&format!("{file}.md")).map(|v| v.0) != parse_version(&own).map(|v| v.0)
            && format!("{file}.md") != own
        {
            let message = format!(
                "the anchor speaks of {}.md, the refinement of {own}",
                crate::text::to_single_line(file, 80)
            );
            out.push(rule.finding(message, label_at(refinement, name.span, "another specification")));
            continue;
        }
        let rest = rest.trim_start_matches([' ', '#', '`', ':', ',']);
        let found = match section_number(rest) {
            Some(number) => spec.find_section(number).ok_or_else(|| format!("the number {number}")),
            None => find_section(spec, rest).ok_or_else(|| "what the anchor says".to_owned()),
        };
        match found {
            Err(what) => {
                let message = format!("no heading of {} has {what}", spec.source.name());
                let finding = rule.finding(message, label_at(refinement, name.span, "no such section"));
                let titles = spec.headings().iter().map(|section| section.title.value.as_str());
                out.push(match nearest_heading(titles, section_number(rest).unwrap_or("")) {
                    Some(near) => finding.help(format!("The nearest heading that is there: `{near}`.")),
                    None => finding,
                });
            }
            Ok(section) => {
                let Some((first, last)) = anchor.window() else { continue };
                let from = spec.source.line(section.span.start);
                let to = spec.source.line(section.span.end.saturating_sub(1));
                if last < from || first > to {
                    let place = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
                    let message = format!(
                        "the window lies outside of the section that the anchor names, lines {from}–{to}"
                    );
                    let finding =
                        rule.finding(message, label_at(refinement, place, format!("lines {first}–{last}")));
                    out.push(finding.with_level(Level::Warning).related(label_at(
                        refinement,
                        name.span,
                        "the section",
                    )));
                }
            }
        }
    }
    out.into()
}

/// The section whose title the anchor repeats, in whole or at its start.
fn find_section<'a>(spec: &'a SpecText, name: &str) -> Option<&'a Section> {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = squeezed(name.trim_matches(['`', '(', ')', '"']));
    if wanted.chars().count() < 4 {
        return None;
    }
    spec.headings().iter().find(|section| {
        let own = squeezed(&section.title.value);
        own.contains(&wanted) || (own.chars().count() > 3 && wanted.contains(&own))
    })
}

/// The heading whose number is the longest beginning of the wanted one.
fn nearest_heading<'a>(titles: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let above = |number: &str| wanted.strip_prefix(number).is_some_and(|rest| rest.starts_with('.'));
    let best =
        titles.filter_map(|title| Some((section_number(title)?, title))).filter(|(number, _)| above(number));
    best.max_by_key(|(number, _)| number.len()).map(|(_, title)| crate::text::to_single_line(title, 80))
}
