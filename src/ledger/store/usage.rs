//! Calls of models: copied when they are seen, because agents delete their logs.

use rusqlite::{TransactionBehavior, params};

use crate::usage::{Agent, ModelCall, Quality, Tokens};

use crate::ledger::record::PacketUsage;

use super::{LedgerError, Store};

/// A call with what this repository knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredCall {
    /// The call; its folder is relative to the working tree.
    pub call: ModelCall,
    /// Its packet.
    pub packet: Option<String>,
}

impl Store {
    /// Returns the sizes of the logs that were read, by path.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn read_logs(&self) -> Result<std::collections::BTreeMap<String, u64>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT path, size FROM read_logs")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stores calls, and the logs that they come from. A call that is there already keeps
    /// its packet, and takes over larger counts. Returns the number of new calls.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn store_calls(
        &mut self,
        calls: &[StoredCall],
        logs: &[(String, u64)],
    ) -> Result<usize, LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let count = |transaction: &rusqlite::Transaction<'_>| -> rusqlite::Result<usize> {
            transaction.query_row("SELECT count(*) FROM model_calls", [], |row| row.get(0))
        };
        let before = count(&transaction)?;
        {
            let mut insert = transaction.prepare(
                "INSERT INTO model_calls (agent, call_id, session, at, model, input_tokens, output_tokens,
                   cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, quality, folder, branch, packet,
                   is_sidechain)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                 ON CONFLICT (agent, call_id) DO UPDATE SET
                   input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
                   cache_read_tokens = excluded.cache_read_tokens,
                   cache_write_tokens = excluded.cache_write_tokens,
                   cache_write_1h_tokens = excluded.cache_write_1h_tokens, quality = excluded.quality,
                   packet = coalesce(packet, excluded.packet)
                 WHERE excluded.output_tokens > output_tokens OR excluded.quality = 'measured'",
            )?;
            let stored = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            for StoredCall { call, packet } in calls {
                insert.execute(params![
                    call.agent.as_str(),
                    call.id,
                    call.session,
                    call.at,
                    call.model,
                    stored(call.tokens.input),
                    stored(call.tokens.output),
                    stored(call.tokens.cache_read),
                    stored(call.tokens.cache_write),
                    stored(call.tokens.cache_write_1h),
                    call.quality.as_str(),
                    call.folder,
                    call.branch,
                    packet,
                    call.is_sidechain,
                ])?;
            }
            let mut log =
                transaction.prepare("INSERT OR REPLACE INTO read_logs (path, size) VALUES (?1, ?2)")?;
            for (path, size) in logs {
                log.execute(params![path, stored(*size)])?;
            }
        }
        let after = count(&transaction)?;
        transaction.commit()?;
        Ok(after.saturating_sub(before))
    }

    /// Returns the number of calls of a packet, and their tokens.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn usage_of(&self, packet: &str) -> Result<PacketUsage, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT count(*), coalesce(sum(input_tokens + cache_read_tokens + cache_write_tokens
               + cache_write_1h_tokens), 0), coalesce(sum(output_tokens), 0)
             FROM model_calls WHERE packet = ?1",
        )?;
        Ok(statement.query_row([packet], |row| {
            Ok(PacketUsage { calls: row.get(0)?, sent: row.get(1)?, received: row.get(2)? })
        })?)
    }

    /// Returns the stored calls, oldest first: of a packet, and since a time.
    ///
    /// # Errors
    /// The database cannot be read, or holds an invalid value.
    pub(crate) fn calls(
        &self,
        packet: Option<&str>,
        since: Option<&str>,
    ) -> Result<Vec<StoredCall>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT agent, call_id, session, at, model, input_tokens, output_tokens, cache_read_tokens,
               cache_write_tokens, cache_write_1h_tokens, quality, folder, branch, packet, is_sidechain
             FROM model_calls WHERE (?1 IS NULL OR packet = ?1) AND (?2 IS NULL OR at >= ?2) ORDER BY at, call_id",
        )?;
        let mut rows = statement.query(params![packet, since])?;
        let mut calls = Vec::new();
        while let Some(row) = rows.next()? {
            let (agent, quality): (String, String) = (row.get(0)?, row.get(10)?);
            let invalid = || LedgerError::Value(format!("a call of `{agent}` with quality `{quality}`"));
            let call = ModelCall {
                agent: Agent::parse(&agent).ok_or_else(invalid)?,
                id: row.get(1)?,
                session: row.get(2)?,
                at: row.get(3)?,
                model: row.get(4)?,
                tokens: Tokens {
                    input: row.get(5)?,
                    output: row.get(6)?,
                    cache_read: row.get(7)?,
                    cache_write: row.get(8)?,
                    cache_write_1h: row.get(9)?,
                },
                quality: Quality::parse(&quality).ok_or_else(invalid)?,
                folder: row.get(11)?,
                branch: row.get(12)?,
                is_sidechain: row.get(14)?,
            };
            calls.push(StoredCall { call, packet: row.get(13)? });
        }
        Ok(calls)
    }
}
