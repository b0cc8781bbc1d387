//! Several files as one write.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::digest::sha256_hex;
use crate::system::files;
use crate::text::{RepoPath, to_single_line};

use super::{FileWrite, MAX_FILE_BYTES, WriteError, Writer, io_error};

/// What is to be written.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    version: u32,
    command: String,
    files: Vec<JournalEntry>,
}

/// One file of it. Its new bytes lie beside the journal, by its number, until
/// they are renamed to their place.
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
    let doing = || format!("reading {}", path.display());
    if files::find_metadata(&path).map_err(io_error(doing()))?.is_none() {
        return Ok(None);
    }
    let bytes = files::read(&path, MAX_FILE_BYTES).map_err(io_error(doing()))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| io_error(doing())(io::Error::other(error)))
}

pub(super) fn interrupted_command(state: &Path) -> Option<String> {
    match read_journal(state) {
        Ok(journal) => journal.map(|journal| to_single_line(&journal.command, 200)),
        Err(_) => Some("a write".to_owned()),
    }
}

/// Writes all files. `go_on` is asked before every step and may stop there, as
/// a process that is killed stops; the answer says whether all was done.
pub(super) fn write_files(
    writer: &Writer,
    all: &[FileWrite],
    go_on: &mut dyn FnMut(&str) -> bool,
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
        if !go_on("put aside") {
            return Ok(false);
        }
        let mode = writer.resolve_path(&file.path).ok().and_then(|place| fs::metadata(place).ok());
        stage(&folder.join(number.to_string()), &file.after, mode.map(|found| found.permissions()))
            .map_err(io_error(failed()))?;
        entries.push(JournalEntry {
            path: file.path.to_string(),
            before: file.before.as_deref().map(sha256_hex),
            after: sha256_hex(&file.after),
        });
    }
    if !go_on("journal") {
        return Ok(false);
    }
    let journal = Journal { version: 1, command: writer.command.clone(), files: entries };
    let text =
        serde_json::to_vec_pretty(&journal).map_err(|error| io_error(failed())(io::Error::other(error)))?;
    let draft = folder.join("journal.draft");
    stage(&draft, &text, None).map_err(io_error(failed()))?;
    if !go_on("agree") {
        return Ok(false);
    }
    fs::rename(&draft, journal_path(state)).map_err(io_error(failed()))?;
    sync_folder(&folder);
    commit(writer, &journal, go_on)
}

/// Completes an interrupted write, and clears what was never agreed to.
pub(super) fn complete_interrupted(writer: &Writer) -> Result<(), WriteError> {
    let folder = journal_folder(&writer.state);
    if files::find_metadata(&folder).map_err(io_error("looking for interrupted writes"))?.is_none() {
        return Ok(());
    }
    let Some(journal) = read_journal(&writer.state)? else {
        return remove_journal(&folder).map_err(io_error("clearing an interrupted write"));
    };
    for entry in &journal.files {
        let path = RepoPath::from_declared(&entry.path);
        let now = writer.read(&path)?.as_deref().map(sha256_hex);
        let aside = folder
            .join(journal.files.iter().position(|other| other.path == entry.path).unwrap_or(0).to_string());
        let waits =
            files::find_metadata(&aside).map_err(io_error("looking for interrupted writes"))?.is_some();
        let is_new = now.as_deref() == Some(entry.after.as_str());
        let is_old = waits && now == entry.before;
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

/// Renames every file into place, then forgets the journal.
fn commit(
    writer: &Writer,
    journal: &Journal,
    go_on: &mut dyn FnMut(&str) -> bool,
) -> Result<bool, WriteError> {
    let folder = journal_folder(&writer.state);
    for (number, entry) in journal.files.iter().enumerate() {
        if !go_on("rename") {
            return Ok(false);
        }
        let path = RepoPath::from_declared(&entry.path);
        let aside = folder.join(number.to_string());
        let failed = || format!("writing {path}");
        if files::find_metadata(&aside).map_err(io_error(failed()))?.is_none() {
            continue;
        }
        let place = writer.resolve_path(&path)?;
        if let Some(parent) = place.parent() {
            files::create_folder(parent).map_err(io_error(failed()))?;
        }
        move_file(&aside, &place).map_err(io_error(failed()))?;
        place.parent().into_iter().for_each(sync_folder);
    }
    if !go_on("forget") {
        return Ok(false);
    }
    remove_journal(&folder).map_err(io_error("clearing the journal"))?;
    Ok(true)
}

/// Moves a file over another one; where they lie on different disks, its
/// bytes go through a temporary file beside the other one.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let bytes = files::read(from, MAX_FILE_BYTES)?;
            files::write(to, &bytes)?;
            fs::set_permissions(to, fs::metadata(from)?.permissions())?;
            fs::remove_file(from)
        }
        done => done,
    }
}

fn stage(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()
}

/// Has the system write down what a folder holds, where it can be asked to.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::options().read(true).open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Removes the journal first: without it the rest means nothing.
fn remove_journal(folder: &Path) -> io::Result<()> {
    let journal = folder.join("journal.json");
    if files::find_metadata(&journal)?.is_some() {
        fs::remove_file(journal)?;
    }
    fs::remove_dir_all(folder)
}
