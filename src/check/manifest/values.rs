//! `manifest/…`: the hashes, line numbers and windows of a manifest are correct.

use super::by_path::ByPath;
use super::windows::{merge_windows, uncovered_hunks};
use super::{expected_hash, files_needing_manifest, has_lines, label_at, manifests_with_files, valid_window};
use std::collections::HashMap;

use crate::change::{ChangedFile, FileContent, Hunk};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::{Hash20, HashMismatch, OtherVersion, RecordedHash, diagnose};
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Span, Spanned, format_count, to_single_line};

/// `manifest/pre-sha1`: Pre-SHA1 is the SHA-1 of the file's bytes before the
/// change, or forty zeros if the file did not exist then.
pub(in crate::check) fn pre_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    check_hashes(input, rule, false)
}

/// `manifest/post-sha1`: Post-SHA1 is the SHA-1 of the file's bytes after the
/// change, or forty zeros if the file does not exist then.
pub(in crate::check) fn post_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    check_hashes(input, rule, true)
}

/// Maximum number of wrong hashes of one file that are explained: each is compared with
/// several versions of the file.
const MAX_EXPLAINED: usize = 3;

fn check_hashes(input: &ChangeCheckContext<'_>, rule: &Rule, post: bool) -> CheckResult {
    let mut counts: HashMap<&RepoPath, usize> = HashMap::new();
    let mut out = Vec::new();
    for (manifest, file) in manifests_with_files(input) {
        let count = counts.entry(&file.change.path).or_default();
        if let Some(finding) = check_hash((input, rule), (manifest, *count), file, post) {
            *count += 1;
            out.push(finding);
        }
    }
    out.into()
}

/// Compares the recorded hash with the hash of the file's bytes after (`post`) or
/// before the change. `at` counts the wrong hashes of the file.
fn check_hash(
    (input, rule): (&ChangeCheckContext<'_>, &Rule),
    (manifest, at): (&Manifest, usize),
    file: &ChangedFile,
    post: bool,
) -> Option<Finding> {
    let recorded: &Spanned<RecordedHash> = (if post { &manifest.post } else { &manifest.pre }).as_ref()?;
    let expected = expected_hash(file, post);
    if recorded.value == RecordedHash::Sha1(expected) {
        return None;
    }
    if !post && is_empty_input_for_absent(recorded, file) {
        let place = Place::text(&input.packet.packet.source, recorded.span);
        let message = format!("Pre-SHA1 is the hash of empty input, and {} did not exist", file.change.path);
        let label = label_at(input, recorded.span, "accepted instead of forty zeros");
        let finding = rule.finding(message, label).about_path(&file.change.path).with_level(Level::Note);
        return Some(finding.with_fix(place, expected.to_string(), "write forty zeros"));
    }
    let (name, when) = if post { ("Post-SHA1", "after") } else { ("Pre-SHA1", "before") };
    let path = &file.change.path;
    let (content, other) = if post { (&file.after, &file.before) } else { (&file.before, &file.after) };
    let message = match content {
        Some(_) => format!("{name} is not the SHA-1 of {path} {when} the change"),
        None => format!("{name} must be forty zeros, because {path} does not exist {when} the change"),
    };
    let label = if at < MAX_EXPLAINED {
        explain_hash(&recorded.value, content.as_ref(), other.as_ref(), post)
    } else {
        "not the hash".to_owned()
    };
    let finding = rule.finding(message, label_at(input, recorded.span, label)).about_path(path);
    let finding = if expected == Hash20::ZERO {
        finding
    } else {
        finding.help(format!("The SHA-1 of the bytes is {expected}."))
    };
    let place = Place::text(&input.packet.packet.source, recorded.span);
    Some(finding.with_fix(place, expected.to_string(), format!("write the computed {name}")))
}

/// Returns whether a Pre-SHA1 is the hash of empty input for a file that did not exist:
/// many tools write it instead of forty zeros. A file that exists and is empty has this
/// hash anyway, and a deleted file must have zeros.
pub(super) fn is_empty_input_for_absent(recorded: &Spanned<RecordedHash>, file: &ChangedFile) -> bool {
    file.before.is_none()
        && file.change.before.is_none()
        && recorded.value == RecordedHash::Sha1(crate::digest::sha1(b""))
}

/// Explains which wrong value was recorded, for labels.
fn explain_hash(
    recorded: &RecordedHash,
    content: Option<&FileContent>,
    other: Option<&FileContent>,
    post: bool,
) -> String {
    let other_name = if post { "the file before the change" } else { "the file after the change" };
    let others: Vec<OtherVersion<'_>> =
        other.map(|other| OtherVersion { name: other_name, bytes: &other.bytes }).into_iter().collect();
    if post && content.is_none() && *recorded == RecordedHash::Sha1(crate::digest::sha1(b"")) {
        return "the hash of an empty file; for a file that does not exist, write forty zeros".into();
    }
    let found = diagnose(recorded, content.map(|content| &content.bytes[..]), &others);
    match (&found, recorded) {
        (HashMismatch::NotAHash, RecordedHash::Other(text)) => {
            format!("`{}` is not a hash", to_single_line(text, 40))
        }
        _ => found.to_string(),
    }
}

/// `manifest/line-delta`: Line Delta is the number of lines after the change
/// minus the number of lines before it, or `N/A` for a binary file or submodule.
pub(in crate::check) fn line_delta(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (manifest, file) in manifests_with_files(input) {
        let Some(delta) = &manifest.delta else { continue };
        let expected = if has_lines(file) { file.line_delta().to_string() } else { "N/A".to_owned() };
        let (holds, label) = match (&delta.value, has_lines(file)) {
            (ManifestNumber::Integer(number), true) => {
                (*number == file.line_delta(), format!("{number} is recorded"))
            }
            (ManifestNumber::NotApplicable, false) => (true, String::new()),
            (ManifestNumber::NotApplicable, true) => {
                (false, "`N/A` is only for a binary file or submodule".to_owned())
            }
            (ManifestNumber::Integer(_), false) => {
                (false, "a binary file or submodule has no lines".to_owned())
            }
            (ManifestNumber::Invalid(text), _) => {
                (false, format!("`{}` is not a whole number", to_single_line(text, 40)))
            }
        };
        if !holds {
            let message = format!("wrong Line Delta of {}; expected {expected}", file.change.path);
            let place = Place::text(&input.packet.packet.source, delta.span);
            out.push(
                rule.finding(message, label_at(input, delta.span, label))
                    .about_path(&file.change.path)
                    .with_fix(place, expected, "write the counted Line Delta"),
            );
        }
    }
    out.into()
}

/// `manifest/window`: Start and End are line numbers of the file, and Start is
/// not greater than End.
pub(in crate::check) fn window(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .flat_map(|(manifest, file)| check_window_values(input, rule, manifest, file))
        .collect::<Vec<_>>()
        .into()
}

/// Returns a finding for each wrong value of one manifest's window.
fn check_window_values(
    input: &ChangeCheckContext<'_>,
    rule: &Rule,
    manifest: &Manifest,
    file: &ChangedFile,
) -> Vec<Finding> {
    let path = &file.change.path;
    let mut out = Vec::new();
    let manifest_count =
        input.packet.packet.manifests.iter().filter(|other| other.path.as_ref() == Some(path)).count();
    let computed = file.window().filter(|_| manifest_count == 1 && has_lines(file));
    let mut add = |value: &Spanned<ManifestNumber>, message: String, label: String| {
        let finding = rule.finding(message, label_at(input, value.span, label)).about_path(path);
        let is_start = manifest.start.as_ref().is_some_and(|start| start.span == value.span);
        let wanted = match computed {
            Some((first, last)) => Some(if is_start { first } else { last }.to_string()),
            None => (!has_lines(file)).then(|| "N/A".to_owned()),
        };
        let place = Place::text(&input.packet.packet.source, value.span);
        out.push(match wanted {
            Some(wanted) => finding.with_fix(place, wanted, "write the computed line of the window"),
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
                add(
                    value,
                    format!("{name} must be a line number of {path}"),
                    "`N/A` is only for binary files and submodules".into(),
                );
            }
            (_, false) => add(
                value,
                format!("{name} of {path} must be `N/A`"),
                "a binary file or submodule has no lines".into(),
            ),
            (ManifestNumber::Invalid(text), true) => add(
                value,
                format!("{name} of {path} must be a whole line number"),
                format!("`{}` is not a whole number", to_single_line(text, 40)),
            ),
            (ManifestNumber::Integer(line), true) if *line < 1 => {
                add(
                    value,
                    format!("{name} of {path} is {line}; lines are counted from 1"),
                    "not a line number".into(),
                );
            }
            (ManifestNumber::Integer(line), true) => lines.push((value.clone(), *line)),
        }
    }
    if let [(_, start), (end_at, end)] = lines.as_slice() {
        let longer = i64::try_from(file.longer_line_count().max(1)).unwrap_or(i64::MAX);
        if end < start {
            add(
                end_at,
                format!("the window of {path} ends (line {end}) before it starts (line {start})"),
                "before Start".into(),
            );
        } else if *end > longer {
            add(
                end_at,
                format!(
                    "the window of {path} ends at line {end}, but the file has {}",
                    format_count(file.longer_line_count(), "line")
                ),
                format!("after the last line, {longer}"),
            );
        }
    }
    out
}

/// `manifest/coverage`: the windows of a file's manifests together contain every
/// changed line.
pub(in crate::check) fn coverage(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let by_path = ByPath::new(&input.packet.packet.manifests);
    for file in files_needing_manifest(input).filter(|file| has_lines(file)) {
        let path = &file.change.path;
        let blocks = by_path.of(path);
        let windows =
            merge_windows(blocks.iter().filter_map(|manifest| valid_window(manifest, file)).collect());
        let Some(first) = blocks.first().filter(|_| !windows.is_empty()) else { continue };
        let uncovered: Vec<&Hunk> = uncovered_hunks(file, &windows);
        let Some(hunk) = uncovered.first() else { continue };
        let message = match uncovered.len() {
            1 => format!("changed outside the window: {} of {path}", describe_hunk(hunk)),
            many => format!(
                "{many} changes of {path} are outside the window; the first is {}",
                describe_hunk(hunk)
            ),
        };
        let span = first.end.as_ref().map_or(first.label, |end| end.span);
        let finding = rule
            .finding(message, label_at(input, span, format!("the window is {}", describe_windows(&windows))))
            .about_path(path);
        let Some((start_line, end_line)) = file.window() else { continue };
        let finding =
            finding.help(format!("A window with all changes has Start {start_line} and End {end_line}."));
        let ends = first.start.as_ref().zip(first.end.as_ref()).filter(|_| blocks.len() == 1);
        let source = &input.packet.packet.source;
        out.push(match ends {
            Some((start, end)) if start.span.end <= end.span.start => {
                let between = source.slice(Span::new(start.span.end, end.span.start));
                let text = format!("{start_line}{between}{end_line}");
                let place = Place::text(source, start.span.join(end.span));
                finding.with_fix(place, text, "set the window to all changed lines")
            }
            _ => finding,
        });
    }
    out.into()
}

/// Describes the lines of a change, as numbered after the change.
fn describe_hunk(hunk: &Hunk) -> String {
    match hunk.after.len() {
        0 => format!("the deletion after line {}", hunk.after.start),
        1 => format!("line {}", hunk.after.start + 1),
        _ => format!("lines {} to {}", hunk.after.start + 1, hunk.after.end),
    }
}

/// Describes windows by their first and last lines.
fn describe_windows(windows: &[(usize, usize)]) -> String {
    windows.iter().map(|(first, last)| format!("{first} to {last}")).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A line is in the union exactly if at least one window contains it.
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
