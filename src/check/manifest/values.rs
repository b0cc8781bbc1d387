//! `manifest/…`: hashes, line numbers and coverage of a manifest.

use super::{expected_hash, files_needing_manifest, has_lines, label_at, manifests_with_files, valid_window};
use crate::change::{ChangedFile, FileContent, Hunk};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::{Hash20, HashMismatch, OtherVersion, RecordedHash, diagnose};
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Span, Spanned, format_count, to_single_line};

// `manifest/pre-sha1`, `manifest/post-sha1`: hashes of the bytes on both
// sides; and if one is wrong, which wrong thing it is.

pub(in crate::check) fn pre_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .filter_map(|(manifest, file)| check_hash(input, rule, manifest, file, false))
        .collect::<Vec<_>>()
        .into()
}

pub(in crate::check) fn post_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .filter_map(|(manifest, file)| check_hash(input, rule, manifest, file, true))
        .collect::<Vec<_>>()
        .into()
}

fn check_hash(
    input: &ChangeCheckContext<'_>,
    rule: &Rule,
    manifest: &Manifest,
    file: &ChangedFile,
    post: bool,
) -> Option<Finding> {
    let recorded: &Spanned<RecordedHash> = (if post { &manifest.post } else { &manifest.pre }).as_ref()?;
    let want = expected_hash(file, post);
    if recorded.value == RecordedHash::Sha1(want) {
        return None;
    }
    let (name, moment) = if post { ("Post-SHA1", "after") } else { ("Pre-SHA1", "before") };
    let path = &file.change.path;
    let (this, other) = if post { (&file.after, &file.before) } else { (&file.before, &file.after) };
    let message = match this {
        Some(_) => format!("{name} is not the hash of {path} {moment} the change"),
        None => format!("{name} must be forty zeros: {path} does not exist {moment} the change"),
    };
    let label = explain_hash(&recorded.value, this.as_ref(), other.as_ref(), post);
    let finding = rule.finding(message, label_at(input, recorded.span, label)).about_path(path);
    let finding = if want == Hash20::ZERO {
        finding
    } else {
        finding.help(format!("The SHA-1 of its bytes is {want}."))
    };
    let place = Place::text(&input.packet.packet.source, recorded.span);
    Some(finding.with_fix(place, want.to_string(), format!("write the {name} of the file's bytes")))
}

fn explain_hash(
    recorded: &RecordedHash,
    this: Option<&FileContent>,
    other: Option<&FileContent>,
    post: bool,
) -> String {
    let other_name = if post { "the file before the change" } else { "the file after the change" };
    let others: Vec<OtherVersion<'_>> =
        other.map(|image| OtherVersion { name: other_name, bytes: &image.bytes }).into_iter().collect();
    if this.is_none() && *recorded == RecordedHash::Sha1(crate::digest::sha1(b"")) {
        return "this is the hash of an empty file; a file that does not exist has forty zeros".into();
    }
    let found = diagnose(recorded, this.map(|image| &image.bytes[..]), &others);
    match (&found, recorded) {
        (HashMismatch::NotAHash, RecordedHash::Other(text)) => {
            format!("`{}` is not a hash", to_single_line(text, 40))
        }
        _ => found.to_string(),
    }
}

/// `manifest/line-delta`: lines(post) − lines(pre).
pub(in crate::check) fn line_delta(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (manifest, file) in manifests_with_files(input) {
        let Some(delta) = &manifest.delta else { continue };
        let want = if has_lines(file) { file.line_delta().to_string() } else { "N/A".to_owned() };
        let (holds, label) = match (&delta.value, has_lines(file)) {
            (ManifestNumber::Integer(number), true) => {
                (*number == file.line_delta(), format!("recorded as {number}"))
            }
            (ManifestNumber::NotApplicable, false) => (true, String::new()),
            (ManifestNumber::NotApplicable, true) => (false, "the file has lines".to_owned()),
            (ManifestNumber::Integer(_), false) => (false, "a binary file has no lines to count".to_owned()),
            (ManifestNumber::Invalid(text), _) => {
                (false, format!("`{}` is no whole number", to_single_line(text, 40)))
            }
        };
        if !holds {
            let message = format!("the line delta of {} is {want}", file.change.path);
            let place = Place::text(&input.packet.packet.source, delta.span);
            out.push(
                rule.finding(message, label_at(input, delta.span, label))
                    .about_path(&file.change.path)
                    .with_fix(place, want, "write the counted delta"),
            );
        }
    }
    out.into()
}

/// `manifest/window`: Start and End are lines of the file.
pub(in crate::check) fn window(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .flat_map(|(manifest, file)| check_window_values(input, rule, manifest, file))
        .collect::<Vec<_>>()
        .into()
}

fn check_window_values(
    input: &ChangeCheckContext<'_>,
    rule: &Rule,
    manifest: &Manifest,
    file: &ChangedFile,
) -> Vec<Finding> {
    let path = &file.change.path;
    let mut out = Vec::new();
    let alone =
        input.packet.packet.manifests.iter().filter(|other| other.path.as_ref() == Some(path)).count();
    let tight = file.window().filter(|_| alone == 1 && has_lines(file));
    let mut say = |value: &Spanned<ManifestNumber>, message: String, label: String| {
        let finding = rule.finding(message, label_at(input, value.span, label)).about_path(path);
        let is_start = manifest.start.as_ref().is_some_and(|start| start.span == value.span);
        let wanted = match tight {
            Some((first, last)) => Some(if is_start { first } else { last }.to_string()),
            None => (!has_lines(file)).then(|| "N/A".to_owned()),
        };
        let place = Place::text(&input.packet.packet.source, value.span);
        out.push(match wanted {
            Some(wanted) => finding.with_fix(place, wanted, "write the line of the tightest window"),
            None => finding,
        });
    };
    let mut lines = Vec::new();
    for (name, value) in [("Start", &manifest.start), ("End", &manifest.end)] {
        let Some(value) = value else { continue };
        match (&value.value, has_lines(file)) {
            (ManifestNumber::NotApplicable, false) => {}
            (ManifestNumber::NotApplicable, true)
                if file.longer_line_count() == 0 || file.hunks().is_empty() => {}
            (ManifestNumber::NotApplicable, true) => {
                say(value, format!("{name} must be a line of {path}"), "`N/A` is for binary files".into());
            }
            (_, false) => say(
                value,
                format!("{name} of {path} must be `N/A`"),
                "a binary file or submodule has no lines".into(),
            ),
            (ManifestNumber::Invalid(text), true) => say(
                value,
                format!("{name} must be a whole line number"),
                format!("`{}` is not a whole number", to_single_line(text, 40)),
            ),
            (ManifestNumber::Integer(line), true) if *line < 1 => {
                say(value, format!("{name} is {line}; lines are counted from 1"), "not a line".into());
            }
            (ManifestNumber::Integer(line), true) => lines.push((value.clone(), *line)),
        }
    }
    if let [(_, start), (end_at, end)] = lines.as_slice() {
        let longer = i64::try_from(file.longer_line_count().max(1)).unwrap_or(i64::MAX);
        if end < start {
            say(
                end_at,
                format!("the window of {path} ends (line {end}) before it starts (line {start})"),
                "before Start".into(),
            );
        } else if *end > longer {
            say(
                end_at,
                format!(
                    "the window of {path} ends at line {end}, but the file has {}",
                    format_count(file.longer_line_count(), "line")
                ),
                format!("beyond line {longer}"),
            );
        }
    }
    out
}

/// `manifest/coverage`: the windows of a file hold every changed line.
pub(in crate::check) fn coverage(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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
