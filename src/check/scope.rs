//! `scope/…`: only what was agreed is changed.

use crate::change::{Change, ChangedFile, FileMode};
use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, PacketCheckContext};
use crate::document::field::strip_quotes;
use crate::document::scope_entry::{ScopeEntry, ScopeEntryError, ScopePattern};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};
use unicode_normalization::UnicodeNormalization as _;

/// The entry that covers a path, if one does.
fn find_covering_entry<'a>(input: &PacketCheckContext<'a>, path: &RepoPath) -> Option<&'a ScopeEntry> {
    input.packet.scope.in_scope.iter().find(|entry| entry.covers(path))
}

/// Whether a path belongs to this packet's own governance.
fn is_own_governance(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    input.layout.is_packet_record(input.id, path)
}

/// Why a path is protected, if it is and no entry names it literally.
fn protection_reason(input: &PacketCheckContext<'_>, path: &RepoPath) -> Option<String> {
    let named = input.packet.scope.in_scope.iter().any(|entry| entry.names_literally(path));
    if named || is_own_governance(input, path) {
        return None;
    }
    let layout = input.layout;
    for (folder, what) in [
        (&layout.packets, "packet"),
        (&layout.refinements, "refinement"),
        (&layout.signed_contracts, "packet's signed contract"),
    ] {
        if path.is_below(folder.as_bytes()) {
            return Some(format!("it is another {what}"));
        }
    }
    let lower = RepoPath::from(path.to_text().to_lowercase().as_str());
    let pattern = input.policy.protected.iter().find(|pattern| pattern.covers(&lower))?;
    Some(format!("`{}` is protected", pattern.text))
}

/// Words about what happened to a file, for labels.
fn describe_change(file: &ChangedFile) -> String {
    let change: &Change = &file.change;
    let mode = change.after.or(change.before).map_or("file", |entry| entry.mode.noun());
    match (&change.renamed_with, change.kind()) {
        (Some(twin), crate::change::ChangeKind::Added) => {
            format!("this {mode} is new here (renamed or copied from {twin})")
        }
        (Some(twin), crate::change::ChangeKind::Deleted) => {
            format!("this {mode} is gone from here (renamed to {twin})")
        }
        (_, kind) => format!("this {mode} {}", kind.clause()),
    }
}

/// Where a file would be declared: the entry that comes closest, or the list.
fn nearest_entry<'a>(input: &'a ChangeCheckContext<'_>, path: &RepoPath) -> Option<(&'a ScopeEntry, f64)> {
    let text = path.to_text();
    let scored = input.packet.packet.scope.in_scope.iter().filter_map(|entry| match &entry.pattern {
        Ok(ScopePattern::File(file)) => Some((entry, strsim::normalized_levenshtein(&file.to_text(), &text))),
        Ok(ScopePattern::Folder(folder)) => {
            Some((entry, strsim::normalized_levenshtein(&folder.to_text(), &text)))
        }
        _ => None,
    });
    scored.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Whether a path may be changed: covered, not excluded, not protected.
#[must_use]
pub(crate) fn allows_change(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    let excluded = input.packet.scope.out_of_scope.iter().any(|entry| entry.covers(path));
    is_own_governance(input, path)
        || (find_covering_entry(input, path).is_some()
            && !excluded
            && protection_reason(input, path).is_none())
}

/// Whether a packet speaks of a path at all: as its own, or in its scope.
#[must_use]
pub(crate) fn mentions_path(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    is_own_governance(input, path) || find_covering_entry(input, path).is_some()
}

/// `scope/escaping-link`: a link does not lead out of the repository or out
/// of the scope.
pub(super) fn escaping_link(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let link = file.change.after.filter(|entry| entry.mode == FileMode::Symlink).and(file.after.as_ref());
        let Some(target) = link else { continue };
        let text = to_single_line(&String::from_utf8_lossy(&target.bytes), 120);
        let message = match resolve_link(path, &target.bytes) {
            None => format!("{path} is a link to `{text}`, outside the repository"),
            Some(inside)
                if find_covering_entry(&input.packet, &inside).is_none()
                    && !is_own_governance(&input.packet, &inside) =>
            {
                format!("{path} is a link to {inside}, which is outside the scope")
            }
            Some(_) => continue,
        };
        out.push(rule.finding(message, Label::path(path, "this link")).about_path(path));
    }
    out.into()
}

/// The path in the repository that a link's text leads to, if it stays inside.
fn resolve_link(link: &RepoPath, target: &[u8]) -> Option<RepoPath> {
    if target.first() == Some(&b'/') || target.get(1) == Some(&b':') || target.contains(&b'\\') {
        return None;
    }
    let mut names: Vec<&[u8]> = link.folder().split(|b| *b == b'/').filter(|name| !name.is_empty()).collect();
    for name in target.split(|b| *b == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop()?;
            }
            name if name.eq_ignore_ascii_case(b".git") => return None,
            name => names.push(name),
        }
    }
    (!names.is_empty()).then(|| RepoPath::from_bytes(&names.join(&b'/')))
}

/// `scope/excluded`: nothing is changed that `OUT_OF_SCOPE` names.
pub(super) fn excluded(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files.iter().filter(|file| !is_own_governance(&input.packet, &file.change.path)) {
        let path = &file.change.path;
        if let Some(entry) = input.packet.packet.scope.out_of_scope.iter().find(|entry| entry.covers(path)) {
            let finding = rule.finding(
                format!("{path} is changed, but OUT_OF_SCOPE names it"),
                Label::path(path, describe_change(file)),
            );
            out.push(finding.related(input.packet.label_at(entry.raw.span, "out of scope")).about_path(path));
        }
    }
    out.into()
}

/// `scope/no-entry`: the packet declares at least one path.
pub(super) fn no_entry(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    if scope.in_scope.iter().any(|entry| entry.pattern.is_ok()) {
        return Vec::new().into();
    }
    let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
    let label =
        if scope.declared.is_some() { "no entry here is a path" } else { "`IN_SCOPE_PATHS` belongs here" };
    Some(rule.finding("the packet allows no path at all", input.label_at(span, label))).into()
}

/// `scope/outside`: every changed path is allowed.
pub(super) fn outside(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// Pairs of entries that are compared; no honest packet comes near.
const MAX_ENTRY_PAIRS: usize = 100_000;

/// `scope/overlap`: nothing is both inside and outside the scope.
pub(super) fn overlap(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    let mut out = Vec::new();
    if scope.in_scope.len().saturating_mul(scope.out_of_scope.len()) > MAX_ENTRY_PAIRS {
        let (inside, outside) = (scope.in_scope.len(), scope.out_of_scope.len());
        let message = format!("{inside} entries in scope and {outside} out of scope are too many to compare");
        let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
        return Some(rule.finding(message, input.label_at(span, "a scope that nobody can read"))).into();
    }
    for inside in &scope.in_scope {
        for outside in scope.out_of_scope.iter().filter(|outside| inside.overlaps(outside)) {
            let message = format!(
                "`{}` is in scope and `{}` is out of scope, and both cover the same path",
                to_single_line(strip_quotes(&inside.raw.value), 60),
                to_single_line(strip_quotes(&outside.raw.value), 60)
            );
            out.push(
                rule.finding(message, input.label_at(inside.raw.span, "in scope"))
                    .related(input.label_at(outside.raw.span, "out of scope")),
            );
        }
    }
    out.into()
}

/// `scope/protected`: what judges the work is not changed by it.
pub(super) fn protected(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let Some(why) = protection_reason(&input.packet, path) else { continue };
        let mut finding = rule
            .finding(
                format!("{path} is changed, and only a scope that names it literally allows that: {why}"),
                Label::path(path, describe_change(file)),
            )
            .about_path(path);
        if let Some(entry) = find_covering_entry(&input.packet, path) {
            finding = finding
                .related(input.packet.label_at(entry.raw.span, "a pattern does not suffice for this path"));
        }
        out.push(finding);
    }
    out.into()
}

/// `scope/shared`: of several packets that are judged together, one allows
/// each file.
pub(super) fn shared(shared: &[(RepoPath, String)], rule: &Rule) -> CheckResult {
    let finding = |(path, other): &(RepoPath, String)| {
        let message = format!("{path} is changed, and the scope of `{other}` allows it too");
        rule.finding(message, Label::path(path, "belongs to two packets")).about_path(path)
    };
    shared.iter().map(finding).collect::<Vec<_>>().into()
}

/// `scope/unparsable-entry`: every entry of `IN_SCOPE_PATHS` is a path.
pub(super) fn unparsable_entry(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let bad =
        input.packet.scope.in_scope.iter().filter_map(|entry| Some((entry, entry.pattern.as_ref().err()?)));
    bad.map(|(entry, why)| {
        let finding = rule.finding(format!("`{}` allows nothing: {why}", to_single_line(strip_quotes(&entry.raw.value), 60)), input.label_at(entry.raw.span, "not a path"));
        match why {
            ScopeEntryError::Backslash => {
                let place = crate::finding::Place::text(&input.packet.source, entry.raw.span);
                finding.with_fix(place, entry.raw.value.replace('\\', "/"), "write the path with `/`")
            }
            ScopeEntryError::Prose if entry.raw.value.starts_with('`') => {
                    finding.help("Put the remark behind the path into parentheses: `path` (remark).")
                }
                ScopeEntryError::Prose => finding
                    .help("A path with blanks is written in back-ticks; a remark stands in parentheses behind the path."),
            _ => finding,
        }
    })
    .collect::<Vec<_>>()
    .into()
}
