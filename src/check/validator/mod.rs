//! `validator/…`: the validator's state machine went its way, and the packet
//! holds what it says.

pub(super) mod chain;
pub(super) mod identity;
pub(super) mod kept;
pub(super) mod order;
pub(super) mod report;
pub(super) mod session;

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::document::validator_state::ValidatorState;

/// The validator state that a document is.
fn state<'a>(input: &'a DocumentInput<'_>) -> Result<&'a ValidatorState, Verdict> {
    match &input.document.body {
        Body::ValidatorState(state) => Ok(state),
        _ => Err(Verdict::skipped("not a validator state")),
    }
}
