//! Jobs and operations: created, changed and ended in one transaction each.

use rusqlite::{Transaction, TransactionBehavior, params};

use crate::ledger::event::Event;
use crate::ledger::event_shapes::{JobTransition, WorkflowRecovery};
use crate::ledger::job::{JobDescription, JobState};
use crate::ledger::payload::Payload;
use crate::ledger::record::{JobEnd, NewJob, NewOperation, OperationEnd, Settlement};
use crate::system::process_identity;

use super::{LedgerError, Store, chain, job_row, problems};

/// Maximum number of problems that one job records.
const MAX_PROBLEMS: usize = 1_000;

impl Store {
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Creates a job and starts it. Adds the operations and events that belong to its
    /// start; returns the newest event.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn start_job(
        &mut self,
        job: &NewJob<'_>,
        operations: &[NewOperation],
        events: &[Event],
    ) -> Result<chain::ChainHead, LedgerError> {
        self.write(|transaction| {
            let mut events = events.to_vec();
            events.splice(0..0, insert_job(transaction, job)?);
            insert_operations(transaction, job.job_id, operations)?;
            chain::append(transaction, &events)
        })
    }

    /// Adds operations, ends of operations and events to a running job; returns the
    /// newest event.
    ///
    /// # Errors
    /// The database refused, for example because the job has ended.
    pub(crate) fn extend_job(
        &mut self,
        job_id: &str,
        operations: &[NewOperation],
        ends: &[OperationEnd],
        events: &[Event],
    ) -> Result<chain::ChainHead, LedgerError> {
        self.write(|transaction| {
            insert_operations(transaction, job_id, operations)?;
            end_operations(transaction, ends)?;
            chain::append(transaction, events)
        })
    }

    /// Ends a job: its last state, its operations, its problems and its events, all or
    /// none. A job without operations is created and ended at once.
    ///
    /// # Errors
    /// The database refused, for example because the job has ended.
    pub(crate) fn end_job(
        &mut self,
        job: &NewJob<'_>,
        is_started: bool,
        operations: &[NewOperation],
        ends: &[OperationEnd],
        events: &[Event],
        end: &JobEnd,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let mut events = events.to_vec();
            if !is_started {
                events.splice(0..0, insert_job(transaction, job)?);
            }
            insert_operations(transaction, job.job_id, operations)?;
            end_operations(transaction, ends)?;
            if let Some(violation) = &end.violation {
                let poisoned =
                    "UPDATE operations SET status = 'poisoned' WHERE job_id = ?1 AND status <> 'denied'";
                transaction.execute(poisoned, [job.job_id])?;
                events.push(Event::now(Some(job.job_id), Payload::SecurityViolation(violation.clone())));
            }
            let now = crate::ledger::now();
            for problem in end.problems.iter().take(MAX_PROBLEMS) {
                problems::record(transaction, problem, job, end.packet.as_deref(), &now)?;
            }
            let state = if end.violation.is_some() { JobState::Poisoned } else { end.state };
            update_end(transaction, job, state, end, &now)?;
            let packet = end.packet.as_deref().or(job.description.packet.as_deref());
            for settlement in &end.settles {
                events.extend(settle(transaction, job.job_id, packet, settlement, &now)?);
            }
            let row = job_row::hash_of(transaction, job.job_id)?;
            events.push(transition(job, Some(JobState::Running), state, &end.reason, row));
            chain::append(transaction, &events)?;
            Ok(())
        })
    }

    /// Finds jobs whose process is gone without a result, and marks them. Returns their
    /// number. Only the start of a command does it.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn recover_stalled(&mut self) -> Result<usize, LedgerError> {
        let open = "SELECT job_id, workflow_run_id, process, updated_at FROM jobs WHERE state = 'running'";
        let mut statement = self.connection.prepare(open)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?)))?;
        let open: Vec<(String, String, String, String)> = rows.collect::<Result<_, _>>()?;
        drop(statement);
        let gone: Vec<_> = open.into_iter().filter(|job| process_identity::is_gone(&job.2)).collect();
        if gone.is_empty() {
            return Ok(0);
        }
        self.write(|transaction| {
            let mut events = Vec::new();
            for (job_id, run_id, process, last) in &gone {
                // Another command can have marked it since.
                let changed = transaction.execute(
                    "UPDATE jobs SET state = 'stalled', status_reason = ?2, updated_at = ?3
                     WHERE job_id = ?1 AND state = 'running'",
                    params![job_id, "its process ended without a result", crate::ledger::now()],
                )?;
                let event = WorkflowRecovery {
                    workflow_run_id: run_id.clone(),
                    job_id: Some(job_id.clone()),
                    from_state: JobState::Running,
                    to_state: JobState::Stalled,
                    reason: format!("process {process} is gone"),
                    last_heartbeat_ts: last.clone(),
                    threshold_secs: 0,
                };
                if changed > 0 {
                    events.push(Event::now(Some(job_id), Payload::WorkflowRecovery(event)));
                }
            }
            chain::append(transaction, &events)?;
            Ok(gone.len())
        })
    }

    /// Records that a person acknowledged a job or a problem. Returns `false` if it was
    /// acknowledged before.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn acknowledge(
        &mut self,
        subject: &str,
        actor: &str,
        event: &Event,
        reason: &str,
    ) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let added = transaction.execute(
                "INSERT OR IGNORE INTO acknowledgements (subject, actor, reason, at) VALUES (?1, ?2, ?3, ?4)",
                params![subject, actor, crate::ledger::redact::redact(reason), event.timestamp],
            )?;
            if added > 0 {
                chain::append(transaction, std::slice::from_ref(event))?;
            }
            Ok(added > 0)
        })
    }

    /// Adds the signature of an event's hash.
    ///
    /// # Errors
    /// The database refused, or the event is not there.
    pub(crate) fn add_seal(
        &mut self,
        head: &chain::ChainHead,
        signature: &str,
        event: &Event,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let sql = "INSERT OR REPLACE INTO seals (seq, hash, signature, at) VALUES (?1, ?2, ?3, ?4)";
            transaction.execute(sql, params![head.seq, head.hash, signature, event.timestamp])?;
            chain::append(transaction, std::slice::from_ref(event))?;
            Ok(())
        })
    }
}

fn transition(job: &NewJob<'_>, from: Option<JobState>, to: JobState, reason: &str, row: String) -> Event {
    let payload = JobTransition {
        from,
        to,
        reason: reason.to_owned(),
        protocol_id: job.description.protocol_id(),
        row_sha256: Some(row),
    };
    Event::now(Some(job.job_id), Payload::JobTransition(payload))
}

/// Moves the other jobs of a packet that wait; returns the events.
fn settle(
    transaction: &Transaction<'_>,
    job_id: &str,
    packet: Option<&str>,
    settlement: &Settlement,
    now: &str,
) -> Result<Vec<Event>, LedgerError> {
    let Settlement { from, to, reason } = *settlement;
    let waiting = "SELECT job_id, protocol_id FROM jobs WHERE packet = ?1 AND state = ?2 AND job_id <> ?3";
    let mut statement = transaction.prepare(waiting)?;
    let rows =
        statement.query_map(params![packet, from.as_str(), job_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let waiting: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    let mut events = Vec::new();
    for (waiting, protocol_id) in waiting {
        let sql = "UPDATE jobs SET state = ?2, status_reason = ?3, updated_at = ?4 WHERE job_id = ?1";
        transaction.execute(sql, params![waiting, to.as_str(), reason, now])?;
        let reason = reason.to_owned();
        let payload = JobTransition { from: Some(from), to, reason, protocol_id, row_sha256: None };
        events.push(Event::now(Some(&waiting), Payload::JobTransition(payload)));
    }
    Ok(events)
}

/// Creates a job and sets it to running; returns the event.
fn insert_job(transaction: &Transaction<'_>, job: &NewJob<'_>) -> Result<Vec<Event>, LedgerError> {
    let JobDescription { kind, access, safety, packet, .. } = job.description;
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO jobs (job_id, trace_id, workflow_run_id, job_kind, state, access_mode, safety_mode,
           protocol_id, profile_id, capability_profile_id, packet, worktree, process, created_at, updated_at, scope)
         VALUES (?1, ?2, ?2, ?3, 'queued', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13)",
    )?;
    let added = insert.execute(params![
        job.job_id,
        job.run_id,
        kind.as_str(),
        access.as_str(),
        safety.as_str(),
        job.description.protocol_id(),
        job.profile,
        job.capability_profile,
        packet,
        job.worktree,
        process_identity::current(),
        job.created_at,
        job.description.scope(None),
    ])?;
    // A job whose events were lost is still there.
    if added == 0 {
        return Ok(Vec::new());
    }
    let start = "UPDATE jobs SET state = 'running', status_reason = 'running' WHERE job_id = ?1";
    transaction.prepare(start)?.execute([job.job_id])?;
    let row = job_row::hash_of(transaction, job.job_id)?;
    let started = transition(job, None, JobState::Running, "started", row);
    Ok(vec![Event { timestamp: job.created_at.to_owned(), ..started }])
}

fn insert_operations(
    transaction: &Transaction<'_>,
    job_id: &str,
    operations: &[NewOperation],
) -> Result<(), LedgerError> {
    for operation in operations {
        let mut insert = transaction.prepare(
            "INSERT INTO operations (op_id, job_id, sequence, engine_id, operation, status, planned)
             VALUES (?1, ?2, (SELECT count(*) FROM operations WHERE job_id = ?2), ?3, ?4, ?5, ?6)",
        )?;
        let NewOperation { op_id, engine_id, operation, status, planned } = operation;
        insert.execute(params![op_id, job_id, engine_id, operation, status, planned])?;
    }
    Ok(())
}

fn end_operations(transaction: &Transaction<'_>, ends: &[OperationEnd]) -> Result<(), LedgerError> {
    for end in ends {
        let sql = "UPDATE operations SET status = ?2, result = ?3 WHERE op_id = ?1 AND status = 'running'";
        transaction.prepare(sql)?.execute(params![end.op_id, end.status, end.result])?;
    }
    Ok(())
}

fn update_end(
    transaction: &Transaction<'_>,
    job: &NewJob<'_>,
    state: JobState,
    end: &JobEnd,
    now: &str,
) -> Result<(), LedgerError> {
    let entities =
        serde_json::to_string(&end.entities).map_err(|error| LedgerError::Value(error.to_string()))?;
    let metrics = &end.metrics;
    // SQLite has signed numbers: what is larger than they are is stored as the largest.
    let stored = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction
        .prepare(
            "UPDATE jobs SET state = ?2, status_reason = ?3, verdict = ?4, packet = coalesce(?5, packet),
               tree = ?6, entity_refs = ?7, updated_at = ?8, duration_ms = ?9, total_tokens = ?10,
               input_tokens = ?11, output_tokens = ?12, tokens_planner = ?13, tokens_executor = ?14,
               entities_read = ?15, entities_written = ?16, validators_run_count = ?17, scope = ?18
             WHERE job_id = ?1",
        )?
        .execute(params![
            job.job_id,
            state.as_str(),
            crate::ledger::redact::redact(&end.reason),
            end.verdict,
            end.packet,
            end.tree,
            entities,
            now,
            stored(metrics.duration_ms),
            stored(metrics.total_tokens),
            stored(metrics.input_tokens),
            stored(metrics.output_tokens),
            stored(metrics.tokens_planner),
            stored(metrics.tokens_executor),
            stored(metrics.entities_read),
            stored(metrics.entities_written),
            stored(metrics.validators_run_count),
            job.description.scope(end.packet.as_deref()),
        ])?;
    Ok(())
}
