//! What the ledger holds, for people.

use rusqlite::{Row, params};

use crate::ledger::event::Event;
use crate::ledger::job::{AccessMode, JobKind, JobMetrics, JobState, SafetyMode};
use crate::ledger::record::PoisonedJob;

use super::{LedgerError, Store, chain};

/// Which jobs are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobQuery {
    /// Only of this packet.
    pub packet: Option<String>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Maximum number, newest first.
    pub limit: usize,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobRow {
    /// Its id.
    pub job_id: String,
    /// Its kind.
    pub kind: JobKind,
    /// Its state.
    pub state: JobState,
    /// What it may do.
    pub access: AccessMode,
    /// How strictly it was checked.
    pub safety: SafetyMode,
    /// The command, as a protocol id.
    pub protocol_id: String,
    /// Why it is in this state.
    pub reason: String,
    /// Its packet.
    pub packet: Option<String>,
    /// The judged tree or commit.
    pub tree: Option<String>,
    /// Its verdict.
    pub verdict: Option<String>,
    /// The working tree.
    pub worktree: String,
    /// When it started.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Its numbers.
    pub metrics: JobMetrics,
    /// Number of its operations.
    pub operations: u64,
    /// Who acknowledged it.
    pub acknowledged_by: Option<String>,
}

/// One event of the chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventRow {
    /// Its number.
    pub seq: u64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
    /// The hash before it.
    pub prev: String,
    /// Its bytes.
    pub body: String,
    /// What it says.
    pub event: Event,
}

impl Store {
    /// Returns the jobs that a query wants, newest first.
    ///
    /// # Errors
    /// The database cannot be read, or holds an invalid value.
    pub(crate) fn jobs(&self, query: &JobQuery) -> Result<Vec<JobRow>, LedgerError> {
        let sql = format!(
            "SELECT job_id, job_kind, state, access_mode, safety_mode, protocol_id, status_reason, packet, tree,
               verdict, worktree, created_at, updated_at,
               (SELECT count(*) FROM operations o WHERE o.job_id = jobs.job_id),
               (SELECT actor FROM acknowledgements a WHERE a.subject = jobs.job_id), {}
             FROM jobs WHERE (?1 IS NULL OR packet = ?1) AND (?2 IS NULL OR state = ?2)
             ORDER BY created_at DESC, rowid DESC LIMIT ?3",
            super::schema::METRICS.join(", ")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![query.packet, query.state.map(JobState::as_str), limit])?;
        let mut jobs = Vec::new();
        while let Some(row) = rows.next()? {
            jobs.push(read_job(row)?);
        }
        Ok(jobs)
    }

    /// Returns the poisoned job whose id starts with a text; `None` if there is none or
    /// several.
    ///
    /// # Errors
    /// The database cannot be read, or holds an invalid value.
    pub(crate) fn find_poisoned_job(&self, prefix: &str) -> Result<Option<String>, LedgerError> {
        self.find_id(
            "SELECT job_id FROM jobs WHERE state = 'poisoned' AND substr(job_id, 1, length(?1)) = ?1 LIMIT 2",
            prefix,
        )
    }

    /// Returns the problem whose fingerprint starts with a text; `None` if there is none
    /// or several.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn find_problem(&self, prefix: &str) -> Result<Option<String>, LedgerError> {
        self.find_id(
            "SELECT DISTINCT fingerprint FROM problems WHERE substr(fingerprint, 1, length(?1)) = ?1 LIMIT 2",
            prefix,
        )
    }

    fn find_id(&self, sql: &str, prefix: &str) -> Result<Option<String>, LedgerError> {
        let mut statement = self.connection.prepare(sql)?;
        let found: Vec<String> =
            statement.query_map([prefix], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(match found.as_slice() {
            [one] if !prefix.is_empty() => Some(one.clone()),
            _ => None,
        })
    }

    /// Returns the poisoned jobs that no person acknowledged, newest first: those of the
    /// packets, or without packets those of the working tree that have none either.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn poisoned_jobs(
        &self,
        packets: &[&str],
        worktree: &str,
    ) -> Result<Vec<PoisonedJob>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT job_id, updated_at, status_reason FROM jobs
             WHERE state = 'poisoned' AND CASE WHEN json_array_length(?1) = 0
                 THEN packet IS NULL AND worktree = ?2
                 ELSE packet IN (SELECT value FROM json_each(?1))
                   OR EXISTS (SELECT 1 FROM json_each(entity_refs) entity, json_each(?1) wanted
                              WHERE entity.value ->> 'entity_id' = wanted.value) END
               AND NOT EXISTS (SELECT 1 FROM acknowledgements a WHERE a.subject = jobs.job_id)
             ORDER BY created_at DESC LIMIT 10",
        )?;
        let packets =
            serde_json::to_string(packets).map_err(|error| LedgerError::Value(error.to_string()))?;
        let rows = statement.query_map(params![packets, worktree], |row| {
            Ok(PoisonedJob { job_id: row.get(0)?, at: row.get(1)?, reason: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Calls `each` with every event, oldest first: all of them, or those of one packet's
    /// jobs.
    ///
    /// # Errors
    /// The database cannot be read, an event is not valid, or `each` failed.
    pub(crate) fn each_event(
        &self,
        packet: Option<&str>,
        mut each: impl FnMut(EventRow) -> std::io::Result<()>,
    ) -> Result<(), LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT seq, hash, prev, body FROM events
             WHERE (?1 IS NULL OR job_id IN (SELECT job_id FROM jobs WHERE packet = ?1)) ORDER BY seq",
        )?;
        let mut rows = statement.query(params![packet])?;
        while let Some(row) = rows.next()? {
            let body: String = row.get(3)?;
            let event = EventRow {
                seq: row.get(0)?,
                hash: chain::to_hex(&row.get(1)?),
                prev: chain::to_hex(&row.get(2)?),
                event: Event::read(&body)?,
                body,
            };
            each(event).map_err(|error| LedgerError::Value(error.to_string()))?;
        }
        Ok(())
    }

    /// Returns whether the event with a number still has a hash, and a job still runs.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn holds(&self, head: &chain::ChainHead, job_id: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT (SELECT count(*) FROM events WHERE seq = ?1 AND hash = ?2)
                   * (SELECT count(*) FROM jobs WHERE job_id = ?3 AND state = 'running')";
        let found: i64 = self
            .connection
            .prepare(sql)?
            .query_row(params![head.seq, head.hash, job_id], |row| row.get(0))?;
        Ok(found == 1)
    }
}

fn read_job(row: &Row<'_>) -> Result<JobRow, LedgerError> {
    fn value<T: std::str::FromStr>(row: &Row<'_>, index: usize) -> Result<T, LedgerError>
    where
        T::Err: std::fmt::Display,
    {
        let text: String = row.get(index)?;
        text.parse().map_err(|error: T::Err| LedgerError::Value(error.to_string()))
    }
    let metric = |index: usize| row.get::<_, u64>(15 + index);
    Ok(JobRow {
        job_id: row.get(0)?,
        kind: value(row, 1)?,
        state: value(row, 2)?,
        access: value(row, 3)?,
        safety: value(row, 4)?,
        protocol_id: row.get(5)?,
        reason: row.get(6)?,
        packet: row.get(7)?,
        tree: row.get(8)?,
        verdict: row.get(9)?,
        worktree: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        operations: row.get(13)?,
        acknowledged_by: row.get(14)?,
        metrics: JobMetrics {
            duration_ms: metric(0)?,
            total_tokens: metric(1)?,
            input_tokens: metric(2)?,
            output_tokens: metric(3)?,
            tokens_planner: metric(4)?,
            tokens_executor: metric(5)?,
            entities_read: metric(6)?,
            entities_written: metric(7)?,
            validators_run_count: metric(8)?,
        },
    })
}
