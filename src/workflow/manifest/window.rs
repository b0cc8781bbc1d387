//! Windows of a changed file, in lines of the post-image.

use crate::change::{ChangedFile, Hunk};
use crate::check::has_lines;

/// First and last line of a window, from 1.
pub(super) type Window = (usize, usize);

fn join(a: Window, b: Window) -> Window {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The tightest window over all changes; `None` where there are no lines to
/// speak of (binary files, submodules, changes of the mode only).
pub(super) fn whole_window(file: &ChangedFile) -> Option<Window> {
    if !has_lines(file) {
        return None;
    }
    file.window()
}

/// As many windows as wanted, at most one a hunk, each as tight as can be:
/// neighbours with the smallest gap are joined first.
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
