//! `refinement/section`: the required headings, as headings, with an answer
//! below each.

use crate::check::CheckResult;
use crate::check::fix_hints::with_section_fix;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::is_placeholder;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::find_heading_in_fence;
use crate::document::template::REFINEMENT;
use crate::finding::Finding;
use crate::rule::Rule;

use super::label_at;

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let text = refinement.source.text();
    let outline = Outline::parse(text);
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.parameter("sections") {
        let Some(section) = refinement.sections.iter().find(|section| section.key == *key) else {
            let head = label_at(refinement, refinement.head_span(), "this refinement");
            let finding = rule.finding(format!("the refinement has no section `{key}`"), head);
            let finding = match find_heading_in_fence(text, &outline, key) {
                Some(span) => finding.related(label_at(
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
                with_section_fix(finding, &refinement.source, &refinement.sections, REFINEMENT, key)
            });
            continue;
        };
        let says = section.blocks.clone().filter_map(|index| outline.get(index)).any(|block| {
            let body = refinement.source.slice(block.content).trim();
            matches!(block.kind, BlockKind::Prose | BlockKind::Code(_) | BlockKind::Cell)
                && !is_placeholder(body)
        });
        if !says {
            let label = label_at(refinement, section.title.span, "`NONE` would be an answer");
            out.push(rule.finding(format!("the section `{key}` says nothing"), label));
        }
    }
    if refinement.anchors.is_empty() {
        let label = label_at(refinement, refinement.head_span(), "`#### ANCHOR 1` is missing");
        out.push(rule.finding("the refinement has no spec anchor", label));
    }
    out.into()
}
