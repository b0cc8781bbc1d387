//! `record/json`: state files are strict JSON of their shape.

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let document = input.document;
    if !matches!(document.body, Body::GateLog(_) | Body::ValidatorState(_)) {
        return Verdict::skipped("not a state file");
    }
    let finding = |fault: &crate::document::Fault| {
        rule.finding(fault.message.clone(), Label::text(&document.source, fault.span, ""))
    };
    document.faults.iter().take(20).map(finding).collect::<Vec<Finding>>().into()
}
