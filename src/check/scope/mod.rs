//! `scope/…`: only what was agreed is changed.

pub(super) mod escaping_link;
pub(super) mod excluded;
pub(super) mod no_entry;
pub(super) mod outside;
pub(super) mod overlap;
pub(super) mod protected;
pub(super) mod shared;
pub(super) mod unparsable_entry;

use crate::change::{Change, ChangedFile};
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::text::RepoPath;

use super::context::{ChangeCheckContext, PacketCheckContext};

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
