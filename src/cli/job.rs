//! Commands as jobs of the ledger.

use crate::bus::{ApplyError, Bus, WriteAccess};
use crate::change::{History as _, TreeState};
use crate::config::{Config, LedgerMode, load};
use crate::ledger::{JobDescription, JobOutcome, JobState, Recorder, Settlement};
use crate::system::git::GitRepository;
use crate::system::transaction::{FileWrite, Writer};

/// Returns the recorder of a job in a repository.
#[must_use]
pub(crate) fn recorder(repo: &GitRepository, description: JobDescription) -> Recorder {
    let worktree = repo.root().map(|root| root.display().to_string()).unwrap_or_default();
    Recorder::new(repo.ledger_folder(), worktree, description)
}

/// The job of a command that writes, from the command and its arguments.
#[must_use]
pub(crate) fn editing(command: &str) -> JobDescription {
    let mut words = command.split(' ');
    let name = words.next().unwrap_or_default();
    let packet = words.next_back().filter(|word| word.starts_with("WP-"));
    JobDescription::editing(name, true).about(packet)
}

/// What the steps of a validator mean for jobs: the state in which this one waits, and
/// what becomes of earlier ones of the packet.
fn lifecycle_of(command: &str) -> (Option<JobState>, Vec<Settlement>) {
    use JobState::{AwaitingUser, AwaitingValidation, Cancelled, Completed};
    let step = command.strip_prefix("validator-gate ").and_then(|rest| rest.split(' ').next());
    match step {
        Some("present") => {
            let reason = "a validator presented a report";
            (Some(AwaitingUser), vec![Settlement { from: AwaitingValidation, to: Completed, reason }])
        }
        Some("acknowledge") => {
            let reason = "its user acknowledged the report";
            (None, vec![Settlement { from: AwaitingUser, to: Completed, reason }])
        }
        Some("reset") => {
            let reason = "the session was given up";
            (None, vec![Settlement { from: AwaitingUser, to: Cancelled, reason }])
        }
        _ => (None, Vec::new()),
    }
}

/// Writes files of the repository as one operation, and ends the job.
///
/// # Errors
/// The operation is denied, a file changed meanwhile or cannot be written, or the ledger
/// is required and cannot be used.
pub(crate) fn apply(
    recorder: &Recorder,
    writer: &Writer,
    command: &str,
    writes: &[FileWrite],
) -> anyhow::Result<()> {
    if writes.is_empty() {
        recorder.finish(JobOutcome::default())?;
        return Ok(());
    }
    let access = WriteAccess::of(recorder)
        .ok_or_else(|| anyhow::anyhow!("`{command}` is a job that does not write"))?;
    let bus = Bus::new(recorder);
    let applied = bus.apply(&access, writer, command, writes);
    let count = u64::try_from(writes.len()).unwrap_or(u64::MAX);
    let (awaits, settles) = lifecycle_of(command);
    recorder.finish(JobOutcome {
        error: applied.as_ref().err().map(ApplyError::to_string),
        entities_written: if applied.is_ok() { count } else { 0 },
        problems: bus.take_problems(),
        awaits,
        settles,
        ..JobOutcome::default()
    })?;
    Ok(applied?)
}

/// Records a command that showed what it would write to `count` files.
///
/// # Errors
/// The ledger is required and cannot be used.
pub(crate) fn record_preview(recorder: &Recorder, count: usize) -> anyhow::Result<()> {
    let entities_read = u64::try_from(count).unwrap_or(u64::MAX);
    recorder.finish(JobOutcome { entities_read, ..JobOutcome::default() })?;
    Ok(())
}

/// Records a command that refused before it wrote anything. A ledger that cannot be used is
/// no trouble: nothing was done.
pub(crate) fn record_refusal(recorder: &Recorder, reason: String) {
    let refused = JobOutcome { error: Some(format!("refused: {reason}")), ..JobOutcome::default() };
    let _ = recorder.finish(refused);
}

/// Tells a recorder what the configuration says. What is only on disk can ask for more, and
/// never for less than the commit of HEAD.
pub(crate) fn configure(recorder: &Recorder, config: &Config, committed: Option<&Config>) {
    let committed = committed.map(|committed| committed.ledger);
    let mode = match (config.ledger, committed) {
        (LedgerMode::Required, _) | (_, Some(LedgerMode::Required)) => LedgerMode::Required,
        (LedgerMode::Off, None | Some(LedgerMode::Off)) => LedgerMode::Off,
        _ => LedgerMode::BestEffort,
    };
    recorder.configure(mode, config.levels.profile.as_str());
}

/// The configuration of HEAD; `None` without a commit or a file that can be read.
pub(crate) fn committed_config(repo: &GitRepository) -> Option<Config> {
    let head = repo.head().ok()??;
    let loaded = load(repo, TreeState::Commit(head), None).ok()?;
    loaded.is_file.then_some(loaded.config)
}
