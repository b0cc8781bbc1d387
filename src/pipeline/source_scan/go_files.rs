//! Sources of Go, as the searches for test code read them.

use crate::text::RepoPath;

/// Number of files that are read at once.
pub(super) const FILES_AT_ONCE: usize = 64;

/// Reads several files, and gives the text of each to a job; `None` if it cannot be read.
pub(super) type ReadFiles<'a> = dyn Fn(&[RepoPath], &mut dyn FnMut(&RepoPath, Option<&[u8]>)) + 'a;

/// Returns whether a path is a source of Go.
pub(super) fn is_go(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".go")
}
