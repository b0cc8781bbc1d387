//! The file walk of scans: lists all files that the ignore files of the tree do
//! not exempt, with several threads.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ignore::{WalkBuilder, WalkState};

use crate::text::RepoPath;

use super::files;

/// Maximum size of an ignore file, in bytes.
const MAX_IGNORE_BYTES: u64 = 16 * 1024 * 1024;

/// Fails if the `.gitignore` of a folder is no ordinary file, or too large. Git does not read
/// through a link, either.
fn check_ignore_file(folder: &Path) -> io::Result<()> {
    let path = folder.join(".gitignore");
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let is_read = metadata.is_file() && metadata.len() <= MAX_IGNORE_BYTES;
    if is_read || metadata.is_dir() {
        return Ok(());
    }
    let what = if metadata.is_file() { "is too large" } else { "is not a regular file" };
    Err(io::Error::other(format!("{} {what}", path.display())))
}

/// Lists the files below a folder that no `.gitignore` in it ignores, in undefined
/// order. `.git`, nested repositories and links are excluded. Ignore rules outside
/// the folder (of the user or of git) are not used.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn list_unignored_files(root: &Path) -> io::Result<Vec<RepoPath>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        .ignore(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false);
    builder.follow_links(false).threads(threads);
    // The walk would open a device or wait for a pipe.
    let refused: Arc<Mutex<Option<io::Error>>> = Arc::default();
    check_ignore_file(root)?;
    let slot = Arc::clone(&refused);
    builder.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if is_folder
            && entry.depth() > 0
            && let (Err(error), Ok(mut slot)) = (check_ignore_file(entry.path()), slot.lock())
        {
            *slot = Some(error);
            return false;
        }
        let is_nested_repository =
            || is_folder && entry.depth() > 0 && entry.path().join(".git").symlink_metadata().is_ok();
        entry.file_name() != ".git" && !is_nested_repository()
    });
    let found: Mutex<Vec<RepoPath>> = Mutex::default();
    let failed: Mutex<Option<io::Error>> = Mutex::default();
    builder.build_parallel().run(|| {
        let mut batch = Batch { local: Vec::new(), shared: &found };
        let failed = &failed;
        Box::new(move |entry| match entry {
            Ok(entry) => {
                if entry.file_type().is_some_and(|kind| kind.is_file())
                    && let Ok(below) = entry.path().strip_prefix(root)
                {
                    batch.local.push(files::to_repo_path(below));
                }
                WalkState::Continue
            }
            Err(error) => {
                if let Ok(mut slot) = failed.lock() {
                    *slot = error.into_io_error().or(slot.take());
                }
                WalkState::Quit
            }
        })
    });
    if let Some(error) = refused.lock().ok().and_then(|mut slot| slot.take()) {
        return Err(error);
    }
    match failed.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(found.into_inner().unwrap_or_default()),
    }
}

/// The files that one thread found; added to the shared list when it ends.
struct Batch<'a> {
    local: Vec<RepoPath>,
    shared: &'a Mutex<Vec<RepoPath>>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Ok(mut all) = self.shared.lock() {
            all.append(&mut self.local);
        }
    }
}
