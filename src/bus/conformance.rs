//! The conformance suite of the bus: for every gate an operation that this gate alone
//! denies and its honest twin; an engine that lies; a pipeline without a gate. It is part
//! of `self-test`, and runs in the tests.

use serde_json::json;

use crate::config::Grants;
use crate::ledger::{new_id, now};

use super::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineResult, EngineStatus, EvidenceDemand,
    MAX_PARAMS_BYTES, OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use super::gate::{GATE_NAMES, GATES, Pipeline};
use super::operation::{Admitted, Operation};
use super::registry::{ENGINES, MAX_LOG_BYTES};
use super::result::check_result;

/// One case of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConformanceCase {
    /// What the case does.
    pub name: String,
    /// What is wrong with the bus; `None` if the case passed.
    pub fault: Option<String>,
}

/// Changes a good operation so that one gate must deny it.
struct RejectVector {
    name: &'static str,
    gate: &'static str,
    code: Option<&'static str>,
    change: fn(&mut PlannedOperation),
}

/// The operations that must be denied, each by the gate that it names and by no other.
const REJECTED: &[RejectVector] = &[
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
            match operation.params.get_mut("argv").and_then(serde_json::Value::as_array_mut) {
                Some(argv) => argv.push(json!(long)),
                None => operation.params = json!({ "command": long }),
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

fn handle(uri: &str, size_bytes: u64) -> ArtifactHandle {
    ArtifactHandle {
        artifact_id: new_id(),
        kind: ArtifactKind::File,
        uri: uri.to_owned(),
        content_hash: crate::digest::sha256_hex(b""),
        size_bytes,
    }
}

/// The golden operation of an engine.
fn golden(engine_id: &str) -> PlannedOperation {
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
            json!({ "argv": ["cargo", "test"], "folder": "", "environment": ["PATH"] })
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
fn grants(engine_id: &str) -> Grants {
    Grants::new("conformance", golden(engine_id).capabilities_requested)
}

/// The honest result of a golden operation.
fn honest_result(operation: &Operation<Admitted>) -> EngineResult {
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

/// What a lying engine says. Each lie must be found by name.
const LIES: &[(&str, &str, fn(&mut EngineResult))] = &[
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

/// Runs every case.
#[must_use]
pub(crate) fn run() -> Vec<ConformanceCase> {
    let mut cases = Vec::new();
    for engine in ENGINES {
        let id = engine.engine_id;
        let wrong = (engine.required_gates != GATE_NAMES).then(|| "it does not require all gates".to_owned());
        cases.push(ConformanceCase { name: format!("{id}: all gates are required"), fault: wrong });
        for vector in REJECTED {
            let fault = check_vector(id, vector);
            cases.push(ConformanceCase { name: format!("{id}: {}", vector.name), fault });
        }
        cases.push(ConformanceCase {
            name: format!("{id}: an id that is used twice"),
            fault: check_replay(id),
        });
        cases.push(ConformanceCase {
            name: format!("{id}: more repeatability than the engine can promise"),
            fault: check_ceiling(id),
        });
        for (name, expected, lie) in LIES {
            let fault = check_lie(id, expected, *lie);
            cases.push(ConformanceCase { name: format!("{id}: an engine that claims {name}"), fault });
        }
        let fault = check_missing_evidence(id);
        cases.push(ConformanceCase { name: format!("{id}: an engine without evidence"), fault });
    }
    for missing in 0..GATES.len() {
        let gates: Vec<_> =
            GATES.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, gate)| *gate).collect();
        let name = GATE_NAMES.get(missing).copied().unwrap_or_default();
        let fault = match Pipeline::of(&gates) {
            Ok(_) => Some("the pipeline was built".to_owned()),
            Err(error) if error.gate != name => Some(format!("the error names {}", error.gate)),
            Err(_) => None,
        };
        cases.push(ConformanceCase { name: format!("a pipeline without {name}"), fault });
    }
    let fault = Pipeline::of(&GATES).err().map(|error| error.to_string());
    cases.push(ConformanceCase { name: "a pipeline with all gates".to_owned(), fault });
    cases
}

/// Admits an operation as the bus does.
fn admit(
    operation: PlannedOperation,
    is_replayed: bool,
) -> Result<Operation<Admitted>, Vec<super::envelope::GateDenial>> {
    let grants = grants(&operation.engine_id);
    Operation::new(operation).admit(&Pipeline::STANDARD, &grants, is_replayed, &[])
}

/// The twin must be admitted; the changed operation denied by its gate alone.
fn check_vector(engine_id: &str, vector: &RejectVector) -> Option<String> {
    if let Err(denials) = admit(golden(engine_id), false) {
        return Some(format!("the honest twin is denied: {denials:?}"));
    }
    let mut operation = golden(engine_id);
    (vector.change)(&mut operation);
    let Err(denials) = admit(operation, false) else { return Some("it is admitted".to_owned()) };
    if let Some(other) = denials.iter().find(|denial| denial.gate != vector.gate) {
        return Some(format!("{} denies it, too: {}", other.gate, other.reason));
    }
    let has_code = denials.iter().any(|denial| denial.code.as_deref() == vector.code);
    (!has_code).then(|| format!("the denial lacks the code {:?}", vector.code))
}

fn check_replay(engine_id: &str) -> Option<String> {
    match admit(golden(engine_id), true) {
        Ok(_) => Some("it is admitted".to_owned()),
        Err(denials) => denied_elsewhere(&denials, "G-INTEGRITY"),
    }
}

fn check_ceiling(engine_id: &str) -> Option<String> {
    let engine = ENGINES.iter().find(|engine| engine.engine_id == engine_id)?;
    // An engine that promises everything cannot be asked for more.
    if engine.determinism_ceiling == Determinism::D3 {
        return admit(golden(engine_id), false).err().map(|denials| format!("{denials:?}"));
    }
    let operation = PlannedOperation { determinism: Determinism::D3, ..golden(engine_id) };
    match admit(operation, false) {
        Ok(_) => Some("it is admitted".to_owned()),
        Err(denials) => denied_elsewhere(&denials, "G-DET"),
    }
}

fn denied_elsewhere(denials: &[super::envelope::GateDenial], gate: &str) -> Option<String> {
    let other = denials.iter().find(|denial| denial.gate != gate)?;
    Some(format!("{} denies it: {}", other.gate, other.reason))
}

/// An honest result must be accepted; the lie refused with its name.
fn check_lie(engine_id: &str, expected: &str, lie: fn(&mut EngineResult)) -> Option<String> {
    let Ok(operation) = admit(golden(engine_id), false) else { return Some("it is denied".to_owned()) };
    let read = |artifact: &ArtifactHandle| {
        if artifact.uri == "out" {
            return Ok((crate::digest::sha256_hex(b""), 0));
        }
        Err("no such artifact".to_owned())
    };
    let honest = honest_result(&operation);
    if let Err(fault) = check_result(&operation, &honest, &read) {
        return Some(format!("the honest result is refused: {fault}"));
    }
    let mut result = honest;
    lie(&mut result);
    match check_result(&operation, &result, &read) {
        Ok(()) => Some("the lie is believed".to_owned()),
        Err(fault) if fault.to_string().contains(expected) => None,
        Err(fault) => Some(format!("another fault is found: {fault}")),
    }
}

fn check_missing_evidence(engine_id: &str) -> Option<String> {
    let operation = PlannedOperation { determinism: Determinism::D1, ..golden(engine_id) };
    let Ok(operation) = admit(operation, false) else { return Some("it is denied".to_owned()) };
    let mut result = honest_result(&operation);
    result.evidence.clear();
    let read = |_: &ArtifactHandle| Ok((crate::digest::sha256_hex(b""), 0));
    match check_result(&operation, &result, &read) {
        Err(fault) if fault.to_string().contains("needs evidence") => None,
        Err(fault) => Some(format!("another fault is found: {fault}")),
        Ok(()) => Some("it is believed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_must_be_denied_is_denied_by_its_gate() {
        let cases = run();
        let faults: Vec<&ConformanceCase> = cases.iter().filter(|case| case.fault.is_some()).collect();
        assert!(faults.is_empty(), "{faults:#?}");
        assert!(cases.len() > 70, "{}", cases.len());
        for gate in GATE_NAMES {
            let has_case = REJECTED.iter().any(|vector| vector.gate == *gate) || *gate == "G-DET";
            assert!(has_case, "no case for {gate}");
        }
    }

    #[test]
    fn a_limit_that_cannot_be_enforced_degrades_and_does_not_deny() {
        let mut operation = golden("process");
        operation.budget.memory_bytes = Some(1 << 30);
        let grants = grants("process");
        let admitted = Operation::new(operation)
            .admit(&Pipeline::STANDARD, &grants, false, &["memory_bytes"])
            .expect("admitted");
        assert_eq!(admitted.degraded().len(), 1);
        assert!(admitted.degraded()[0].reason.contains("memory_bytes"));
    }

    #[test]
    fn all_reasons_are_there_at_once() {
        let mut operation = golden("process");
        operation.schema_version = String::new();
        operation.capabilities_requested = vec!["magic.wand".to_owned(), "gpu.compute".to_owned()];
        operation.budget = BudgetSpec::default();
        operation.evidence_policy = None;
        operation.determinism = Determinism::D0;
        let denials = admit(operation, true).expect_err("denied");
        let gates: Vec<&str> = denials.iter().map(|denial| denial.gate.as_str()).collect();
        for gate in ["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE"] {
            assert!(gates.contains(&gate), "{gate}: {gates:?}");
        }
        let sorted = gates.windows(2).all(|pair| {
            let place = |name: &str| GATE_NAMES.iter().position(|gate| *gate == name);
            place(pair[0]) <= place(pair[1])
        });
        assert!(sorted, "{gates:?}");
        let unknown = denials.iter().filter(|denial| denial.code.as_deref() == Some("HSK-4001")).count();
        assert_eq!(unknown, 2, "{denials:?}");
    }

    #[test]
    fn a_small_letter_is_read_and_a_large_one_is_written() {
        let text = serde_json::to_string(&golden("process")).expect("json");
        assert!(text.contains("\"determinism\":\"D1\""), "{text}");
        let lower: PlannedOperation =
            serde_json::from_str(&text.replace("\"D1\"", "\"d1\"")).expect("lower case");
        assert_eq!(lower.determinism, Determinism::D1);
        let unknown = text.replacen('{', "{\"extra\":1,", 1);
        assert!(serde_json::from_str::<PlannedOperation>(&unknown).is_err());
    }
}
