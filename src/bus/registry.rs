//! The engines of this program: what each of them can do, what it may ask for, and its
//! limits. Nothing else can be called.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::{ArtifactKind, BudgetSpec, Determinism};

/// Names of the gates, in their order.
pub(crate) const GATE_NAMES: &[&str] =
    &["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"];

/// Version of all engines: that of the program.
pub(crate) const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// An engine.
#[derive(Debug)]
pub(crate) struct EngineSpec {
    /// Its id.
    pub engine_id: &'static str,
    /// The most that it can promise.
    pub determinism_ceiling: Determinism,
    /// The gates that judge every operation of it.
    pub required_gates: &'static [&'static str],
    /// What it can do.
    pub operations: &'static [OperationSpec],
}

/// One operation of an engine.
#[derive(Debug)]
pub(crate) struct OperationSpec {
    /// Its name.
    pub name: &'static str,
    /// Axes that it may ask for.
    pub axes: &'static [&'static str],
    /// The axis without which it makes no sense.
    pub required_axis: &'static str,
    /// Kinds of its outputs.
    pub output_types: &'static [ArtifactKind],
    /// Limits of a request that names none.
    pub default_budget: BudgetSpec,
    /// The most that a request may ask for.
    pub ceiling: BudgetSpec,
    /// `WRITE` or `EXECUTE`.
    pub side_effect: &'static str,
    check_params: fn(&Value) -> Result<(), String>,
}

/// Parameters of `process.run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessParams {
    /// Program and arguments, as far as they are short; no shell.
    pub argv: Vec<String>,
    /// SHA-256 of all arguments, one on each line. Long ones are only here.
    pub argv_sha256: String,
    /// Folder below the root; empty for the root.
    pub folder: String,
    /// Number of its environment variables.
    pub variables: u64,
    /// SHA-256 of their names, one on each line.
    pub environment_sha256: String,
}

/// Parameters of `document.apply`. The new bytes are the inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentParams {
    /// The command that writes.
    pub command: String,
}

/// Parameters of `model.completion`. The bytes that are sent are the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelParams {
    /// Id of the server in the user's configuration.
    pub provider_id: String,
    /// Where what is sent ends up: `local` or `cloud`.
    pub tier: String,
    /// Address and path.
    pub url: String,
    /// The model.
    pub model_id: String,
    /// Maximum number of tokens of the answer.
    pub max_tokens: u64,
    /// The receipt of the person who consented; `null` for a server on this machine.
    pub consent_receipt_id: Option<String>,
}

const MINUTE_MS: u64 = 60 * 1000;
/// Maximum size of the log of a program, in bytes.
pub(crate) const MAX_LOG_BYTES: u64 = 256 * 1024 * 1024;
/// Maximum size of the answer of a model, in bytes.
pub(crate) const MAX_MODEL_ANSWER_BYTES: u64 = 1024 * 1024;
/// Maximum size of all documents that one command writes, in bytes.
const MAX_DOCUMENT_BYTES: u64 = 256 * 1024 * 1024;

const fn limits(wall_minutes: u64, output_bytes: u64) -> BudgetSpec {
    BudgetSpec {
        cpu_time_ms: None,
        wall_time_ms: Some(wall_minutes * MINUTE_MS),
        memory_bytes: None,
        output_bytes: Some(output_bytes),
    }
}

/// The engines.
pub(crate) const ENGINES: &[EngineSpec] = &[
    EngineSpec {
        engine_id: "process",
        determinism_ceiling: Determinism::D2,
        required_gates: GATE_NAMES,
        operations: &[OperationSpec {
            name: "run",
            axes: &["proc.exec", "fs.read", "fs.write", "net.http", "secrets.use"],
            required_axis: "proc.exec",
            output_types: &[ArtifactKind::Transcript],
            default_budget: limits(30, MAX_LOG_BYTES),
            ceiling: limits(24 * 60, MAX_LOG_BYTES),
            side_effect: "EXECUTE",
            check_params: |params| {
                read_params::<ProcessParams>(params).and_then(|params| {
                    if params.argv.first().is_none_or(String::is_empty) {
                        return Err("`argv` names no program".to_owned());
                    }
                    Ok(())
                })
            },
        }],
    },
    EngineSpec {
        engine_id: "document",
        determinism_ceiling: Determinism::D3,
        required_gates: GATE_NAMES,
        operations: &[OperationSpec {
            name: "apply",
            axes: &["fs.write"],
            required_axis: "fs.write",
            output_types: &[ArtifactKind::File],
            default_budget: limits(1, MAX_DOCUMENT_BYTES),
            ceiling: limits(10, MAX_DOCUMENT_BYTES),
            side_effect: "WRITE",
            check_params: |params| read_params::<DocumentParams>(params).map(|_| ()),
        }],
    },
    EngineSpec {
        engine_id: "model",
        determinism_ceiling: Determinism::D0,
        required_gates: GATE_NAMES,
        operations: &[OperationSpec {
            name: "completion",
            axes: &["net.http", "secrets.use"],
            required_axis: "net.http",
            output_types: &[ArtifactKind::ToolOutput],
            default_budget: limits(5, MAX_MODEL_ANSWER_BYTES),
            ceiling: limits(60, MAX_MODEL_ANSWER_BYTES),
            side_effect: "READ",
            check_params: |params| {
                read_params::<ModelParams>(params).and_then(|params| {
                    match (params.tier.as_str(), &params.consent_receipt_id) {
                        ("local", None) | ("cloud", Some(_)) if params.max_tokens > 0 => Ok(()),
                        ("local" | "cloud", _) => Err(
                            "a cloud server, and only a cloud server, needs a receipt; `max_tokens` is not 0"
                                .to_owned(),
                        ),
                        _ => Err("`tier` is neither local nor cloud".to_owned()),
                    }
                })
            },
        }],
    },
];

/// Returns an engine.
#[must_use]
pub(crate) fn find_engine(engine_id: &str) -> Option<&'static EngineSpec> {
    ENGINES.iter().find(|engine| engine.engine_id == engine_id)
}

/// Returns an operation of an engine.
#[must_use]
pub(crate) fn find_operation(engine_id: &str, name: &str) -> Option<&'static OperationSpec> {
    find_engine(engine_id)?.operations.iter().find(|operation| operation.name == name)
}

impl OperationSpec {
    /// Checks parameters against the operation's schema.
    pub(crate) fn check_params(&self, params: &Value) -> Result<(), String> {
        (self.check_params)(params)
    }
}

/// Reads parameters; an unknown or a missing key is an error.
pub(crate) fn read_params<T: DeserializeOwned>(params: &Value) -> Result<T, String> {
    T::deserialize(params).map_err(|error| error.to_string())
}
