//! `contract/status`: the status is a known one.

use super::{at, contract};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    match &contract.status {
        None => Some(rule.finding(
            "the contract has no status",
            at(contract, contract.head(), "`**Status:**` belongs below the title"),
        ))
        .into(),
        Some((text, ContractStatus::Unknown)) => {
            let shown = crate::text::one_line(&text.value, 60);
            Some(rule.finding(
                format!("`{shown}` is no status"),
                at(contract, text.span, "not one of the known ones"),
            ))
            .into()
        }
        Some((text, _)) => {
            let again = contract.again.iter().map(|span| {
                rule.finding("the status is given a second time", at(contract, *span, "said before"))
                    .related(at(contract, text.span, "here"))
            });
            again.collect::<Vec<_>>().into()
        }
    }
}
