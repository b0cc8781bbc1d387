//! `concurrency/…`: packets in progress do not share a branch or working tree.

use std::collections::BTreeMap;

use crate::change::Worktree;
use crate::check::CheckResult;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::gate_log::{GateEntry, text_or_empty};
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::format_count;

/// A packet in progress and its latest PREPARE entry.
struct ActivePacket<'a> {
    id: &'a str,
    label: Label,
    prepared: Option<&'a GateEntry>,
}

/// `concurrency/worktree`: packets that are in progress at the same time have
/// separate branches and separate working trees.
pub(super) fn worktree(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(worktrees) = input.worktrees else {
        return CheckResult::skipped("this is not a git repository");
    };
    let governance = input.governance;
    let active: Vec<ActivePacket<'_>> = governance
        .packets()
        .filter(|(id, _, packet)| is_in_progress(governance, id, packet))
        .map(|(id, _, packet)| {
            let span = packet.status.as_ref().map_or_else(|| packet.head_span(), |status| status.span);
            let label = Label::text(&packet.source, span, "in progress");
            ActivePacket {
                id,
                label,
                prepared: governance.gate_log().and_then(|log| log.last_entry(id, "PREPARE")),
            }
        })
        .collect();
    let mut out: Vec<Finding> = check_shared_locations(&active, rule);
    if active.len() > 1 {
        for packet in &active {
            out.extend(check_checkout(packet, worktrees, rule));
        }
        if worktrees.len() < active.len() {
            let trees = format_count(worktrees.len(), "working tree");
            let message = format!("{} packets are in progress, but git has only {trees}", active.len());
            let mut finding = rule.finding(message, Label::repository("not enough working trees"));
            for packet in active.iter().take(4) {
                finding = finding.related(packet.label.clone());
            }
            out.push(finding);
        }
    }
    out.into()
}

/// Returns whether a packet has the status In Progress and is not finished.
fn is_in_progress(governance: &GovernanceDocuments<'_>, id: &str, packet: &Packet) -> bool {
    let in_progress = packet.status.as_ref().is_some_and(|status| status.value == PacketStatus::InProgress);
    in_progress && governance.is_open(id, packet)
}

/// Returns a finding for each packet whose prepared branch or working tree is also that of an
/// earlier packet.
fn check_shared_locations(active: &[ActivePacket<'_>], rule: &Rule) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut firsts: BTreeMap<(&str, String), &ActivePacket<'_>> = BTreeMap::new();
    for other in active {
        let Some(prepared) = other.prepared else { continue };
        for (what, place) in [("branch", &prepared.branch), ("working tree", &prepared.worktree_dir)] {
            let name = text_or_empty(place.as_ref());
            let normalized = name.trim_end_matches(['/', '\\']).trim_start_matches("./");
            if name.is_empty() {
                continue;
            }
            let one = *firsts.entry((what, normalized.to_owned())).or_insert(other);
            if one.id != other.id {
                let shown = crate::text::to_single_line(name, 80);
                let message = format!("`{}` and `{}` share the {what} `{shown}`", one.id, other.id);
                out.push(rule.finding(message, other.label.clone()).related(one.label.clone()));
            }
        }
    }
    out
}

/// Checks whether the prepared branch is checked out in the prepared folder.
fn check_checkout(packet: &ActivePacket<'_>, worktrees: &[Worktree], rule: &Rule) -> Option<Finding> {
    let Some(entry) = packet.prepared else {
        let message = format!(
            "`{0}` is in progress, but no PREPARE entry of the gate log says who works on it, and on which branch",
            packet.id
        );
        let help =
            format!("Prepare the work: `countersign prepare {} --coder NAME --branch BRANCH`.", packet.id);
        return Some(rule.finding(message, packet.label.clone()).help(help));
    };
    let branch = text_or_empty(entry.branch.as_ref());
    let tree = worktrees.iter().find(|tree| tree.branch.as_deref() == Some(branch));
    let folder = text_or_empty(entry.worktree_dir.as_ref())
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or("");
    let shown = crate::text::to_single_line(branch, 80);
    match tree {
        None => {
            let message = format!(
                "`{}` was prepared on the branch `{shown}`, which no working tree has checked out",
                packet.id
            );
            Some(rule.finding(message, packet.label.clone()))
        }
        Some(tree) if !matches!(folder, "" | ".") && tree.folder != folder => {
            let message = format!(
                "`{}` was prepared in `{}`, but its branch `{shown}` is checked out in `{}`",
                packet.id,
                crate::text::to_single_line(folder, 80),
                crate::text::to_single_line(&tree.folder, 80)
            );
            Some(rule.finding(message, packet.label.clone()))
        }
        Some(_) => None,
    }
}
