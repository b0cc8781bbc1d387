//! `manifest/coverage`: the windows of a file hold every changed line.

use crate::change::{ChangedFile, Hunk};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::Manifest;
use crate::finding::Place;
use crate::rule::Rule;
use crate::text::Span;

use super::{files_needing_manifest, has_lines, label_at, valid_window};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in files_needing_manifest(input).filter(|file| has_lines(file)) {
        let path = &file.change.path;
        let blocks: Vec<&Manifest> = input
            .packet
            .packet
            .manifests
            .iter()
            .filter(|manifest| manifest.path.as_ref() == Some(path))
            .collect();
        let windows =
            merge_windows(blocks.iter().filter_map(|manifest| valid_window(manifest, file)).collect());
        let Some(first) = blocks.first().filter(|_| !windows.is_empty()) else { continue };
        let bare: Vec<&Hunk> = uncovered_hunks(file, &windows);
        let Some(hunk) = bare.first() else { continue };
        let message = match bare.len() {
            1 => format!("{} of {path} is changed outside the window", describe_hunk(hunk)),
            many => format!(
                "{many} changes of {path} lie outside the window, the first at {}",
                describe_hunk(hunk)
            ),
        };
        let span = first.end.as_ref().map_or(first.label, |end| end.span);
        let finding = rule
            .finding(message, label_at(input, span, format!("the window is {}", describe_windows(&windows))))
            .about_path(path);
        let Some(want) = file.window() else { continue };
        let finding =
            finding.help(format!("One window over all changes is Start {} and End {}.", want.0, want.1));
        let ends = first.start.as_ref().zip(first.end.as_ref()).filter(|_| blocks.len() == 1);
        let source = &input.packet.packet.source;
        out.push(match ends {
            Some((start, end)) if start.span.end <= end.span.start => {
                let between = source.slice(Span::new(start.span.end, end.span.start));
                let text = format!("{}{between}{}", want.0, want.1);
                let place = Place::text(source, start.span.join(end.span));
                finding.with_fix(place, text, "draw the window over all changes")
            }
            _ => finding,
        });
    }
    out.into()
}

/// Windows as a union: overlapping and adjacent ones joined, in order.
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

pub(super) fn uncovered_hunks<'a>(file: &'a ChangedFile, windows: &[(usize, usize)]) -> Vec<&'a Hunk> {
    file.hunks()
        .iter()
        .filter(|hunk| !windows.iter().any(|(first, last)| hunk.is_within(*first, *last)))
        .collect()
}

fn describe_hunk(hunk: &Hunk) -> String {
    match hunk.after.len() {
        0 => format!("the deletion after line {}", hunk.after.start),
        1 => format!("line {}", hunk.after.start + 1),
        _ => format!("lines {} to {}", hunk.after.start + 1, hunk.after.end),
    }
}

fn describe_windows(windows: &[(usize, usize)]) -> String {
    windows.iter().map(|(first, last)| format!("{first} to {last}")).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A line is in the union exactly when some window holds it.
        #[test]
        fn merging_keeps_the_union(windows in proptest::collection::vec((1usize..40, 0usize..10), 0..8)) {
            let windows: Vec<_> = windows.into_iter().map(|(a, n)| (a, a + n)).collect();
            let union = merge_windows(windows.clone());
            for line in 0..60 {
                let in_any = windows.iter().any(|(a, b)| (*a..=*b).contains(&line));
                prop_assert_eq!(in_any, union.iter().any(|(a, b)| (*a..=*b).contains(&line)));
            }
            prop_assert!(union.windows(2).all(|w| w[0].1 + 1 < w[1].0));
        }
    }
}
