//! `manifest/window`: Start and End are lines of the file.

use crate::change::ChangedFile;
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::manifest::{Manifest, Number};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Spanned, counted, one_line};

use super::{at, has_lines, judged};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    judged(input).flat_map(|(manifest, file)| wrong(input, rule, manifest, file)).collect::<Vec<_>>().into()
}

fn wrong(input: &ChangeInput<'_>, rule: &Rule, manifest: &Manifest, file: &ChangedFile) -> Vec<Finding> {
    let path = &file.change.path;
    let mut out = Vec::new();
    let alone =
        input.packet.packet.manifests.iter().filter(|other| other.path.as_ref() == Some(path)).count();
    let tight = file.window().filter(|_| alone == 1 && has_lines(file));
    let mut say = |value: &Spanned<Number>, message: String, label: String| {
        let finding = rule.finding(message, at(input, value.span, label)).about(path);
        let is_start = manifest.start.as_ref().is_some_and(|start| start.span == value.span);
        let wanted = match tight {
            Some((first, last)) => Some(if is_start { first } else { last }.to_string()),
            None => (!has_lines(file)).then(|| "N/A".to_owned()),
        };
        let place = Place::text(&input.packet.packet.source, value.span);
        out.push(match wanted {
            Some(wanted) => finding.fixed_by(place, wanted, "write the line of the tightest window"),
            None => finding,
        });
    };
    let mut lines = Vec::new();
    for (name, value) in [("Start", &manifest.start), ("End", &manifest.end)] {
        let Some(value) = value else { continue };
        match (&value.value, has_lines(file)) {
            (Number::NotApplicable, false) => {}
            (Number::NotApplicable, true) if file.longer() == 0 || file.hunks().is_empty() => {}
            (Number::NotApplicable, true) => {
                say(value, format!("{name} must be a line of {path}"), "`N/A` is for binary files".into());
            }
            (_, false) => say(
                value,
                format!("{name} of {path} must be `N/A`"),
                "a binary file or submodule has no lines".into(),
            ),
            (Number::Bad(text), true) => say(
                value,
                format!("{name} must be a whole line number"),
                format!("`{}` is not a whole number", one_line(text, 40)),
            ),
            (Number::Is(line), true) if *line < 1 => {
                say(value, format!("{name} is {line}; lines are counted from 1"), "not a line".into());
            }
            (Number::Is(line), true) => lines.push((value.clone(), *line)),
        }
    }
    if let [(_, start), (end_at, end)] = lines.as_slice() {
        let longer = i64::try_from(file.longer().max(1)).unwrap_or(i64::MAX);
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
                    counted(file.longer(), "line")
                ),
                format!("beyond line {longer}"),
            );
        }
    }
    out
}
