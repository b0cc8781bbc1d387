//! `contract/phase`: a phase has tasks.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::Level;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let empty = contract.phases.iter().filter(|phase| !phase.has_items);
    empty
        .map(|phase| {
            let message = format!("phase {} lists nothing to do", phase.number);
            let finding = rule.finding(message, label_at(contract, phase.title.span, "no item and no task"));
            // A phase that is told in prose has something to do, only no list.
            if phase.has_text { finding.with_level(Level::Note) } else { finding }
        })
        .collect::<Vec<_>>()
        .into()
}
