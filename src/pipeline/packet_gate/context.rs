//! Configuration, layout and packet used by one gate run. Configuration and
//! layout are read from the policy tree, the packet from the judged tree.

use crate::change::{BranchTip, Commit, Repository, Selection, SelectionMode, SelectionRequest, TreeState};
use crate::check::context::{PacketCheckContext, PacketSearch, ProtectedPattern};
use crate::config::{Config, LoadedConfig, load, resolve_layout};
use crate::document::packet::Generation;
use crate::document::{Layout, LayoutName, WpId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, locate};
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};
use crate::text::RepoPath;

use super::approval_facts;
use super::request::GateRequest;
use super::work_on_main::narrow_to_work;

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

impl PacketContext {
    /// Loads the configuration from the trusted revision and a packet from the judged
    /// tree. If nothing but HEAD can be trusted, rules come from the commit at which
    /// the packet's work began, because the coder can change HEAD.
    pub(crate) fn load(
        repo: &dyn Repository,
        request: &GateRequest,
        requested: &str,
        trusted: &TrustedRevision,
        judged_tree: TreeState,
    ) -> Result<Self, PipelineError> {
        let policy_tree = trusted.tree;
        let (config, config_source, layout) = load_policy(repo, request, policy_tree, judged_tree)?;
        let (search, located) = locate(repo, judged_tree, &layout, requested)?;
        let requested_id = requested.to_owned();
        let packet_context =
            Self { requested_id, policy_tree, config, config_source, layout, search, located };
        let packet = packet_context.located.as_ref().map(|located| &located.packet);
        let (Some(packet), true, TreeState::Commit(head)) = (packet, trusted.row.is_soft(), policy_tree)
        else {
            return Ok(packet_context);
        };
        let (_, merge_base) = approval_facts::resolve_merge_base(repo, packet, Some(head))?;
        match merge_base {
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
            is_fence: false,
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
/// oldest of several is used.
pub(crate) fn resolve_selection(
    repo: &dyn Repository,
    request: &GateRequest,
    main: &MainBranch,
) -> Result<Selection, PipelineError> {
    // Committed rules judge a range; a configuration of HEAD that cannot be read is a
    // finding about the change, not a reason to stop.
    let head_tree = repo.head()?.map_or(TreeState::Empty, TreeState::Commit);
    let config = load(repo, head_tree, request.config.as_ref())
        .map_or_else(|_| Config::defaults(), |loaded| loaded.config);
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
    let tip = match request.selection {
        SelectionRequest::Default | SelectionRequest::Work => main.choose(repo, &|_| Ok(true))?,
        _ => None,
    };
    let selection = main.select(repo, &request.selection, &merge_base, tip)?;
    let extended = if selection.is_explicit {
        None
    } else {
        extend_to_whole_work(repo, &config, request, &selection, &merge_base, tip)?
    };
    let selection = extended.unwrap_or(selection);
    Ok(narrow_to_work(repo, &config, request, main, &selection)?.unwrap_or(selection))
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
    main: Option<&BranchTip>,
) -> Result<Option<Selection>, PipelineError> {
    let Some(head) = selection.base.filter(|_| !selection.mode.is_committed()) else { return Ok(None) };
    let named = merge_base(head).map(|text| repo.find_commit(&text)).transpose()?.flatten();
    let Some((base, start)) = start_of_work(repo, head, named, main)? else { return Ok(None) };
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
        left_end: None,
    };
    if repo.changes(&earlier)?.changes.iter().all(|change| is_record(&change.path)) {
        return Ok(None);
    }
    let end = if selection.mode == SelectionMode::Staged { "the index" } else { "the files on disk" };
    let reason = format!("earlier commits contain work of the packet: {start} to {end}");
    Ok(Some(Selection { base: Some(base), reason, ..selection.clone() }))
}

/// Returns the commit at which the uncommitted work of HEAD began, with its name: the
/// merge base with the main branch, unless the packet names a later commit. Commits of
/// the main branch since the packet's merge base are not its work.
fn start_of_work(
    repo: &dyn Repository,
    head: Commit,
    named: Option<Commit>,
    main: Option<&BranchTip>,
) -> Result<Option<(Commit, String)>, PipelineError> {
    let on_main = repo.current_branch()?.is_some_and(|branch| main.is_some_and(|main| main.name == branch));
    let fork = match main.filter(|_| !on_main) {
        Some(main) => repo.merge_base(main.tip, head)?.map(|fork| (fork, main)),
        None => None,
    };
    let from_packet = named.map(|named| (named, "its MERGE_BASE_SHA".to_owned()));
    Ok(match (fork, named) {
        (Some((fork, _)), Some(named)) if fork != named && repo.is_ancestor(fork, named)? => from_packet,
        (Some((fork, main)), _) => Some((fork, format!("its merge base with `{}`", main.reference))),
        (None, _) => from_packet,
    })
}
