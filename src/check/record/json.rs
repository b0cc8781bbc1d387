//! `record/json`: state files are strict JSON of their shape.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::DocumentBody;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    if !matches!(document.body, DocumentBody::GateLog(_) | DocumentBody::ValidatorState(_)) {
        return CheckResult::skipped("not a state file");
    }
    let finding = |fault: &crate::document::Fault| {
        rule.finding(fault.message.clone(), Label::text(&document.source, fault.span, ""))
    };
    document.faults.iter().take(20).map(finding).collect::<Vec<Finding>>().into()
}
