//! `contract/task-id`: ids of tasks are unique and without gaps.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{Contract, TaskId};
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::Spanned;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
