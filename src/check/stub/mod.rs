//! `stub/…`: a stub says whose note it is, and is not more than a note.

pub(super) mod field;
pub(super) mod identity;
pub(super) mod signed;

use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::document::stub::Stub;

/// The stub that a document is.
fn stub<'a>(input: &'a DocumentInput<'_>) -> Option<&'a Stub> {
    if let Body::Stub(stub) = &input.document.body { Some(stub) } else { None }
}
