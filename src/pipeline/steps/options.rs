//! Options of a run of steps, and its progress.

/// Options for the steps of a gate.
pub struct StepOptions<'a> {
    /// Reason why no step runs; `None` runs them.
    pub skip: Option<String>,
    /// Receives events while steps run.
    pub progress: &'a dyn Progress,
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
