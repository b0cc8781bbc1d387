//! The conformance suite of the tool bus as part of the self-test.

use crate::bus::{ConformanceCase, check_conformance};
use crate::system::files;

use super::SelfTestError;

/// Runs the conformance suite of the tool bus.
///
/// # Errors
/// A temporary folder cannot be created.
pub(crate) fn check_bus() -> Result<Vec<ConformanceCase>, SelfTestError> {
    let folder = files::create_scratch_folder("countersign-bus-")
        .map_err(|source| SelfTestError::File { doing: "creating a folder".to_owned(), source })?;
    Ok(check_conformance(folder.path()))
}
