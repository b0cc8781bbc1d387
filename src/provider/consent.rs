//! Consent of a person to send exact bytes to the cloud: the three shapes of the provider
//! contract (sections 11.1.7 and 2.6.6.8.9.4 of its specification) and one SSH signature over
//! all of them and the destination.

use serde::{Deserialize, Serialize};

use super::registry::ResolvedProvider;
use super::wire;

/// Version of a plan.
pub(crate) const PLAN_SCHEMA: &str = "hsk.projection_plan@0.4";
/// Version of a receipt.
pub(crate) const RECEIPT_SCHEMA: &str = "hsk.consent_receipt@0.4";
/// Version of a request.
pub(crate) const REQUEST_SCHEMA: &str = "hsk.cloud_escalation@0.4";
/// Version of the file that holds them.
pub(crate) const BUNDLE_SCHEMA: &str = "countersign.consent/v1";
/// The only scope of a consent: one call.
pub(crate) const SINGLE_CALL: &str = "SINGLE_CALL";
/// Maximum time between consent and call, in minutes.
pub(crate) const MAX_MINUTES: u32 = 24 * 60;

/// What is to be sent.
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectionPlan {
    /// `hsk.projection_plan@0.4`.
    pub schema_version: String,
    /// A UUID.
    pub projection_plan_id: String,
    /// The documents and files of which something is sent.
    pub include_artifact_refs: Vec<String>,
    /// The parts that are sent.
    pub include_fields: Option<Vec<String>>,
    /// What was removed before.
    pub redactions_applied: Vec<String>,
    /// Maximum size of the bytes that are sent.
    pub max_bytes: u64,
    /// SHA-256 of the bytes that are sent, in hexadecimal digits.
    pub payload_sha256: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// The job.
    pub job_id: Option<String>,
    /// The packet.
    pub wp_id: Option<String>,
    /// The task of the packet.
    pub mt_id: Option<String>,
}

/// What a person says about it.
#[expect(clippy::struct_field_names, reason = "the names of the contract")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentReceipt {
    /// `hsk.consent_receipt@0.4`.
    pub schema_version: String,
    /// A UUID; a receipt is used once.
    pub consent_receipt_id: String,
    /// The plan.
    pub projection_plan_id: String,
    /// SHA-256 of the bytes that may be sent.
    pub payload_sha256: String,
    /// Whether they may be sent.
    pub approved: bool,
    /// RFC 3339, UTC.
    pub approved_at: String,
    /// Who consented: a principal of the file of allowed signers.
    pub user_id: String,
    /// `operator_console`.
    pub ui_surface: Option<String>,
    /// A remark.
    pub notes: Option<String>,
    /// `SINGLE_CALL`.
    pub consent_scope: String,
    /// RFC 3339, UTC.
    pub valid_from_utc: String,
    /// RFC 3339, UTC.
    pub valid_until_utc: String,
}

/// Why the cloud is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudEscalationRequest {
    /// `hsk.cloud_escalation@0.4`.
    pub schema_version: String,
    /// A UUID.
    pub request_id: String,
    /// The packet.
    pub wp_id: String,
    /// The task of the packet; `null` for the whole packet.
    pub mt_id: Option<String>,
    /// Why.
    pub reason: String,
    /// How often a model on this machine was asked before.
    pub local_attempts: u64,
    /// How the last of these ended.
    pub last_error_summary: Option<String>,
    /// The model.
    pub requested_model_id: String,
    /// The plan.
    pub projection_plan_id: String,
    /// The receipt.
    pub consent_receipt_id: String,
}

/// Where the bytes go. The shapes of the contract do not say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelDestination {
    /// The server's id in the user's configuration.
    pub provider_id: String,
    /// `local` or `cloud`.
    pub tier: String,
    /// The address with its path.
    pub url: String,
    /// The model.
    pub model_id: String,
}

impl ModelDestination {
    /// The destination of a role.
    #[must_use]
    pub(crate) fn of(resolved: &ResolvedProvider) -> Self {
        let provider = &resolved.provider;
        let base = &provider.base_url;
        let scheme = if base.is_https { "https" } else { "http" };
        Self {
            provider_id: provider.id.clone(),
            tier: provider.tier.as_str().to_owned(),
            url: format!("{scheme}://{}{}", base.authority(), wire::path(provider)),
            model_id: resolved.model_id.clone(),
        }
    }
}

/// Returns the name under which the answer to a request is kept: the same server, model and
/// bytes have the same.
#[must_use]
pub(crate) fn answer_key(resolved: &ResolvedProvider, payload: &[u8]) -> String {
    let destination = ModelDestination::of(resolved);
    let hash = crate::digest::sha256_hex(payload);
    crate::digest::sha256_hex(format!("{}\n{}\n{hash}", destination.url, destination.model_id).as_bytes())
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentStatement {
    /// What is to be sent.
    pub projection_plan: ProjectionPlan,
    /// What a person says about it.
    pub consent_receipt: ConsentReceipt,
    /// Why the cloud is asked.
    pub request: CloudEscalationRequest,
    /// Where the bytes go.
    pub destination: ModelDestination,
}

impl ConsentStatement {
    /// Returns the text that is signed: the same for the same statement.
    #[must_use]
    pub(crate) fn message(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("countersign consent v1\n{json}\n")
    }
}

/// A statement with its signature, as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBundle {
    /// `countersign.consent/v1`.
    pub schema: String,
    /// What is signed.
    pub statement: ConsentStatement,
    /// The signature, as `ssh-keygen -Y sign` writes it.
    pub signature: String,
}

/// A plan with its destination, as the file of a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    /// `countersign.projection/v1`.
    pub schema: String,
    /// What is to be sent.
    pub projection_plan: ProjectionPlan,
    /// Where it goes.
    pub destination: ModelDestination,
    /// Name of the file with the bytes, beside this one.
    pub payload_file: String,
    /// The command that sends these bytes, without the consent.
    pub command: String,
}

/// Version of the file of a dry run.
pub(crate) const PLAN_FILE_SCHEMA: &str = "countersign.projection/v1";
