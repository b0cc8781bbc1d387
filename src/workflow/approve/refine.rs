//! `refine`: a complete refinement is recorded in the gate log.

use crate::document::WpId;
use crate::workflow::records::{Records, WorkflowError};

use super::{Office, known_id, log};

/// Records a refinement.
///
/// # Errors
/// It is not there, or has errors.
pub fn refine(
    records: &mut Records<'_>,
    office: &Office<'_>,
    requested: &str,
) -> Result<WpId, WorkflowError> {
    let id = known_id(records, requested)?;
    let path = records.layout.refinement(&id);
    office.refuse_errors(records, &path)?;
    let Some(refinement) = records.refinement(&id)? else {
        return Err(WorkflowError::Cannot(format!("{path} is gone")));
    };
    let said = |key: &str| refinement.filled(key).map(|value| value.value).unwrap_or_default();
    log(
        records,
        &[
            ("wpId", id.as_str()),
            ("type", "REFINEMENT"),
            ("refinement_path", &path.to_string()),
            ("refinement_sha256", &refinement.approved_sha256()),
            ("spec_target_resolved", &said("SPEC_TARGET_RESOLVED")),
            ("spec_target_sha1", &said("SPEC_TARGET_SHA1")),
            ("timestamp", &office.stamp()),
            ("turn_token", &office.now.as_millisecond().to_string()),
        ],
    )?;
    Ok(id)
}
