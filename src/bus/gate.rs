//! The six gates. Every operation passes all of them, in this order, and all reasons
//! against it are reported at once.

use serde_json::json;

use crate::config::{CapabilityFault, Grants, UNKNOWN_CAPABILITY, axis_of, check_request};
use crate::rule::did_you_mean;
use crate::text::to_single_line;

use super::envelope::{
    BudgetSpec, DenialSeverity, GateDenial, MAX_PARAMS_BYTES, PlannedOperation, SCHEMA_VERSION,
};
use super::registry::{
    ENGINE_VERSION, ENGINES, EngineSpec, GATE_NAMES, OperationSpec, find_engine, find_operation,
};

/// What gates are given beside the operation.
pub(crate) struct AdmissionContext<'a> {
    /// Rights that the trusted configuration grants.
    pub grants: &'a Grants,
    /// Whether the id of the operation was used before.
    pub is_replayed: bool,
    /// Limits that this platform cannot enforce.
    pub cannot_enforce: &'a [&'static str],
}

/// One gate: its name, and what it says about an operation.
#[derive(Clone, Copy)]
pub(crate) struct Gatekeeper {
    /// Its name.
    pub name: &'static str,
    check: fn(&PlannedOperation, &AdmissionContext<'_>, &mut Denials),
}

/// The gates of this program.
pub(crate) const GATES: [Gatekeeper; 6] = [
    Gatekeeper { name: "G-SCHEMA", check: check_schema },
    Gatekeeper { name: "G-CAP", check: check_capabilities },
    Gatekeeper { name: "G-INTEGRITY", check: check_integrity },
    Gatekeeper { name: "G-BUDGET", check: check_budget },
    Gatekeeper { name: "G-PROVENANCE", check: check_provenance },
    Gatekeeper { name: "G-DET", check: check_determinism },
];

/// A pipeline that lacks a gate, or has them in another order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pipeline lacks {gate}, or does not have it at its place")]
pub(crate) struct IncompletePipeline {
    /// The gate.
    pub gate: &'static str,
}

/// The gates that an operation passes: all six, or it cannot be built.
pub(crate) struct Pipeline([Gatekeeper; 6]);

impl Pipeline {
    /// The pipeline of this program.
    pub(crate) const STANDARD: Self = Self(GATES);

    /// Builds a pipeline of given gates.
    ///
    /// # Errors
    /// A gate is missing or stands elsewhere.
    pub(crate) fn of(gates: &[Gatekeeper]) -> Result<Self, IncompletePipeline> {
        for (index, name) in GATE_NAMES.iter().enumerate() {
            if gates.get(index).is_none_or(|gate| gate.name != *name) {
                return Err(IncompletePipeline { gate: name });
            }
        }
        gates.try_into().map(Self).map_err(|_| IncompletePipeline { gate: "G-DET" })
    }

    /// Returns every reason against an operation, in the order of the gates.
    #[must_use]
    pub(crate) fn evaluate(
        &self,
        operation: &PlannedOperation,
        context: &AdmissionContext<'_>,
    ) -> Vec<GateDenial> {
        let mut denials = Vec::new();
        for gate in &self.0 {
            let mut own = Denials { gate: gate.name, found: Vec::new() };
            (gate.check)(operation, context, &mut own);
            denials.extend(own.found);
        }
        denials
    }
}

/// Collects the denials of one gate.
pub(crate) struct Denials {
    gate: &'static str,
    found: Vec<GateDenial>,
}

impl Denials {
    fn deny(&mut self, reason: impl Into<String>) {
        self.add(reason.into(), None, None, DenialSeverity::Error);
    }

    fn add(
        &mut self,
        reason: String,
        code: Option<&str>,
        details: Option<serde_json::Value>,
        severity: DenialSeverity,
    ) {
        let code = code.map(str::to_owned);
        self.found.push(GateDenial { gate: self.gate.to_owned(), reason, code, details, severity });
    }
}

fn shown(text: &str) -> String {
    to_single_line(text, 80)
}

fn check_schema(operation: &PlannedOperation, _: &AdmissionContext<'_>, denials: &mut Denials) {
    if operation.schema_version != SCHEMA_VERSION {
        denials.deny(format!(
            "schema_version is `{}`; expected `{SCHEMA_VERSION}`",
            shown(&operation.schema_version)
        ));
    }
    if uuid::Uuid::try_parse(&operation.op_id).map_or(true, |id| id.is_nil()) {
        denials.deny(format!("op_id `{}` is not a UUID", shown(&operation.op_id)));
    }
    for (name, value) in [("engine_id", &operation.engine_id), ("operation", &operation.operation)] {
        if value.trim().is_empty() {
            denials.deny(format!("{name} is empty"));
        }
    }
    if let Some(wanted) = operation.engine_version_req.as_deref()
        && wanted.trim_start_matches('=') != ENGINE_VERSION
    {
        denials.deny(format!("engine version `{}` is asked for; there is {ENGINE_VERSION}", shown(wanted)));
    }
    if let Some(spec) = find_operation(&operation.engine_id, &operation.operation)
        && let Err(reason) = spec.check_params(&operation.params)
    {
        denials.deny(format!("the parameters do not fit the operation: {}", to_single_line(&reason, 200)));
    }
}

/// The engine and the operation; denials say what is unknown.
fn find_spec(
    operation: &PlannedOperation,
    denials: &mut Denials,
) -> Option<(&'static EngineSpec, &'static OperationSpec)> {
    let Some(engine) = find_engine(&operation.engine_id) else {
        let known: Vec<&str> = ENGINES.iter().map(|engine| engine.engine_id).collect();
        denials.deny(format!(
            "engine `{}` is unknown; known are {}",
            shown(&operation.engine_id),
            known.join(", ")
        ));
        return None;
    };
    let found = engine.operations.iter().find(|spec| spec.name == operation.operation);
    let Some(spec) = found else {
        let names = engine.operations.iter().map(|spec| spec.name);
        let hint = did_you_mean(&operation.operation, names);
        denials.deny(format!(
            "engine `{}` has no operation `{}`{hint}",
            engine.engine_id,
            shown(&operation.operation)
        ));
        return None;
    };
    Some((engine, spec))
}

fn check_capabilities(operation: &PlannedOperation, context: &AdmissionContext<'_>, denials: &mut Denials) {
    let grants = context.grants;
    if operation.capabilities_requested.is_empty() {
        denials.deny("it asks for no capability");
    }
    if operation.human_consent_obtained {
        denials.deny("a request cannot consent for a person");
    }
    if let Some(profile) = &operation.capability_profile_id
        && *profile != grants.profile
    {
        denials.deny(format!(
            "a request cannot choose its profile: it names `{}`, and the configuration grants by `{}`",
            shown(profile),
            grants.profile
        ));
    }
    let spec = find_spec(operation, denials).map(|(_, spec)| spec);
    for raw in &operation.capabilities_requested {
        let details = Some(json!({ "capability_id": raw }));
        // Messages show a short form; what is compared is the whole.
        let id = shown(raw);
        match check_request(raw) {
            Err(CapabilityFault::Unknown { hint }) => {
                let reason = format!("capability `{id}` is unknown{hint}");
                denials.add(reason, Some(UNKNOWN_CAPABILITY), details, DenialSeverity::Error);
            }
            Err(CapabilityFault::NeedsScope) => {
                let reason = format!("`{id}` is asked for without a scope; write `{id}:SCOPE`");
                denials.add(reason, None, details, DenialSeverity::Error);
            }
            Ok(()) if spec.is_some_and(|spec| !spec.axes.contains(&axis_of(raw))) => {
                let reason = format!(
                    "`{}.{}` may not ask for `{id}`",
                    shown(&operation.engine_id),
                    shown(&operation.operation)
                );
                denials.add(reason, None, details, DenialSeverity::Error);
            }
            Ok(()) if !grants.covers(raw) => {
                let reason = format!("`{id}` is not granted by the profile `{}`", grants.profile);
                denials.add(reason, None, details, DenialSeverity::Error);
            }
            Ok(()) => {}
        }
    }
    if let Some(spec) = spec
        && !operation.capabilities_requested.is_empty()
        && !operation.capabilities_requested.iter().any(|id| axis_of(id) == spec.required_axis)
    {
        denials.deny(format!("it needs `{}` and does not ask for it", spec.required_axis));
    }
}

fn check_integrity(operation: &PlannedOperation, context: &AdmissionContext<'_>, denials: &mut Denials) {
    match serde_json::to_string(&operation.params) {
        Ok(text) if text.len() > MAX_PARAMS_BYTES => denials.deny(format!(
            "the parameters have {} bytes, more than {MAX_PARAMS_BYTES}; large content is an input artifact",
            text.len()
        )),
        Ok(_) => {}
        Err(error) => denials.deny(format!("the parameters cannot be written: {error}")),
    }
    if context.is_replayed {
        denials.deny(format!("op_id `{}` was used before", shown(&operation.op_id)));
    }
    let mut seen = std::collections::BTreeSet::new();
    for input in &operation.inputs {
        if !is_hash(&input.content_hash) {
            denials.deny(format!("input `{}` has no SHA-256", shown(&input.uri)));
        }
        if !is_path_below_root(&input.uri) {
            denials.deny(format!("input `{}` is not a path below the root", shown(&input.uri)));
        }
        if !seen.insert(&input.uri) {
            denials.deny(format!("input `{}` is there twice", shown(&input.uri)));
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether a path stays in the repository and out of git's own folder.
fn is_path_below_root(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|name| !matches!(name, "" | "." | "..") && !name.eq_ignore_ascii_case(".git"))
}

fn check_budget(operation: &PlannedOperation, context: &AdmissionContext<'_>, denials: &mut Denials) {
    let BudgetSpec { cpu_time_ms, wall_time_ms, memory_bytes, output_bytes } = operation.budget;
    let spec = find_operation(&operation.engine_id, &operation.operation);
    let ceiling = spec.map(|spec| spec.ceiling).unwrap_or_default();
    for (name, asked, most) in [
        ("wall_time_ms", wall_time_ms, ceiling.wall_time_ms),
        ("output_bytes", output_bytes, ceiling.output_bytes),
    ] {
        match (asked, most) {
            (None, _) => denials.deny(format!("the budget has no {name}")),
            (Some(0), _) => denials.deny(format!("the budget's {name} is 0")),
            (Some(asked), Some(most)) if asked > most => {
                denials.deny(format!("the budget's {name} is {asked}, more than {most}"));
            }
            _ => {}
        }
    }
    if let (Some(most), Some(budget)) = (operation.output_spec.max_bytes, output_bytes)
        && most > budget
    {
        denials.deny(format!("output_spec.max_bytes is {most}, more than the budget's {budget}"));
    }
    for (name, asked) in [("cpu_time_ms", cpu_time_ms), ("memory_bytes", memory_bytes)] {
        if asked.is_some() && context.cannot_enforce.contains(&name) {
            let reason = format!("{name} cannot be enforced here; it is only declared");
            denials.add(reason, None, None, DenialSeverity::Warn);
        }
    }
}

fn check_provenance(operation: &PlannedOperation, _: &AdmissionContext<'_>, denials: &mut Denials) {
    let is_required = operation.evidence_policy.as_ref().is_some_and(|policy| policy.required);
    if operation.determinism.requires_evidence() && !is_required {
        denials.deny(format!(
            "{:?} needs `evidence_policy.required`: without evidence, it cannot be repeated",
            operation.determinism
        ));
    }
    if operation.output_spec.expected_types.is_empty() {
        denials.deny("output_spec names no type of output");
    }
    if let Some(spec) = find_operation(&operation.engine_id, &operation.operation) {
        for kind in &operation.output_spec.expected_types {
            if !spec.output_types.contains(kind) {
                denials.deny(format!("it does not produce outputs of type {kind:?}"));
            }
        }
    }
}

fn check_determinism(operation: &PlannedOperation, _: &AdmissionContext<'_>, denials: &mut Denials) {
    match find_engine(&operation.engine_id) {
        None => denials.deny("the engine is unknown, and so is what it can promise"),
        Some(engine) if operation.determinism > engine.determinism_ceiling => denials.deny(format!(
            "{:?} is asked for; engine `{}` can promise {:?} at most",
            operation.determinism, engine.engine_id, engine.determinism_ceiling
        )),
        Some(_) => {}
    }
}
