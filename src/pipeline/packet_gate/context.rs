//! Configuration, layout and packet used by one gate run. Configuration and
//! layout are read from the policy tree, the packet from the judged tree.

use crate::change::{Commit, Repository, Selection, SelectionMode, TreeState};
use crate::check::context::{PacketCheckContext, PacketSearch, ProtectedPattern};
use crate::config::{Config, LoadedConfig, load, main_branches_in_history, resolve_layout};
use crate::document::packet::Generation;
use crate::document::{Layout, LayoutName, WpId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, locate};
use crate::text::RepoPath;

use super::approval_facts;
use super::request::GateRequest;

/// Configuration, layout and packet used by one gate run.
pub(crate) struct PacketContext {
    /// The packet's id, as given.
    pub requested_id: String,
    /// The tree that rules and configuration were read from.
    pub policy_tree: TreeState,
    pub config: Config,
    /// Description of where the configuration was read from.
    pub config_source: String,
    pub layout: Layout,
    pub search: PacketSearch,
    pub located: Option<LocatedPacket>,
}

/// The trees that a gate run reads from.
#[derive(Clone, Copy)]
pub(crate) struct SourceTrees {
    /// The tree of rules and configuration.
    pub policy_tree: TreeState,
    /// The tree of the judged documents and files.
    pub judged_tree: TreeState,
    /// HEAD, if the change is not committed. Rules then come from the commit
    /// at which the work began, because the coder can change HEAD.
    pub uncommitted_head: Option<Commit>,
}

impl SourceTrees {
    /// Returns the trees for a selection. Rules of a committed change come from
    /// the tree before it; otherwise they come from HEAD until
    /// [`PacketContext::load`] finds the start of the work.
    pub(crate) fn from_selection(
        selection: Option<&Selection>,
        head: Option<Commit>,
        judged_tree: TreeState,
    ) -> Self {
        let committed = selection.filter(|selection| selection.mode.is_committed());
        let policy_commit = committed.map_or(head, |selection| selection.policy_source.or(selection.base));
        Self {
            policy_tree: policy_commit.map_or(TreeState::Empty, TreeState::Commit),
            judged_tree,
            uncommitted_head: head.filter(|_| committed.is_none()),
        }
    }
}

impl PacketContext {
    /// Loads the configuration from the policy tree and a packet from the judged
    /// tree.
    pub(crate) fn load(
        repo: &dyn Repository,
        request: &GateRequest,
        requested: &str,
        source_trees: SourceTrees,
    ) -> Result<Self, PipelineError> {
        let SourceTrees { policy_tree, judged_tree, uncommitted_head } = source_trees;
        let (config, config_source, layout) = load_policy(repo, request, policy_tree, judged_tree)?;
        let (search, located) = locate(repo, judged_tree, &layout, requested)?;
        let requested_id = requested.to_owned();
        let packet_context =
            Self { requested_id, policy_tree, config, config_source, layout, search, located };
        let packet = packet_context.located.as_ref().map(|located| &located.packet);
        let Some((packet, head)) = packet.zip(uncommitted_head) else { return Ok(packet_context) };
        let (_, merge_base) = approval_facts::resolve_merge_base(repo, packet, Some(head))?;
        // A packet may name a commit of its own branch as the start of the
        // work. The fork point from the main branch is then more reliable,
        // unless HEAD is on the main branch.
        let fork = fork_point(repo, &packet_context.config.main_branches, head)?;
        let policy_commit = match (merge_base, fork) {
            (Some(merge_base), Some(fork)) if !repo.is_ancestor(merge_base, fork)? => Some(fork),
            (merge_base, _) => merge_base,
        };
        match policy_commit {
            Some(commit) if commit != head => {
                packet_context.with_policy_tree(repo, request, TreeState::Commit(commit), judged_tree)
            }
            _ => Ok(packet_context),
        }
    }

    /// Builds the input for checks of the packet alone.
    pub(crate) fn packet_input(&self) -> Option<PacketCheckContext<'_>> {
        let located = self.located.as_ref()?;
        Some(PacketCheckContext {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout: &self.layout,
            policy: &self.config.policy,
            registry: None,
            board: None,
            revision_ids: &[],
            skeleton_approval: None,
        })
    }

    /// Returns the same packet under the configuration of another policy tree.
    /// The packet is located again only if the layout differs.
    pub(crate) fn with_policy_tree(
        mut self,
        repo: &dyn Repository,
        request: &GateRequest,
        policy_tree: TreeState,
        judged_tree: TreeState,
    ) -> Result<Self, PipelineError> {
        self.policy_tree = policy_tree;
        let (config, config_source, layout) = load_policy(repo, request, policy_tree, judged_tree)?;
        if layout == self.layout {
            return Ok(Self { config, config_source, ..self });
        }
        let (search, located) = locate(repo, judged_tree, &layout, &self.requested_id)?;
        Ok(Self { config, config_source, layout, search, located, ..self })
    }
}

/// Returns the commit at which HEAD left the main branch; `None` if HEAD is on
/// it. Of several possible commits the oldest is returned, because the coder
/// may have changed the configuration that names the main branch.
fn fork_point(
    repo: &dyn Repository,
    configured_branches: &[String],
    head: Commit,
) -> Result<Option<Commit>, PipelineError> {
    let default_branches = Config::defaults().main_branches;
    let mut names: Vec<String> = default_branches.iter().chain(configured_branches).cloned().collect();
    if repo.main_fork_point(&default_branches)?.is_none() {
        names.extend(main_branches_in_history(repo, head)?);
    }
    let mut oldest: Option<Commit> = None;
    for name in &names {
        let Some(found) = repo.main_fork_point(std::slice::from_ref(name))?.filter(|found| *found != head)
        else {
            continue;
        };
        oldest = match oldest {
            Some(oldest) if !repo.is_ancestor(found, oldest)? => Some(oldest),
            _ => Some(found),
        };
    }
    Ok(oldest)
}

/// Loads configuration, its description and the layout from the policy tree.
fn load_policy(
    repo: &dyn Repository,
    request: &GateRequest,
    policy_tree: TreeState,
    judged_tree: TreeState,
) -> Result<(Config, String, Layout), PipelineError> {
    let LoadedConfig { mut config, origin, .. } = load(repo, policy_tree, request.config.as_ref())?;
    let layout = resolve_layout(repo, &config, policy_tree, judged_tree)?;
    if layout.name == LayoutName::Gov && config.policy.minimum_format.is_none() {
        // The layout was introduced with this format, so an older format needs
        // an explicit setting.
        config.policy.minimum_format = Some(Generation::G2_VERSION.to_owned());
    }
    // The work that keys sign must not change the list of accepted keys.
    config.policy.protected.extend(ProtectedPattern::parse(&layout.allowed_signers));
    Ok((config, origin, layout))
}

/// Resolves the selection of the judged change. The merge bases of the packets
/// are read only if the selection depends on them, and only from commits; the
/// oldest of several is used. `config_tree` is the tree of the configuration
/// that names the main branch.
pub(crate) fn resolve_selection(
    repo: &dyn Repository,
    request: &GateRequest,
    config_tree: TreeState,
) -> Result<Selection, PipelineError> {
    let config = load(repo, config_tree, request.config.as_ref())?.config;
    let merge_base = |head: Commit| {
        let tree = TreeState::Commit(head);
        let layout = resolve_layout(repo, &config, tree, tree).ok()?;
        let read_merge_base = |requested: &String| {
            let (_, located) = locate(repo, tree, &layout, requested).ok()?;
            located?.packet.merge_base.map(|text| text.value)
        };
        let all: Vec<String> = request.packets().filter_map(read_merge_base).collect();
        let is_ancestor = |a: &str, b: &str| {
            let (a, b) = (repo.find_commit(a).ok().flatten()?, repo.find_commit(b).ok().flatten()?);
            repo.is_ancestor(a, b).ok()
        };
        let oldest = all.iter().find(|first| all.iter().all(|other| is_ancestor(first, other) == Some(true)));
        oldest.or(all.first()).cloned()
    };
    let mut selection = repo.select(&request.selection, &merge_base, &config.main_branches)?;
    // The packet's own statement about its start must not select the rules that
    // judge it.
    if let (false, Some(base), Some(head)) = (selection.is_explicit, selection.base, selection.head)
        && let Some(fork) = fork_point(repo, &config.main_branches, head)?
        && fork != base
        && repo.is_ancestor(fork, base)?
    {
        selection.policy_source = Some(fork);
    }
    let extended = if selection.is_explicit {
        None
    } else {
        extend_to_whole_work(repo, &config, request, &selection, &merge_base)?
    };
    Ok(extended.unwrap_or(selection))
}

/// Extends the selection of an uncommitted change to the start of the work, if
/// earlier commits already contain work: the packet's manifests describe all of
/// it, and the uncommitted change is its last part.
fn extend_to_whole_work(
    repo: &dyn Repository,
    config: &Config,
    request: &GateRequest,
    selection: &Selection,
    merge_base: &dyn Fn(Commit) -> Option<String>,
) -> Result<Option<Selection>, PipelineError> {
    let Some(head) = selection.base.filter(|_| !selection.mode.is_committed()) else { return Ok(None) };
    let Some(base) = merge_base(head).map(|text| repo.find_commit(&text)).transpose()?.flatten() else {
        return Ok(None);
    };
    if base == head || !repo.is_ancestor(base, head)? {
        return Ok(None);
    }
    let tree = TreeState::Commit(head);
    let layout = resolve_layout(repo, config, tree, tree)?;
    let ids: Vec<WpId> = request
        .packets()
        .filter_map(|requested| {
            let (_, located) = locate(repo, tree, &layout, requested).ok()?;
            located.map(|located| located.id)
        })
        .collect();
    let is_record = |path: &RepoPath| ids.iter().any(|id| layout.is_packet_record(id, path));
    let earlier = Selection {
        mode: SelectionMode::Range,
        base: Some(base),
        head: Some(head),
        reason: String::new(),
        is_explicit: false,
        policy_source: None,
    };
    if repo.changes(&earlier)?.changes.iter().all(|change| is_record(&change.path)) {
        return Ok(None);
    }
    let end = if selection.mode == SelectionMode::Staged { "the index" } else { "the files on disk" };
    let reason = format!("earlier commits contain work of the packet: its MERGE_BASE_SHA to {end}");
    Ok(Some(Selection { base: Some(base), reason, ..selection.clone() }))
}
