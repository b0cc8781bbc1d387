//! The work of one packet on the main branch, between the work of others: what came in
//! before it and, for an audit, after it is not this packet's change.

use std::collections::BTreeSet;

use crate::change::{Commit, Repository, RepositoryError, Selection, SelectionMode, TreeState};
use crate::check::context::{Gate, PacketCheckContext};
use crate::check::scope;
use crate::config::{Config, resolve_layout};
use crate::document::{Layout, Packet, WpId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{list_packet_ids, locate, read_document};
use crate::pipeline::trusted_revision::MainBranch;
use crate::text::RepoPath;

use super::approval_facts::resolve_merge_base;
use super::earlier_work::{EarlierCode, EarlierWork, is_document_of};
use super::request::GateRequest;

/// Maximum number of commits of the main line since the packet's merge base that are
/// compared. With more, the whole change since then is judged.
const MAX_STEPS: usize = 500;

/// One commit of the main line, compared with its first parent.
struct Step {
    commit: Commit,
    is_merge: bool,
    paths: Vec<RepoPath>,
}

/// Narrows a selection on the main branch that starts at the packet's merge base to the
/// commits of the main line that hold the packet's work. `None` if that is not certain.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn narrow_to_work(
    repo: &dyn Repository,
    config: &Config,
    request: &GateRequest,
    main: &MainBranch,
    selection: &Selection,
) -> Result<Option<Selection>, PipelineError> {
    let Some(head) = selection.head.or(repo.head()?) else { return Ok(None) };
    let is_single = request.other_packets.is_empty() && request.task.is_none();
    if !is_single || selection.is_explicit || !is_on_main(repo, main, head)? {
        return Ok(None);
    }
    let tree = TreeState::Commit(head);
    let layout = resolve_layout(repo, config, tree, tree)?;
    let (_, Some(located)) = locate(repo, tree, &layout, &request.packet)? else { return Ok(None) };
    let (_, merge_base) = resolve_merge_base(repo, &located.packet, Some(head))?;
    let Some(merge_base) = merge_base.filter(|found| Some(*found) == selection.base) else {
        return Ok(None);
    };
    let Some(steps) = read_main_line(repo, merge_base, head)? else { return Ok(None) };
    let packet = PacketCheckContext {
        id: &located.id,
        packet: &located.packet,
        faults: &located.faults,
        layout: &layout,
        policy: &config.policy,
        registry: None,
        board: None,
        revision_ids: &[],
        is_fence: false,
        skeleton_approval: None,
    };
    let others = read_others(repo, &packet, tree, &steps)?;
    let judge = Judge { packet: &packet, others: &others };
    let Some(first) = steps.iter().position(|step| judge.is_work(step)) else { return Ok(None) };
    let end = match steps.iter().rposition(|step| judge.is_own(step)) {
        Some(last)
            if request.gate == Gate::Audit
                && selection.mode == SelectionMode::Range
                && steps.iter().skip(last + 1).all(|step| judge.is_foreign(step)) =>
        {
            steps.get(last).map_or(head, |step| step.commit)
        }
        _ => head,
    };
    let before = first.checked_sub(1).and_then(|at| steps.get(at));
    let mut start = before.map_or(merge_base, |step| step.commit);
    let is_start_of_host = false;
    let earlier = EarlierWork { repo, packet, merge_base, start, head: end, is_start_of_host };
    if start != merge_base && earlier.find()? != EarlierCode::Accounted {
        start = merge_base;
    }
    if (start, end) == (merge_base, head) {
        return Ok(None);
    }
    let to = match selection.mode {
        SelectionMode::Staged => "the index".to_owned(),
        SelectionMode::Worktree => "the files on disk".to_owned(),
        SelectionMode::Range | SelectionMode::Rev => format!("commit {}", end.short()),
    };
    let reason = format!(
        "the packet's work on the main branch: commit {}, after which it came in, to {to}",
        start.short()
    );
    let end = selection.head.map(|_| end);
    Ok(Some(Selection { base: Some(start), head: end, reason, ..selection.clone() }))
}

fn is_on_main(repo: &dyn Repository, main: &MainBranch, head: Commit) -> Result<bool, RepositoryError> {
    for tip in &main.tips {
        if repo.is_ancestor(head, tip.tip)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the first-parent line from a commit to the head, oldest first. `None` if the
/// commit is not on it, or too far away.
fn read_main_line(
    repo: &dyn Repository,
    from: Commit,
    head: Commit,
) -> Result<Option<Vec<Step>>, RepositoryError> {
    let mut out = Vec::new();
    let mut at = head;
    while at != from {
        let parents = repo.parents(at)?;
        let Some(parent) = parents.first().copied().filter(|_| out.len() < MAX_STEPS) else {
            return Ok(None);
        };
        let compared = Selection {
            mode: SelectionMode::Range,
            base: Some(parent),
            head: Some(at),
            reason: String::new(),
            is_explicit: false,
            left_end: None,
        };
        let paths = repo.changes(&compared)?.changes.into_iter().map(|change| change.path).collect();
        out.push(Step { commit: at, is_merge: parents.len() > 1, paths });
        at = parent;
    }
    out.reverse();
    Ok(Some(out))
}

/// Reads the other packets whose own files the steps change.
fn read_others(
    repo: &dyn Repository,
    packet: &PacketCheckContext<'_>,
    tree: TreeState,
    steps: &[Step],
) -> Result<Vec<(WpId, Packet)>, RepositoryError> {
    let layout = packet.layout;
    let changed: BTreeSet<&RepoPath> =
        steps.iter().flat_map(|step| &step.paths).filter(|path| layout.is_governance(path)).collect();
    let mut out = Vec::new();
    for id in list_packet_ids(repo, tree, layout)? {
        let Ok(id) = WpId::parse(&id) else { continue };
        let path = layout.packet(&id);
        let is_changed = changed.contains(&path) || changed.contains(&Layout::manifest_file(&id, &path));
        if id == *packet.id || !is_changed || out.len() >= MAX_STEPS {
            continue;
        }
        if let Some(source) = read_document(repo, tree, &path)? {
            out.push((id, Packet::read(&source).value));
        }
    }
    Ok(out)
}

/// Decides to whom a step of the main line belongs.
struct Judge<'a> {
    packet: &'a PacketCheckContext<'a>,
    others: &'a [(WpId, Packet)],
}

impl Judge<'_> {
    fn code<'p>(&self, step: &'p Step) -> Vec<&'p RepoPath> {
        let (layout, policy) = (self.packet.layout, self.packet.policy);
        step.paths.iter().filter(|path| !layout.is_governance(path) && !policy.exempts(path)).collect()
    }

    fn has_own_document(&self, step: &Step) -> bool {
        let (layout, id) = (self.packet.layout, self.packet.id);
        step.paths.iter().any(|path| is_document_of(layout, id, path))
    }

    /// Whether another packet, whose own file the same step changes, allows all its code.
    fn is_of_other(&self, step: &Step) -> bool {
        let code = self.code(step);
        let layout = self.packet.layout;
        let mut others = self.others.iter();
        !self.has_own_document(step)
            && others.any(|(id, packet)| {
                step.paths.iter().any(|path| is_document_of(layout, id, path))
                    && code.iter().all(|path| packet.scope.allows(path))
            })
    }

    /// Whether the step holds code of the packet.
    fn is_work(&self, step: &Step) -> bool {
        let code = self.code(step);
        let is_in_scope = || code.iter().any(|path| scope::mentions_path(self.packet, path));
        !code.is_empty() && (self.has_own_document(step) || is_in_scope()) && !self.is_of_other(step)
    }

    /// Whether the step holds code or documents of the packet.
    fn is_own(&self, step: &Step) -> bool {
        self.has_own_document(step) || self.is_work(step)
    }

    /// Whether the step is certainly the work of others.
    fn is_foreign(&self, step: &Step) -> bool {
        !self.is_own(step) && (self.code(step).is_empty() || step.is_merge || self.is_of_other(step))
    }
}
