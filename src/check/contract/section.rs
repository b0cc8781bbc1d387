//! `contract/section`: a contract has a goal, tasks and criteria.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let lacks = |what: &str| {
        rule.finding(
            format!("the contract has no {what}"),
            label_at(contract, contract.head_span(), "this contract"),
        )
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
