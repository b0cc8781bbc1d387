//! The file walk of scans: lists all files that the ignore files of the tree do
//! not exempt, with several threads.

use std::io;
use std::path::Path;
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};

use crate::text::RepoPath;

use super::files;

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
    builder.filter_entry(|entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
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
