//! `refine`: records a complete refinement in the gate log.

use crate::document::WpId;
use crate::workflow::records::{Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// Adds a REFINEMENT record to the gate log.
///
/// # Errors
/// The refinement does not exist, or has errors.
pub(crate) fn refine(
    records: &mut Records<'_>,
    context: &ApprovalContext<'_>,
    requested: &str,
) -> Result<WpId, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let path = records.layout.refinement(&id);
    context.refuse_errors(records, &path)?;
    let Some(refinement) = records.refinement(&id)? else {
        return Err(WorkflowError::Failed(format!("{path} no longer exists")));
    };
    let field_value = |key: &str| refinement.filled_value(key).map(|value| value.value).unwrap_or_default();
    append_log_entry(
        records,
        &id,
        &[
            ("wpId", id.as_str()),
            ("type", "REFINEMENT"),
            ("refinement_path", &path.to_string()),
            ("refinement_sha256", &refinement.approved_sha256()),
            ("spec_target_resolved", &field_value("SPEC_TARGET_RESOLVED")),
            ("spec_target_sha1", &field_value("SPEC_TARGET_SHA1")),
            ("timestamp", &context.timestamp()),
            ("turn_token", &context.now.as_millisecond().to_string()),
        ],
    )?;
    Ok(id)
}
