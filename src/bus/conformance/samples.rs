//! Honest operations and results.

use serde_json::json;

use crate::bus::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineResult, EngineStatus, EvidenceDemand,
    OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use crate::bus::operation::{Admitted, Operation};
use crate::bus::registry::find_operation;
use crate::config::Grants;
use crate::ledger::{new_id, now};

/// The handle of an empty file.
pub(super) fn handle(uri: &str, size_bytes: u64) -> ArtifactHandle {
    ArtifactHandle {
        artifact_id: new_id(),
        kind: ArtifactKind::File,
        uri: uri.to_owned(),
        content_hash: crate::digest::sha256_hex(b""),
        size_bytes,
    }
}

/// What is special about the golden operation of an engine.
struct Golden {
    operation: &'static str,
    inputs: Vec<ArtifactHandle>,
    params: serde_json::Value,
    capabilities: &'static [&'static str],
    determinism: Determinism,
    output: ArtifactKind,
}

fn special(engine_id: &str) -> Golden {
    match engine_id {
        "process" => Golden {
            operation: "run",
            inputs: Vec::new(),
            params: json!({
                "argv": ["cargo", "test"], "argv_sha256": "", "folder": "", "variables": 1,
                "environment_sha256": "",
            }),
            capabilities: &["proc.exec:cargo", "fs.read:src"],
            determinism: Determinism::D1,
            output: ArtifactKind::Transcript,
        },
        "model" => Golden {
            operation: "completion",
            inputs: vec![ArtifactHandle { kind: ArtifactKind::PromptPayload, ..handle("payload", 0) }],
            params: json!({
                "provider_id": "here", "tier": "local", "url": "http://127.0.0.1:1/api/chat", "model_id": "small",
                "max_tokens": 1, "consent_receipt_id": null,
            }),
            capabilities: &["net.http:loopback", "secrets.use:here"],
            determinism: Determinism::D0,
            output: ArtifactKind::ToolOutput,
        },
        _ => Golden {
            operation: "apply",
            inputs: vec![handle("notes/a.md", 0)],
            params: json!({ "command": "manifest" }),
            capabilities: &["fs.write:notes/a.md"],
            determinism: Determinism::D3,
            output: ArtifactKind::File,
        },
    }
}

/// The golden operation of an engine.
pub(super) fn golden(engine_id: &str) -> PlannedOperation {
    let special = special(engine_id);
    let output_bytes =
        find_operation(engine_id, special.operation).and_then(|spec| spec.ceiling.output_bytes);
    PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id: new_id(),
        engine_id: engine_id.to_owned(),
        engine_version_req: None,
        operation: special.operation.to_owned(),
        inputs: special.inputs,
        params: special.params,
        capabilities_requested: special.capabilities.iter().map(|id| (*id).to_owned()).collect(),
        capability_profile_id: None,
        human_consent_obtained: false,
        budget: BudgetSpec { wall_time_ms: Some(1_000), output_bytes, ..BudgetSpec::default() },
        determinism: special.determinism,
        evidence_policy: Some(EvidenceDemand { required: true, notes: None }),
        output_spec: OutputSpec { expected_types: vec![special.output], max_bytes: Some(1_024) },
    }
}

/// What the golden operation of an engine is granted: nothing more than it asks for.
pub(super) fn grants(engine_id: &str) -> Grants {
    Grants::new("conformance", golden(engine_id).capabilities_requested)
}

/// The honest result of a golden operation.
pub(super) fn honest_result(operation: &Operation<Admitted>) -> EngineResult {
    let planned = operation.envelope();
    let kind = planned.output_spec.expected_types.first().copied().unwrap_or(ArtifactKind::File);
    let output = ArtifactHandle { kind, ..handle("out", 0) };
    EngineResult {
        op_id: planned.op_id.clone(),
        status: EngineStatus::Succeeded,
        started_at: now(),
        ended_at: now(),
        outputs: vec![output.clone()],
        evidence: vec![output.clone()],
        provenance: ProvenanceRecord {
            engine_id: planned.engine_id.clone(),
            engine_version: None,
            implementation: None,
            determinism: planned.determinism,
            config_hash: None,
            inputs: planned.inputs.clone(),
            outputs: vec![output],
            capabilities_granted: operation.granted().to_vec(),
            environment: None,
        },
        errors: Vec::new(),
        logs_ref: None,
    }
}
