//! Records one command as a job. A pure judgement is written once, at its end; a command
//! with operations is written before the first one acts, so that a killed command leaves
//! a trace.

#[cfg(feature = "ledger")]
mod calls;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
mod model;
#[cfg(not(feature = "ledger"))]
mod unrecorded;

use std::cell::RefCell;
use std::path::PathBuf;

use crate::config::LedgerMode;
use crate::system::clock::Stopwatch;

use crate::ledger::event::Event;
use crate::ledger::event_shapes::{GovernanceCheck, SecurityViolation};
use crate::ledger::job::{AccessMode, JobDescription, JobMetrics, JobState};
use crate::ledger::payload::Payload;
use crate::ledger::record::{
    JobEnd, JobOutcome, LedgerNote, LedgerTrouble, NewJob, NewOperation, OperationEnd, PacketUsage,
    PoisonedJob,
};

/// Records one command.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: Option<PathBuf>,
    worktree: String,
    description: JobDescription,
    job_id: String,
    /// Id of the record that replaces one that was tampered with.
    second_id: String,
    run_id: String,
    created_at: String,
    watch: Stopwatch,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    mode: LedgerMode,
    profile: String,
    capability_profile: String,
    is_started: bool,
    /// The ledger was changed under this job: it is written once more, under another id.
    retries_as_new: bool,
    trouble: Option<String>,
    violation: Option<SecurityViolation>,
    operations: Vec<NewOperation>,
    ends: Vec<OperationEnd>,
    events: Vec<Event>,
    /// Tokens that calls of models sent and received.
    tokens: (u64, u64),
    #[cfg(feature = "ledger")]
    store: Option<crate::ledger::store::Store>,
    #[cfg(feature = "ledger")]
    head: Option<crate::ledger::store::ChainHead>,
}

impl Recorder {
    /// Records nothing.
    #[must_use]
    pub(crate) fn off(description: JobDescription) -> Self {
        let recorder = Self::new(PathBuf::new(), String::new(), description);
        Self { folder: None, ..recorder }
    }

    /// Records a command in the ledger of a folder.
    #[must_use]
    pub(crate) fn new(folder: PathBuf, worktree: String, description: JobDescription) -> Self {
        let state = State {
            mode: LedgerMode::default(),
            profile: "full".to_owned(),
            capability_profile: "default".to_owned(),
            is_started: false,
            retries_as_new: false,
            trouble: None,
            violation: None,
            operations: Vec::new(),
            ends: Vec::new(),
            events: Vec::new(),
            tokens: (0, 0),
            #[cfg(feature = "ledger")]
            store: None,
            #[cfg(feature = "ledger")]
            head: None,
        };
        Self {
            folder: Some(folder),
            worktree,
            description,
            job_id: crate::ledger::new_id(),
            second_id: crate::ledger::new_id(),
            run_id: crate::ledger::new_id(),
            created_at: crate::ledger::now(),
            watch: Stopwatch::start(),
            state: RefCell::new(state),
        }
    }

    /// Sets what the trusted configuration says.
    pub(crate) fn configure(&self, mode: LedgerMode, profile: &str) {
        let mut state = self.state.borrow_mut();
        state.mode = mode;
        profile.clone_into(&mut state.profile);
    }

    /// Returns the id of the job.
    #[must_use]
    pub(crate) fn job_id(&self) -> &str {
        &self.job_id
    }

    /// Returns the id of this run of the job.
    #[must_use]
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Returns what the job may do.
    #[must_use]
    pub(crate) fn access(&self) -> AccessMode {
        self.description.access
    }

    fn is_on(&self) -> bool {
        self.folder.is_some() && self.state.borrow().mode != LedgerMode::Off
    }

    /// Adds an event; it is written with the next operation or at the end.
    pub(crate) fn record(&self, payload: Payload) {
        if self.is_on() {
            self.state.borrow_mut().events.push(Event::now(Some(&self.job_id), payload));
        }
    }

    /// Adds an operation that is denied or about to run.
    pub(crate) fn plan(&self, operation: NewOperation) {
        if self.is_on() {
            self.state.borrow_mut().operations.push(operation);
        }
    }

    /// Adds the end of an operation.
    pub(crate) fn end_operation(&self, end: OperationEnd) {
        if self.is_on() {
            self.state.borrow_mut().ends.push(end);
        }
    }

    /// Says that the evidence of this job cannot be trusted. The first reason counts.
    pub(crate) fn poison(&self, violation: SecurityViolation) {
        self.state.borrow_mut().violation.get_or_insert(violation);
    }

    /// Writes what was added. Called before an operation acts and after it.
    ///
    /// # Errors
    /// The ledger is required and cannot be used.
    pub(crate) fn write(&self) -> Result<(), LedgerTrouble> {
        if !self.is_on() {
            return Ok(());
        }
        let written = self.write_pending();
        self.handle(written)
    }

    /// Ends the job and writes everything at once.
    ///
    /// # Errors
    /// The ledger is required and cannot be used.
    pub(crate) fn finish(&self, outcome: JobOutcome) -> Result<LedgerNote, LedgerTrouble> {
        if !self.is_on() {
            let violation = self.state.borrow().violation.clone().map(|violation| violation.description);
            return Ok(LedgerNote { violation, ..LedgerNote::default() });
        }
        let end = self.end_of(outcome);
        let written = self.write_end(&end);
        let (poisoned, usage) = written.clone().unwrap_or_default();
        self.handle(written.map(|_| ()))?;
        let state = self.state.borrow();
        Ok(LedgerNote {
            job_id: state
                .trouble
                .is_none()
                .then(|| if state.retries_as_new { self.second_id.clone() } else { self.job_id.clone() }),
            trouble: state.trouble.clone(),
            poisoned,
            usage,
            violation: end.violation.map(|violation| violation.description),
        })
    }

    fn handle(&self, written: Result<(), LedgerTrouble>) -> Result<(), LedgerTrouble> {
        let Err(trouble) = written else { return Ok(()) };
        let mut state = self.state.borrow_mut();
        if state.mode == LedgerMode::Required {
            return Err(trouble);
        }
        state.trouble.get_or_insert(trouble.0);
        Ok(())
    }

    fn end_of(&self, outcome: JobOutcome) -> JobEnd {
        let (violation, (sent, received)) = {
            let state = self.state.borrow();
            (state.violation.clone(), state.tokens)
        };
        let (state, reason) = outcome.last_state();
        let reason = violation.as_ref().map_or(reason, |violation| violation.description.clone());
        let is_settling = !matches!(state, JobState::Failed | JobState::Cancelled) && violation.is_none();
        JobEnd {
            settles: if is_settling { outcome.settles } else { Vec::new() },
            state,
            reason,
            verdict: outcome.verdict,
            packet: outcome.packet,
            tree: outcome.tree,
            entities: outcome.entities,
            metrics: JobMetrics {
                duration_ms: self.watch.elapsed_milliseconds(),
                entities_read: outcome.entities_read,
                entities_written: outcome.entities_written,
                validators_run_count: outcome.checks,
                input_tokens: sent,
                output_tokens: received,
                total_tokens: sent.saturating_add(received),
                ..JobMetrics::default()
            },
            problems: outcome.problems,
            violation,
        }
    }

    /// The event of a gate's result.
    #[cfg_attr(not(feature = "ledger"), expect(dead_code, reason = "nothing is written"))]
    fn check_event(&self, end: &JobEnd) -> Option<Event> {
        let (status, blocked) = match end.verdict? {
            "passed" => ("PASS", None),
            "failed" => ("FAIL", None),
            _ => ("BLOCKED", Some(end.reason.clone())),
        };
        let check = GovernanceCheck {
            check_id: self.description.command.clone(),
            session_id: self.run_id.clone(),
            duration_ms: end.metrics.duration_ms,
            result_status: status.to_owned(),
            blocked_reason: blocked,
        };
        let payload = match status {
            "BLOCKED" => Payload::CheckBlocked(check),
            _ => Payload::CheckCompleted(check),
        };
        Some(Event::now(Some(&self.job_id), payload))
    }

    #[cfg_attr(not(feature = "ledger"), expect(dead_code, reason = "nothing is written"))]
    fn new_job<'a>(&'a self, state: &'a State) -> NewJob<'a> {
        let State { profile, capability_profile, retries_as_new, .. } = state;
        let retries = *retries_as_new;
        NewJob {
            job_id: if retries { &self.second_id } else { &self.job_id },
            run_id: if retries { &self.second_id } else { &self.run_id },
            description: &self.description,
            profile,
            capability_profile,
            worktree: &self.worktree,
            created_at: &self.created_at,
        }
    }
}

#[cfg(feature = "ledger")]
impl Recorder {
    fn write_pending(&self) -> Result<(), LedgerTrouble> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        if state.operations.is_empty() && state.ends.is_empty() && state.events.is_empty() {
            return Ok(());
        }
        let written = self.with_store(state, |recorder, store, state| {
            let head = if state.is_started {
                store.extend_job(&recorder.job_id, &state.operations, &state.ends, &state.events)?
            } else {
                store.recover_stalled()?;
                let job = recorder.new_job(state);
                store.start_job(&job, &state.operations, &state.events)?
            };
            Ok(head)
        })?;
        state.head = Some(written);
        state.is_started = true;
        state.operations.clear();
        state.ends.clear();
        state.events.clear();
        Ok(())
    }

    fn write_end(&self, end: &JobEnd) -> Result<(Vec<PoisonedJob>, PacketUsage), LedgerTrouble> {
        let check = self.check_event(end);
        let mut state = self.state.borrow_mut();
        state.events.extend(check);
        self.with_store(&mut state, |recorder, store, state| {
            if !state.is_started {
                store.recover_stalled()?;
            }
            let mut packets: Vec<&str> = end
                .entities
                .iter()
                .filter(|entity| entity.entity_kind == "packet")
                .map(|entity| entity.entity_id.as_str())
                .collect();
            packets.extend(end.packet.as_deref().or(recorder.description.packet.as_deref()));
            let poisoned = store.poisoned_jobs(&packets, &recorder.worktree)?;
            let job = recorder.new_job(state);
            store.end_job(&job, state.is_started, &state.operations, &state.ends, &state.events, end)?;
            store.prune_if_large()?;
            // Numbers that cannot be read are no trouble of the job.
            let usage = end.packet.as_deref().and_then(|packet| store.usage_of(packet).ok());
            Ok((poisoned, usage.unwrap_or_default()))
        })
    }

    fn with_store<T>(
        &self,
        state: &mut State,
        work: impl FnOnce(
            &Self,
            &mut crate::ledger::store::Store,
            &State,
        ) -> Result<T, crate::ledger::store::LedgerError>,
    ) -> Result<T, LedgerTrouble> {
        // After the first trouble nothing is tried again: a job is written whole or not.
        if let Some(trouble) = &state.trouble {
            return Err(LedgerTrouble(trouble.clone()));
        }
        let trouble = |error: crate::ledger::store::LedgerError| {
            LedgerTrouble(crate::text::to_single_line(&error.to_string(), 300))
        };
        let mut store = match (state.store.take(), &self.folder) {
            (Some(store), _) => store,
            (None, Some(folder)) => crate::ledger::store::Store::open(folder).map_err(trouble)?,
            (None, None) => return Err(LedgerTrouble("it has no folder".to_owned())),
        };
        let result = work(self, &mut store, state).map_err(trouble);
        state.store = Some(store);
        result
    }

    /// Returns whether the newest entry of this job is still in the ledger, and the job
    /// still runs.
    #[must_use]
    pub(crate) fn is_intact(&self) -> bool {
        let mut state = self.state.borrow_mut();
        // Also after trouble: a database that refuses to go on was perhaps changed.
        let (Some(folder), Some(head)) = (&self.folder, state.head) else { return true };
        // A file that was replaced is still open here: it is opened again by its name.
        let holds = match crate::ledger::store::Store::open_existing(folder) {
            Ok(Some(store)) => match store.holds(&head, &self.job_id) {
                Ok(holds) => holds,
                // Trouble of the file system is trouble, and no sign of a change.
                Err(error) => return note_trouble(&mut state, &error),
            },
            Ok(None) | Err(crate::ledger::store::LedgerError::File { .. }) => false,
            Err(error) => return note_trouble(&mut state, &error),
        };
        if !holds {
            // What was written is gone; the job is written once more, as a whole.
            state.trouble = None;
            state.ends.clear();
            state.store = None;
            state.head = None;
            state.is_started = false;
            state.retries_as_new = true;
        }
        holds
    }
}

/// Notes trouble that says nothing about a change; returns that nothing changed.
#[cfg(feature = "ledger")]
fn note_trouble(state: &mut State, error: &crate::ledger::store::LedgerError) -> bool {
    state.trouble.get_or_insert(crate::text::to_single_line(&error.to_string(), 300));
    true
}
