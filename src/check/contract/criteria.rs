//! `contract/criteria`: acceptance criteria say given what, when, then what.

use super::{at, contract};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(criteria) = &contract.criteria else {
        return Verdict::skipped("the contract has no acceptance criteria");
    };
    let label = |text: &str| at(contract, criteria.title.span, text);
    if criteria.is_empty {
        return Some(rule.finding("the acceptance criteria say nothing", label("empty"))).into();
    }
    if criteria.missing.is_empty() {
        return Vec::new().into();
    }
    let message = format!("the acceptance criteria have no {}", criteria.missing.join(", no "));
    Some(rule.finding(message, label("these criteria"))).into()
}
