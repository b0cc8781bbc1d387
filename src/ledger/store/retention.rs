//! Removes old jobs and the oldest events. The chain goes on from the hash of the last
//! event that was removed, and an event says what is missing.

use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

use crate::ledger::event::Event;
use crate::ledger::event_shapes::Retention;
use crate::ledger::payload::Payload;

use super::chain::{Hash32, append, to_hex};
use super::{LedgerError, Store};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetentionLimits {
    /// Jobs that ended more than this many days ago are removed.
    pub days: u32,
    /// At most this many jobs are kept, the newest.
    pub jobs: u32,
}

impl Default for RetentionLimits {
    fn default() -> Self {
        Self { days: 90, jobs: 10_000 }
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Number of jobs.
    pub jobs: u64,
    /// Number of events.
    pub events: u64,
    /// Number of problems.
    pub problems: u64,
}

/// Number of jobs beyond the limit at which retention runs by itself.
const SLACK: i64 = 1_000;

impl Store {
    /// Removes what the usual limits do not keep, once there is much of it.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn prune_if_large(&mut self) -> Result<(), LedgerError> {
        let limits = RetentionLimits::default();
        let sql = "SELECT coalesce(max(rowid) - min(rowid), 0) FROM jobs";
        let span: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        if span > i64::from(limits.jobs) + SLACK {
            self.prune(limits, crate::system::clock::now())?;
        }
        Ok(())
    }

    /// Removes what the limits do not keep. A poisoned job is kept until a person
    /// acknowledged it, and an open job until it ends. `now` is an RFC 3339 time.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn prune(
        &mut self,
        limits: RetentionLimits,
        now: jiff::Timestamp,
    ) -> Result<Pruned, LedgerError> {
        let hours = i64::from(limits.days) * 24;
        let oldest =
            now.checked_sub(jiff::SignedDuration::from_hours(hours)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let oldest = crate::ledger::time_text(oldest);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("INSERT OR IGNORE INTO switches VALUES ('retention')", [])?;
        let removed_jobs = transaction.execute(
            "DELETE FROM jobs WHERE state NOT IN ('queued', 'running')
               AND (state <> 'poisoned' OR job_id IN (SELECT subject FROM acknowledgements))
               AND (updated_at < ?1 OR rowid NOT IN (SELECT rowid FROM jobs ORDER BY created_at DESC LIMIT ?2))",
            params![oldest, limits.jobs],
        )?;
        // The newest event before the first one that a kept job needs.
        let first_needed: Option<u64> = transaction
            .query_row("SELECT min(seq) FROM events WHERE job_id IN (SELECT job_id FROM jobs)", [], |row| {
                row.get(0)
            })
            .optional()?
            .flatten();
        let newest: u64 =
            transaction.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?;
        let last_removed = first_needed.map_or(newest, |first| first - 1);
        let hash: Option<Hash32> = transaction
            .query_row("SELECT hash FROM events WHERE seq = ?1", [last_removed], |row| row.get(0))
            .optional()?;
        let removed_problems = transaction.execute("DELETE FROM problems WHERE last_seen < ?1", [&oldest])?;
        let mut removed = Pruned {
            jobs: u64::try_from(removed_jobs).unwrap_or(u64::MAX),
            events: 0,
            problems: u64::try_from(removed_problems).unwrap_or(u64::MAX),
        };
        if let Some(hash) = hash {
            let events: u64 = transaction.query_row(
                "SELECT count(*) FROM events WHERE seq <= ?1",
                [last_removed],
                |row| row.get(0),
            )?;
            removed.events = events;
            let event = Retention {
                events,
                jobs: removed.jobs,
                first_kept: last_removed + 1,
                last_removed_hash: to_hex(&hash),
                reason: format!("older than {} days, or more than {} jobs", limits.days, limits.jobs),
            };
            // Written first: the chain is never empty.
            append(&transaction, &[Event::now(None, Payload::Retention(event))])?;
            transaction.execute("DELETE FROM events WHERE seq <= ?1", [last_removed])?;
        } else if removed.jobs > 0 {
            // Nothing of the chain was removed, and jobs were: an event says so.
            let event = Retention {
                events: 0,
                jobs: removed.jobs,
                first_kept: 0,
                last_removed_hash: String::new(),
                reason: format!("older than {} days, or more than {} jobs", limits.days, limits.jobs),
            };
            append(&transaction, &[Event::now(None, Payload::Retention(event))])?;
        }
        transaction.execute("DELETE FROM switches WHERE name = 'retention'", [])?;
        transaction.commit()?;
        Ok(removed)
    }
}
