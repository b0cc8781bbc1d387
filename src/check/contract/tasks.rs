//! `contract/…`: the ids and the states of a contract's tasks.

use std::collections::{BTreeMap, HashMap};

use super::{contract_of, label_at, status_with_span};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{Contract, ContractStatus, TaskId};
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::{Spanned, format_count};

/// `contract/open-task`: a contract with the status complete has no open task.
pub(in crate::check) fn open_task(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let (ContractStatus::Complete, span) = status_with_span(contract) else { return Vec::new().into() };
    let open: Vec<_> = contract.open_tasks().collect();
    let Some(first) = open.first() else { return Vec::new().into() };
    let verb = if open.len() == 1 { "is" } else { "are" };
    let all = format_count(contract.tasks.len(), "task");
    let message = format!("the status is complete, but {} of {all} {verb} open", open.len());
    let mut finding = rule.finding(message, label_at(contract, span, "the status")).related(label_at(
        contract,
        first.text.span,
        "the first open task",
    ));
    // An open box that says why it is open was left on purpose.
    if open.iter().all(|task| is_deferred(&task.text.value)) {
        finding = finding.with_level(Level::Warning);
    }
    for task in open.iter().skip(1).take(3) {
        finding = finding.note(format!(
            "line {}: {}",
            contract.source.line(task.text.span.start),
            crate::text::to_single_line(&task.text.value, 100)
        ));
    }
    Some(finding).into()
}

/// Returns whether a task says that it was left for later.
fn is_deferred(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["(deferred", "*deferred", "deferred to", "(moved to", "moved to `", "(part of", "(out of scope"]
        .iter()
        .any(|mark| lower.contains(mark))
}

/// `contract/no-open-task`: if an active contract has tasks, at least one of them
/// is open.
pub(in crate::check) fn no_open_task(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let (ContractStatus::Active, span) = status_with_span(contract) else { return Vec::new().into() };
    if contract.tasks.is_empty() || contract.open_tasks().next().is_some() {
        return Vec::new().into();
    }
    let message = format!(
        "the status is active, but the contract has no open task ({} in total)",
        format_count(contract.tasks.len(), "task")
    );
    Some(rule.finding(message, label_at(contract, span, "the status"))).into()
}

/// `contract/task-id`: the ids of a contract's tasks are unique, and their
/// numbers have no gaps.
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
        let mut firsts: HashMap<&TaskId, &Spanned<TaskId>> = HashMap::new();
        for id in ids {
            let first = firsts.entry(&id.value).or_insert(id);
            if first.span != id.span {
                let message = format!("the task id `{}` is not unique", contract.source.slice(id.span));
                out.push(rule.finding(message, label_at(contract, id.span, "used again")).related(label_at(
                    contract,
                    first.span,
                    "used first",
                )));
            }
        }
        out.extend(check_gaps(contract, ids, rule));
    }
    out.into()
}

/// Returns a finding for each gap in the numbers of a group, at the first id
/// after the gap.
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
            rule.finding(message, label_at(contract, after.span, "the id after the gap"))
                .related(label_at(contract, before.span, "the id before the gap"))
                .with_level(Level::Warning),
        );
    }
    out
}
