//! `traceability/…`: the registry maps every base id to the packet in force.

pub(super) mod active;
pub(super) mod row;
pub(super) mod stub;
pub(super) mod unmapped;

use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::Body;
use crate::document::registry::Registry;

/// The registry that a document is.
fn registry<'a>(input: &'a DocumentInput<'_>) -> Result<&'a Registry, Verdict> {
    match &input.document.body {
        Body::Registry(registry) => Ok(registry),
        _ => Err(Verdict::skipped("not a traceability registry")),
    }
}
