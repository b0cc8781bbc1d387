//! `board/…`: the task board can be read, and says of each packet one true
//! thing.

pub(super) mod entry;
pub(super) mod one_state;
pub(super) mod packet;
pub(super) mod status;
pub(super) mod validated;

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::document::board::Board;

/// The board that a document is.
fn board<'a>(input: &'a DocumentInput<'_>) -> Result<&'a Board, Verdict> {
    match &input.document.body {
        Body::Board(board) => Ok(board),
        _ => Err(Verdict::skipped("not a task board")),
    }
}
