//! `concurrency/worktree`: each packet in progress has a branch and a working
//! tree of its own.

use crate::change::Worktree;
use crate::check::Verdict;
use crate::check::library::{Library, LibraryInput};
use crate::document::gate_log::{GateEntry, value};
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::counted;

/// A packet in progress.
struct Active<'a> {
    id: &'a str,
    label: Label,
    prepared: Option<&'a GateEntry>,
}

pub(in crate::check) fn check(input: &LibraryInput<'_>, rule: &Rule) -> Verdict {
    let Some(worktrees) = input.worktrees else { return Verdict::skipped("this is no git repository") };
    let library = input.library;
    let active: Vec<Active<'_>> = library
        .packets()
        .filter(|(id, _, packet)| in_progress(library, id, packet))
        .map(|(id, _, packet)| {
            let span = packet.status.as_ref().map_or_else(|| packet.head(), |status| status.span);
            let label = Label::text(&packet.source, span, "in progress");
            Active { id, label, prepared: library.gate_log().and_then(|log| log.last(id, "PREPARE")) }
        })
        .collect();
    let mut out: Vec<Finding> = shared(&active, rule);
    if active.len() > 1 {
        for packet in &active {
            out.extend(placed(packet, worktrees, rule));
        }
        if worktrees.len() < active.len() {
            let trees = counted(worktrees.len(), "working tree");
            let message = format!("{} packets are in progress in {trees}", active.len());
            let mut finding = rule.finding(message, Label::repository("git knows no other working tree"));
            for packet in active.iter().take(4) {
                finding = finding.related(packet.label.clone());
            }
            out.push(finding);
        }
    }
    out.into()
}

/// In progress by its status, without a report that ended it.
fn in_progress(library: &Library<'_>, id: &str, packet: &Packet) -> bool {
    let says_so = packet.status.as_ref().is_some_and(|status| status.value == PacketStatus::InProgress);
    says_so && library.is_open(id, packet)
}

/// Pairs of packets that were prepared on one branch or in one folder.
fn shared(active: &[Active<'_>], rule: &Rule) -> Vec<Finding> {
    let mut out = Vec::new();
    for (index, one) in active.iter().enumerate() {
        for other in active.iter().skip(index + 1) {
            let (Some(a), Some(b)) = (one.prepared, other.prepared) else { continue };
            for (what, x, y) in
                [("branch", &a.branch, &b.branch), ("working tree", &a.worktree_dir, &b.worktree_dir)]
            {
                let plain =
                    |text: &str| text.trim_end_matches(['/', '\\']).trim_start_matches("./").to_owned();
                let name = value(x);
                if name.is_empty() || plain(name) != plain(value(y)) {
                    continue;
                }
                let shown = crate::text::one_line(name, 80);
                let message = format!("`{}` and `{}` share the {what} `{shown}`", one.id, other.id);
                out.push(rule.finding(message, other.label.clone()).related(one.label.clone()));
            }
        }
    }
    out
}

/// Whether the prepared branch is checked out in the prepared folder.
fn placed(packet: &Active<'_>, worktrees: &[Worktree], rule: &Rule) -> Option<Finding> {
    let Some(entry) = packet.prepared else {
        let message = format!("`{}` is in progress, but was not prepared", packet.id);
        return Some(
            rule.finding(message, packet.label.clone()).help("The gate log has no PREPARE entry of it."),
        );
    };
    let branch = value(&entry.branch);
    let tree = worktrees.iter().find(|tree| tree.branch.as_deref() == Some(branch));
    let folder =
        value(&entry.worktree_dir).trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("");
    let shown = crate::text::one_line(branch, 80);
    match tree {
        None => {
            let message =
                format!("`{}` was prepared on `{shown}`, which no working tree has checked out", packet.id);
            Some(rule.finding(message, packet.label.clone()))
        }
        Some(tree) if !matches!(folder, "" | ".") && tree.folder != folder => {
            let message = format!(
                "`{}` was prepared in `{}`, but `{shown}` is checked out in `{}`",
                packet.id,
                crate::text::one_line(folder, 80),
                crate::text::one_line(&tree.folder, 80)
            );
            Some(rule.finding(message, packet.label.clone()))
        }
        Some(_) => None,
    }
}
