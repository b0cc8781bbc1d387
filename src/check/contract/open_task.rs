//! `contract/open-task`: what is complete has no open task.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;
use crate::text::format_count;

use super::{contract_of, label_at, status_with_span};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let (ContractStatus::Complete, place) = status_with_span(contract) else { return Vec::new().into() };
    let open: Vec<_> = contract.open_tasks().collect();
    let Some(first) = open.first() else { return Vec::new().into() };
    let are = if open.len() == 1 { "is" } else { "are" };
    let all = format_count(contract.tasks.len(), "task");
    let message = format!("the contract says complete, but {} of {all} {are} open", open.len());
    let mut finding = rule.finding(message, label_at(contract, place, "says complete")).related(label_at(
        contract,
        first.text.span,
        "the first open one",
    ));
    for task in open.iter().skip(1).take(3) {
        finding = finding.note(format!(
            "line {}: {}",
            contract.source.line(task.text.span.start),
            crate::text::to_single_line(&task.text.value, 100)
        ));
    }
    Some(finding).into()
}
