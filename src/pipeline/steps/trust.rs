//! When the evidence of a gate cannot be trusted.

use crate::bus::Bus;
use crate::change::RepositoryError;
use crate::config::GateStep;
use crate::finding::StepReport;
use crate::ledger::{JobState, SecurityViolation};
use crate::system::files;
use crate::system::git::{GitRepository, GitState};

use super::error::StepsError;
use super::judged_state::StateChanges;
use super::merge::StepResults;

/// Says that the job's evidence cannot be trusted if a step that ran left no result that
/// counts, such as one that removed its log, or changed the repository meanwhile.
pub(super) fn poison_after_error(
    bus: &Bus<'_>,
    step: &GateStep,
    error: &StepsError,
    changes: Option<StateChanges>,
) {
    if let Some(changes) = changes {
        check_trust(bus, step, &changes, &StepResults::default(), &[]);
    }
    if matches!(error, StepsError::ReadLog { .. } | StepsError::Result { .. }) {
        let description = format!("the log of step `{}` was changed while it ran", step.name);
        bus.recorder().poison(violation("log_changed", description, &step.name));
    }
}

/// Watches the state of git while commands run that are no steps.
pub(crate) struct RepositoryWatch(GitState);

impl RepositoryWatch {
    /// Takes the state before the first command.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(crate) fn start(repo: &GitRepository) -> Result<Self, RepositoryError> {
        Ok(Self(repo.read_state()?.without_remotes()))
    }

    /// Says that the evidence cannot be trusted if a command changed git or the ledger.
    pub(crate) fn check(&self, repo: &GitRepository, bus: &Bus<'_>, command: &str) {
        let now = repo.read_state().map(|state| state.without_remotes());
        if now.ok().as_ref() != Some(&self.0) {
            let description =
                format!("`{command}` changed HEAD, references, index, settings or hooks of git");
            bus.recorder().poison(violation("step_changed_repository", description, command));
        }
        if !bus.recorder().is_intact() {
            let description = format!("the ledger was changed while `{command}` ran");
            bus.recorder().poison(violation("ledger_changed", description, command));
        }
    }
}

fn violation(kind: &str, description: String, trigger: &str) -> SecurityViolation {
    SecurityViolation {
        violation_type: kind.to_owned(),
        description,
        trigger: trigger.to_owned(),
        guard_name: "judged_state".to_owned(),
        action_taken: "poisoned".to_owned(),
        job_state_transition: JobState::Poisoned,
    }
}

/// Says that the job's evidence cannot be trusted if a step changed the repository, the log
/// of an earlier step or the ledger. A failing test is none of these.
pub(super) fn check_trust(
    bus: &Bus<'_>,
    step: &GateStep,
    changes: &StateChanges,
    results: &StepResults,
    reports: &[&StepReport],
) {
    let violation = |kind: &str, description: String| violation(kind, description, &step.name);
    let name = &step.name;
    if let Some(what) = &changes.untrusted {
        bus.recorder().poison(violation("step_changed_repository", format!("step `{name}` {what}")));
    }
    for earlier in results.steps.iter().chain(reports.iter().copied()) {
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
