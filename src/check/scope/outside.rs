//! `scope/outside`: every changed path is allowed.

use crate::change::ChangedFile;
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::{covering, happened, is_own, nearest, protection};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let outside = input.files.iter().filter(|file| {
        let path = &file.change.path;
        covering(&input.packet, path).is_none()
            && !is_own(&input.packet, path)
            && protection(&input.packet, path).is_none()
    });
    outside.map(|file| finding(input, file, rule)).collect::<Vec<_>>().into()
}

fn finding(input: &ChangeInput<'_>, file: &ChangedFile, rule: &Rule) -> Finding {
    let path = &file.change.path;
    let scope = &input.packet.packet.scope;
    let declared = scope.declared.unwrap_or_else(|| input.packet.packet.heading("SCOPE"));
    let mut finding = rule
        .finding(
            format!("{path} is changed, but no entry of IN_SCOPE_PATHS covers it"),
            Label::path(path, happened(file)),
        )
        .about(path);
    finding = match nearest(input, path) {
        Some((entry, score)) if score > 0.75 => {
            finding.related(input.packet.at(entry.raw.span, "the nearest entry is another file"))
        }
        _ => finding.related(input.packet.at(declared, "the paths that are allowed")),
    };
    let owners = (input.owners)(path);
    if !owners.is_empty() {
        finding = finding.help(format!(
            "The path is in the scope of `{}`: work on one packet does not belong on another's branch, unless both are judged together (`--also {}`).",
            owners.join("`, `"),
            owners.first().map_or("", String::as_str)
        ));
    }
    let case_twin = scope
        .inside
        .iter()
        .find(|entry| entry.raw.value.trim_matches('`').eq_ignore_ascii_case(&path.to_text()));
    if let Some(entry) = case_twin {
        finding = finding
            .help(format!("`{}` differs only in case; paths are compared byte for byte.", entry.raw.value));
    }
    finding
}
