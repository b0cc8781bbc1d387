//! One gate over one packet: prepare what the checks need, run them in
//! order, apply waivers, and report every check's outcome.

use std::cell::OnceCell;
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{ChangedFile, Commit, Repository, RepositoryError, Selection, SelectionMode, SelectionRequest, Side};
use crate::check::input::{ApprovalInput, ChangeInput, ContractFact, Gate, PacketInput, RangeFact, Search, SearchInput, SelectionInput};
use crate::check::{Check, Registered, Verdict};
use crate::config::{self, Config, ConfigFault};
use crate::digest::sha256_hex;
use crate::document::packet::Scope;
use crate::document::Layout;
use crate::finding::{CheckOutcome, Finding, Level, PacketInfo, Report, RunInfo, SelectionInfo, Status};
use crate::rule::Setting;
use crate::text::{RepoPath, Source};

use super::dossier::{self, Dossier};
use super::search::{Located, detect_layout, document, locate};
use super::{facts, plan, waive};

/// What is asked of a gate.
#[derive(Debug, Clone)]
pub struct GateRequest {
    /// Which gate.
    pub gate: Gate,
    /// The packet's id, as given.
    pub packet: String,
    /// Which change.
    pub selection: SelectionRequest,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

/// A gate's answer before its steps ran.
#[derive(Debug)]
pub struct Judgement {
    /// The report so far.
    pub report: Report,
    /// The configuration that was used.
    pub config: Config,
    /// The change, for gates that judge one.
    pub selection: Option<Selection>,
    /// The side that holds the judged state.
    pub side: Side,
}

/// Why a gate could not judge (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The repository could not answer.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The configuration is broken.
    #[error("{}:{}: {}", .0.source.name(), .0.source.line(.0.span.start), .0.message)]
    Config(ConfigFault),
}

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
    let (config, config_from) = configuration(repo, request, trusted)?;
    let layout = layout(repo, &config, trusted, side)?;
    let (search, located) = locate(repo, side, &layout, &request.packet)?;
    let judged_head = selection.as_ref().and_then(|s| s.head).or(head);
    let files = match &selection {
        Some(selection) => facts::files(repo, selection)?,
        None => Vec::new(),
    };
    let mut bench = Bench { repo, request, config: &config, layout: &layout, side, head, judged_head, selection: selection.as_ref(), files: &files, findings: Vec::new(), outcomes: Vec::new() };
    bench.run(&search, located.as_ref())?;
    let changed = files.len();
    let (findings, outcomes) = (bench.findings, bench.outcomes);
    let mut report = Report {
        gate: request.gate.as_str(),
        packet: located.as_ref().map(|located| packet_info(request, located)),
        selection: selection.as_ref().map(|selection| selection_info(selection, changed, config_from)),
        outcomes,
        findings,
        steps: Vec::new(),
        run: RunInfo::default(),
    };
    report.sort();
    Ok(Judgement { report, config, selection, side })
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
fn configuration(repo: &dyn Repository, request: &GateRequest, trusted: Side) -> Result<(Config, String), GateError> {
    if let Some(source) = &request.config {
        let config = Config::read(source).map_err(GateError::Config)?;
        return Ok((config, format!("{} (named by the caller)", source.name())));
    }
    let place = match trusted {
        Side::Commit(commit) => format!("commit {}", short(commit)),
        _ => "an empty tree".to_owned(),
    };
    match document(repo, trusted, &RepoPath::from(config::FILE_NAME))? {
        Some(source) => Ok((Config::read(&source).map_err(GateError::Config)?, format!("{} of {place}", config::FILE_NAME))),
        None => Ok((Config::defaults(), format!("defaults ({} has no {})", place, config::FILE_NAME))),
    }
}

fn short(commit: Commit) -> String {
    commit.0.to_string().chars().take(12).collect()
}

/// The layout: configured, or recognised on the trusted side first, so that
/// a change cannot move the governance folder under the gate.
fn layout(repo: &dyn Repository, config: &Config, trusted: Side, side: Side) -> Result<Layout, RepositoryError> {
    if let Some(layout) = &config.layout {
        return Ok(layout.clone());
    }
    match detect_layout(repo, trusted)? {
        Some(layout) => Ok(layout),
        None => Ok(detect_layout(repo, side)?.unwrap_or_else(Layout::gov)),
    }
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

/// What one run of a gate works with.
struct Bench<'a> {
    repo: &'a dyn Repository,
    request: &'a GateRequest,
    config: &'a Config,
    layout: &'a Layout,
    side: Side,
    head: Option<Commit>,
    judged_head: Option<Commit>,
    selection: Option<&'a Selection>,
    files: &'a [ChangedFile],
    findings: Vec<Finding>,
    outcomes: Vec<CheckOutcome>,
}

impl Bench<'_> {
    /// Runs every check of the gate.
    fn run(&mut self, search: &Search, located: Option<&Located>) -> Result<(), GateError> {
        let searched = SearchInput { requested: &self.request.packet, search };
        let selected = match self.selection {
            Some(selection) => Some(SelectionInput { selection, is_forward: facts::is_forward(self.repo, selection)?, changed: self.files.len() }),
            None => None,
        };
        let Some(located) = located else {
            for entry in plan(self.request.gate) {
                let verdict = match (entry.check, &selected) {
                    (Check::Search(check), _) => check(&searched, &entry.rule),
                    (Check::Selection(check), Some(input)) => check(input, &entry.rule),
                    _ => Verdict::skipped("there is no packet to judge"),
                };
                self.take(entry, verdict);
            }
            return Ok(());
        };
        let Self { repo, layout, side, .. } = *self;
        let gate = self.request.gate;
        let dossier = match gate {
            Gate::GateCheck => None,
            _ => Some(Dossier::read(repo, side, layout, &located.id, gate == Gate::PreWork)?),
        };
        let packet = || PacketInput {
            gate,
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout,
            policy: &self.config.policy,
            registry: dossier.as_ref().and_then(|d| d.registry.as_ref()),
            family: dossier.as_ref().map_or(&[], |d| d.family.as_slice()),
        };
        let (merge_base_fact, merge_base) = facts::merge_base(repo, &located.packet, self.judged_head)?;
        let reuse = match (&located.packet.signature, gate) {
            (Some(signature), Gate::PreWork) => dossier::reuse(repo, side, layout, &located.id, &signature.value)?,
            _ => Vec::new(),
        };
        let contract = match gate {
            Gate::GateCheck => ContractFact::Unknown("this gate does not ask".into()),
            _ => facts::contract(repo, layout, located, self.judged_head, self.selection.and_then(|s| s.base))?,
        };
        let checkpoint = if gate == Gate::PreWork { facts::checkpoint(repo, layout, located, self.head)? } else { Vec::new() };
        let (branch, worktree) = if gate == Gate::PreWork { (repo.branch()?, repo.worktree_name()) } else { (None, None) };
        let approval = dossier.as_ref().map(|dossier| ApprovalInput {
            packet: packet(),
            refinement: dossier.refinement.as_ref().map_err(Clone::clone),
            audit: dossier.audit.as_ref().map_err(Clone::clone),
            gate_log: dossier.gate_log.as_ref().map_err(Clone::clone),
            spec: &dossier.spec,
            merge_base: merge_base_fact,
            checkpoint: &checkpoint,
            contract: &contract,
            branch: branch.as_deref(),
            worktree: worktree.as_deref(),
            reuse: &reuse,
            now: self.request.now,
        });
        let prepared = self.selection.map(|selection| Prepared::read(repo, layout, located, selection, merge_base)).transpose()?;
        let known = OnceCell::new();
        let owners = |path: &RepoPath| owners(repo, side, layout, located, &known, path);
        let exists = |path: &RepoPath| repo.exists(side, path).unwrap_or(false);
        let change = prepared.as_ref().zip(self.selection).map(|(prepared, selection)| ChangeInput {
            packet: packet(),
            selection,
            files: self.files,
            range: prepared.range.clone(),
            owners: &owners,
            exists: &exists,
            origins: &prepared.origins,
            evidence_paths: &prepared.evidence.0,
            logs: &prepared.evidence.1,
            now: self.request.now,
        });
        let alone = packet();
        let mut verdicts: Vec<(&Registered, Verdict)> = Vec::new();
        for entry in plan(gate) {
            if self.config.levels.get(&entry.rule.id) == Some(Setting::Off) {
                verdicts.push((entry, Verdict::skipped("switched off by the configuration")));
                continue;
            }
            let verdict = match (entry.check, &approval, &change) {
                (Check::Search(check), _, _) => check(&searched, &entry.rule),
                (Check::Selection(check), _, _) => selected.as_ref().map_or_else(|| Verdict::skipped("no change is judged"), |input| check(input, &entry.rule)),
                (Check::Packet(check), _, _) => check(&alone, &entry.rule),
                (Check::Approval(check), Some(input), _) => check(input, &entry.rule),
                (Check::Change(check), _, Some(input)) => check(input, &entry.rule),
                (Check::Gate, _, Some(_)) => Verdict::Judged(Vec::new()),
                _ => Verdict::skipped("the steps were not run"),
            };
            verdicts.push((entry, verdict));
        }
        if let Some(input) = &change {
            self.waive(input, &mut verdicts);
        }
        for (entry, verdict) in verdicts {
            self.take(entry, verdict);
        }
        Ok(())
    }

    fn waive(&self, input: &ChangeInput<'_>, verdicts: &mut [(&Registered, Verdict)]) {
        if input.packet.packet.waivers.is_empty() {
            return;
        }
        let policies: Vec<String> = plan(self.request.gate).flat_map(|entry| entry.rule.text().waivable_by.clone()).collect();
        let mut all: Vec<Finding> = Vec::new();
        let mut counts = Vec::new();
        for (_, verdict) in verdicts.iter_mut() {
            let taken = match verdict {
                Verdict::Judged(findings) => std::mem::take(findings),
                Verdict::Skipped(_) => Vec::new(),
            };
            counts.push(taken.len());
            all.extend(taken);
        }
        let unused = waive::apply(input, &mut all, &policies);
        let mut all = all.into_iter();
        for ((entry, verdict), count) in verdicts.iter_mut().zip(counts) {
            if let Verdict::Judged(findings) = verdict {
                findings.extend(all.by_ref().take(count));
                if entry.rule.id.as_str() == "waiver/unused" {
                    findings.extend(unused.clone());
                }
            }
        }
    }

    /// Records a verdict, at the levels that the configuration sets.
    fn take(&mut self, entry: &Registered, verdict: Verdict) {
        let status = match verdict {
            Verdict::Skipped(why) => Status::Skipped(why),
            Verdict::Judged(mut findings) => {
                if let Some(Setting::At(level)) = self.config.levels.get(&entry.rule.id) {
                    let own = entry.rule.text().level;
                    findings.iter_mut().filter(|finding| finding.level == own).for_each(|finding| finding.level = level);
                }
                let status = status_of(&findings);
                self.findings.extend(findings);
                status
            }
        };
        self.outcomes.push(CheckOutcome { rule: entry.rule.id.clone(), status });
    }
}

/// How a check with these findings ended.
pub(crate) fn status_of(findings: &[Finding]) -> Status {
    if findings.iter().any(Finding::fails) {
        return Status::Failed;
    }
    let mut waivers: Vec<String> = findings.iter().filter(|finding| finding.level == Level::Error).filter_map(|finding| finding.waived_by.clone()).collect();
    waivers.sort();
    waivers.dedup();
    if waivers.is_empty() { Status::Passed } else { Status::Waived(waivers) }
}

/// What checks of a change are shown, prepared.
struct Prepared {
    range: RangeFact,
    origins: Vec<crate::check::input::WaiverOrigin>,
    evidence: (std::collections::BTreeMap<RepoPath, crate::check::input::PathFact>, std::collections::BTreeMap<String, Vec<u8>>),
}

impl Prepared {
    fn read(repo: &dyn Repository, layout: &Layout, located: &Located, selection: &Selection, merge_base: Option<Commit>) -> Result<Self, RepositoryError> {
        let side = facts::judged_side(selection);
        Ok(Self {
            range: facts::range(repo, selection, merge_base)?,
            origins: if located.packet.waivers.is_empty() { Vec::new() } else { facts::origins(repo, layout, located, selection)? },
            evidence: facts::evidence(repo, if selection.mode == SelectionMode::Staged { Side::Index } else { side }, &located.packet)?,
        })
    }
}

type Known = OnceCell<Vec<(String, Scope)>>;

/// Other active packets whose scope covers a path; read on first use.
fn owners(repo: &dyn Repository, side: Side, layout: &Layout, located: &Located, known: &Known, path: &RepoPath) -> Vec<String> {
    let all = known.get_or_init(|| dossier::owners(repo, side, layout, &located.id).unwrap_or_default());
    let covers = |scope: &Scope| scope.inside.iter().any(|entry| entry.covers(path));
    all.iter().filter(|(_, scope)| covers(scope)).map(|(id, _)| id.clone()).collect()
}
