//! Problems: findings and denials, grouped over runs by their fingerprint.

use rusqlite::{Transaction, params};

use crate::ledger::problem::Problem;
use crate::ledger::record::NewJob;
use crate::ledger::redact::redact;

use super::{LedgerError, Store};

/// Which problems are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProblemQuery {
    /// Only of this packet.
    pub packet: Option<String>,
    /// Also those that a later run no longer found, and acknowledged ones.
    pub all: bool,
    /// Maximum number.
    pub limit: usize,
}

/// A problem over all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProblemRow {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The command that found it, as a protocol id.
    pub protocol_id: String,
    /// Its packet.
    pub packet: Option<String>,
    /// Its rule or code.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// What it is about.
    pub title: String,
    /// Path and line.
    pub location: Option<String>,
    /// When it was first found.
    pub first_seen: String,
    /// When it was last found.
    pub last_seen: String,
    /// Number of runs that found it.
    pub runs: u64,
    /// Whether a later run of the same command no longer found it.
    pub is_resolved: bool,
    /// Who acknowledged it.
    pub acknowledged_by: Option<String>,
}

/// Adds one finding of a job.
pub(super) fn record(
    transaction: &Transaction<'_>,
    problem: &Problem,
    job: &NewJob<'_>,
    packet: Option<&str>,
    now: &str,
) -> Result<(), LedgerError> {
    // Two findings of one run with one fingerprint are one problem and one run.
    let mut upsert = transaction.prepare(
        "INSERT INTO problems (fingerprint, protocol_id, packet, code, severity, title, location,
           first_seen, last_seen, runs, last_job, scope)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1, ?9, ?10)
         ON CONFLICT (fingerprint, scope) DO UPDATE SET last_seen = excluded.last_seen,
           runs = runs + (last_job <> excluded.last_job), last_job = excluded.last_job",
    )?;
    upsert.execute(params![
        problem.fingerprint(),
        job.description.protocol_id(),
        packet.or(job.description.packet.as_deref()),
        problem.code,
        problem.severity,
        redact(&problem.title),
        problem.location_text(),
        now,
        job.job_id,
        job.description.scope(packet),
    ])?;
    Ok(())
}

impl Store {
    /// Returns the problems that a query wants, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn problems(&self, query: &ProblemQuery) -> Result<Vec<ProblemRow>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT p.fingerprint, p.protocol_id, p.packet, p.code, p.severity, p.title, p.location,
               p.first_seen, p.last_seen, p.runs, a.actor,
               EXISTS (SELECT 1 FROM jobs j WHERE j.scope = p.scope
                       AND j.verdict IN ('passed', 'failed') AND j.job_id <> p.last_job
                       AND j.created_at > p.last_seen) AS resolved
             FROM problems p LEFT JOIN acknowledgements a ON a.subject = p.fingerprint
             WHERE (?1 IS NULL OR p.packet = ?1) AND (?2 OR (NOT resolved AND a.actor IS NULL))
             ORDER BY p.last_seen DESC, p.severity, p.code, p.location LIMIT ?3",
        )?;
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![query.packet, query.all, limit], |row| {
            Ok(ProblemRow {
                fingerprint: row.get(0)?,
                protocol_id: row.get(1)?,
                packet: row.get(2)?,
                code: row.get(3)?,
                severity: row.get(4)?,
                title: row.get(5)?,
                location: row.get(6)?,
                first_seen: row.get(7)?,
                last_seen: row.get(8)?,
                runs: row.get(9)?,
                acknowledged_by: row.get(10)?,
                is_resolved: row.get(11)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
