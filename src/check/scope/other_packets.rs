//! `scope/other-packet`: what the shared records say of other packets.
//!
//! The work may list a blocked packet as ready: what blocked it can be this work. That permits
//! nothing, because the packet still needs its own approval and its own status.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, EarlierRecords};
use crate::check::packet::force::over_on;
use crate::document::board::{Board, BoardEntry};
use crate::document::registry::Registry;
use crate::document::{Layout, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, Span, to_single_line};

/// Maximum number of packets that findings name.
const MAX_SHOWN: usize = 5;

/// A change of what a record says of another packet: what it is, and where.
type RecordEdit = (String, Label);

/// `scope/other-packet`: the work leaves the active packets of other base ids in the registry
/// as they are, and opens no other packet again on the task board.
pub(in crate::check) fn other_packet(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some((first, others)) = input.earlier_records.split_first() else {
        return CheckResult::skipped("the change leaves the registry and the task board as they are");
    };
    let own = OwnBases::of(input);
    let mut changes = changes_since(input, &own, first);
    // With several main branches, what one of them says is no change.
    for other in others {
        let also: BTreeSet<String> =
            changes_since(input, &own, other).into_iter().map(|(message, _)| message).collect();
        changes.retain(|(message, _)| also.contains(message));
    }
    let hidden = changes.len().saturating_sub(MAX_SHOWN);
    let mut out: Vec<Finding> =
        changes.into_iter().take(MAX_SHOWN).map(|(message, label)| rule.finding(message, label)).collect();
    if hidden > 0
        && let Some(last) = out.last_mut()
    {
        last.notes.push(format!("… and {hidden} more changes of this kind"));
    }
    out.into()
}

fn changes_since(
    input: &ChangeCheckContext<'_>,
    own: &OwnBases,
    earlier: &EarlierRecords,
) -> Vec<RecordEdit> {
    let mut out = Vec::new();
    if let Some(before) = earlier.registry.different() {
        out.extend(registry_changes(input, own, before));
    }
    if let Some(before) = earlier.board.different() {
        out.extend(board_changes(input, own, before));
    }
    out
}

/// The base ids whose records belong to the judged work.
struct OwnBases(BTreeSet<String>);

impl OwnBases {
    fn of(input: &ChangeCheckContext<'_>) -> Self {
        let judged = std::iter::once(input.packet.id).chain(input.judged_ids);
        let mut bases: BTreeSet<String> = judged.map(|id| id.base().to_owned()).collect();
        // In the history of the main branch, the change of another packet stands beside it.
        if input.is_history {
            let beside = input.files.iter().filter_map(|file| Layout::id_of(&file.change.path));
            bases.extend(beside.map(|id| id.base().to_owned()));
        }
        Self(bases)
    }

    fn contains(&self, base: &str) -> bool {
        self.0.contains(base)
    }
}

/// Returns the active packets of each base id, with the place of the first.
fn active_by_base(registry: &Registry) -> BTreeMap<String, (BTreeSet<String>, Span)> {
    let mut out: BTreeMap<String, (BTreeSet<String>, Span)> = BTreeMap::new();
    for row in &registry.rows {
        let Some(active) = Registry::active_id(row) else { continue };
        let entry = out.entry(row.base.value.clone()).or_insert((BTreeSet::new(), row.active.span));
        entry.0.insert(active.as_str().to_owned());
    }
    out
}

fn registry_changes(input: &ChangeCheckContext<'_>, own: &OwnBases, before: &Registry) -> Vec<RecordEdit> {
    let now = input.packet.registry.map(active_by_base).unwrap_or_default();
    let mut out = Vec::new();
    for (base, (old, _)) in active_by_base(before) {
        let shown = to_single_line(&base, 80);
        let own_base = WpId::parse(&base).map_or_else(|_| base.clone(), |id| id.base().to_owned());
        if own.contains(&own_base) {
            continue;
        }
        let names = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join("`, `");
        match (now.get(&base), input.packet.registry) {
            (Some((new, _)), _) if *new == old => {}
            (Some((new, span)), Some(registry)) => {
                let message = format!(
                    "the work changes the active packet of `{shown}` from `{}` to `{}`",
                    names(&old),
                    names(new)
                );
                out.push((message, Label::text(&registry.source, *span, "another active packet")));
            }
            _ => {
                let message = format!(
                    "the work removes the registry's row of `{shown}`, which names `{}`",
                    names(&old)
                );
                out.push((message, Label::path(before.source.name(), "no such row any more")));
            }
        }
    }
    out
}

fn board_changes(input: &ChangeCheckContext<'_>, own: &OwnBases, before: &Board) -> Vec<RecordEdit> {
    let mut out = Vec::new();
    let board = input.packet.board;
    let is_open = |entry: &&BoardEntry| matches!(entry.state.as_str(), "READY_FOR_DEV" | "IN_PROGRESS");
    let (was_over, is_over) = (over_on(before), board.map(over_on).unwrap_or_default());
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    // An entry outside of the sections of states says, too, that a packet is over, and so does a
    // line that is no entry.
    let listed = before.entries.iter().chain(&before.misplaced);
    let listed = listed.map(|entry| (entry.wp_id.as_str(), entry.state.as_str()));
    let others = was_over.iter().map(|(id, (_, state))| (id.as_str(), state.as_str()));
    for (id_text, state) in listed.chain(others) {
        let Ok(id) = WpId::parse(id_text) else { continue };
        let was_open = before.entries_of(id_text).any(|entry| is_open(&entry));
        if !seen.insert(id_text) || was_open || state == "STUB" || own.contains(id.base()) {
            continue;
        }
        let was_blocked = !was_over.contains_key(id_text)
            && before.entries_of(id_text).all(|entry| entry.state == "BLOCKED");
        let is_opened =
            |entry: &&BoardEntry| is_open(entry) && !(was_blocked && entry.state == "READY_FOR_DEV");
        let opened = board.and_then(|board| Some((board, board.entries_of(id_text).find(is_opened)?)));
        if let Some((board, now)) = opened {
            let message =
                format!("the work lists `{id_text}` as {} on the task board; it was {state}", now.state);
            out.push((message, Label::text(&board.source, now.span, "open again")));
        } else if was_over.contains_key(id_text) && !is_over.contains_key(id_text) {
            let message = format!("the task board no longer says that `{id_text}` is over; it was {state}");
            let path: &RepoPath = before.source.name();
            out.push((message, Label::path(path, "no such entry any more")));
        }
    }
    out
}
