//! Calls of models: copied when they are seen, because agents delete their logs.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{TransactionBehavior, params};

use crate::usage::{Agent, ModelCall, Quality, SESSION_PREFIX, Tokens};

use crate::ledger::record::PacketUsage;

use super::{LedgerError, Store};

/// A call with what this repository knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredCall {
    /// The call; its folder is the name of the working tree, and its log a hash.
    pub call: ModelCall,
    /// Its packet.
    pub packet: Option<String>,
}

impl Store {
    /// Returns the states of the logs that were read, by the hash of their path.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn read_logs(&self) -> Result<std::collections::BTreeMap<String, String>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT path, state FROM read_logs")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stores calls, and the logs that were read. Calls that one log alone has are replaced;
    /// any other that is there already keeps its packet and takes over larger counts. Returns
    /// the number of new calls.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn store_calls(
        &mut self,
        calls: &[StoredCall],
        logs: &[(String, String)],
    ) -> Result<usize, LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let count = |transaction: &rusqlite::Transaction<'_>| -> rusqlite::Result<usize> {
            transaction.query_row("SELECT count(*) FROM model_calls", [], |row| row.get(0))
        };
        let before = count(&transaction)?;
        {
            // What a log alone has is replaced by what was read of it now. A log of which nothing
            // was read, because its working tree is gone or it is damaged, keeps its calls.
            let mut packets = BTreeMap::new();
            for (path, _) in logs.iter().filter(|(_, state)| !state.is_empty()) {
                if !calls.iter().any(|stored| stored.call.log.as_deref() == Some(path)) {
                    continue;
                }
                let mut old = transaction
                    .prepare("SELECT at, packet FROM model_calls WHERE log = ?1 AND packet IS NOT NULL")?;
                let rows = old.query_map([path], |row| Ok(((path.clone(), row.get(0)?), row.get(1)?)))?;
                packets.extend(rows.collect::<Result<Vec<((String, String), String)>, _>>()?);
                transaction.execute("DELETE FROM model_calls WHERE log = ?1", [path])?;
            }
            let larger = "excluded.output_tokens > output_tokens OR (excluded.output_tokens = output_tokens
                AND excluded.input_tokens + excluded.cache_read_tokens > input_tokens + cache_read_tokens)";
            let count = |column: &str| {
                format!("{column} = CASE WHEN {larger} THEN excluded.{column} ELSE {column} END")
            };
            let counts = [
                "input_tokens",
                "output_tokens",
                "cache_read_tokens",
                "cache_write_tokens",
                "cache_write_1h_tokens",
            ];
            let mut insert = transaction.prepare(&format!(
                "INSERT INTO model_calls (agent, call_id, session, at, model, input_tokens, output_tokens,
                   cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, quality, tree, branch, packet,
                   is_sidechain, log, role, effort)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
                 ON CONFLICT (agent, call_id) DO UPDATE SET {},
                   quality = CASE WHEN 'measured' IN (quality, excluded.quality) THEN 'measured' ELSE quality END,
                   at = min(at, excluded.at), packet = coalesce(packet, excluded.packet)",
                counts.map(count).join(", ")
            ))?;
            let stored = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            for StoredCall { call, packet } in calls {
                // A packet that was found once stays.
                let found = call.log.as_ref().and_then(|log| packets.get(&(log.clone(), call.at.clone())));
                let packet = found.or(packet.as_ref());
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
                    call.log,
                    call.role,
                    call.effort,
                ])?;
            }
            // Sums of a session give way to its calls.
            let mut sums = transaction
                .prepare("SELECT DISTINCT session FROM model_calls WHERE call_id LIKE 'ccusage:%'")?;
            let summed: BTreeSet<String> = sums.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let is_call = |stored: &&StoredCall| !stored.call.id.starts_with(SESSION_PREFIX);
            let counted: BTreeSet<&str> =
                calls.iter().filter(is_call).map(|stored| stored.call.session.as_str()).collect();
            for session in summed.iter().filter(|session| counted.contains(session.as_str())) {
                transaction.execute(
                    "DELETE FROM model_calls WHERE session = ?1 AND call_id LIKE 'ccusage:%'",
                    [session],
                )?;
            }
            let mut log =
                transaction.prepare("INSERT OR REPLACE INTO read_logs (path, state) VALUES (?1, ?2)")?;
            for (path, state) in logs {
                log.execute(params![path, state])?;
            }
        }
        let after = count(&transaction)?;
        transaction.commit()?;
        Ok(after.saturating_sub(before))
    }

    /// Records that a session of an agent is about a packet. Its calls that are known already
    /// become those of the packet, also if they belonged to another one.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn record_session(&mut self, session: &str, packet: &str) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT OR REPLACE INTO agent_sessions (session, packet, at) VALUES (?1, ?2, ?3)",
            params![session, packet, crate::ledger::now()],
        )?;
        transaction
            .execute("UPDATE model_calls SET packet = ?2 WHERE session = ?1", params![session, packet])?;
        transaction.commit()?;
        Ok(())
    }

    /// Returns the packets of recorded sessions.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn recorded_sessions(&self) -> Result<BTreeMap<String, String>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT session, packet FROM agent_sessions")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives calls without a packet the packet that `find` knows by now, from the name of
    /// their working tree and their branch.
    ///
    /// # Errors
    /// The database refused.
    pub(crate) fn attribute_again(
        &mut self,
        find: impl Fn(&str, Option<&str>) -> Option<String>,
    ) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut open =
                transaction.prepare("SELECT DISTINCT tree, branch FROM model_calls WHERE packet IS NULL")?;
            let rows = open.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let open: Vec<(String, Option<String>)> = rows.collect::<Result<_, _>>()?;
            let mut update = transaction.prepare(
                "UPDATE model_calls SET packet = ?3 WHERE packet IS NULL AND tree = ?1 AND branch IS ?2",
            )?;
            for (tree, branch) in open {
                if let Some(packet) = find(&tree, branch.as_deref()) {
                    update.execute(params![tree, branch, packet])?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Returns whether an event says that this answer was given to these bytes.
    ///
    /// # Errors
    /// The database cannot be read.
    #[cfg(all(feature = "ssh", any(test, feature = "llm")))]
    pub(crate) fn has_answer(&self, prompt_hash: &str, response_hash: &str) -> Result<bool, LedgerError> {
        let found: i64 = self.connection.query_row(
            "SELECT count(*) FROM events WHERE kind = 'llm_inference'
               AND instr(body, '\"prompt_hash\":\"' || ?1 || '\"') > 0
               AND instr(body, '\"response_hash\":\"' || ?2 || '\"') > 0",
            [prompt_hash, response_hash],
            |row| row.get(0),
        )?;
        Ok(found > 0)
    }

    /// Uses up a consent. Returns when it was used, if it was used before.
    ///
    /// # Errors
    /// The database refused.
    #[cfg(all(feature = "ssh", any(test, feature = "llm")))]
    pub(crate) fn spend_consent(
        &mut self,
        receipt_id: &str,
        payload_sha256: &str,
        job_id: &str,
    ) -> Result<Option<String>, LedgerError> {
        use rusqlite::OptionalExtension as _;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let used: Option<String> = transaction
            .query_row("SELECT used_at FROM consents WHERE consent_receipt_id = ?1", [receipt_id], |row| {
                row.get(0)
            })
            .optional()?;
        if used.is_none() {
            transaction.execute(
                "INSERT INTO consents (consent_receipt_id, payload_sha256, job_id, used_at) VALUES (?1, ?2, ?3, ?4)",
                params![receipt_id, payload_sha256, job_id, crate::ledger::now()],
            )?;
        }
        transaction.commit()?;
        Ok(used)
    }

    /// Returns the number of calls of a packet, and their tokens.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn usage_of(&self, packet: &str) -> Result<PacketUsage, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT count(*), coalesce(max(quality <> 'measured'), 0), coalesce(sum(input_tokens + cache_read_tokens + cache_write_tokens
               + cache_write_1h_tokens), 0), coalesce(sum(output_tokens), 0)
             FROM model_calls WHERE packet = ?1",
        )?;
        Ok(statement.query_row([packet], |row| {
            Ok(PacketUsage {
                calls: row.get(0)?,
                is_lower_bound: row.get(1)?,
                sent: row.get(2)?,
                received: row.get(3)?,
            })
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
        // A ledger of the first version that cannot be written has no roles and efforts.
        let version: i64 = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let newer = if version < 2 { "NULL, NULL" } else { "role, effort" };
        let mut statement = self.connection.prepare(&format!(
            "SELECT agent, call_id, session, at, model, input_tokens, output_tokens, cache_read_tokens,
               cache_write_tokens, cache_write_1h_tokens, quality, tree, branch, packet, is_sidechain, {newer}
             FROM model_calls WHERE (?1 IS NULL OR packet = ?1) AND (?2 IS NULL OR at >= ?2) ORDER BY at, call_id"
        ))?;
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
                log: None,
                role: row.get(15)?,
                effort: row.get(16)?,
            };
            calls.push(StoredCall { call, packet: row.get(13)? });
        }
        Ok(calls)
    }
}
