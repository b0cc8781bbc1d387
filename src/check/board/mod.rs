//! `board/…`: the task board can be read, and says of each packet one true
//! thing.

pub(super) mod entry;
pub(super) mod one_state;
pub(super) mod packet;
pub(super) mod status;
pub(super) mod validated;

use crate::check::CheckResult;
use crate::document::DocumentBody;
use crate::document::board::Board;

use super::repository_documents::DocumentCheckContext;

/// The board that a document is.
fn board_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Board, CheckResult> {
    match &input.document.body {
        DocumentBody::Board(board) => Ok(board),
        _ => Err(CheckResult::skipped("not a task board")),
    }
}
