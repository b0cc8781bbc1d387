//! `contract/open-task`: what is complete has no open task.

use super::{at, contract, status};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;
use crate::text::counted;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let (ContractStatus::Complete, place) = status(contract) else { return Vec::new().into() };
    let open: Vec<_> = contract.open().collect();
    let Some(first) = open.first() else { return Vec::new().into() };
    let are = if open.len() == 1 { "is" } else { "are" };
    let all = counted(contract.tasks.len(), "task");
    let message = format!("the contract says complete, but {} of {all} {are} open", open.len());
    let mut finding = rule.finding(message, at(contract, place, "says complete")).related(at(
        contract,
        first.text.span,
        "the first open one",
    ));
    for task in open.iter().skip(1).take(3) {
        finding = finding.note(format!(
            "line {}: {}",
            contract.source.line(task.text.span.start),
            crate::text::one_line(&task.text.value, 100)
        ));
    }
    Some(finding).into()
}
