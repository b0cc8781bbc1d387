//! When the evidence of a gate cannot be trusted.

use crate::bus::Bus;
use crate::config::GateStep;
use crate::finding::StepReport;
use crate::ledger::{JobState, SecurityViolation};
use crate::system::files;

use super::judged_state::StateChanges;
use super::merge::StepResults;

/// Says that the job's evidence cannot be trusted if a step changed the repository, the log
/// of an earlier step or the ledger. A failing test is none of these.
pub(super) fn check_trust(
    bus: &Bus<'_>,
    step: &GateStep,
    changes: &StateChanges,
    results: &StepResults,
    report: &StepReport,
) {
    let violation = |kind: &str, description: String| SecurityViolation {
        violation_type: kind.to_owned(),
        description,
        trigger: step.name.clone(),
        guard_name: "judged_state".to_owned(),
        action_taken: "poisoned".to_owned(),
        job_state_transition: JobState::Poisoned,
    };
    let name = &step.name;
    if let Some(what) = changes.repository.iter().chain(&changes.settings).next() {
        bus.recorder().poison(violation("step_changed_repository", format!("step `{name}` {what}")));
    }
    for earlier in results.steps.iter().chain([report]) {
        let (Some(log), Some(recorded)) = (&earlier.run.log, &earlier.run.log_sha256) else { continue };
        let now = files::sha256_of_file(std::path::Path::new(log)).ok();
        if now.as_ref() != Some(recorded) {
            let description = format!("the log of step `{}` was changed after it ended", earlier.name);
            bus.recorder().poison(violation("log_changed", description));
        }
    }
    if !bus.recorder().is_intact() {
        let description = format!("the ledger was changed while step `{name}` ran");
        bus.recorder().poison(violation("ledger_changed", description));
    }
}
