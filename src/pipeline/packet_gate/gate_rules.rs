//! Selects the rules of each gate.

use crate::check::context::Gate;
use crate::check::{Check, Registered, registered_rules};

/// Rules that `post-work` does not run, because they check the start of work.
const START_ONLY_RULES: [&str; 9] = [
    "packet/active",
    "packet/workable",
    "approval/checkpoint",
    "approval/prepared",
    "refinement/spec",
    "refinement/window",
    "refinement/token",
    "refinement/excerpt",
    "refinement/anchor-section",
];

/// Rules that cannot hold any more when work has begun.
const BEFORE_WORK_RULES: [&str; 4] =
    ["packet/active", "packet/workable", "approval/checkpoint", "approval/prepared"];

/// Returns the rules of a gate, in the order of the registry.
pub(crate) fn rules_of_gate(gate: Gate) -> impl Iterator<Item = &'static Registered> {
    registered_rules().iter().filter(move |entry| is_in_gate(gate, entry))
}

fn is_in_gate(gate: Gate, entry: &Registered) -> bool {
    match entry.check {
        Check::Search(_) => return true,
        Check::Document(..) | Check::Repository(_) | Check::Sources(_) | Check::Command => return false,
        _ => {}
    }
    match gate {
        Gate::GateCheck => {
            entry.rule.id.family() == "phase" || entry.rule.id.as_str() == "packet/duplicate-field"
        }
        Gate::PreWork => !matches!(
            entry.check,
            Check::Change(_) | Check::SharedPaths(_) | Check::Selection(_) | Check::Gate
        ),
        Gate::Audit => !BEFORE_WORK_RULES.contains(&entry.rule.id.as_str()),
        Gate::PostWork => !START_ONLY_RULES.contains(&entry.rule.id.as_str()),
    }
}
