//! `contract/no-open-task`: what is active has something left to do.

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
    let (ContractStatus::Active, place) = status_with_span(contract) else { return Vec::new().into() };
    if contract.tasks.is_empty() || contract.open_tasks().next().is_some() {
        return Vec::new().into();
    }
    let message = format!(
        "the contract is active, but none of its {} is open",
        format_count(contract.tasks.len(), "task")
    );
    Some(rule.finding(message, label_at(contract, place, "says active"))).into()
}
