//! Runs one command of a gate through the bus.

use crate::bus::{Bus, ProcessError, ProcessOutput, ProcessRequest};

use super::error::StepsError;
use super::options::Progress;

/// A command to run.
pub(crate) type CommandRun<'a> = ProcessRequest<'a>;

/// Runs a command and waits for its end.
///
/// # Errors
/// A gate of the bus denied it, its log cannot be written or read, or the user pressed
/// Ctrl-C.
pub(crate) fn run_command(
    bus: &Bus<'_>,
    run: &CommandRun<'_>,
    progress: &dyn Progress,
) -> Result<ProcessOutput, StepsError> {
    let result = bus.run_process(run, &mut |milliseconds| progress.step_running(run.name, milliseconds));
    progress.step_ended();
    let step = run.name.to_owned();
    result.map_err(|error| match error {
        ProcessError::Interrupted => StepsError::Interrupted { step },
        ProcessError::CreateLogFolder(source) => StepsError::CreateLogFolder { step, source },
        ProcessError::CreateLog(source) => StepsError::CreateLog { step, source },
        ProcessError::ReadLog(source) => StepsError::ReadLog { step, source },
        ProcessError::Denied(denied) => StepsError::Denied { step, reason: denied.to_string() },
        ProcessError::Result(fault) => StepsError::Result { step, reason: fault.to_string() },
        ProcessError::Ledger(trouble) => StepsError::Ledger(trouble.to_string()),
    })
}
