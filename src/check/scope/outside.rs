//! `scope/outside`: every changed path is allowed.

use unicode_normalization::UnicodeNormalization as _;

use crate::change::ChangedFile;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

use super::{describe_change, find_covering_entry, is_own_governance, nearest_entry, protection_reason};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let outside = input.files.iter().filter(|file| {
        let path = &file.change.path;
        find_covering_entry(&input.packet, path).is_none()
            && !is_own_governance(&input.packet, path)
            && protection_reason(&input.packet, path).is_none()
    });
    outside.map(|file| outside_finding(input, file, rule)).collect::<Vec<_>>().into()
}

fn outside_finding(input: &ChangeCheckContext<'_>, file: &ChangedFile, rule: &Rule) -> Finding {
    let path = &file.change.path;
    let scope = &input.packet.packet.scope;
    let declared = scope.declared.unwrap_or_else(|| input.packet.packet.heading_span("SCOPE"));
    let mut finding = rule
        .finding(
            format!("{path} is changed, but no entry of IN_SCOPE_PATHS covers it"),
            Label::path(path, describe_change(file)),
        )
        .about_path(path);
    finding = match nearest_entry(input, path) {
        Some((entry, score)) if score > 0.75 => {
            finding.related(input.packet.label_at(entry.raw.span, "the nearest entry is another file"))
        }
        _ => finding.related(input.packet.label_at(declared, "the paths that are allowed")),
    };
    let owners = (input.owners)(path);
    if !owners.is_empty() {
        finding = finding.help(format!(
            "The path is in the scope of `{}`: work on one packet does not belong on another's branch, unless both are judged together (`--also {}`).",
            owners.join("`, `"),
            owners.first().map_or("", String::as_str)
        ));
    }
    for (entry, how) in
        input.packet.packet.scope.in_scope.iter().filter_map(|entry| similar_entry(entry, path))
    {
        finding = finding.help(format!(
            "`{}` {how}; paths are compared byte for byte.",
            to_single_line(&entry.raw.value, 120)
        ));
    }
    finding
}

/// How an entry that names another path looks like this one.
fn similar_entry<'a>(entry: &'a ScopeEntry, path: &RepoPath) -> Option<(&'a ScopeEntry, &'static str)> {
    let Ok(ScopePattern::File(declared)) = &entry.pattern else { return None };
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
