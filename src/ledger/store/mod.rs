//! The ledger in one `SQLite` database, in the folder of git that all working trees of a
//! repository share. It survives a process that is killed; after a power cut its last
//! entries can be missing. The file can be deleted: it is memory, not a boundary.

mod chain;
mod consistency;
mod job_row;
mod problems;
mod read;
mod retention;
mod schema;
mod usage;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::system::files;

pub(crate) use chain::{ChainHead, ChainState, SealEntry, to_hex as hash_hex};
pub(crate) use problems::{ProblemQuery, ProblemRow};
pub(crate) use read::{EventRow, JobQuery, JobRow};
pub(crate) use retention::RetentionLimits;
pub(crate) use usage::StoredCall;

/// Name of the database.
pub(crate) const FILE_NAME: &str = "ledger.db";
/// Maximum number of times that a command waits for others that write: about 5 seconds.
const MAX_WAITS: i32 = 30_000;

/// Why the ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// The database refused or failed.
    #[error("HSK-500-DB: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The database or its folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A newer version of the program wrote it.
    #[error(
        "the ledger has version {found}, and this program knows versions up to {known}; update countersign"
    )]
    Newer {
        /// Version in the file.
        found: i64,
        /// Newest version that the program knows.
        known: i64,
    },
    /// An event that may not be written.
    #[error(transparent)]
    Event(#[from] crate::ledger::shape::InvalidEvent),
    /// A stored value that is not valid.
    #[error("the ledger holds an invalid value: {0}")]
    Value(String),
}

/// Size of the write-ahead log at which it is written back, in bytes. Each process reads
/// the whole log once, and no process but this one empties it.
const MAX_LOG_BYTES: u64 = 512 * 1024;

/// An open ledger.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    log: PathBuf,
}

impl Drop for Store {
    fn drop(&mut self) {
        let size = files::find_metadata(&self.log).ok().flatten().map_or(0, |found| found.len());
        if size > MAX_LOG_BYTES {
            // Another process may be at work: then the next one does it.
            let _ = self.connection.busy_timeout(std::time::Duration::ZERO);
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

impl Store {
    /// Opens the ledger in a folder; creates both if they are missing.
    ///
    /// # Errors
    /// The folder cannot be written, the file is no ledger, or a newer program wrote it.
    pub(crate) fn open(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(FILE_NAME);
        let failed = |source| LedgerError::File { path: path.clone(), source };
        files::create_folder(folder).map_err(failed)?;
        refuse_other_types(&path)?;
        let mut connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        prepare(&mut connection)?;
        // The write-ahead log needs memory that processes share: no network file system
        // has it.
        if files::is_network_folder(folder) || !uses_write_ahead_log(&connection) {
            connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
        } else {
            // A checkpoint when the last process closes the file takes 15 ms.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        }
        schema::migrate(&mut connection)?;
        Ok(Self { connection, log: folder.join(format!("{FILE_NAME}-wal")) })
    }

    /// Opens the ledger of a folder for reading; `None` if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is no ledger that this program knows.
    pub(crate) fn open_existing(folder: &Path) -> Result<Option<Self>, LedgerError> {
        let path = folder.join(FILE_NAME);
        let failed = |source| LedgerError::File { path: path.clone(), source };
        if files::find_metadata(&path).map_err(failed)?.is_none() {
            return Ok(None);
        }
        match Self::open(folder) {
            Ok(store) => return Ok(Some(store)),
            // What a newer program wrote is not guessed at.
            Err(error @ LedgerError::Newer { .. }) => return Err(error),
            Err(_) => {}
        }
        refuse_other_types(&path)?;
        let mut connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        prepare(&mut connection)?;
        connection.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, i64>(0))?;
        Ok(Some(Self { connection, log: PathBuf::new() }))
    }
}

/// A FIFO would stop the program, and a link leads elsewhere.
fn refuse_other_types(path: &Path) -> Result<(), LedgerError> {
    let failed = |source| LedgerError::File { path: path.to_path_buf(), source };
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match files::find_metadata(Path::new(&name)).map_err(failed)? {
            Some(found) if !found.is_file() => {
                return Err(failed(std::io::Error::other("a file of the ledger is not a regular file")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_writer))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Waits for another writer. The waits of `SQLite` itself grow to 100 ms, and a command
/// that waits longest would then wait still longer. Here it asks most often.
fn wait_for_writer(waits: i32) -> bool {
    let micros = if waits < 20 { 500 } else { 150 };
    std::thread::sleep(Duration::from_micros(micros));
    waits < MAX_WAITS
}

fn uses_write_ahead_log(connection: &Connection) -> bool {
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    mode.is_ok_and(|mode| mode.eq_ignore_ascii_case("wal"))
}
