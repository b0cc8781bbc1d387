//! What a call of a model is in the words of the bus, the ledger and usage.

use serde_json::json;
use std::path::Path;

use crate::digest::sha256_hex;
use crate::ledger::{CloudEscalation, StoredCall, new_id, now};
use crate::provider::{Clearance, LlmError, ModelDestination, ModelTier, Provider, TokenUsage};
use crate::system::files;
use crate::usage::{Agent, ModelCall, Quality, Tokens};

use crate::bus::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineError, EngineResult, EngineStatus,
    EvidenceDemand, OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use crate::bus::operation::{Admitted, Operation};
use crate::bus::registry::{ENGINE_VERSION, MAX_MODEL_ANSWER_BYTES, ModelParams};
use crate::bus::session::to_json;

use super::ModelRequest;

pub(super) fn escalation(asked: &ModelRequest<'_>, reason: &str, outcome: Option<&str>) -> CloudEscalation {
    let statement = asked.consent.map(|consent| &consent.statement);
    let short = |text: &str| crate::text::to_single_line(text, 200);
    let request_id = statement.map(|statement| statement.request.request_id.clone());
    // What a file says must fit into an event, too.
    let request_id = request_id.filter(|id| uuid::Uuid::try_parse(id).is_ok_and(|id| !id.is_nil()));
    CloudEscalation {
        request_id: request_id.unwrap_or_else(|| asked.request.trace_id.clone()),
        reason: short(reason),
        requested_model_id: asked.resolved.model_id.clone(),
        projection_plan_id: statement.map(|statement| short(&statement.projection_plan.projection_plan_id)),
        consent_receipt_id: statement.map(|statement| short(&statement.consent_receipt.consent_receipt_id)),
        wp_id: Some(asked.packet.to_owned()),
        mt_id: None,
        local_attempts: Some(0),
        last_error_summary: None,
        outcome: outcome.map(str::to_owned),
    }
}

/// The rights that a server needs.
pub(super) fn rights_of(provider: &Provider) -> Vec<String> {
    let is_here = provider.tier == ModelTier::Local || provider.is_relay;
    let network = if is_here {
        "net.http:loopback".to_owned()
    } else {
        format!("net.http:{}", provider.base_url.authority())
    };
    let secret = provider.key_variable.as_ref().map(|name| format!("secrets.use:{name}"));
    std::iter::once(network).chain(secret).collect()
}

pub(super) fn plan(asked: &ModelRequest<'_>, payload: &[u8], clearance: &Clearance) -> PlannedOperation {
    let provider = &asked.resolved.provider;
    let destination = ModelDestination::of(asked.resolved);
    let params = ModelParams {
        provider_id: destination.provider_id,
        tier: destination.tier,
        url: destination.url,
        model_id: destination.model_id,
        max_tokens: asked.request.max_tokens,
        consent_receipt_id: clearance.receipt_id().map(str::to_owned),
    };
    PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id: new_id(),
        engine_id: "model".to_owned(),
        engine_version_req: None,
        operation: "completion".to_owned(),
        inputs: vec![ArtifactHandle {
            artifact_id: new_id(),
            kind: ArtifactKind::PromptPayload,
            uri: "payload".to_owned(),
            content_hash: sha256_hex(payload),
            size_bytes: u64::try_from(payload.len()).unwrap_or(u64::MAX),
        }],
        params: json!(params),
        capabilities_requested: rights_of(provider),
        capability_profile_id: None,
        human_consent_obtained: false,
        budget: BudgetSpec {
            wall_time_ms: Some(u64::try_from(provider.timeout.as_millis()).unwrap_or(u64::MAX)),
            output_bytes: Some(MAX_MODEL_ANSWER_BYTES),
            ..BudgetSpec::default()
        },
        determinism: Determinism::D0,
        evidence_policy: Some(EvidenceDemand { required: true, notes: None }),
        output_spec: OutputSpec {
            expected_types: vec![ArtifactKind::ToolOutput],
            max_bytes: Some(MAX_MODEL_ANSWER_BYTES),
        },
    }
}

pub(super) fn describe_result(
    operation: &Operation<Admitted>,
    artifact: ArtifactHandle,
    error: Option<&LlmError>,
    started_at: String,
) -> EngineResult {
    let planned = operation.envelope();
    let outputs = if error.is_none() { vec![artifact.clone()] } else { Vec::new() };
    EngineResult {
        op_id: planned.op_id.clone(),
        status: if error.is_none() { EngineStatus::Succeeded } else { EngineStatus::Failed },
        started_at,
        ended_at: now(),
        outputs: outputs.clone(),
        evidence: vec![artifact],
        provenance: ProvenanceRecord {
            engine_id: planned.engine_id.clone(),
            engine_version: Some(ENGINE_VERSION.to_owned()),
            implementation: Some(format!("countersign {ENGINE_VERSION}")),
            determinism: planned.determinism,
            config_hash: Some(sha256_hex(to_json(&planned.params).as_bytes())),
            inputs: planned.inputs.clone(),
            outputs,
            capabilities_granted: operation.granted().to_vec(),
            environment: Some(json!({
                "enforced": ["net.http", "secrets.use", "wall_time_ms", "output_bytes", "max_tokens"],
            })),
        },
        errors: error
            .map(|error| EngineError {
                code: error.code().to_owned(),
                message: error.to_string(),
                details_ref: None,
            })
            .into_iter()
            .collect(),
        logs_ref: None,
    }
}

pub(super) fn read_kept(path: &Path, artifact: &ArtifactHandle) -> Result<(String, u64), String> {
    if Path::new(&artifact.uri) != path {
        return Err("it is another file".to_owned());
    }
    let bytes = files::read(path, MAX_MODEL_ANSWER_BYTES).map_err(|error| error.to_string())?;
    Ok((sha256_hex(&bytes), u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
}

/// The call, as `usage` counts it.
pub(super) fn to_call(
    asked: &ModelRequest<'_>,
    op_id: &str,
    usage: TokenUsage,
    is_measured: bool,
) -> StoredCall {
    StoredCall {
        call: ModelCall {
            id: op_id.to_owned(),
            agent: Agent::Countersign,
            session: asked.request.trace_id.clone(),
            at: now(),
            model: Some(asked.resolved.model_id.clone()),
            tokens: Tokens {
                input: usage.prompt_tokens,
                output: usage.completion_tokens,
                ..Tokens::default()
            },
            quality: if is_measured { Quality::Measured } else { Quality::Estimated },
            log: None,
            folder: asked.tree.to_owned(),
            branch: None,
            is_sidechain: false,
            role: Some(asked.resolved.role.as_str().to_owned()),
            effort: None,
        },
        packet: Some(asked.packet.to_owned()),
    }
}
