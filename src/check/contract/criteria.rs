//! `contract/criteria`: acceptance criteria say given what, when, then what.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(criteria) = &contract.criteria else {
        return CheckResult::skipped("the contract has no acceptance criteria");
    };
    let label = |text: &str| label_at(contract, criteria.title.span, text);
    if criteria.is_empty {
        return Some(rule.finding("the acceptance criteria say nothing", label("empty"))).into();
    }
    if criteria.missing.is_empty() {
        return Vec::new().into();
    }
    let message = format!("the acceptance criteria have no {}", criteria.missing.join(", no "));
    Some(rule.finding(message, label("these criteria"))).into()
}
