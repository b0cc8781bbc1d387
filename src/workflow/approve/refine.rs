//! `refine`: a complete refinement is recorded in the gate log.

use crate::document::WpId;
use crate::workflow::records::{Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// Records a refinement.
///
/// # Errors
/// It is not there, or has errors.
pub fn refine(
    records: &mut Records<'_>,
    office: &ApprovalContext<'_>,
    requested: &str,
) -> Result<WpId, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let path = records.layout.refinement(&id);
    office.refuse_errors(records, &path)?;
    let Some(refinement) = records.refinement(&id)? else {
        return Err(WorkflowError::Failed(format!("{path} is gone")));
    };
    let said = |key: &str| refinement.filled_value(key).map(|value| value.value).unwrap_or_default();
    append_log_entry(
        records,
        &[
            ("wpId", id.as_str()),
            ("type", "REFINEMENT"),
            ("refinement_path", &path.to_string()),
            ("refinement_sha256", &refinement.approved_sha256()),
            ("spec_target_resolved", &said("SPEC_TARGET_RESOLVED")),
            ("spec_target_sha1", &said("SPEC_TARGET_SHA1")),
            ("timestamp", &office.timestamp()),
            ("turn_token", &office.now.as_millisecond().to_string()),
        ],
    )?;
    Ok(id)
}
