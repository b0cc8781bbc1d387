//! Compares the tables with the chain of events: what the chain says of jobs, results and
//! acknowledgements must be in the tables, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::event::Event;
use crate::ledger::payload::Payload;

use super::{LedgerError, Store, job_row};

/// What the events say.
#[derive(Debug, Default)]
pub(super) struct ToldByEvents {
    /// The last state of each job.
    states: BTreeMap<String, String>,
    /// SHA-256 of each job's row, as its last event with one says.
    rows: BTreeMap<String, String>,
    /// The verdict of each gate.
    verdicts: BTreeMap<String, &'static str>,
    /// SHA-256 of each stored result.
    results: BTreeMap<String, String>,
    acknowledged: BTreeSet<String>,
    /// Whether retention removed anything.
    has_retention: bool,
}

impl ToldByEvents {
    /// Adds what one event says.
    pub(super) fn add(&mut self, event: Event) {
        match (event.payload, event.job_id) {
            (Payload::JobTransition(change), Some(job)) => {
                if let Some(row) = change.row_sha256 {
                    self.rows.insert(job.clone(), row);
                }
                self.states.insert(job, change.to.as_str().to_owned());
            }
            (Payload::WorkflowRecovery(recovery), Some(job)) => {
                self.states.insert(job, recovery.to_state.as_str().to_owned());
            }
            (Payload::CheckCompleted(check) | Payload::CheckBlocked(check), Some(job)) => {
                let verdict = match check.result_status.as_str() {
                    "PASS" => "passed",
                    "FAIL" => "failed",
                    _ => "not_run",
                };
                self.verdicts.insert(job, verdict);
            }
            (Payload::OperationRecorded(end), _) => {
                self.results.insert(end.op_id, end.result_sha256);
            }
            (Payload::Acknowledged(acknowledgement), _) => {
                self.acknowledged.insert(acknowledgement.subject);
            }
            (Payload::Retention(_), _) => self.has_retention = true,
            _ => {}
        }
    }
}

impl Store {
    /// Returns what the tables say otherwise than the events.
    pub(super) fn contradiction(&self, told: &ToldByEvents) -> Result<Option<String>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT job_id, state, verdict FROM jobs")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let stored: BTreeMap<String, (String, Option<String>)> = rows.collect::<Result<_, _>>()?;
        for (job, (state, verdict)) in &stored {
            if told.verdicts.get(job).is_some_and(|told| verdict.as_deref() != Some(*told)) {
                return Ok(Some(format!("job {job} has another verdict than its events")));
            }
            match told.states.get(job) {
                Some(last) if last == state => {}
                Some(last) => {
                    return Ok(Some(format!("job {job} is {state}, and its last event says {last}")));
                }
                None => return Ok(Some(format!("job {job} is in no event"))),
            }
        }
        let mut statement = self.connection.prepare(&job_row::query(""))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let job: String = row.get(0)?;
            // Jobs of earlier versions have no hash.
            if let Some(told) = told.rows.get(&job)
                && *told != job_row::hash(row)?
            {
                return Ok(Some(format!("the row of job {job} is not the one that its last event names")));
            }
        }
        for (job, last) in &told.states {
            // Retention removes a poisoned job only after it was acknowledged.
            let may_be_gone = told.has_retention && (last != "poisoned" || told.acknowledged.contains(job));
            if !stored.contains_key(job) && !may_be_gone {
                return Ok(Some(format!("job {job}, which is {last}, is missing")));
            }
        }
        let mut statement = self.connection.prepare("SELECT subject FROM acknowledgements")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let subject: String = row.get(0)?;
            // The event of an old one can have been removed with its job.
            if !told.acknowledged.contains(&subject) && !told.has_retention {
                return Ok(Some(format!("the acknowledgement of {subject} is in no event")));
            }
        }
        let mut statement =
            self.connection.prepare("SELECT op_id, result FROM operations WHERE result IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (op_id, result): (String, String) = (row.get(0)?, row.get(1)?);
            let hash = crate::digest::sha256_hex(result.as_bytes());
            if told.results.get(&op_id).is_some_and(|told| *told != hash) {
                return Ok(Some(format!("the result of operation {op_id} was changed")));
            }
        }
        Ok(None)
    }
}
