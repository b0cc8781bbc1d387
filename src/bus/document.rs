//! The engine `document`: writes files of the repository, all of them or none.

use serde_json::json;

use crate::config::Grants;
use crate::digest::sha256_hex;
use crate::ledger::{AccessMode, LedgerTrouble, Payload, Recorder, ToolCall, new_id, now};
use crate::system::clock::Stopwatch;
use crate::system::transaction::{FileWrite, WriteError, Writer};

use super::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineError, EngineResult, EngineStatus,
    OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use super::operation::{Admitted, Operation};
use super::registry::{DocumentParams, ENGINE_VERSION, find_operation};
use super::result::{ResultFault, check_result};
use super::session::{Bus, Denied, to_json};

/// The right to write files. Only a job that may write has it: a job that analyses or
/// previews cannot call [`Bus::apply`].
#[derive(Debug)]
pub(crate) struct WriteAccess(());

impl WriteAccess {
    /// Returns the right of a job; `None` for a job that only reads or previews.
    #[must_use]
    pub(crate) fn of(recorder: &Recorder) -> Option<Self> {
        (recorder.access() == AccessMode::ApplyScoped).then_some(Self(()))
    }
}

/// Why files were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// A gate of the bus denied it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The files could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The result is not what was asked for.
    #[error(transparent)]
    Result(#[from] ResultFault),
    /// The ledger is required and cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerTrouble),
}

impl Bus<'_> {
    /// Writes files of the repository, all of them or none. `command` names the command
    /// that writes.
    ///
    /// # Errors
    /// A gate denied it, or a file changed meanwhile or cannot be written.
    pub(crate) fn apply(
        &self,
        _: &WriteAccess,
        writer: &Writer,
        command: &str,
        writes: &[FileWrite],
    ) -> Result<(), ApplyError> {
        if writes.is_empty() {
            return Ok(());
        }
        // A job that writes documents may write every file below the root, except git's
        // own: that is what the gate of integrity and the writer itself refuse.
        let grants = Grants::new("documents", ["fs.write".to_owned()]);
        let operation = self.admit(plan(command, writes), &grants)?;
        self.write_intent()?;
        let started_at = now();
        let watch = Stopwatch::start();
        let written = writer.write(writes);
        let result = describe_result(&operation, writes, written.as_ref().err(), started_at);
        let checked = match &written {
            Ok(()) => check_result(&operation, &result, &|artifact| read_written(writer, artifact)),
            Err(_) => Ok(()),
        };
        let event = describe_call(self.recorder(), &operation, &result, watch.elapsed_milliseconds());
        let recorded = self.record_result(&result, event);
        written?;
        checked?;
        // The files are written: an error now would say the contrary.
        let _ = recorded;
        Ok(())
    }
}

fn read_written(writer: &Writer, artifact: &ArtifactHandle) -> Result<(String, u64), String> {
    let bytes = writer
        .read(&crate::text::RepoPath::from(artifact.uri.as_str()))
        .map_err(|error| error.to_string())?
        .ok_or_else(|| "it is not there".to_owned())?;
    Ok((sha256_hex(&bytes), u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
}

fn handles(writes: &[FileWrite]) -> Vec<ArtifactHandle> {
    let handle = |write: &FileWrite| ArtifactHandle {
        artifact_id: new_id(),
        kind: ArtifactKind::File,
        uri: write.path.to_text().into_owned(),
        content_hash: sha256_hex(&write.after),
        size_bytes: u64::try_from(write.after.len()).unwrap_or(u64::MAX),
    };
    writes.iter().map(handle).collect()
}

fn plan(command: &str, writes: &[FileWrite]) -> PlannedOperation {
    let budget = find_operation("document", "apply").map(|spec| spec.default_budget).unwrap_or_default();
    let params = DocumentParams { command: command.to_owned() };
    PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id: new_id(),
        engine_id: "document".to_owned(),
        engine_version_req: None,
        operation: "apply".to_owned(),
        inputs: handles(writes),
        params: json!(params),
        capabilities_requested: writes
            .iter()
            .map(|write| format!("fs.write:{}", write.path.to_text()))
            .collect(),
        capability_profile_id: None,
        human_consent_obtained: false,
        budget: BudgetSpec { ..budget },
        determinism: Determinism::D3,
        evidence_policy: None,
        output_spec: OutputSpec { expected_types: vec![ArtifactKind::File], max_bytes: budget.output_bytes },
    }
}

fn describe_result(
    operation: &Operation<Admitted>,
    writes: &[FileWrite],
    error: Option<&WriteError>,
    started_at: String,
) -> EngineResult {
    let planned = operation.envelope();
    let outputs = if error.is_none() { planned.inputs.clone() } else { Vec::new() };
    let before: Vec<_> = writes
        .iter()
        .map(|write| json!([write.path.to_text(), write.before.as_deref().map(sha256_hex)]))
        .collect();
    EngineResult {
        op_id: planned.op_id.clone(),
        status: if error.is_none() { EngineStatus::Succeeded } else { EngineStatus::Failed },
        started_at,
        ended_at: now(),
        outputs: outputs.clone(),
        evidence: Vec::new(),
        provenance: ProvenanceRecord {
            engine_id: planned.engine_id.clone(),
            engine_version: Some(ENGINE_VERSION.to_owned()),
            implementation: Some(format!("countersign {ENGINE_VERSION}")),
            determinism: planned.determinism,
            config_hash: Some(sha256_hex(to_json(&planned.params).as_bytes())),
            inputs: planned.inputs.clone(),
            outputs,
            capabilities_granted: operation.granted().to_vec(),
            environment: Some(json!({ "before": before })),
        },
        errors: error
            .map(|error| EngineError {
                code: "WRITE".to_owned(),
                message: error.to_string(),
                details_ref: None,
            })
            .into_iter()
            .collect(),
        logs_ref: None,
    }
}

fn describe_call(
    recorder: &Recorder,
    operation: &Operation<Admitted>,
    result: &EngineResult,
    milliseconds: u64,
) -> Payload {
    let planned = operation.envelope();
    let spec = find_operation(&planned.engine_id, &planned.operation);
    Payload::ToolCall(ToolCall {
        trace_id: recorder.run_id().to_owned(),
        tool_call_id: planned.op_id.clone(),
        tool_id: format!("{}.{}", planned.engine_id, planned.operation),
        tool_version: ENGINE_VERSION.to_owned(),
        transport: "local".to_owned(),
        side_effect: spec.map_or("WRITE", |spec| spec.side_effect).to_owned(),
        idempotency: "NON_IDEMPOTENT".to_owned(),
        args_hash: sha256_hex(to_json(&planned.params).as_bytes()),
        result_hash: Some(sha256_hex(to_json(result).as_bytes())),
        ok: result.status == EngineStatus::Succeeded,
        error: result.errors.first().map(|error| format!("{}: {}", error.code, error.message)),
        duration_ms: milliseconds,
        capability_ids: operation.granted().to_vec(),
    })
}
