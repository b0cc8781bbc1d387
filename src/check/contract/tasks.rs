//! `contract/…`: open and closed tasks of a phase contract.

use std::collections::BTreeMap;

use super::{contract_of, label_at, status_with_span};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{Contract, ContractStatus, TaskId};
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::{Spanned, format_count};

/// `contract/task-id`: ids of tasks are unique and without gaps.
pub(in crate::check) fn task_id(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut groups: BTreeMap<&str, Vec<&Spanned<TaskId>>> = BTreeMap::new();
    for id in contract.tasks.iter().filter_map(|task| task.id.as_ref()) {
        groups.entry(&id.value.group).or_default().push(id);
    }
    let mut out: Vec<Finding> = Vec::new();
    for ids in groups.values() {
        for (index, id) in ids.iter().enumerate() {
            if let Some(first) = ids.iter().take(index).find(|first| first.value == id.value) {
                let message =
                    format!("the task id `{}` is given a second time", contract.source.slice(id.span));
                out.push(
                    rule.finding(message, label_at(contract, id.span, "given before"))
                        .related(label_at(contract, first.span, "here")),
                );
            }
        }
        out.extend(check_gaps(contract, ids, rule));
    }
    out.into()
}

/// The first id behind each gap of a group that starts with 0 or 1.
fn check_gaps(contract: &Contract, ids: &[&Spanned<TaskId>], rule: &Rule) -> Vec<Finding> {
    let mut sorted: Vec<&&Spanned<TaskId>> = ids.iter().collect();
    sorted.sort_by_key(|id| (id.value.number, id.value.letter));
    let mut out = Vec::new();
    for pair in sorted.windows(2) {
        let [before, after] = pair else { continue };
        let from = before.value.number + 1;
        if after.value.number <= from {
            continue;
        }
        let name = |number: u32| format!("{}{number}", after.value.group);
        let last = after.value.number - 1;
        let missing = if last == from { name(from) } else { format!("{} to {}", name(from), name(last)) };
        let message = format!("the task ids skip {missing}");
        out.push(
            rule.finding(message, label_at(contract, after.span, "the next one"))
                .related(label_at(contract, before.span, "the one before"))
                .with_level(Level::Warning),
        );
    }
    out
}

/// `contract/open-task`: what is complete has no open task.
pub(in crate::check) fn open_task(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `contract/no-open-task`: what is active has something left to do.
pub(in crate::check) fn no_open_task(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
