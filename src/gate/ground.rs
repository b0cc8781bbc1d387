//! What a judgement stands on: configuration and layout from a trusted side,
//! the packet from the judged one.

use crate::change::{Commit, Repository, RepositoryError, Selection, SelectionMode, Side};
use crate::check::input::{PacketInput, ProtectedPattern, Search};
use crate::config::{self, Config};
use crate::document::packet::Generation;
use crate::document::{Layout, LayoutName, WpId};
use crate::text::{RepoPath, Source};

use super::approval;
use super::request::{GateError, GateRequest};
use super::search::{Located, detect_layout, document, locate};

/// What a judgement stands on: configuration, layout, packet.
pub(super) struct Ground {
    /// The id as it was asked for.
    pub requested: String,
    /// Where its rules come from.
    pub trusted: Side,
    pub config: Config,
    pub config_from: String,
    pub layout: Layout,
    pub search: Search,
    pub located: Option<Located>,
}

/// Where a judgement reads from.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    /// Rules and configuration.
    pub trusted: Side,
    /// What is judged.
    pub judged: Side,
    /// HEAD, where the change is not committed: rules then come from where
    /// the packet says that its work began, because HEAD is the coder's own.
    pub uncommitted: Option<Commit>,
}

impl Sides {
    /// Those of a change: rules come from before it if it is committed, else
    /// from HEAD for the time being.
    pub(super) fn of(selection: Option<&Selection>, head: Option<Commit>, judged: Side) -> Self {
        let committed = selection.filter(|selection| selection.mode.is_committed());
        let rules = committed.map_or(head, |selection| selection.trusted.or(selection.base));
        Self {
            trusted: rules.map_or(Side::Empty, Side::Commit),
            judged,
            uncommitted: head.filter(|_| committed.is_none()),
        }
    }
}

impl Ground {
    /// Reads the configuration on the trusted side and a packet on the
    /// judged one.
    pub(super) fn find(
        repo: &dyn Repository,
        request: &GateRequest,
        requested: &str,
        sides: Sides,
    ) -> Result<Self, GateError> {
        let Sides { trusted, judged: side, uncommitted } = sides;
        let (config, config_from, layout) = rules(repo, request, trusted, side)?;
        let (search, located) = locate(repo, side, &layout, requested)?;
        let requested = requested.to_owned();
        let ground = Self { requested, trusted, config, config_from, layout, search, located };
        let packet = ground.located.as_ref().map(|located| &located.packet);
        let Some((packet, head)) = packet.zip(uncommitted) else { return Ok(ground) };
        let (_, began) = approval::merge_base(repo, packet, Some(head))?;
        // A packet may say that its work began on its own branch; the main
        // branch says better where that was, unless HEAD lies on it.
        let parted = parted(repo, &ground.config.main, head)?;
        let trusted = match (began, parted) {
            (Some(began), Some(parted)) if !repo.is_ancestor(began, parted)? => Some(parted),
            (began, _) => began,
        };
        match trusted {
            Some(base) if base != head => ground.with_rules_of(repo, request, Side::Commit(base), side),
            _ => Ok(ground),
        }
    }

    /// What checks of the packet alone see of it.
    pub(super) fn packet_input(&self) -> Option<PacketInput<'_>> {
        let located = self.located.as_ref()?;
        Some(PacketInput {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout: &self.layout,
            policy: &self.config.policy,
            registry: None,
            board: None,
            family: &[],
        })
    }

    /// The same packet under the rules of another side; it is looked for
    /// again only if they put it elsewhere.
    pub(super) fn with_rules_of(
        mut self,
        repo: &dyn Repository,
        request: &GateRequest,
        trusted: Side,
        side: Side,
    ) -> Result<Self, GateError> {
        self.trusted = trusted;
        let (config, config_from, layout) = rules(repo, request, trusted, side)?;
        if layout == self.layout {
            return Ok(Self { config, config_from, ..self });
        }
        let (search, located) = locate(repo, side, &layout, &self.requested)?;
        Ok(Self { config, config_from, layout, search, located, ..self })
    }
}

/// Where HEAD parted from the main branch, if it did: the oldest such place,
/// because the configuration that names the branch may be the coder's own.
fn parted(repo: &dyn Repository, main: &[String], head: Commit) -> Result<Option<Commit>, GateError> {
    let usual = Config::defaults().main;
    let mut names: Vec<String> = usual.iter().chain(main).cloned().collect();
    if repo.base_with(&usual)?.is_none() {
        names.extend(earlier_names(repo, head)?);
    }
    let mut oldest: Option<Commit> = None;
    for name in &names {
        let Some(found) = repo.base_with(std::slice::from_ref(name))?.filter(|found| *found != head) else {
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
fn earlier_names(repo: &dyn Repository, head: Commit) -> Result<Vec<String>, GateError> {
    let path = RepoPath::from(config::FILE_NAME);
    let names = std::cell::RefCell::new(Vec::new());
    // What a shallow clone does not hold names nothing; the walk itself finds
    // nothing, by its answer.
    let walked = repo.introductions(&path, head, None, &|bytes| {
        if let Ok(config) = Config::read(&Source::from_bytes(path.clone(), bytes.to_vec())) {
            names.borrow_mut().extend(config.main);
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
fn rules(
    repo: &dyn Repository,
    request: &GateRequest,
    trusted: Side,
    side: Side,
) -> Result<(Config, String, Layout), GateError> {
    let (mut config, config_from) = configuration(repo, request, trusted)?;
    let layout = layout(repo, &config, trusted, side)?;
    if layout.name == LayoutName::Gov && config.policy.minimum_format.is_none() {
        // The layout came with this format; silence chooses no older one.
        config.policy.minimum_format = Some(Generation::G2_VERSION.to_owned());
    }
    // Whose keys count is no matter of the work that they sign.
    config.policy.protected.extend(ProtectedPattern::read(&layout.signers));
    Ok((config, config_from, layout))
}

/// Resolves the change. The packets' merge bases are asked for only when the
/// selection depends on them, and read where they are committed; of several
/// the oldest counts.
pub(super) fn select(
    repo: &dyn Repository,
    request: &GateRequest,
    early: Side,
) -> Result<Selection, GateError> {
    let (config, _) = configuration(repo, request, early)?;
    let merge_base = |head: Commit| {
        let side = Side::Commit(head);
        let layout = layout(repo, &config, side, side).ok()?;
        let began = |requested: &String| {
            let (_, located) = locate(repo, side, &layout, requested).ok()?;
            located?.packet.merge_base.map(|text| text.value)
        };
        let all: Vec<String> = request.packets().filter_map(began).collect();
        let before = |a: &str, b: &str| {
            let (a, b) = (repo.commit(a).ok().flatten()?, repo.commit(b).ok().flatten()?);
            repo.is_ancestor(a, b).ok()
        };
        let oldest = all.iter().find(|one| all.iter().all(|other| before(one, other) == Some(true)));
        oldest.or(all.first()).cloned()
    };
    let mut selection = repo.select(&request.selection, &merge_base, &config.main)?;
    // What the packet says of its beginning does not choose its judge.
    if let (false, Some(base), Some(head)) = (selection.asked, selection.base, selection.head)
        && let Some(parted) = parted(repo, &config.main, head)?
        && parted != base
        && repo.is_ancestor(parted, base)?
    {
        selection.trusted = Some(parted);
    }
    let whole =
        if selection.asked { None } else { whole_work(repo, &config, request, &selection, &merge_base)? };
    Ok(whole.unwrap_or(selection))
}

/// Where earlier commits hold work already, it is judged from where it began:
/// the packet's manifests tell of all of it, and what is not committed is its
/// end.
fn whole_work(
    repo: &dyn Repository,
    config: &Config,
    request: &GateRequest,
    selection: &Selection,
    merge_base: &dyn Fn(Commit) -> Option<String>,
) -> Result<Option<Selection>, GateError> {
    let Some(head) = selection.base.filter(|_| !selection.mode.is_committed()) else { return Ok(None) };
    let Some(base) = merge_base(head).map(|text| repo.commit(&text)).transpose()?.flatten() else {
        return Ok(None);
    };
    if base == head || !repo.is_ancestor(base, head)? {
        return Ok(None);
    }
    let side = Side::Commit(head);
    let layout = layout(repo, config, side, side)?;
    let ids: Vec<WpId> = request
        .packets()
        .filter_map(|requested| {
            let (_, located) = locate(repo, side, &layout, requested).ok()?;
            located.map(|located| located.id)
        })
        .collect();
    let is_record = |path: &RepoPath| ids.iter().any(|id| layout.belongs_to(id, path));
    let (mode, reason) = (SelectionMode::Range, String::new());
    let earlier = Selection { mode, base: Some(base), head: Some(head), reason, asked: false, trusted: None };
    if repo.changes(&earlier)?.changes.iter().all(|change| is_record(&change.path)) {
        return Ok(None);
    }
    let to = if selection.mode == SelectionMode::Staged { "the index" } else { "the files on disk" };
    let reason = format!("earlier commits hold work of the packet: its MERGE_BASE_SHA to {to}");
    Ok(Some(Selection { base: Some(base), reason, ..selection.clone() }))
}

/// The configuration, from the trusted side, and where it came from.
fn configuration(
    repo: &dyn Repository,
    request: &GateRequest,
    trusted: Side,
) -> Result<(Config, String), GateError> {
    if let Some(source) = &request.config {
        let config = Config::read(source).map_err(GateError::Config)?;
        return Ok((config, format!("{} (named by the caller)", source.name())));
    }
    let place = match trusted {
        Side::Commit(commit) => format!("commit {}", short(commit)),
        _ => "an empty tree".to_owned(),
    };
    let path = RepoPath::from(config::FILE_NAME);
    let found = document(repo, trusted, &path)?;
    if found.is_none() && repo.exists(trusted, &path)? {
        let reason = format!("in {place} it is a link or folder, not a file");
        return Err(RepositoryError::Unreadable { path, reason }.into());
    }
    // The file on disk may be another one.
    let found = found.map(|source| match trusted {
        Side::Commit(commit) => source.at_revision(short(commit)),
        _ => source,
    });
    match found {
        Some(source) => Ok((
            Config::read(&source).map_err(GateError::Config)?,
            format!("{} of {place}", config::FILE_NAME),
        )),
        None => Ok((Config::defaults(), format!("defaults ({} has no {})", place, config::FILE_NAME))),
    }
}

/// The layout: configured, or recognised on the trusted side first, so that
/// a change cannot move the governance folder under the gate.
fn layout(
    repo: &dyn Repository,
    config: &Config,
    trusted: Side,
    side: Side,
) -> Result<Layout, RepositoryError> {
    if let Some(layout) = &config.layout {
        return Ok(layout.clone());
    }
    match detect_layout(repo, trusted)? {
        Some(layout) => Ok(layout),
        None => Ok(detect_layout(repo, side)?.unwrap_or_else(Layout::gov)),
    }
}

fn short(commit: Commit) -> String {
    commit.0.to_string().chars().take(12).collect()
}
