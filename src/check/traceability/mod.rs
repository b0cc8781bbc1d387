//! `traceability/…`: the registry maps every base id to the packet in force.

pub(super) mod active;
pub(super) mod row;
pub(super) mod stub;
pub(super) mod unmapped;

use crate::check::CheckResult;
use crate::document::DocumentBody;
use crate::document::registry::Registry;

use super::repository_documents::DocumentCheckContext;

/// The registry that a document is.
fn registry_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Registry, CheckResult> {
    match &input.document.body {
        DocumentBody::Registry(registry) => Ok(registry),
        _ => Err(CheckResult::skipped("not a traceability registry")),
    }
}
