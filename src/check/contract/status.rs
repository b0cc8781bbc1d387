//! `contract/status`: the status is a known one.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    match &contract.status {
        None => Some(rule.finding(
            "the contract has no status",
            label_at(contract, contract.head_span(), "`**Status:**` belongs below the title"),
        ))
        .into(),
        Some((text, ContractStatus::Unknown)) => {
            let shown = crate::text::to_single_line(&text.value, 60);
            Some(rule.finding(
                format!("`{shown}` is no status"),
                label_at(contract, text.span, "not one of the known ones"),
            ))
            .into()
        }
        Some((text, _)) => {
            let again = contract.repeated_status.iter().map(|span| {
                rule.finding("the status is given a second time", label_at(contract, *span, "said before"))
                    .related(label_at(contract, text.span, "here"))
            });
            again.collect::<Vec<_>>().into()
        }
    }
}
