//! Files of git's folder that must be files.

use std::path::{Path, PathBuf};

use crate::change::RepositoryError;

/// Files that libgit2 opens without a look at their type. Opening a FIFO would wait for ever.
const FILES: [&str; 11] = [
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "index",
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "objects/info/alternates",
    "packed-refs",
    "shallow",
];

/// Maximum size of the files that point to another folder, in bytes.
const MAX_POINTER_BYTES: u64 = 64 * 1024;

/// Refuses a repository whose own files are FIFOs or devices. Looks where git looks: in
/// `.git` of the folder and of its parents, and in the folders to which `.git` points.
///
/// # Errors
/// One of the files exists and is not a regular file. The message contains its path.
pub(super) fn refuse_special_files(folder: &Path) -> Result<(), RepositoryError> {
    let start = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let Some(found) = start.ancestors().map(|parent| parent.join(".git")).find(|git| git.exists()) else {
        return Ok(());
    };
    if found.is_dir() {
        return check(&found);
    }
    let pointer = read_pointer(&found)?;
    let git_folder = found.parent().unwrap_or(&start).join(pointer.trim_start_matches("gitdir:").trim());
    check(&git_folder)?;
    let common = git_folder.join("commondir");
    if !common.exists() {
        return Ok(());
    }
    check(&git_folder.join(read_pointer(&common)?.trim()))
}

fn read_pointer(path: &Path) -> Result<String, RepositoryError> {
    let bytes = crate::system::files::read(path, MAX_POINTER_BYTES)
        .map_err(|error| refused(path, error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn check(git_folder: &Path) -> Result<(), RepositoryError> {
    let is_special = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    match FILES.iter().map(|file| git_folder.join(file)).find(is_special) {
        Some(path) => Err(refused(&path, "this is not a regular file".into())),
        None => Ok(()),
    }
}

fn refused(path: &Path, reason: String) -> RepositoryError {
    RepositoryError::Git { operation: format!("opening {}", path.display()), reason }
}
