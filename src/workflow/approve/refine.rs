//! `refine`: records a complete refinement in the gate log.

use crate::document::WpId;
use crate::workflow::records::{Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// What `refine` did.
#[derive(Debug)]
pub(crate) struct Refined {
    /// The work packet's id.
    pub id: WpId,
    /// What the record means for the approval.
    pub state: RefinementState,
}

/// What a record of a refinement means for the approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefinementState {
    /// It is the first record of this text.
    Recorded,
    /// The last record has the same text, so nothing was written.
    Unchanged,
    /// It is newer than the signature: the approver signs again.
    NeedsSignature,
}

/// Adds a REFINEMENT record to the gate log, unless the last one has the same text.
///
/// # Errors
/// The refinement does not exist, or has errors.
pub(crate) fn refine(
    records: &mut Records<'_>,
    context: &ApprovalContext<'_>,
    requested: &str,
) -> Result<Refined, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let path = records.layout.refinement(&id);
    context.refuse_errors(records, &path)?;
    let Some(refinement) = records.refinement(&id)? else {
        return Err(WorkflowError::Failed(format!("{path} no longer exists")));
    };
    let log = records.gate_log()?;
    let sha256 = refinement.approved_sha256();
    let last = log.last_entry(id.as_str(), "REFINEMENT");
    let recorded = last.and_then(|entry| entry.refinement_sha256.as_ref());
    let is_after = log.is_before(id.as_str(), "SIGNATURE", "REFINEMENT") == Some(true);
    // A second record of the same text would only make the signature older than it.
    if recorded.is_some_and(|recorded| recorded.value == sha256) {
        let state = if is_after { RefinementState::NeedsSignature } else { RefinementState::Unchanged };
        return Ok(Refined { id, state });
    }
    let is_signed = log.last_entry(id.as_str(), "SIGNATURE").is_some();
    let field_value = |key: &str| refinement.filled_value(key).map(|value| value.value).unwrap_or_default();
    append_log_entry(
        records,
        &id,
        &[
            ("wpId", id.as_str()),
            ("type", "REFINEMENT"),
            ("refinement_path", &path.to_string()),
            ("refinement_sha256", &sha256),
            ("spec_target_resolved", &field_value("SPEC_TARGET_RESOLVED")),
            ("spec_target_sha1", &field_value("SPEC_TARGET_SHA1")),
            ("timestamp", &context.timestamp()),
            ("turn_token", &context.now.as_millisecond().to_string()),
        ],
    )?;
    let state = if is_signed { RefinementState::NeedsSignature } else { RefinementState::Recorded };
    Ok(Refined { id, state })
}
