//! `stub/…`: a stub says whose note it is, and is not more than a note.

pub(super) mod field;
pub(super) mod identity;
pub(super) mod signed;

use crate::document::DocumentBody;
use crate::document::stub::Stub;

use super::repository_documents::DocumentCheckContext;

/// The stub that a document is.
fn stub_of<'a>(input: &'a DocumentCheckContext<'_>) -> Option<&'a Stub> {
    if let DocumentBody::Stub(stub) = &input.document.body { Some(stub) } else { None }
}
