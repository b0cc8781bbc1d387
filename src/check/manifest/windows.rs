//! Windows of manifests: lines of a file that a manifest says to contain all changes.

use crate::change::{ChangedFile, Hunk};

/// Joins overlapping and adjacent windows, and sorts them.
pub(super) fn merge_windows(mut windows: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    windows.sort_unstable();
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (first, last) in windows {
        match out.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => out.push((first, last)),
        }
    }
    out
}

/// Returns the changes of a file that are not inside one of the windows.
pub(super) fn uncovered_hunks<'a>(file: &'a ChangedFile, windows: &[(usize, usize)]) -> Vec<&'a Hunk> {
    file.hunks()
        .iter()
        .filter(|hunk| {
            // Merged windows are sorted and do not touch: only those around the first line of
            // the change can contain it.
            let at = windows.partition_point(|(_, last)| last.saturating_add(1) < hunk.after.start);
            let near = windows.get(at..windows.len().min(at + 3)).unwrap_or_default();
            !near.iter().any(|(first, last)| hunk.is_within(*first, *last))
        })
        .collect()
}
