//! `contract/no-open-task`: what is active has something left to do.

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
    let (ContractStatus::Active, place) = status(contract) else { return Vec::new().into() };
    if contract.tasks.is_empty() || contract.open().next().is_some() {
        return Vec::new().into();
    }
    let message =
        format!("the contract is active, but none of its {} is open", counted(contract.tasks.len(), "task"));
    Some(rule.finding(message, at(contract, place, "says active"))).into()
}
