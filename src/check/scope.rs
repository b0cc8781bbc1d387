//! `scope/…`: the change stays inside the agreed scope.

mod budget;
mod entries;
mod link;
mod manifest_keys;
mod node_keys;
mod other_packets;
mod python_hooks;
mod script_names;
mod similar_entries;
mod task_manifests;
mod untracked;

use crate::change::{ChangeKind, ChangedFile};
use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, PacketCheckContext};
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

pub(super) use budget::budget;
pub(super) use entries::{no_entry, overlap, unparsable_entry};
pub(super) use link::escaping_link;
use manifest_keys::changed_manifest_keys;
pub(crate) use manifest_keys::read_keys;
use node_keys::LocalPackages;
pub(super) use other_packets::other_packet;
use similar_entries::SimilarEntries;
pub(crate) use untracked::{is_loaded_unasked, is_personal, sensitive_path_reason};

/// Finds the first entry of `IN_SCOPE_PATHS` that covers a path.
fn find_covering_entry<'a>(input: &PacketCheckContext<'a>, path: &RepoPath) -> Option<&'a ScopeEntry> {
    let scope = &input.packet.scope;
    // A second form of the packet and the judged task must allow the path as well.
    let is_agreed = scope.further.iter().all(|list| list.allows(path));
    scope.in_scope.iter().find(|entry| entry.covers(path)).filter(|_| is_agreed)
}

/// Finds the entry of `OUT_OF_SCOPE` that excludes a path. An exact path in scope wins
/// over a folder or glob out of scope.
fn find_excluding_entry<'a>(input: &PacketCheckContext<'a>, path: &RepoPath) -> Option<&'a ScopeEntry> {
    let scope = &input.packet.scope;
    let is_exact = scope.in_scope.iter().any(|entry| entry.names_literally(path));
    let excludes = |entry: &&ScopeEntry| entry.excludes(path) && (!is_exact || entry.names_literally(path));
    scope.out_of_scope.iter().find(excludes)
}

/// Maximum number of pairs of a scope entry and a changed path that are compared. A pair with
/// a glob counts as [`GLOB_WEIGHT`] pairs for each [`GLOB_BYTES`] bytes of the glob.
pub(crate) const MAX_ENTRY_PAIRS: u64 = 60_000_000;
const GLOB_WEIGHT: u64 = 20;
const GLOB_BYTES: u64 = 100;

/// Returns whether a scope and the protected paths can be compared with this number of
/// changed paths.
#[must_use]
pub(crate) fn is_comparable(input: &PacketCheckContext<'_>, paths: usize) -> bool {
    let scope = &input.packet.scope;
    let entries = scope.in_scope.iter().chain(&scope.out_of_scope).chain(&input.policy.exempt);
    let of_entries = entries.map(entry_weight);
    let protected = input.policy.protected.iter().filter(|pattern| pattern.text.contains('*'));
    let of_protected = protected.map(|pattern| glob_weight(pattern.text.len()));
    let all = of_entries.chain(of_protected).fold(0_u64, u64::saturating_add);
    all.saturating_mul(u64::try_from(paths).unwrap_or(u64::MAX)) <= MAX_ENTRY_PAIRS
}

/// Returns the number of pairs for which the comparison of an entry with one path counts.
pub(super) fn entry_weight(entry: &ScopeEntry) -> u64 {
    match &entry.pattern {
        Ok(ScopePattern::Glob(parts)) => glob_weight(parts.iter().map(String::len).sum()),
        // A path is compared byte for byte.
        _ => 1 + u64::try_from(entry.raw.value.len()).unwrap_or(u64::MAX) / GLOB_BYTES,
    }
}

fn glob_weight(bytes: usize) -> u64 {
    let parts = u64::try_from(bytes).unwrap_or(u64::MAX) / GLOB_BYTES;
    GLOB_WEIGHT.saturating_mul(parts.saturating_add(1))
}

/// Returns whether a path belongs to this packet's own governance files.
fn is_own_governance(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    !input.is_fence && input.layout.is_packet_record(input.id, path)
}

/// Returns the reason why a path is protected, as a clause. `None` if it is not
/// protected, or if an entry names the exact path.
fn protection_reason(input: &PacketCheckContext<'_>, path: &RepoPath) -> Option<String> {
    let named = input.packet.scope.in_scope.iter().any(|entry| entry.names_literally(path));
    if named || is_own_governance(input, path) {
        return None;
    }
    let layout = input.layout;
    if !input.is_fence && *path == layout.packet_twin(input.id) {
        return Some("it is a second form of this packet, which is not in force".to_owned());
    }
    // A fence is in a repository without packets.
    for (folder, what) in [
        (&layout.packets, "packet"),
        (&layout.refinements, "refinement"),
        (&layout.signed_contracts, "packet's signed contract"),
    ] {
        if !input.is_fence && path.is_below(folder.as_bytes()) {
            return Some(format!("it is another {what}"));
        }
    }
    let lower = RepoPath::from(path.to_text().to_lowercase().as_str());
    let pattern = input.policy.protected.iter().find(|pattern| pattern.covers(&lower))?;
    let of_list = || format!("the pattern `{}` protects it", pattern.text);
    Some(pattern.reason.clone().unwrap_or_else(of_list))
}

/// Returns whether a path may be changed: covered, not excluded, not protected.
#[must_use]
pub(crate) fn allows_change(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    is_own_governance(input, path)
        || (find_covering_entry(input, path).is_some()
            && find_excluding_entry(input, path).is_none()
            && protection_reason(input, path).is_none())
}

/// Returns whether a path is in the packet's scope or one of its own
/// governance files.
#[must_use]
pub(crate) fn mentions_path(input: &PacketCheckContext<'_>, path: &RepoPath) -> bool {
    is_own_governance(input, path) || find_covering_entry(input, path).is_some()
}

/// Describes what happened to a file, for labels.
fn describe_change(file: &ChangedFile) -> String {
    let change = &file.change;
    let mode = change.after.or(change.before).map_or("file", |entry| entry.mode.noun());
    if change.user_ignored.is_some() {
        return format!("untracked {mode}, which only your own git ignores");
    }
    match (&change.renamed_with, change.kind()) {
        (Some(other), ChangeKind::Added) => format!("new {mode}, renamed or copied from {other}"),
        (Some(other), ChangeKind::Deleted) => format!("deleted {mode}, renamed to {other}"),
        (_, kind) => format!("this {mode} {}", kind.clause()),
    }
}

/// `scope/outside`: every changed path is covered by `IN_SCOPE_PATHS` or
/// belongs to the packet's own governance files. Protected paths are reported
/// by `scope/protected`.
pub(super) fn outside(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let outside = input.files.iter().filter(|file| {
        let path = &file.change.path;
        !mentions_path(&input.packet, path)
            && protection_reason(&input.packet, path).is_none()
            && !input.packet.policy.exempts(path)
    });
    let similar = SimilarEntries::new(&input.packet.packet.scope.in_scope);
    outside
        .enumerate()
        .map(|(at, file)| outside_finding(input, (at, file), &similar, rule))
        .collect::<Vec<_>>()
        .into()
}

/// Creates the finding for one file, with the packets that own it and the
/// entries that are similar to its path. `at` counts the findings from 0.
fn outside_finding(
    input: &ChangeCheckContext<'_>,
    (at, file): (usize, &ChangedFile),
    similar: &SimilarEntries<'_>,
    rule: &Rule,
) -> Finding {
    let path = &file.change.path;
    let (packet, id) = (input.packet.packet, input.packet.id);
    let declared = packet.scope.declared.unwrap_or_else(|| packet.heading_span("SCOPE"));
    let is_in_first = packet.scope.in_scope.iter().any(|entry| entry.covers(path));
    let other = packet.scope.further.iter().find(|list| is_in_first && !list.allows(path));
    let message = match other {
        Some(list) => format!("{path} is changed, but {} does not allow it", list.path),
        None => format!("{path} is changed, but no entry of {} covers it", input.packet.scope_name()),
    };
    let mut finding = rule.finding(message, Label::path(path, describe_change(file))).about_path(path);
    finding = match similar.nearest(path, at) {
        Some(entry) => {
            finding.related(input.packet.label_at(entry.raw.span, "the most similar entry, another file"))
        }
        None => finding.related(input.packet.label_at(declared, "the allowed paths")),
    };
    let owners = (input.owners)(path);
    if let Some(owner) = owners.first() {
        finding = finding.help(format!(
            "The path is in the scope of `{}`. Move the change to the branch of that packet, or \
                judge both packets together: `countersign post-work {id} --also {owner}`.",
            owners.join("`, `")
        ));
    }
    if let Some(entry) = similar.meant_for(path) {
        finding = finding.because_of(Place::text(&packet.source, entry.raw.span));
    }
    for (entry, how) in similar.explanations(path) {
        let shown = to_single_line(&entry.raw.value, 120);
        finding = finding.help(format!("`{shown}` {how}; paths are compared byte for byte."));
    }
    finding
}

/// `scope/excluded`: no changed path is covered by `OUT_OF_SCOPE`, except the
/// packet's own governance files.
pub(super) fn excluded(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files.iter().filter(|file| !is_own_governance(&input.packet, &file.change.path)) {
        let path = &file.change.path;
        if let Some(entry) = find_excluding_entry(&input.packet, path) {
            let message = format!("{path} is changed, but {} excludes it", input.packet.excluded_name());
            let finding = rule.finding(message, Label::path(path, describe_change(file)));
            out.push(finding.related(input.packet.label_at(entry.raw.span, "out of scope")).about_path(path));
        }
    }
    out.into()
}

/// `scope/protected`: files that control the checks, and other packets, change
/// only if `IN_SCOPE_PATHS` names the exact path.
pub(super) fn protected(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let Some(why) = protection_reason(&input.packet, path) else { continue };
        let list = input.packet.scope_name();
        let message = format!("{path} is changed, but {list} does not name this exact path: {why}");
        let finding = rule.finding(message, Label::path(path, describe_change(file))).about_path(path);
        out.push(match find_covering_entry(&input.packet, path) {
            Some(entry) => finding.related(
                input.packet.label_at(entry.raw.span, "a folder or glob is not enough for this path"),
            ),
            None => finding,
        });
    }
    let local = LocalPackages::of(input.files);
    out.extend(input.files.iter().filter_map(|file| changed_manifest_keys(input, file, &local, rule)));
    out.into()
}

/// `scope/shared`: if several packets are judged together, only one of them
/// allows each changed file.
pub(super) fn shared(shared: &[(RepoPath, String)], rule: &Rule) -> CheckResult {
    let finding = |(path, other): &(RepoPath, String)| {
        let message = format!("{path} is changed, and the scope of `{other}` allows it, too");
        rule.finding(message, Label::path(path, "allowed by two packets")).about_path(path)
    };
    shared.iter().map(finding).collect::<Vec<_>>().into()
}
