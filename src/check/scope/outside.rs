//! `scope/outside`: every changed path is allowed.

use crate::change::ChangedFile;
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::scope_entry::{Coverage, ScopeEntry};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, one_line};

use unicode_normalization::UnicodeNormalization as _;

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
    for (entry, how) in input.packet.packet.scope.inside.iter().filter_map(|entry| twin(entry, path)) {
        finding = finding
            .help(format!("`{}` {how}; paths are compared byte for byte.", one_line(&entry.raw.value, 120)));
    }
    finding
}

/// How an entry that names another path looks like this one.
fn twin<'a>(entry: &'a ScopeEntry, path: &RepoPath) -> Option<(&'a ScopeEntry, &'static str)> {
    let Ok(Coverage::File(declared)) = &entry.coverage else { return None };
    let (declared, path) = (declared.to_text(), path.to_text());
    let composed = |text: &str| text.nfkc().collect::<String>();
    if path.strip_prefix(declared.as_ref()).is_some_and(|rest| rest.starts_with('/')) {
        return Some((entry, "names a file; a folder and all below it is written with a `/` at its end"));
    }
    if declared.eq_ignore_ascii_case(&path) || declared.to_lowercase() == path.to_lowercase() {
        Some((entry, "differs only in case"))
    } else if composed(&declared) == composed(&path) {
        Some((entry, "looks alike, but its letters are composed of other characters (NFC against NFD)"))
    } else {
        None
    }
}
