//! Honest operations and results.

use serde_json::json;

use crate::bus::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineResult, EngineStatus, EvidenceDemand,
    OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use crate::bus::operation::{Admitted, Operation};
use crate::bus::registry::MAX_LOG_BYTES;
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

/// The golden operation of an engine.
pub(super) fn golden(engine_id: &str) -> PlannedOperation {
    let is_process = engine_id == "process";
    let kind = if is_process { ArtifactKind::Transcript } else { ArtifactKind::File };
    PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id: new_id(),
        engine_id: engine_id.to_owned(),
        engine_version_req: None,
        operation: if is_process { "run" } else { "apply" }.to_owned(),
        inputs: if is_process { Vec::new() } else { vec![handle("notes/a.md", 0)] },
        params: if is_process {
            json!({
                "argv": ["cargo", "test"], "argv_sha256": "", "folder": "", "variables": 1,
                "environment_sha256": "",
            })
        } else {
            json!({ "command": "manifest" })
        },
        capabilities_requested: if is_process {
            vec!["proc.exec:cargo".to_owned(), "fs.read:src".to_owned()]
        } else {
            vec!["fs.write:notes/a.md".to_owned()]
        },
        capability_profile_id: None,
        human_consent_obtained: false,
        budget: BudgetSpec {
            wall_time_ms: Some(1_000),
            output_bytes: Some(MAX_LOG_BYTES),
            ..BudgetSpec::default()
        },
        determinism: if is_process { Determinism::D1 } else { Determinism::D3 },
        evidence_policy: Some(EvidenceDemand { required: true, notes: None }),
        output_spec: OutputSpec { expected_types: vec![kind], max_bytes: Some(1_024) },
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
