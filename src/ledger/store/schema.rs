//! Tables of the ledger. Everything that must hold for a job is a constraint of the
//! database, so that no other program can store something else either.

use std::fmt::Write as _;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ledger::job::{AccessMode, JobKind, JobState, SafetyMode};

use super::LedgerError;

/// Migrations, oldest first. A migration never changes a stored value.
const MIGRATIONS: [fn(&Transaction<'_>) -> rusqlite::Result<()>; 2] = [create_tables, add_own_calls];

/// Columns of numbers: never NULL, never negative, 0 when a job is created.
pub(super) const METRICS: [&str; 9] = [
    "duration_ms",
    "total_tokens",
    "input_tokens",
    "output_tokens",
    "tokens_planner",
    "tokens_executor",
    "entities_read",
    "entities_written",
    "validators_run_count",
];

const TABLES: &str = "
CREATE TABLE operations (
  op_id TEXT PRIMARY KEY NOT NULL,
  job_id TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  engine_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'denied', 'poisoned')),
  planned TEXT NOT NULL CHECK (json_valid(planned)),
  result TEXT CHECK (result IS NULL OR json_valid(result)),
  UNIQUE (job_id, sequence)
) STRICT;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY NOT NULL CHECK (seq > 0),
  event_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  job_id TEXT,
  body TEXT NOT NULL,
  prev BLOB NOT NULL UNIQUE CHECK (length(prev) = 32),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX events_of_job ON events (job_id);
CREATE TABLE problems (
  fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
  protocol_id TEXT NOT NULL,
  packet TEXT,
  scope TEXT NOT NULL,
  code TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('fatal', 'error', 'warning', 'info', 'hint')),
  title TEXT NOT NULL,
  location TEXT,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  runs INTEGER NOT NULL CHECK (runs > 0),
  last_job TEXT NOT NULL,
  PRIMARY KEY (fingerprint, scope)
) STRICT;
CREATE INDEX problems_of_packet ON problems (packet);
CREATE TABLE acknowledgements (
  subject TEXT PRIMARY KEY NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE TABLE seals (
  seq INTEGER PRIMARY KEY NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  signature TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE TABLE model_calls (
  agent TEXT NOT NULL CHECK (agent IN ('claude', 'codex')),
  call_id TEXT NOT NULL,
  session TEXT NOT NULL,
  at TEXT NOT NULL,
  model TEXT,
  input_tokens INTEGER NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
  output_tokens INTEGER NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
  cache_read_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_tokens >= 0),
  cache_write_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0),
  cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens >= 0),
  quality TEXT NOT NULL CHECK (quality IN ('measured', 'lower_bound', 'estimated', 'mock')),
  tree TEXT NOT NULL,
  branch TEXT,
  log TEXT,
  packet TEXT,
  is_sidechain INTEGER NOT NULL CHECK (is_sidechain IN (0, 1)),
  PRIMARY KEY (agent, call_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_of_packet ON model_calls (packet);
CREATE INDEX calls_of_log ON model_calls (log);
CREATE TABLE read_logs (
  path TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE switches (name TEXT PRIMARY KEY NOT NULL) STRICT;
CREATE TABLE transitions (
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;
";

/// Calls of this program beside those of agents, their role, and consents that were used.
const OWN_CALLS: &str = "
CREATE TABLE new_calls (
  agent TEXT NOT NULL CHECK (agent IN ('claude', 'codex', 'countersign')),
  call_id TEXT NOT NULL,
  session TEXT NOT NULL,
  at TEXT NOT NULL,
  model TEXT,
  input_tokens INTEGER NOT NULL DEFAULT 0 CHECK (input_tokens >= 0),
  output_tokens INTEGER NOT NULL DEFAULT 0 CHECK (output_tokens >= 0),
  cache_read_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_read_tokens >= 0),
  cache_write_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0),
  cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens >= 0),
  quality TEXT NOT NULL CHECK (quality IN ('measured', 'lower_bound', 'estimated', 'mock')),
  tree TEXT NOT NULL,
  branch TEXT,
  log TEXT,
  packet TEXT,
  is_sidechain INTEGER NOT NULL CHECK (is_sidechain IN (0, 1)),
  role TEXT CHECK (role IS NULL OR role <> ''),
  effort TEXT,
  PRIMARY KEY (agent, call_id)
) STRICT, WITHOUT ROWID;
INSERT INTO new_calls SELECT agent, call_id, session, at, model, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, cache_write_1h_tokens, quality, tree, branch, log, packet, is_sidechain, NULL, NULL FROM model_calls;
DROP TABLE model_calls;
ALTER TABLE new_calls RENAME TO model_calls;
CREATE INDEX calls_of_packet ON model_calls (packet);
CREATE INDEX calls_of_log ON model_calls (log);
CREATE TABLE agent_sessions (
  session TEXT PRIMARY KEY NOT NULL CHECK (session <> ''),
  packet TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE consents (
  consent_receipt_id TEXT PRIMARY KEY NOT NULL,
  payload_sha256 TEXT NOT NULL CHECK (length(payload_sha256) = 64),
  job_id TEXT NOT NULL,
  used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER consents_never_change BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'consents do not change'); END;
CREATE TRIGGER consents_are_kept BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'consents are kept'); END;
";

fn add_own_calls(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(OWN_CALLS)
}

const TRIGGERS: &str = "
CREATE TRIGGER jobs_start_queued BEFORE INSERT ON jobs WHEN NEW.state <> 'queued'
BEGIN SELECT RAISE(ABORT, 'a job starts as queued'); END;
CREATE TRIGGER jobs_follow_transitions BEFORE UPDATE ON jobs
WHEN NEW.state <> OLD.state AND NOT EXISTS (
  SELECT 1 FROM transitions WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'no such transition of a job'); END;
CREATE TRIGGER jobs_keep_their_end BEFORE UPDATE ON jobs
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE from_state = OLD.state)
BEGIN SELECT RAISE(ABORT, 'the job has ended'); END;
CREATE TRIGGER operations_of_ended_jobs BEFORE INSERT ON operations
WHEN NOT EXISTS (SELECT 1 FROM transitions t JOIN jobs j ON t.from_state = j.state
                 WHERE j.job_id = NEW.job_id)
BEGIN SELECT RAISE(ABORT, 'the job has ended'); END;
CREATE TRIGGER operations_keep_their_end BEFORE UPDATE ON operations
WHEN NOT EXISTS (SELECT 1 FROM transitions t JOIN jobs j ON t.from_state = j.state
                 WHERE j.job_id = OLD.job_id)
BEGIN SELECT RAISE(ABORT, 'the job has ended'); END;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events do not change'); END;
CREATE TRIGGER events_are_kept BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM switches WHERE name = 'retention')
BEGIN SELECT RAISE(ABORT, 'only retention removes events'); END;
CREATE TRIGGER jobs_are_kept BEFORE DELETE ON jobs
WHEN NOT EXISTS (SELECT 1 FROM switches WHERE name = 'retention')
BEGIN SELECT RAISE(ABORT, 'only retention removes jobs'); END;
CREATE TRIGGER acknowledgements_never_change BEFORE UPDATE ON acknowledgements
BEGIN SELECT RAISE(ABORT, 'acknowledgements do not change'); END;
CREATE TRIGGER acknowledgements_are_kept BEFORE DELETE ON acknowledgements
BEGIN SELECT RAISE(ABORT, 'acknowledgements are kept'); END;
CREATE TRIGGER transitions_never_change BEFORE DELETE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions do not change'); END;
";

fn quoted<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    all.iter().map(|value| format!("'{}'", name(*value))).collect::<Vec<_>>().join(", ")
}

fn create_tables(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut jobs = format!(
        "CREATE TABLE jobs (
  job_id TEXT PRIMARY KEY NOT NULL,
  trace_id TEXT NOT NULL,
  workflow_run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt > 0),
  job_kind TEXT NOT NULL CHECK (job_kind IN ({})),
  state TEXT NOT NULL CHECK (state IN ({})),
  access_mode TEXT NOT NULL CHECK (access_mode IN ({})),
  safety_mode TEXT NOT NULL CHECK (safety_mode IN ({})),
  protocol_id TEXT NOT NULL,
  profile_id TEXT NOT NULL,
  capability_profile_id TEXT NOT NULL,
  entity_refs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(entity_refs)),
  status_reason TEXT NOT NULL DEFAULT 'queued',
  packet TEXT,
  tree TEXT,
  verdict TEXT CHECK (verdict IN ('passed', 'failed', 'not_run')),
  worktree TEXT NOT NULL,
  scope TEXT NOT NULL,
  process TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,\n",
        quoted(JobKind::ALL, JobKind::as_str),
        quoted(JobState::ALL, JobState::as_str),
        quoted(AccessMode::ALL, AccessMode::as_str),
        quoted(SafetyMode::ALL, SafetyMode::as_str),
    );
    for name in METRICS {
        let _ = writeln!(jobs, "  {name} INTEGER NOT NULL DEFAULT 0 CHECK ({name} >= 0),");
    }
    jobs.push_str(
        "  UNIQUE (workflow_run_id, attempt),
  CHECK (total_tokens = input_tokens + output_tokens)
) STRICT;
CREATE INDEX jobs_of_packet ON jobs (packet, created_at);
CREATE INDEX jobs_of_scope ON jobs (scope, created_at);
CREATE INDEX jobs_of_state ON jobs (state) WHERE state IN ('queued', 'running', 'poisoned');",
    );
    transaction.execute_batch(&jobs)?;
    transaction.execute_batch(TABLES)?;
    {
        let mut insert = transaction.prepare("INSERT INTO transitions VALUES (?1, ?2)")?;
        for (from, to) in JobState::TRANSITIONS {
            insert.execute((from.as_str(), to.as_str()))?;
        }
    }
    transaction.execute_batch(TRIGGERS)
}

/// Brings a database to the newest version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let read = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0))
    };
    let found = read(connection)?;
    if found == newest {
        return Ok(());
    }
    if found > newest {
        return Err(LedgerError::Newer { found, known: newest });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process can have been faster.
    let found = read(&transaction)?;
    if found > newest {
        return Err(LedgerError::Newer { found, known: newest });
    }
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(found) {
        migration(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", newest)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::store::Store;

    /// A ledger of the first version with one call.
    fn first_version() -> Connection {
        let mut connection = Connection::open_in_memory().expect("database");
        let transaction = connection.transaction().expect("transaction");
        create_tables(&transaction).expect("tables");
        transaction.pragma_update(None, "user_version", 1).expect("version");
        transaction
            .execute_batch(
                "INSERT INTO model_calls (agent, call_id, session, at, output_tokens, quality, tree, packet, is_sidechain)
                 VALUES ('claude', 'm1', 's1', '2026-03-01T10:00:00Z', 7, 'measured', 'repo', 'WP-1-A', 0)",
            )
            .expect("call");
        transaction.commit().expect("commit");
        connection
    }

    fn tokens(store: &Store) -> Vec<(u64, Option<String>)> {
        let calls = store.calls(None, None).expect("calls");
        calls.into_iter().map(|stored| (stored.call.tokens.output, stored.packet)).collect()
    }

    #[test]
    fn a_migration_keeps_every_call() {
        let expected = [(7, Some("WP-1-A".to_owned()))];
        // One that cannot be written is read as it is.
        let old = Store { connection: first_version(), log: std::path::PathBuf::new() };
        assert_eq!(tokens(&old), expected);
        let mut connection = first_version();
        migrate(&mut connection).expect("migrated");
        migrate(&mut connection).expect("once");
        let mut store = Store { connection, log: std::path::PathBuf::new() };
        assert_eq!(tokens(&store), expected);
        store.record_session("s1", "WP-1-B").expect("recorded");
        assert_eq!(tokens(&store), [(7, Some("WP-1-B".to_owned()))]);
        let own = "INSERT INTO model_calls (agent, call_id, session, at, quality, tree, is_sidechain, role)
            VALUES ('countersign', 'o1', '', '2026-03-02T10:00:00Z', 'estimated', 'repo', 0, 'validator')";
        store.connection.execute_batch(own).expect("a call of this program");
        assert_eq!(tokens(&store).len(), 2);
    }
}
