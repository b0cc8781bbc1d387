//! `contract/…`: a contract is complete, and its status agrees with its tasks.

pub(super) mod document;
pub(super) mod tasks;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{Contract, ContractStatus};
use crate::finding::Label;
use crate::text::Span;

/// Returns the document as a contract, or a skipped result.
fn contract_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Contract, CheckResult> {
    input.document.contract().ok_or_else(|| CheckResult::skipped("not a contract"))
}

fn label_at(contract: &Contract, span: Span, text: impl Into<String>) -> Label {
    Label::text(&contract.source, span, text)
}

/// Returns the status and its span; [`ContractStatus::Unknown`] and the span of
/// the title if the contract has no status.
fn status_with_span(contract: &Contract) -> (ContractStatus, Span) {
    contract
        .status
        .as_ref()
        .map_or((ContractStatus::Unknown, contract.head_span()), |(text, status)| (*status, text.span))
}
