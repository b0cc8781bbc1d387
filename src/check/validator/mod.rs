//! `validator/…`: the validator's gates were passed in order, and the packet
//! contains the recorded report.

pub(super) mod session;
pub(super) mod state;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::DocumentBody;
use crate::document::validator_state::ValidatorState;

/// Returns the document as a validator state, or a skipped result.
fn state_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a ValidatorState, CheckResult> {
    match &input.document.body {
        DocumentBody::ValidatorState(state) => Ok(state),
        _ => Err(CheckResult::skipped("not a validator state")),
    }
}
