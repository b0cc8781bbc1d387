//! Operations that must be denied, and results that must be refused.

use serde_json::json;

use crate::bus::envelope::{
    ArtifactHandle, ArtifactKind, Determinism, EngineResult, EngineStatus, MAX_PARAMS_BYTES, PlannedOperation,
};
use crate::ledger::new_id;

use super::samples::handle;

/// Changes a good operation so that one gate must deny it.
pub(super) struct RejectVector {
    /// What is wrong.
    pub name: &'static str,
    /// The gate that must deny it.
    pub gate: &'static str,
    /// The code that it must give.
    pub code: Option<&'static str>,
    /// Makes a good operation wrong.
    pub change: fn(&mut PlannedOperation),
}

/// The operations that must be denied, each by the gate that it names and by no other.
pub(super) const REJECTED: &[RejectVector] = &[
    RejectVector {
        name: "another schema version",
        gate: "G-SCHEMA",
        code: None,
        change: |operation| operation.schema_version = "poe-0.9".to_owned(),
    },
    RejectVector {
        name: "parameters of another operation",
        gate: "G-SCHEMA",
        code: None,
        change: |operation| operation.params = json!({ "shell": "rm -rf ." }),
    },
    RejectVector {
        name: "an id that is no UUID",
        gate: "G-SCHEMA",
        code: None,
        change: |operation| operation.op_id = "1".to_owned(),
    },
    RejectVector {
        name: "an engine of another version",
        gate: "G-SCHEMA",
        code: None,
        change: |operation| operation.engine_version_req = Some("99.0.0".to_owned()),
    },
    RejectVector {
        name: "an unknown capability",
        gate: "G-CAP",
        code: Some("HSK-4001"),
        change: |operation| operation.capabilities_requested.push("magic.wand".to_owned()),
    },
    RejectVector {
        name: "no capability",
        gate: "G-CAP",
        code: None,
        change: |operation| operation.capabilities_requested.clear(),
    },
    RejectVector {
        name: "a capability that was not granted",
        gate: "G-CAP",
        code: None,
        change: |operation| add_foreign_scope(operation),
    },
    RejectVector {
        name: "an axis that the operation may not ask for",
        gate: "G-CAP",
        code: None,
        change: |operation| {
            let foreign = if operation.engine_id == "process" { "fs.read:/etc" } else { "proc.exec:sh" };
            operation.capabilities_requested.push(foreign.to_owned());
        },
    },
    RejectVector {
        name: "a profile that the request chooses",
        gate: "G-CAP",
        code: None,
        change: |operation| operation.capability_profile_id = Some("Operator".to_owned()),
    },
    RejectVector {
        name: "consent that the request claims",
        gate: "G-CAP",
        code: None,
        change: |operation| operation.human_consent_obtained = true,
    },
    RejectVector {
        name: "parameters of more than 32 KB",
        gate: "G-INTEGRITY",
        code: None,
        change: |operation| {
            let long = "x".repeat(MAX_PARAMS_BYTES);
            if let Some(argv) = operation.params.get_mut("argv").and_then(serde_json::Value::as_array_mut) {
                argv.push(json!(long));
            } else if let Some(model) = operation.params.get_mut("model_id") {
                *model = json!(long);
            } else {
                operation.params = json!({ "command": long });
            }
        },
    },
    RejectVector {
        name: "an input outside of the repository",
        gate: "G-INTEGRITY",
        code: None,
        change: |operation| operation.inputs.push(handle("../escape", 0)),
    },
    RejectVector {
        name: "an input in git's own folder",
        gate: "G-INTEGRITY",
        code: None,
        change: |operation| operation.inputs.push(handle(".GIT/config", 0)),
    },
    RejectVector {
        name: "an input without a hash",
        gate: "G-INTEGRITY",
        code: None,
        change: |operation| {
            operation.inputs.push(ArtifactHandle { content_hash: String::new(), ..handle("a", 0) });
        },
    },
    RejectVector {
        name: "a budget without a time",
        gate: "G-BUDGET",
        code: None,
        change: |operation| operation.budget.wall_time_ms = None,
    },
    RejectVector {
        name: "a budget without a size",
        gate: "G-BUDGET",
        code: None,
        change: |operation| operation.budget.output_bytes = None,
    },
    RejectVector {
        name: "a time over the ceiling",
        gate: "G-BUDGET",
        code: None,
        change: |operation| operation.budget.wall_time_ms = Some(u64::MAX),
    },
    RejectVector {
        name: "more output than the budget",
        gate: "G-BUDGET",
        code: None,
        change: |operation| operation.output_spec.max_bytes = Some(u64::MAX),
    },
    RejectVector {
        name: "a type of output that the operation does not produce",
        gate: "G-PROVENANCE",
        code: None,
        change: |operation| operation.output_spec.expected_types = vec![ArtifactKind::Report],
    },
    RejectVector {
        name: "a live operation without evidence",
        gate: "G-PROVENANCE",
        code: None,
        change: |operation| {
            operation.determinism = Determinism::D0;
            operation.evidence_policy = None;
        },
    },
];

fn add_foreign_scope(operation: &mut PlannedOperation) {
    let foreign = if operation.engine_id == "process" { "net.http:loopback" } else { "fs.write:elsewhere" };
    operation.capabilities_requested.push(foreign.to_owned());
}

/// A lie of an engine: what it claims, a part of the message that must name it, and the
/// change of an honest result.
type Lie = (&'static str, &'static str, fn(&mut EngineResult));

/// What a lying engine says. Each lie must be found by name.
pub(super) const LIES: &[Lie] = &[
    ("the id of another operation", "op_id", |result| result.op_id = new_id()),
    ("a right that was not granted", "was not granted", |result| {
        result.provenance.capabilities_granted.push("net.http:any".to_owned());
    }),
    ("the hash of other bytes", "its SHA-256 is", |result| {
        lie_about_output(result, |output| output.content_hash = crate::digest::sha256_hex(b"other"));
    }),
    ("another size", "it has 0 bytes", |result| lie_about_output(result, |output| output.size_bytes = 7)),
    ("more output than was allowed", "more than 1024", |result| {
        lie_about_output(result, |output| output.size_bytes = 4_096);
    }),
    ("an output that is not there", "no such artifact", |result| {
        lie_about_output(result, |output| output.uri = "elsewhere".to_owned());
    }),
    ("an output of another type", "type", |result| {
        lie_about_output(result, |output| output.kind = ArtifactKind::Report);
    }),
    ("better repeatability", "determinism", |result| result.provenance.determinism = Determinism::D2),
    ("an end before the start", "ended before", |result| {
        result.ended_at = "2000-01-01T00:00:00Z".to_owned();
    }),
    ("a failure without a reason", "without an error", |result| result.status = EngineStatus::Failed),
];

fn lie_about_output(result: &mut EngineResult, lie: fn(&mut ArtifactHandle)) {
    result.outputs.iter_mut().chain(&mut result.evidence).for_each(lie);
}
