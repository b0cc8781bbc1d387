//! The envelope of an operation (`poe-1.0`) and of its result: sections 6.3.0 and 11.8 of
//! the tool bus' specification. `docs/schema/operation.v1.json` is generated from here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the envelope.
pub(crate) const SCHEMA_VERSION: &str = "poe-1.0";

/// Maximum size of parameters in bytes; what is larger is an input artifact.
pub(crate) const MAX_PARAMS_BYTES: usize = 32 * 1024;

/// How far an operation can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Determinism {
    /// Live: it cannot be repeated; its evidence says what happened.
    #[serde(alias = "d0")]
    D0,
    /// Best effort: it depends on things that change; its evidence says what happened.
    #[serde(alias = "d1")]
    D1,
    /// Structural: the same meaning, not always the same bytes.
    #[serde(alias = "d2")]
    D2,
    /// Bitwise: the same bytes.
    #[serde(alias = "d3")]
    D3,
}

impl Determinism {
    /// Returns whether a result needs evidence.
    #[must_use]
    pub(crate) fn requires_evidence(self) -> bool {
        matches!(self, Self::D0 | Self::D1)
    }
}

/// Limits of an operation. A limit that the platform cannot enforce makes its outcome
/// degraded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetSpec {
    /// Time of all its processes on processors, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Time until it is ended, in milliseconds. Mandatory.
    pub wall_time_ms: Option<u64>,
    /// Memory of all its processes, in bytes.
    pub memory_bytes: Option<u64>,
    /// Size of its output, in bytes. Mandatory.
    pub output_bytes: Option<u64>,
}

/// Whether evidence is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceDemand {
    /// Whether a result without evidence is refused.
    pub required: bool,
    /// A remark.
    pub notes: Option<String>,
}

/// What an operation produces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputSpec {
    /// Kinds of its outputs.
    pub expected_types: Vec<ArtifactKind>,
    /// Maximum size of all outputs together, in bytes.
    pub max_bytes: Option<u64>,
}

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ArtifactKind {
    /// A file of the repository.
    File,
    /// Output of a tool.
    ToolOutput,
    /// The log of a program.
    Transcript,
    /// A report.
    Report,
    /// The bytes that are sent to a model.
    PromptPayload,
}

/// Bytes outside an envelope, by name and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArtifactHandle {
    /// A UUID.
    pub artifact_id: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// A path below the repository's root, or the path of a log.
    pub uri: String,
    /// SHA-256 of the bytes, in hexadecimal digits.
    pub content_hash: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// An operation that is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedOperation {
    /// `poe-1.0`.
    pub schema_version: String,
    /// A UUID that was never used before.
    pub op_id: String,
    /// The engine.
    pub engine_id: String,
    /// Version of the engine that it needs; `null` accepts every version.
    pub engine_version_req: Option<String>,
    /// The operation of the engine.
    pub operation: String,
    /// Bytes that it needs, by reference.
    pub inputs: Vec<ArtifactHandle>,
    /// Parameters; each operation has its own.
    pub params: Value,
    /// Rights that it asks for.
    pub capabilities_requested: Vec<String>,
    /// The profile that it expects to be granted by. It never chooses one.
    pub capability_profile_id: Option<String>,
    /// Always `false`: a request cannot consent for a person.
    #[serde(default)]
    pub human_consent_obtained: bool,
    /// Its limits.
    pub budget: BudgetSpec,
    /// How far it can be repeated.
    pub determinism: Determinism,
    /// Its evidence; mandatory for `D0` and `D1`.
    pub evidence_policy: Option<EvidenceDemand>,
    /// What it produces.
    pub output_spec: OutputSpec,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EngineStatus {
    /// It did what was asked.
    Succeeded,
    /// It ran, and what was asked did not come out.
    Failed,
    /// It did not run.
    Denied,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngineError {
    /// A code, such as `EXIT` or `TIMEOUT`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// Details, by reference.
    pub details_ref: Option<ArtifactHandle>,
}

/// Where a result comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProvenanceRecord {
    /// The engine.
    pub engine_id: String,
    /// Version of the engine.
    pub engine_version: Option<String>,
    /// The program that did it.
    pub implementation: Option<String>,
    /// How far it can be repeated.
    pub determinism: Determinism,
    /// SHA-256 of its parameters.
    pub config_hash: Option<String>,
    /// Bytes that it needed.
    pub inputs: Vec<ArtifactHandle>,
    /// Bytes that it produced.
    pub outputs: Vec<ArtifactHandle>,
    /// Rights that it had.
    pub capabilities_granted: Vec<String>,
    /// Facts about the machine: what was enforced, and what only declared.
    pub environment: Option<Value>,
}

/// The result of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EngineResult {
    /// The operation.
    pub op_id: String,
    /// How it ended.
    pub status: EngineStatus,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub ended_at: String,
    /// Bytes that it produced.
    pub outputs: Vec<ArtifactHandle>,
    /// Bytes that show what happened; mandatory for `D0` and `D1`.
    pub evidence: Vec<ArtifactHandle>,
    /// Where it comes from.
    pub provenance: ProvenanceRecord,
    /// Why it failed.
    pub errors: Vec<EngineError>,
    /// Its log.
    pub logs_ref: Option<ArtifactHandle>,
}

/// Whether a denial stops an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DenialSeverity {
    /// It does not run.
    Error,
    /// It runs, and its outcome is degraded.
    Warn,
}

/// One reason of one gate against an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateDenial {
    /// The gate.
    pub gate: String,
    /// What is wrong, and what was expected.
    pub reason: String,
    /// A code, such as `HSK-4001`.
    pub code: Option<String>,
    /// The capability or value.
    pub details: Option<Value>,
    /// Whether it stops the operation.
    pub severity: DenialSeverity,
}

/// The documents of the bus, for the published schema.
#[cfg(test)]
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct OperationDocuments {
    /// What goes in.
    planned: PlannedOperation,
    /// What comes out.
    result: EngineResult,
    /// Why nothing comes out.
    denial: GateDenial,
}

/// Returns the JSON Schema of the envelopes.
#[cfg(test)]
#[must_use]
pub(crate) fn schema() -> Value {
    schemars::schema_for!(OperationDocuments).to_value()
}
