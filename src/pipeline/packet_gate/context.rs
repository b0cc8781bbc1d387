//! What a judgement stands on: configuration and layout from a trusted side,
//! the packet from the judged one.

use crate::change::{Commit, Repository, RepositoryError, Selection, SelectionMode, TreeState};
use crate::check::context::{PacketCheckContext, PacketSearch, ProtectedPattern};
use crate::config::{self, Config, LoadedConfig, load, resolve_layout};
use crate::document::packet::Generation;
use crate::document::{Layout, LayoutName, WpId};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{LocatedPacket, locate};
use crate::text::{RepoPath, Source};

use super::approval_facts;
use super::request::GateRequest;

/// What a judgement stands on: configuration, layout, packet.
pub(crate) struct PacketContext {
    /// The id as it was asked for.
    pub requested_id: String,
    /// Where its rules come from.
    pub policy_tree: TreeState,
    pub config: Config,
    pub config_source: String,
    pub layout: Layout,
    pub search: PacketSearch,
    pub located: Option<LocatedPacket>,
}

/// Where a judgement reads from.
#[derive(Clone, Copy)]
pub(crate) struct SourceTrees {
    /// Rules and configuration.
    pub policy_tree: TreeState,
    /// What is judged.
    pub judged_tree: TreeState,
    /// HEAD, where the change is not committed: rules then come from where
    /// the packet says that its work began, because HEAD is the coder's own.
    pub uncommitted_head: Option<Commit>,
}

impl SourceTrees {
    /// Those of a change: rules come from before it if it is committed, else
    /// from HEAD for the time being.
    pub(crate) fn from_selection(
        selection: Option<&Selection>,
        head: Option<Commit>,
        judged_tree: TreeState,
    ) -> Self {
        let committed = selection.filter(|selection| selection.mode.is_committed());
        let rules = committed.map_or(head, |selection| selection.policy_source.or(selection.base));
        Self {
            policy_tree: rules.map_or(TreeState::Empty, TreeState::Commit),
            judged_tree,
            uncommitted_head: head.filter(|_| committed.is_none()),
        }
    }
}

impl PacketContext {
    /// Reads the configuration on the trusted side and a packet on the
    /// judged one.
    pub(crate) fn load(
        repo: &dyn Repository,
        request: &GateRequest,
        requested: &str,
        sides: SourceTrees,
    ) -> Result<Self, PipelineError> {
        let SourceTrees { policy_tree: trusted, judged_tree: side, uncommitted_head: uncommitted } = sides;
        let (config, config_from, layout) = load_policy(repo, request, trusted, side)?;
        let (search, located) = locate(repo, side, &layout, requested)?;
        let requested = requested.to_owned();
        let ground = Self {
            requested_id: requested,
            policy_tree: trusted,
            config,
            config_source: config_from,
            layout,
            search,
            located,
        };
        let packet = ground.located.as_ref().map(|located| &located.packet);
        let Some((packet, head)) = packet.zip(uncommitted) else { return Ok(ground) };
        let (_, began) = approval_facts::resolve_merge_base(repo, packet, Some(head))?;
        // A packet may say that its work began on its own branch; the main
        // branch says better where that was, unless HEAD lies on it.
        let parted = fork_point(repo, &ground.config.main_branches, head)?;
        let trusted = match (began, parted) {
            (Some(began), Some(parted)) if !repo.is_ancestor(began, parted)? => Some(parted),
            (began, _) => began,
        };
        match trusted {
            Some(base) if base != head => {
                ground.with_policy_tree(repo, request, TreeState::Commit(base), side)
            }
            _ => Ok(ground),
        }
    }

    /// What checks of the packet alone see of it.
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
        })
    }

    /// The same packet under the rules of another side; it is looked for
    /// again only if they put it elsewhere.
    pub(crate) fn with_policy_tree(
        mut self,
        repo: &dyn Repository,
        request: &GateRequest,
        trusted: TreeState,
        side: TreeState,
    ) -> Result<Self, PipelineError> {
        self.policy_tree = trusted;
        let (config, config_from, layout) = load_policy(repo, request, trusted, side)?;
        if layout == self.layout {
            return Ok(Self { config, config_source: config_from, ..self });
        }
        let (search, located) = locate(repo, side, &layout, &self.requested_id)?;
        Ok(Self { config, config_source: config_from, layout, search, located, ..self })
    }
}

/// Where HEAD parted from the main branch, if it did: the oldest such place,
/// because the configuration that names the branch may be the coder's own.
fn fork_point(repo: &dyn Repository, main: &[String], head: Commit) -> Result<Option<Commit>, PipelineError> {
    let usual = Config::defaults().main_branches;
    let mut names: Vec<String> = usual.iter().chain(main).cloned().collect();
    if repo.main_fork_point(&usual)?.is_none() {
        names.extend(earlier_main_branches(repo, head)?);
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

/// The main branch by all recent configurations that lead to HEAD.
fn earlier_main_branches(repo: &dyn Repository, head: Commit) -> Result<Vec<String>, PipelineError> {
    let path = RepoPath::from(config::FILE_NAME);
    let names = std::cell::RefCell::new(Vec::new());
    // What a shallow clone does not hold names nothing; the walk itself finds
    // nothing, by its answer.
    let walked = repo.find_introductions(&path, head, None, &|bytes| {
        if let Ok(config) = Config::read(&Source::from_bytes(path.clone(), bytes.to_vec())) {
            names.borrow_mut().extend(config.main_branches);
        }
        false
    });
    if let Err(error) = walked
        && !matches!(error, RepositoryError::Git { .. })
    {
        return Err(error.into());
    }
    let mut names = names.into_inner();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Configuration, where it came from, and layout, of a trusted side.
fn load_policy(
    repo: &dyn Repository,
    request: &GateRequest,
    trusted: TreeState,
    side: TreeState,
) -> Result<(Config, String, Layout), PipelineError> {
    let LoadedConfig { mut config, origin: config_from, .. } = load(repo, trusted, request.config.as_ref())?;
    let layout = resolve_layout(repo, &config, trusted, side)?;
    if layout.name == LayoutName::Gov && config.policy.minimum_format.is_none() {
        // The layout came with this format; silence chooses no older one.
        config.policy.minimum_format = Some(Generation::G2_VERSION.to_owned());
    }
    // Whose keys count is no matter of the work that they sign.
    config.policy.protected.extend(ProtectedPattern::parse(&layout.allowed_signers));
    Ok((config, config_from, layout))
}

/// Resolves the change. The packets' merge bases are asked for only when the
/// selection depends on them, and read where they are committed; of several
/// the oldest counts.
pub(crate) fn resolve_selection(
    repo: &dyn Repository,
    request: &GateRequest,
    early: TreeState,
) -> Result<Selection, PipelineError> {
    let config = load(repo, early, request.config.as_ref())?.config;
    let merge_base = |head: Commit| {
        let side = TreeState::Commit(head);
        let layout = resolve_layout(repo, &config, side, side).ok()?;
        let began = |requested: &String| {
            let (_, located) = locate(repo, side, &layout, requested).ok()?;
            located?.packet.merge_base.map(|text| text.value)
        };
        let all: Vec<String> = request.packets().filter_map(began).collect();
        let before = |a: &str, b: &str| {
            let (a, b) = (repo.find_commit(a).ok().flatten()?, repo.find_commit(b).ok().flatten()?);
            repo.is_ancestor(a, b).ok()
        };
        let oldest = all.iter().find(|one| all.iter().all(|other| before(one, other) == Some(true)));
        oldest.or(all.first()).cloned()
    };
    let mut selection = repo.select(&request.selection, &merge_base, &config.main_branches)?;
    // What the packet says of its beginning does not choose its judge.
    if let (false, Some(base), Some(head)) = (selection.is_explicit, selection.base, selection.head)
        && let Some(parted) = fork_point(repo, &config.main_branches, head)?
        && parted != base
        && repo.is_ancestor(parted, base)?
    {
        selection.policy_source = Some(parted);
    }
    let whole = if selection.is_explicit {
        None
    } else {
        extend_to_whole_work(repo, &config, request, &selection, &merge_base)?
    };
    Ok(whole.unwrap_or(selection))
}

/// Where earlier commits hold work already, it is judged from where it began:
/// the packet's manifests tell of all of it, and what is not committed is its
/// end.
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
    let side = TreeState::Commit(head);
    let layout = resolve_layout(repo, config, side, side)?;
    let ids: Vec<WpId> = request
        .packets()
        .filter_map(|requested| {
            let (_, located) = locate(repo, side, &layout, requested).ok()?;
            located.map(|located| located.id)
        })
        .collect();
    let is_record = |path: &RepoPath| ids.iter().any(|id| layout.is_packet_record(id, path));
    let (mode, reason) = (SelectionMode::Range, String::new());
    let earlier = Selection {
        mode,
        base: Some(base),
        head: Some(head),
        reason,
        is_explicit: false,
        policy_source: None,
    };
    if repo.changes(&earlier)?.changes.iter().all(|change| is_record(&change.path)) {
        return Ok(None);
    }
    let to = if selection.mode == SelectionMode::Staged { "the index" } else { "the files on disk" };
    let reason = format!("earlier commits hold work of the packet: its MERGE_BASE_SHA to {to}");
    Ok(Some(Selection { base: Some(base), reason, ..selection.clone() }))
}
