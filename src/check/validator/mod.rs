//! `validator/…`: the validator's state machine went its way, and the packet
//! holds what it says.

pub(super) mod session;
pub(super) mod state;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::DocumentBody;
use crate::document::validator_state::ValidatorState;

/// The validator state that a document is.
fn state_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a ValidatorState, CheckResult> {
    match &input.document.body {
        DocumentBody::ValidatorState(state) => Ok(state),
        _ => Err(CheckResult::skipped("not a validator state")),
    }
}
