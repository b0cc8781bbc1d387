//! Errors of a gate with its steps.

use std::io;

use crate::pipeline::packet_gate::PipelineError;
use crate::text::to_single_line;

/// Reason why a gate or a command could not run to its end (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum StepsError {
    /// The checks could not run.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// The user pressed Ctrl-C.
    #[error("interrupted while step `{step}` was running; its processes were ended")]
    Interrupted {
        /// The step's name.
        step: String,
    },
    /// A folder of a command cannot be used.
    #[error("the folder {}: {source}", to_single_line(.folder, 120))]
    Folder {
        /// The folder, as configured.
        folder: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder of a log could not be created.
    #[error("`{step}`: creating the folder of its log: {source}")]
    CreateLogFolder {
        /// The step's name.
        step: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A log could not be created.
    #[error("`{step}`: creating its log: {source}")]
    CreateLog {
        /// The step's name.
        step: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A gate of the tool bus denied the step.
    #[error("step `{step}` did not run: {reason}")]
    Denied {
        /// The step's name.
        step: String,
        /// The reasons, one on each line.
        reason: String,
    },
    /// The result of a step is not what was observed.
    #[error("the result of step `{step}` does not count: {reason}")]
    Result {
        /// The step's name.
        step: String,
        /// The reason.
        reason: String,
    },
    /// The configuration requires the ledger, and it could not be used.
    #[error("{0}; the configuration says `ledger: required`")]
    Ledger(String),
    /// A log could not be read after the step.
    #[error("`{step}`: reading its log: {source}")]
    ReadLog {
        /// The step's name.
        step: String,
        /// The error of the operating system.
        source: io::Error,
    },
}
