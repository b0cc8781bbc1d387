//! `refinement/window`: an anchor's window is a small part of the
//! specification.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::finding::Finding;
use crate::rule::Rule;

use super::{label_at, recorded_spec};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let spec = recorded_spec(input).ok();
    let longest = input.policy.max_window_lines;
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some((first, last)) = anchor.window() else {
            let given = anchor.start.as_ref().or(anchor.end.as_ref());
            let span = given.map_or(anchor.heading, |value| value.span);
            let label =
                label_at(refinement, span, "CONTEXT_START_LINE and CONTEXT_END_LINE are line numbers");
            out.push(rule.finding("the anchor has no line window", label));
            continue;
        };
        let span = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
        let beyond = spec.is_some_and(|spec| last > spec.source.line_count());
        if first > last {
            let message = format!("lines {first} to {last} are no window");
            out.push(rule.finding(message, label_at(refinement, span, "it ends before it starts")));
        } else if let Some(spec) = spec.filter(|_| beyond) {
            let (name, lines) = (spec.source.name(), spec.source.line_count());
            let message = format!("lines {first} to {last} are no window of {name} ({lines} lines)");
            out.push(rule.finding(message, label_at(refinement, span, "outside the specification")));
        } else if last - first + 1 > longest {
            let message =
                format!("the window has {} lines; more than {longest} anchor nothing", last - first + 1);
            out.push(rule.finding(message, label_at(refinement, span, "too long")));
        }
    }
    out.into()
}
