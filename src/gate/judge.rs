//! One gate over one packet: prepare what the checks need, run them in
//! order, apply waivers, and report every check's outcome.

use crate::change::{Commit, Repository, RepositoryError, Selection, Side};
use crate::check::input::{Gate, Search};
use crate::config::{self, Config};
use crate::digest::sha256_hex;
use crate::document::evidence::EvidenceEntry;
use crate::document::packet::Generation;
use crate::document::{Layout, LayoutName, Packet};
use crate::finding::{Claim, PacketInfo, Report, RunInfo, SelectionInfo};
use crate::text::RepoPath;

use super::approval;
use super::bench::Bench;
use super::facts;
use super::request::{GateError, GateRequest, Judgement, Scene};
use super::search::{Located, detect_layout, document, locate};

/// Judges a packet.
///
/// # Errors
/// The repository or the configuration cannot be read: nothing was judged.
pub fn judge(repo: &dyn Repository, request: &GateRequest) -> Result<Judgement, GateError> {
    let head = repo.head()?;
    let early = head.map_or(Side::Empty, Side::Commit);
    let selection = match request.gate {
        Gate::PostWork => Some(select(repo, request, early)?),
        Gate::GateCheck | Gate::PreWork => None,
    };
    let side = selection.as_ref().map_or(Side::Worktree, facts::judged_side);
    let trusted = match &selection {
        Some(selection) if selection.mode.is_committed() => selection.base.map_or(Side::Empty, Side::Commit),
        _ => early,
    };
    let mut ground = Ground::find(repo, request, trusted, side)?;
    if selection.as_ref().is_none_or(|selection| !selection.mode.is_committed()) {
        // HEAD is the coder's own: where the packet says where its work began,
        // rules are taken from there.
        let packet = ground.located.as_ref().map(|located| &located.packet);
        let began = packet.map(|packet| approval::merge_base(repo, packet, head)).transpose()?;
        if let Some((_, Some(base))) = began.filter(|(_, base)| *base != head) {
            ground = ground.with_rules_of(repo, request, Side::Commit(base), side)?;
        }
    }
    let Ground { config, config_from, layout, search, located } = ground;
    let judged_head = selection.as_ref().and_then(|s| s.head).or(head);
    let files = match &selection {
        Some(selection) => facts::files(repo, selection)?,
        None => Vec::new(),
    };
    let committed = selection.as_ref().filter(|selection| selection.mode.is_committed()).map(|_| &files);
    let is_judged = |path: &RepoPath| {
        committed.is_none_or(|files| files.binary_search_by(|file| file.change.path.cmp(path)).is_ok())
    };
    let scene = Scene {
        repo,
        request,
        layout: &layout,
        side,
        head,
        judged_head,
        selection: selection.as_ref(),
        is_judged: &is_judged,
    };
    let mut bench = Bench {
        scene,
        config: &config,
        files: &files,
        findings: Vec::new(),
        outcomes: Vec::new(),
        approval: None,
    };
    bench.run(&search, located.as_ref())?;
    let changed = files.len();
    let (findings, outcomes, approval) = (bench.findings, bench.outcomes, bench.approval);
    let mut report = Report {
        gate: request.gate.as_str(),
        packet: located.as_ref().map(|located| packet_info(request, located)),
        selection: selection.as_ref().map(|selection| selection_info(selection, changed, config_from)),
        documents: None,
        approval,
        outcomes,
        findings,
        steps: Vec::new(),
        claims: located.as_ref().map(|located| claims(&located.packet)).unwrap_or_default(),
        run: RunInfo::default(),
    };
    report.sort();
    Ok(Judgement { report, config, selection, side })
}

/// What a judgement stands on: configuration, layout, packet.
struct Ground {
    config: Config,
    config_from: String,
    layout: Layout,
    search: Search,
    located: Option<Located>,
}

impl Ground {
    /// Reads the configuration on the trusted side and the packet on the
    /// judged one.
    fn find(
        repo: &dyn Repository,
        request: &GateRequest,
        trusted: Side,
        side: Side,
    ) -> Result<Self, GateError> {
        let (config, config_from, layout) = rules(repo, request, trusted, side)?;
        let (search, located) = locate(repo, side, &layout, &request.packet)?;
        Ok(Self { config, config_from, layout, search, located })
    }

    /// The same packet under the rules of another side; it is looked for
    /// again only if they put it elsewhere.
    fn with_rules_of(
        self,
        repo: &dyn Repository,
        request: &GateRequest,
        trusted: Side,
        side: Side,
    ) -> Result<Self, GateError> {
        let (config, config_from, layout) = rules(repo, request, trusted, side)?;
        if layout == self.layout {
            return Ok(Self { config, config_from, ..self });
        }
        let (search, located) = locate(repo, side, &layout, &request.packet)?;
        Ok(Self { config, config_from, layout, search, located })
    }
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
    Ok((config, config_from, layout))
}

/// Resolves the change. The packet's merge base is asked for only when the
/// selection depends on it, and read where it is committed.
fn select(repo: &dyn Repository, request: &GateRequest, early: Side) -> Result<Selection, GateError> {
    let (config, _) = configuration(repo, request, early)?;
    let merge_base = |head: Commit| {
        let side = Side::Commit(head);
        let layout = layout(repo, &config, side, side).ok()?;
        let (_, located) = locate(repo, side, &layout, &request.packet).ok()?;
        located?.packet.merge_base.map(|text| text.value)
    };
    Ok(repo.select(&request.selection, &merge_base, &config.main)?)
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
    match found {
        Some(source) => Ok((
            Config::read(&source).map_err(GateError::Config)?,
            format!("{} of {place}", config::FILE_NAME),
        )),
        None => Ok((Config::defaults(), format!("defaults ({} has no {})", place, config::FILE_NAME))),
    }
}

fn short(commit: Commit) -> String {
    commit.0.to_string().chars().take(12).collect()
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

fn claims(packet: &Packet) -> Vec<Claim> {
    let claim = |entry: &EvidenceEntry| Claim {
        command: entry.command.value.clone(),
        exit_code: entry.exit_code.as_ref().map(|code| code.value.clone()),
        seen: None,
    };
    packet.evidence.iter().map(claim).collect()
}

fn packet_info(request: &GateRequest, located: &Located) -> PacketInfo {
    PacketInfo {
        requested: request.packet.clone(),
        wp_id: located.id.as_str().to_owned(),
        path: located.path.clone(),
        sha256: sha256_hex(located.packet.source.text().as_bytes()),
        generation: located.packet.generation.to_string(),
        resolved_by: located.resolved_by.clone(),
    }
}

fn selection_info(selection: &Selection, changed: usize, trusted: String) -> SelectionInfo {
    SelectionInfo {
        mode: selection.mode.as_str(),
        base: selection.base.map(|commit| commit.0.to_string()),
        head: selection.head.map(|commit| commit.0.to_string()),
        reason: selection.reason.clone(),
        changed,
        trusted,
    }
}
