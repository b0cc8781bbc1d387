//! Options of a run of steps, and its progress.

use crate::ledger::Recorder;

/// Options for the steps of a gate.
pub struct StepOptions<'a> {
    /// Reason why no step runs; `None` runs them.
    pub skip: Option<String>,
    /// Whether every step runs twice, and both results must agree.
    pub twice: bool,
    /// Receives events while steps run.
    pub progress: &'a dyn Progress,
    /// Records the run; `None` records nothing.
    pub(crate) recorder: Option<&'a Recorder>,
}

impl<'a> StepOptions<'a> {
    /// Options that run all steps and record nothing.
    #[must_use]
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { skip: None, twice: false, progress, recorder: None }
    }

    /// Runs no step, for this reason.
    #[must_use]
    pub fn without_steps(self, reason: impl Into<String>) -> Self {
        Self { skip: Some(reason.into()), ..self }
    }

    /// Records the run.
    #[must_use]
    pub(crate) fn recorded_by(self, recorder: &'a Recorder) -> Self {
        Self { recorder: Some(recorder), ..self }
    }
}

/// Receiver of the progress of steps.
pub trait Progress {
    /// Called repeatedly while a step runs, with the time since its start in
    /// milliseconds.
    fn step_running(&self, step: &str, milliseconds: u64);
    /// Called when a step has ended.
    fn step_ended(&self);
}

/// A [`Progress`] that does nothing.
pub struct NoProgress;

impl Progress for NoProgress {
    fn step_running(&self, _: &str, _: u64) {}
    fn step_ended(&self) {}
}
