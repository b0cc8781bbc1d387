//! `manifest/window`: Start and End are lines of the file.

use crate::change::ChangedFile;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Spanned, format_count, to_single_line};

use super::{has_lines, label_at, manifests_with_files};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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
