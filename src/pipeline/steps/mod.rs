//! Runs a gate from start to end: its checks, then its steps. Steps are the
//! repository's own commands, such as tests.

mod capture;
mod error;
mod gate;
mod options;
mod run;
mod test_runner;
mod worktree_snapshot;

pub(crate) use capture::{CommandRun, capture};
pub use error::StepsError;
pub use gate::run_gate;
pub(crate) use gate::run_verify;
pub use options::{NoProgress, Progress, StepOptions};
pub(crate) use test_runner::find_proof_lines;
