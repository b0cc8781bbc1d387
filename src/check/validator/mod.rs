//! `validator/…`: the validator's state machine went its way, and the packet
//! holds what it says.

pub(super) mod chain;
pub(super) mod identity;
pub(super) mod kept;
pub(super) mod order;
pub(super) mod report;
pub(super) mod session;

use crate::check::CheckResult;
use crate::document::DocumentBody;
use crate::document::validator_state::ValidatorState;

use super::repository_documents::DocumentCheckContext;

/// The validator state that a document is.
fn state_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a ValidatorState, CheckResult> {
    match &input.document.body {
        DocumentBody::ValidatorState(state) => Ok(state),
        _ => Err(CheckResult::skipped("not a validator state")),
    }
}
