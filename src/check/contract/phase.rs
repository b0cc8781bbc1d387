//! `contract/phase`: a phase has tasks.

use super::{at, contract};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::finding::Level;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let empty = contract.phases.iter().filter(|phase| !phase.has_items);
    empty
        .map(|phase| {
            let message = format!("phase {} lists nothing to do", phase.number);
            let finding = rule.finding(message, at(contract, phase.title.span, "no item and no task"));
            // A phase that is told in prose has something to do, only no list.
            if phase.has_text { finding.at_level(Level::Note) } else { finding }
        })
        .collect::<Vec<_>>()
        .into()
}
