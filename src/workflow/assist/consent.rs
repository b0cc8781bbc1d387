//! A person signs what may be sent.

use jiff::{SignedDuration, Timestamp};

use crate::digest::sshsig;
use crate::document::allowed_signers::AllowedSigners;
use crate::ledger::{new_id, time_text};
use crate::provider::{
    BUNDLE_SCHEMA, CloudEscalationRequest, ConsentBundle, ConsentReceipt, ConsentStatement, MAX_MINUTES,
    PlanFile, RECEIPT_SCHEMA, REQUEST_SCHEMA, SINGLE_CALL,
};
use crate::system::files;
use crate::workflow::approve::{KeySource, MAX_KEY_BYTES, sign_with_agent};
use crate::workflow::records::WorkflowError;

/// What a person consents to.
pub(crate) struct ConsentRequest<'a> {
    /// What is to be sent, and where.
    pub plan: &'a PlanFile,
    /// The key that signs.
    pub key: &'a KeySource,
    /// Keys that may consent.
    pub signers: &'a AllowedSigners,
    /// The name of the person, as the signers have it.
    pub user: &'a str,
    /// How long it is valid, in minutes.
    pub minutes: u32,
    /// Now.
    pub now: Timestamp,
}

/// Signs a plan.
///
/// # Errors
/// The plan has no packet, the time is too long, or the key cannot sign.
pub(crate) fn sign_consent(request: &ConsentRequest<'_>) -> Result<ConsentBundle, WorkflowError> {
    let PlanFile { projection_plan: plan, destination, .. } = request.plan;
    if !(1..=MAX_MINUTES).contains(&request.minutes) {
        let (minutes, most) = (request.minutes, MAX_MINUTES);
        return Err(WorkflowError::Failed(format!("{minutes} minutes; expected 1 to {most}")));
    }
    let Some(packet) = &plan.wp_id else {
        return Err(WorkflowError::Failed("the plan names no packet".to_owned()));
    };
    let (receipt_id, at) = (new_id(), time_text(request.now));
    let until = request.now + SignedDuration::from_mins(i64::from(request.minutes));
    let statement = ConsentStatement {
        consent_receipt: ConsentReceipt {
            schema_version: RECEIPT_SCHEMA.to_owned(),
            consent_receipt_id: receipt_id.clone(),
            projection_plan_id: plan.projection_plan_id.clone(),
            payload_sha256: plan.payload_sha256.clone(),
            approved: true,
            approved_at: at.clone(),
            user_id: request.user.to_owned(),
            ui_surface: Some("operator_console".to_owned()),
            notes: None,
            consent_scope: SINGLE_CALL.to_owned(),
            valid_from_utc: at,
            valid_until_utc: time_text(until),
        },
        request: CloudEscalationRequest {
            schema_version: REQUEST_SCHEMA.to_owned(),
            request_id: new_id(),
            wp_id: packet.clone(),
            mt_id: plan.mt_id.clone(),
            reason: "review assist".to_owned(),
            local_attempts: 0,
            last_error_summary: None,
            requested_model_id: destination.model_id.clone(),
            projection_plan_id: plan.projection_plan_id.clone(),
            consent_receipt_id: receipt_id,
        },
        projection_plan: plan.clone(),
        destination: destination.clone(),
    };
    let message = statement.message();
    let namespace = sshsig::CONSENT_NAMESPACE;
    let failed = |what: &str, why: &dyn std::fmt::Display| WorkflowError::Failed(format!("{what}: {why}"));
    let (signature, _) = match request.key {
        KeySource::File(path) => {
            let shown = path.display().to_string();
            let bytes = files::read(path, MAX_KEY_BYTES).map_err(|error| failed(&shown, &error))?;
            sshsig::sign_in(namespace, &bytes, message.as_bytes()).map_err(|fault| failed(&shown, &fault))?
        }
        KeySource::Agent => sign_with_agent(namespace, &message, Some(request.signers))?,
        KeySource::External => {
            return Err(WorkflowError::Failed("a consent is signed here, with --ssh-key".to_owned()));
        }
    };
    Ok(ConsentBundle { schema: BUNDLE_SCHEMA.to_owned(), statement, signature })
}
