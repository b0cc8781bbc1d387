//! Windows of a changed file, in lines of its content after the change.

use crate::change::{ChangedFile, Hunk};
use crate::check::has_lines;

/// First and last line of a window, counted from 1.
pub(super) type Window = (usize, usize);

/// Returns the smallest window that contains both.
fn join(a: Window, b: Window) -> Window {
    (a.0.min(b.0), a.1.max(b.1))
}

/// Returns the smallest window over all changes; `None` for a change without
/// lines (binary file, submodule, change of the mode only).
pub(super) fn whole_window(file: &ChangedFile) -> Option<Window> {
    if !has_lines(file) {
        return None;
    }
    file.window()
}

/// Returns at most `wanted` windows, and at most one per hunk, each as small as
/// possible: windows with the smallest gap are joined first.
pub(super) fn merge_windows(file: &ChangedFile, wanted: usize) -> Vec<Window> {
    if !has_lines(file) {
        return Vec::new();
    }
    let mut out: Vec<Window> = file.hunks().iter().map(Hunk::window).collect();
    // A deletion at the edge of another hunk may share its line.
    out.dedup();
    while out.len() > wanted.max(1) {
        let gaps = out.windows(2).enumerate().map(|(at, pair)| match pair {
            [a, b] => (b.0.saturating_sub(a.1), at),
            _ => (usize::MAX, at),
        });
        let Some((_, at)) = gaps.min() else { break };
        let Some(next) = out.get(at + 1).copied() else { break };
        out.remove(at + 1);
        if let Some(first) = out.get_mut(at) {
            *first = join(*first, next);
        }
    }
    out
}
