//! The chain of events: every event holds the hash of the one before it.

use rusqlite::{Connection, OptionalExtension as _, Rows, Transaction};
use sha2::{Digest as _, Sha256};

use crate::ledger::event::Event;
use crate::ledger::payload::Payload;
use crate::system::parallel;

use super::consistency::ToldByEvents;
use super::{LedgerError, Store};

/// Hash of an event, or what stands before the first one.
pub(crate) type Hash32 = [u8; 32];

/// The newest event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainHead {
    /// Its number; 0 if there is none.
    pub seq: u64,
    /// Its hash; zeros if there is none.
    pub hash: Hash32,
}

/// The first place where the chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainFault {
    /// Number of the event.
    pub seq: u64,
    /// What is wrong, as a clause.
    pub what: String,
}

/// Result of reading the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainState {
    /// Number of events that were read.
    pub events: u64,
    /// Number of the first event that is kept; 1 if none was removed.
    pub first: u64,
    /// The newest event before the fault, if there is one.
    pub head: ChainHead,
    /// The first fault.
    pub fault: Option<ChainFault>,
    /// The seals, with the hash that the chain has at their number.
    pub seals: Vec<SealEntry>,
}

/// A seal: the signature of one event's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealEntry {
    /// Number of the sealed event.
    pub seq: u64,
    /// The hash that was signed.
    pub hash: Hash32,
    /// The hash that the event has now; `None` if the event was removed.
    pub found: Option<Hash32>,
    /// The signature, armoured.
    pub signature: String,
    /// When it was made.
    pub at: String,
}

/// Returns the hash of an event: its number, the hash before it, its bytes.
#[must_use]
pub(super) fn hash_event(seq: u64, prev: &Hash32, body: &str) -> Hash32 {
    let mut hasher = Sha256::new();
    hasher.update(seq.to_be_bytes());
    hasher.update(prev);
    hasher.update(body.as_bytes());
    hasher.finalize().into()
}

pub(super) fn read_head(connection: &Connection) -> Result<ChainHead, LedgerError> {
    let mut newest = connection.prepare("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")?;
    let found =
        newest.query_row([], |row| Ok(ChainHead { seq: row.get(0)?, hash: row.get(1)? })).optional()?;
    Ok(found.unwrap_or(ChainHead { seq: 0, hash: [0; 32] }))
}

/// Adds events to the chain and returns the last one.
pub(super) fn append(transaction: &Transaction<'_>, events: &[Event]) -> Result<ChainHead, LedgerError> {
    let mut head = read_head(transaction)?;
    let mut insert = transaction.prepare(
        "INSERT INTO events (seq, event_id, kind, job_id, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for event in events {
        let body = event.to_text()?;
        let seq = head.seq + 1;
        let hash = hash_event(seq, &head.hash, &body);
        insert.execute((
            seq,
            &event.event_id,
            event.payload.kind(),
            &event.job_id,
            &body,
            head.hash,
            hash,
        ))?;
        head = ChainHead { seq, hash };
    }
    Ok(head)
}

impl Store {
    /// Reads the whole chain: the bytes, the shape and the order of every event.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn verify(&self) -> Result<ChainState, LedgerError> {
        let seals = self.read_seals()?;
        let mut state =
            ChainState { events: 0, first: 1, head: ChainHead { seq: 0, hash: [0; 32] }, fault: None, seals };
        let mut told = ToldByEvents::default();
        let mut removed_before: Option<(u64, Hash32)> = None;
        let mut statement = self
            .connection
            .prepare("SELECT seq, event_id, kind, job_id, body, prev, hash FROM events ORDER BY seq")?;
        let mut rows = statement.query([])?;
        loop {
            let batch = read_batch(&mut rows)?;
            if batch.is_empty() {
                break;
            }
            // Bytes and shape of an event depend on no other one.
            let read = parallel::map(&batch, read_event);
            for (event, read) in batch.iter().zip(read) {
                let (found, fault) = match read {
                    Ok(found) => (Some(found), None),
                    Err(fault) => (None, Some(fault)),
                };
                if state.events == 0 && event.seq > 1 {
                    state.first = event.seq;
                    removed_before = Some((event.seq, event.prev));
                    state.head = ChainHead { seq: event.seq - 1, hash: event.prev };
                }
                if let Some(what) = order_fault(&state.head, event).or(fault) {
                    state.fault = Some(ChainFault { seq: event.seq, what });
                    return Ok(state);
                }
                if removed_before.is_some_and(|(first, last)| names_removal(&event.body, first, &last)) {
                    removed_before = None;
                }
                for seal in state.seals.iter_mut().filter(|seal| seal.seq == event.seq) {
                    seal.found = Some(event.hash);
                }
                if let Some(found) = found {
                    told.add(found);
                }
                state.head = ChainHead { seq: event.seq, hash: event.hash };
                state.events += 1;
            }
        }
        if let Some((seq, _)) = removed_before {
            let what = format!("the {} events before it are missing, and no retention names them", seq - 1);
            state.fault = Some(ChainFault { seq, what });
        }
        if state.fault.is_none()
            && let Some(what) = self.contradiction(&told)?
        {
            state.fault = Some(ChainFault { seq: state.head.seq, what });
        }
        Ok(state)
    }

    fn read_seals(&self) -> Result<Vec<SealEntry>, LedgerError> {
        let mut statement =
            self.connection.prepare("SELECT seq, hash, signature, at FROM seals ORDER BY seq")?;
        let rows = statement.query_map([], |row| {
            Ok(SealEntry {
                seq: row.get(0)?,
                hash: row.get(1)?,
                found: None,
                signature: row.get(2)?,
                at: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// One row of the table of events.
struct StoredRow {
    seq: u64,
    event_id: String,
    kind: String,
    job_id: Option<String>,
    body: String,
    prev: Hash32,
    hash: Hash32,
}

/// Number of events that are checked together.
const BATCH: usize = 8_192;

fn read_batch(rows: &mut Rows<'_>) -> Result<Vec<StoredRow>, LedgerError> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let Some(row) = rows.next()? else { break };
        batch.push(StoredRow {
            seq: row.get(0)?,
            event_id: row.get(1)?,
            kind: row.get(2)?,
            job_id: row.get(3)?,
            body: row.get(4)?,
            prev: row.get(5)?,
            hash: row.get(6)?,
        });
    }
    Ok(batch)
}

/// Returns what is wrong with the place of an event behind `head`.
fn order_fault(head: &ChainHead, event: &StoredRow) -> Option<String> {
    if event.seq != head.seq + 1 {
        return Some(format!("the events {} to {} are missing", head.seq + 1, event.seq - 1));
    }
    (event.prev != head.hash).then(|| "it does not continue the event before it".to_owned())
}

/// Returns an event, or what is wrong with it.
fn read_event(row: &StoredRow) -> Result<Event, String> {
    if hash_event(row.seq, &row.prev, &row.body) != row.hash {
        return Err("its bytes were changed".to_owned());
    }
    let event = Event::read(&row.body).map_err(|error| error.to_string())?;
    let agree =
        row.event_id == event.event_id && row.kind == event.payload.kind() && row.job_id == event.job_id;
    if agree { Ok(event) } else { Err("its columns differ from its bytes".to_owned()) }
}

/// Returns whether an event says that retention removed everything before `first`.
fn names_removal(body: &str, first: u64, last_removed: &Hash32) -> bool {
    // Nearly all events are something else: they are not read a second time.
    if !body.contains("\"retention\"") {
        return false;
    }
    let Ok(Event { payload: Payload::Retention(removal), .. }) = Event::read(body) else { return false };
    removal.first_kept == first && removal.last_removed_hash == to_hex(last_removed)
}

/// Returns a hash in hexadecimal digits.
#[must_use]
pub(crate) fn to_hex(hash: &Hash32) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
