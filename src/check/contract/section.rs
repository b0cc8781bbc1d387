//! `contract/section`: a contract has a goal, tasks and criteria.

use super::{at, contract};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let lacks = |what: &str| {
        rule.finding(format!("the contract has no {what}"), at(contract, contract.head(), "this contract"))
    };
    let mut out = Vec::new();
    if contract.goal.is_none() {
        out.push(lacks("goal"));
    }
    if contract.tasks.is_empty() && !contract.phases.iter().any(|phase| phase.has_items) {
        out.push(lacks("tasks: neither a box `- [ ]` nor a phase with items"));
    }
    if contract.criteria.is_none() {
        out.push(lacks("acceptance criteria"));
    }
    out.into()
}
