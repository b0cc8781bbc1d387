//! The conformance suite of the bus: for every gate an operation that this gate alone
//! denies and its control case; an engine that lies; a pipeline without a gate. It is part
//! of `self-test`, and runs in the tests.

mod samples;
mod vectors;

use super::envelope::{ArtifactHandle, Determinism, EngineResult, GateDenial, PlannedOperation};
use super::gate::{GATES, Pipeline};
use super::operation::{Admitted, Operation};
use super::registry::{ENGINES, GATE_NAMES};
use super::result::check_result;
use samples::{golden, grants, honest_result};
use vectors::{LIES, REJECTED, RejectVector};

/// One case of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConformanceCase {
    /// What the case does.
    pub name: String,
    /// What is wrong with the bus; `None` if the case passed.
    pub fault: Option<String>,
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
fn admit(operation: PlannedOperation, is_replayed: bool) -> Result<Operation<Admitted>, Vec<GateDenial>> {
    let grants = grants(&operation.engine_id);
    Operation::new(operation).admit(&Pipeline::STANDARD, &grants, is_replayed, &[])
}

/// The twin must be admitted; the changed operation denied by its gate alone.
fn check_vector(engine_id: &str, vector: &RejectVector) -> Option<String> {
    if let Err(denials) = admit(golden(engine_id), false) {
        return Some(format!("the control case is denied: {denials:?}"));
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

fn denied_elsewhere(denials: &[GateDenial], gate: &str) -> Option<String> {
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
    let golden = golden(engine_id);
    let determinism = golden.determinism.min(Determinism::D1);
    let operation = PlannedOperation { determinism, ..golden };
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
    use crate::bus::envelope::BudgetSpec;

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
