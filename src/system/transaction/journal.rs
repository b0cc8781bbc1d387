//! Writes several files as one atomic operation, through a journal.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::digest::sha256_hex;
use crate::system::files;
use crate::text::{RepoPath, to_single_line};

use super::{FileWrite, MAX_FILE_BYTES, WriteError, Writer, io_error};

/// The content of the journal file: a write that is sealed but perhaps not finished.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    version: u32,
    command: String,
    files: Vec<JournalEntry>,
}

/// One file of the write, with SHA-256 hashes of its old and new bytes. The new
/// bytes are in a file next to the journal, named by the index of the entry, until
/// that file is renamed to the target.
#[derive(Debug, Serialize, Deserialize)]
struct JournalEntry {
    path: String,
    before: Option<String>,
    after: String,
}

fn journal_folder(state: &Path) -> PathBuf {
    state.join("write")
}

fn journal_path(state: &Path) -> PathBuf {
    journal_folder(state).join("journal.json")
}

fn read_journal(state: &Path) -> Result<Option<Journal>, WriteError> {
    let path = journal_path(state);
    let operation = || format!("reading {}", path.display());
    if files::find_metadata(&path).map_err(io_error(operation()))?.is_none() {
        return Ok(None);
    }
    let bytes = files::read(&path, MAX_FILE_BYTES).map_err(io_error(operation()))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| io_error(operation())(io::Error::other(error)))
}

pub(super) fn interrupted_command(state: &Path) -> Option<String> {
    match read_journal(state) {
        Ok(journal) => journal.map(|journal| to_single_line(&journal.command, 200)),
        Err(_) => Some("countersign".to_owned()),
    }
}

/// Writes all files. Calls `may_continue` with a label before every step; `false`
/// stops there, as if the process were killed. Returns whether all steps were done.
pub(super) fn write_files(
    writer: &Writer,
    all: &[FileWrite],
    may_continue: &mut dyn FnMut(&str) -> bool,
) -> Result<bool, WriteError> {
    let state = &writer.state;
    for file in all {
        if writer.read(&file.path)? != file.before {
            return Err(WriteError::Changed(file.path.clone()));
        }
    }
    let folder = journal_folder(state);
    let failed = || format!("writing {}", folder.display());
    files::create_folder(&folder).map_err(io_error(failed()))?;
    let mut entries = Vec::new();
    for (number, file) in all.iter().enumerate() {
        if !may_continue("stage") {
            return Ok(false);
        }
        let metadata = writer.resolve_path(&file.path).ok().and_then(|target| fs::metadata(target).ok());
        stage(&folder.join(number.to_string()), &file.after, metadata.map(|found| found.permissions()))
            .map_err(io_error(failed()))?;
        entries.push(JournalEntry {
            path: file.path.to_string(),
            before: file.before.as_deref().map(sha256_hex),
            after: sha256_hex(&file.after),
        });
    }
    if !may_continue("journal") {
        return Ok(false);
    }
    let journal = Journal { version: 1, command: writer.command.clone(), files: entries };
    let text =
        serde_json::to_vec_pretty(&journal).map_err(|error| io_error(failed())(io::Error::other(error)))?;
    let unsealed = folder.join("journal.draft");
    stage(&unsealed, &text, None).map_err(io_error(failed()))?;
    if !may_continue("seal") {
        return Ok(false);
    }
    fs::rename(&unsealed, journal_path(state)).map_err(io_error(failed()))?;
    sync_folder(&folder);
    commit(writer, &journal, may_continue)
}

/// Completes an interrupted write if it was sealed, otherwise removes its files.
pub(super) fn complete_interrupted(writer: &Writer) -> Result<(), WriteError> {
    let folder = journal_folder(&writer.state);
    if files::find_metadata(&folder).map_err(io_error("checking for an interrupted write"))?.is_none() {
        return Ok(());
    }
    let Some(journal) = read_journal(&writer.state)? else {
        return remove_journal(&folder).map_err(io_error("removing an interrupted write"));
    };
    for entry in &journal.files {
        let path = RepoPath::from_declared(&entry.path);
        let current = writer.read(&path)?.as_deref().map(sha256_hex);
        let staged = folder
            .join(journal.files.iter().position(|other| other.path == entry.path).unwrap_or(0).to_string());
        let is_staged =
            files::find_metadata(&staged).map_err(io_error("checking for an interrupted write"))?.is_some();
        let is_new = current.as_deref() == Some(entry.after.as_str());
        let is_old = is_staged && current == entry.before;
        if !is_new && !is_old {
            return Err(WriteError::Unrecoverable {
                command: to_single_line(&journal.command, 200),
                path,
                folder,
            });
        }
    }
    commit(writer, &journal, &mut |_| true).map(|_| ())
}

/// Renames every staged file to its target, then removes the journal.
fn commit(
    writer: &Writer,
    journal: &Journal,
    may_continue: &mut dyn FnMut(&str) -> bool,
) -> Result<bool, WriteError> {
    let folder = journal_folder(&writer.state);
    for (number, entry) in journal.files.iter().enumerate() {
        if !may_continue("rename") {
            return Ok(false);
        }
        let path = RepoPath::from_declared(&entry.path);
        let staged = folder.join(number.to_string());
        let failed = || format!("writing {path}");
        if files::find_metadata(&staged).map_err(io_error(failed()))?.is_none() {
            continue;
        }
        let target = writer.resolve_path(&path)?;
        if let Some(parent) = target.parent() {
            files::create_folder(parent).map_err(io_error(failed()))?;
        }
        move_file(&staged, &target).map_err(io_error(failed()))?;
        target.parent().into_iter().for_each(sync_folder);
    }
    if !may_continue("clear") {
        return Ok(false);
    }
    remove_journal(&folder).map_err(io_error("removing the journal"))?;
    Ok(true)
}

/// Moves a file over another one. If they are on different file systems, the bytes
/// are copied through a temporary file in the target folder.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let bytes = files::read(from, MAX_FILE_BYTES)?;
            files::write(to, &bytes)?;
            fs::set_permissions(to, fs::metadata(from)?.permissions())?;
            fs::remove_file(from)
        }
        result => result,
    }
}

/// Writes bytes to a file next to the journal and flushes them to the disk.
fn stage(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}

/// Flushes the entries of a folder to the disk, on systems that support it.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::options().read(true).open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Removes the journal folder. The journal file is removed first: without it, the
/// staged files have no effect.
fn remove_journal(folder: &Path) -> io::Result<()> {
    let journal = folder.join("journal.json");
    if files::find_metadata(&journal)?.is_some() {
        fs::remove_file(journal)?;
    }
    fs::remove_dir_all(folder)
}
