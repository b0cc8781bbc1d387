//! Runs a gate from start to end: its checks, then its steps. Steps are the
//! repository's own commands, such as tests.

mod command;
mod error;
mod gate;
mod judged_state;
mod merge;
mod options;
mod receipt;
mod run;
mod step;
mod test_runner;
mod trust;

pub(crate) use command::{CommandRun, run_command};
pub use error::StepsError;
pub use gate::run_gate;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use gate::run_gate_with_result;
pub(crate) use gate::run_verify;
pub use options::{NoProgress, Progress, StepOptions};
pub(crate) use receipt::record_run;
pub(crate) use test_runner::find_proof_lines;
pub(crate) use trust::RepositoryWatch;
