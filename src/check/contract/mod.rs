//! `contract/…`: a work contract says what it is, and does not say that it is
//! more.

pub(super) mod criteria;
pub(super) mod dependency;
pub(super) mod folder;
pub(super) mod no_open_task;
pub(super) mod notes;
pub(super) mod open_task;
pub(super) mod phase;
pub(super) mod section;
pub(super) mod status;
pub(super) mod task_id;

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::contract::{Contract, ContractStatus};
use crate::finding::Label;
use crate::text::Span;

/// The contract that a document is.
fn contract<'a>(input: &'a DocumentInput<'_>) -> Result<&'a Contract, Verdict> {
    input.document.contract().ok_or_else(|| Verdict::skipped("not a contract"))
}

fn at(contract: &Contract, span: Span, text: impl Into<String>) -> Label {
    Label::text(&contract.source, span, text)
}

/// The status and its place; [`ContractStatus::Unknown`] at the title if
/// there is none.
fn status(contract: &Contract) -> (ContractStatus, Span) {
    contract
        .status
        .as_ref()
        .map_or((ContractStatus::Unknown, contract.head()), |(text, status)| (*status, text.span))
}
