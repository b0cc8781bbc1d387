//! `refinement/section`: the required headings, as headings, with an answer
//! below each.

use super::at;
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::check::mend::with_section;
use crate::document::is_placeholder;
use crate::document::outline::{Kind, Outline};
use crate::document::section::in_fence;
use crate::document::template::REFINEMENT;
use crate::finding::Finding;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let text = refinement.source.text();
    let outline = Outline::parse(text);
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.list("sections") {
        let Some(section) = refinement.sections.iter().find(|section| section.key == *key) else {
            let head = at(refinement, refinement.head(), "this refinement");
            let finding = rule.finding(format!("the refinement has no section `{key}`"), head);
            let finding = match in_fence(text, &outline, key) {
                Some(span) => finding.related(at(
                    refinement,
                    span,
                    "this heading stands inside a fence or indented code",
                )),
                None => finding,
            };
            let fenced = !finding.related.is_empty();
            out.push(if fenced {
                finding
            } else {
                with_section(finding, &refinement.source, &refinement.sections, REFINEMENT, key)
            });
            continue;
        };
        let says = section.blocks.clone().filter_map(|index| outline.get(index)).any(|block| {
            let body = refinement.source.slice(block.content).trim();
            matches!(block.kind, Kind::Prose | Kind::Code(_) | Kind::Cell) && !is_placeholder(body)
        });
        if !says {
            let label = at(refinement, section.title.span, "`NONE` would be an answer");
            out.push(rule.finding(format!("the section `{key}` says nothing"), label));
        }
    }
    if refinement.anchors.is_empty() {
        let label = at(refinement, refinement.head(), "`#### ANCHOR 1` is missing");
        out.push(rule.finding("the refinement has no spec anchor", label));
    }
    out.into()
}
