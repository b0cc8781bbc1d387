//! The hash of a job's row: what an event says of the columns that have no key of their own.

use rusqlite::types::ValueRef;
use rusqlite::{Row, Transaction};

use crate::digest::sha256_hex;

use super::LedgerError;

/// Columns of `jobs` that are hashed, in this order: all that only the start and the end of
/// a job write. The state is in each event of its own.
const COLUMNS: &str = "job_id, trace_id, workflow_run_id, attempt, job_kind, access_mode, safety_mode, \
    protocol_id, profile_id, capability_profile_id, entity_refs, packet, tree, verdict, worktree, scope, \
    process, created_at, duration_ms, total_tokens, input_tokens, output_tokens, tokens_planner, \
    tokens_executor, entities_read, entities_written, validators_run_count";

/// Returns the query for the rows that [`hash`] reads.
///
/// `rest` is the rest of the query, such as a condition.
pub(super) fn query(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM jobs {rest}")
}

/// Returns the SHA-256 of a job's row as it is inside of the transaction, in hexadecimal
/// digits.
///
/// # Errors
/// The row is not there, or the database cannot be read.
pub(super) fn hash_of(transaction: &Transaction<'_>, job_id: &str) -> Result<String, LedgerError> {
    let mut statement = transaction.prepare(&query("WHERE job_id = ?1"))?;
    Ok(statement.query_row([job_id], hash)?)
}

/// Returns the SHA-256 of a row of [`query`], in hexadecimal digits.
///
/// # Errors
/// A column cannot be read.
pub(super) fn hash(row: &Row<'_>) -> rusqlite::Result<String> {
    let mut bytes = Vec::new();
    for column in 0..row.as_ref().column_count() {
        // The kind and the length keep two neighbours apart.
        match row.get_ref(column)? {
            ValueRef::Null => bytes.push(b'n'),
            ValueRef::Integer(number) => {
                bytes.push(b'i');
                bytes.extend(number.to_be_bytes());
            }
            ValueRef::Real(number) => {
                bytes.push(b'r');
                bytes.extend(number.to_be_bytes());
            }
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                bytes.push(b't');
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text);
            }
        }
    }
    Ok(sha256_hex(&bytes))
}
