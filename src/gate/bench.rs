//! The checks of a gate, run in order over what they are shown.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use crate::change::{ChangedFile, Repository, RepositoryError, Side};
use crate::check::input::{
    ApprovalInput, ChangeInput, Gate, PacketInput, Search, SearchInput, SelectionInput,
};
use crate::check::library::{RefinementInput, TextInput};
use crate::check::{Check, Registered, Verdict, predates_refinements};
use crate::config::Config;
use crate::document::outline::Outline;
use crate::document::packet::Scope;
use crate::document::{DocumentKind, Layout, WpId};
use crate::finding::{Approval, CheckOutcome, Finding, ScanInfo};
use crate::text::RepoPath;

use super::approval::ApprovalFacts;
use super::dossier::{self, Dossier};
use super::facts::{self, ChangeFacts};
use super::request::{GateError, Scene};
use super::search::Located;
use super::settle::{Asked, is_off, settled};
use super::{plan, record, sweep, waive};

/// What one run of a gate works with.
pub(super) struct Bench<'a> {
    pub scene: Scene<'a>,
    pub config: &'a Config,
    pub files: &'a [ChangedFile],
    pub findings: Vec<Finding>,
    pub outcomes: Vec<CheckOutcome>,
    pub approval: Option<Approval>,
    /// What was scanned, if the configuration names scans.
    pub scan: Option<ScanInfo>,
}

/// The inputs of all kinds of checks, as far as there are any.
struct Inputs<'a, 'b> {
    searched: &'a SearchInput<'b>,
    selected: Option<&'a SelectionInput<'b>>,
    packet: Option<&'a PacketInput<'b>>,
    approval: Option<&'a ApprovalInput<'b>>,
    change: Option<&'a ChangeInput<'b>>,
    texts: &'a [TextInput<'b>],
    refinement: Option<&'a RefinementInput<'b>>,
}

impl<'a> Bench<'a> {
    /// Nothing has been checked yet.
    pub(super) fn new(scene: Scene<'a>, config: &'a Config, files: &'a [ChangedFile]) -> Self {
        Self { scene, config, files, findings: Vec::new(), outcomes: Vec::new(), approval: None, scan: None }
    }

    /// Runs every check of the gate.
    pub(super) fn run(&mut self, search: &Search, located: Option<&Located>) -> Result<(), GateError> {
        let searched = SearchInput { requested: self.scene.requested, search };
        let selected = match self.scene.selection {
            Some(selection) => Some(SelectionInput {
                selection,
                is_forward: facts::is_forward(self.scene.repo, selection)?,
                changed: self.scene.changed,
            }),
            None => None,
        };
        let Some(located) = located else {
            self.without_packet(&searched, selected.as_ref());
            return Ok(());
        };
        let Scene { repo, layout, side, .. } = self.scene;
        let dossier = self.dossier(&located.id)?;
        let packet = || PacketInput {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout,
            policy: &self.config.policy,
            registry: dossier.as_ref().and_then(|d| d.registry.as_ref()),
            board: dossier.as_ref().and_then(|d| d.board.as_ref()),
            family: dossier.as_ref().map_or(&[], |d| d.family.as_slice()),
        };
        let approved = match &dossier {
            Some(dossier) => Some(self.approval_facts(dossier, located)?),
            None => None,
        };
        let approval = dossier.as_ref().zip(approved.as_ref()).map(|(dossier, facts)| ApprovalInput {
            packet: packet(),
            refinement: dossier.refinement.as_ref().map_err(Clone::clone),
            audit: dossier.audit.as_ref().map_err(Clone::clone),
            gate_log: dossier.gate_log.as_ref().map_err(Clone::clone),
            merge_base: facts.merge_base_fact.clone(),
            checkpoint: &facts.checkpoint,
            contract: &facts.contract,
            then: &facts.then,
            code: &facts.code,
            branch: facts.branch.as_deref(),
            worktree: facts.worktree.as_deref(),
            reuse: &facts.reuse,
            seal: &facts.seal,
            now: self.scene.request.now,
        });
        let changed = match self.scene.selection.zip(approved.as_ref()) {
            Some((selection, facts)) => Some(ChangeFacts::gather(repo, layout, located, selection, facts)?),
            None => None,
        };
        let known = OnceCell::new();
        let owners = |path: &RepoPath| owners(repo, side, layout, located, &known, path);
        let exists = remembered(repo, side);
        let change = changed.as_ref().zip(self.scene.selection).map(|(facts, selection)| ChangeInput {
            packet: packet(),
            selection,
            files: self.files,
            configuration: crate::config::FILE_NAME,
            trusted: self.scene.trusted,
            range: facts.range.clone(),
            owners: &owners,
            elsewhere: self.scene.elsewhere,
            exists: &exists,
            before: facts.before.as_ref(),
            origins: &facts.origins,
            evidence_paths: &facts.evidence.0,
            logs: &facts.evidence.1,
            now: self.scene.request.now,
        });
        let alone = packet();
        let read = dossier.as_ref().and_then(|dossier| dossier.refinement.as_ref().ok());
        let outline = read.map(|refinement| Outline::parse(refinement.source.text()));
        let text = |source, outline, kind| TextInput { source, outline, kind, policy: &self.config.policy };
        let mut texts =
            vec![text(&located.packet.source, Some(&located.packet.outline), located.packet.kind)];
        if let Some(refinement) = read {
            texts.push(text(&refinement.source, outline.as_ref(), DocumentKind::Refinement));
        }
        let dated = approval.as_ref().is_some_and(predates_refinements);
        let refinement = dossier.as_ref().zip(read).filter(|_| !dated).map(|(dossier, refinement)| {
            let (id, policy, now) = (Some(&located.id), &self.config.policy, self.scene.request.now);
            let (spec, current) = (&dossier.spec, dossier.current_spec.as_deref());
            let (is_history, is_record) = (false, false);
            RefinementInput { refinement, id, spec, is_history, is_record, current, now, policy }
        });
        let inputs = Inputs {
            searched: &searched,
            selected: selected.as_ref(),
            packet: Some(&alone),
            approval: approval.as_ref(),
            change: change.as_ref(),
            texts: &texts,
            refinement: refinement.as_ref(),
        };
        let registered = self.planned().map(|entry| (Asked::Registered(entry), self.verdict(entry, &inputs)));
        let mut verdicts: Vec<(Asked, Verdict)> = registered.collect();
        verdicts.extend(self.scanned(change.as_ref())?);
        self.conclude(verdicts, approval.as_ref(), change.as_ref());
        Ok(())
    }

    /// Applies waivers, gathers the facts of approval, records all verdicts.
    fn conclude(
        &mut self,
        mut verdicts: Vec<(Asked, Verdict)>,
        approval: Option<&ApprovalInput<'_>>,
        change: Option<&ChangeInput<'_>>,
    ) {
        if let Some(input) = change {
            self.waive(input, &mut verdicts);
        }
        let order = verdicts.iter().find(|(asked, _)| asked.id().as_str() == "approval/order");
        let in_order = match order {
            Some((_, Verdict::Judged(findings))) => Some(!findings.iter().any(Finding::fails)),
            _ => None,
        };
        self.approval = approval.map(|input| record::approval_facts(input, in_order));
        for (asked, verdict) in verdicts {
            self.take(&asked, verdict);
        }
    }

    /// The scans that the configuration names, over the judged files.
    fn scanned(&mut self, change: Option<&ChangeInput<'_>>) -> Result<Vec<(Asked, Verdict)>, GateError> {
        let Some(change) = change.filter(|_| !self.config.scan.gate.is_empty()) else {
            return Ok(Vec::new());
        };
        let waived = |policies: &[String], path: &RepoPath| waive::covers(change, policies, path);
        let judged = sweep::Judged {
            repo: self.scene.repo,
            trusted: self.scene.trusted_side,
            side: self.scene.side,
            before: self
                .scene
                .selection
                .and_then(|selection| selection.base)
                .map_or(Side::Empty, Side::Commit),
            files: self.files,
            config: self.config,
            waived: Some(&waived),
            today: self.scene.request.now.date(),
        };
        let outcome = sweep::of_change(&judged)?;
        self.scan = Some(outcome.info);
        Ok(outcome.verdicts)
    }

    /// The rules of the gate; of further packets without those about the whole
    /// change and about steps.
    fn planned(&self) -> impl Iterator<Item = &'static Registered> + use<> {
        let is_first = self.scene.is_first;
        plan(self.scene.request.gate)
            .filter(move |entry| is_first || !matches!(entry.check, Check::Selection(_) | Check::Step))
    }

    /// Runs what can be checked where there is no packet.
    fn without_packet(&mut self, searched: &SearchInput<'_>, selected: Option<&SelectionInput<'_>>) {
        let (packet, approval, change, refinement) = (None, None, None, None);
        let inputs = Inputs { searched, selected, packet, approval, change, texts: &[], refinement };
        for entry in self.planned() {
            let verdict = self.verdict(entry, &inputs);
            self.take(&Asked::Registered(entry), verdict);
        }
    }

    /// The facts of approval. Where the gate does not judge by them, one that
    /// cannot be found out is told as such.
    fn approval_facts(&self, dossier: &Dossier, located: &Located) -> Result<ApprovalFacts, RepositoryError> {
        match ApprovalFacts::gather(&self.scene, located, dossier.audit.as_ref().ok()) {
            Err(why) if self.scene.request.gate == Gate::GateCheck => {
                Ok(ApprovalFacts::unknown(&why, self.scene.layout, &located.id))
            }
            gathered => gathered,
        }
    }

    /// The documents around a packet.
    fn dossier(&self, id: &WpId) -> Result<Option<Dossier>, RepositoryError> {
        let Scene { repo, layout, side, head, request, .. } = self.scene;
        match Dossier::read(repo, side, head, layout, id, matches!(request.gate, Gate::PreWork | Gate::Audit))
        {
            // The order of phases is judged by the packet alone.
            Err(_) if request.gate == Gate::GateCheck => Ok(None),
            read => read.map(Some),
        }
    }

    /// One check over its input, unless it is switched off or has none.
    fn verdict(&self, entry: &Registered, inputs: &Inputs<'_, '_>) -> Verdict {
        if is_off(self.config, &entry.rule.id) {
            return Verdict::skipped("switched off by the configuration");
        }
        let rule = &entry.rule;
        let verdict = match entry.check {
            Check::Search(check) => Some(check(inputs.searched, rule)),
            Check::Selection(check) => inputs.selected.map(|input| check(input, rule)),
            Check::Packet(check) => inputs.packet.map(|input| check(input, rule)),
            Check::Text(check) if !inputs.texts.is_empty() => {
                Some(joined(inputs.texts.iter().map(|input| check(input, rule))))
            }
            Check::Refinement(check) if inputs.packet.is_some() => Some(match inputs.refinement {
                Some(input) => check(input, rule),
                None => Verdict::skipped("there is no refinement"),
            }),
            Check::Text(_) | Check::Refinement(_) => None,
            Check::Document(..) | Check::Library(_) | Check::Sources(_) | Check::Command => {
                Some(Verdict::skipped("only documents and source files are asked this"))
            }
            Check::Approval(check) => inputs.approval.map(|input| check(input, rule)),
            Check::Change(check) => inputs.change.map(|input| check(input, rule)),
            Check::Share(check) => Some(match self.scene.shared {
                Some(shared) => check(shared, rule),
                None => Verdict::skipped("one packet is judged, so nothing can be claimed twice"),
            }),
            Check::Gate => inputs.change.map(|_| Verdict::Judged(Vec::new())),
            Check::Step => Some(Verdict::skipped("the steps were not run")),
        };
        verdict.unwrap_or_else(|| Verdict::skipped("there is no packet to judge"))
    }

    fn waive(&self, input: &ChangeInput<'_>, verdicts: &mut [(Asked, Verdict)]) {
        if input.packet.packet.waivers.is_empty() {
            return;
        }
        let mut policies: Vec<String> = plan(self.scene.request.gate)
            .flat_map(|entry| entry.rule.text().wording.waivable_by.clone())
            .collect();
        policies.sort();
        policies.dedup();
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
        for ((asked, verdict), count) in verdicts.iter_mut().zip(counts) {
            if let Verdict::Judged(findings) = verdict {
                findings.extend(all.by_ref().take(count));
                if asked.id().as_str() == "waiver/unused" {
                    findings.extend(unused.clone());
                }
            }
        }
    }

    /// Records a verdict.
    fn take(&mut self, asked: &Asked, verdict: Verdict) {
        let (status, findings) = settled(self.config, asked, verdict);
        self.findings.extend(findings);
        self.outcomes.push(CheckOutcome { rule: asked.id().clone(), packet: None, status });
    }
}

/// The verdicts of one check over several documents as one.
fn joined(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let (mut findings, mut skipped, mut judged) = (Vec::new(), None, false);
    for verdict in verdicts {
        match verdict {
            Verdict::Judged(more) => {
                judged = true;
                findings.extend(more);
            }
            Verdict::Skipped(why) => skipped = Some(why),
        }
    }
    match skipped {
        Some(why) if !judged => Verdict::Skipped(why),
        _ => Verdict::Judged(findings),
    }
}

/// Whether paths exist, each asked once.
fn remembered(repo: &dyn Repository, side: Side) -> impl Fn(&RepoPath) -> bool {
    let asked: RefCell<BTreeMap<RepoPath, bool>> = RefCell::default();
    move |path| {
        let known = asked.borrow().get(path).copied();
        known.unwrap_or_else(|| {
            let answer = repo.exists(side, path).unwrap_or(false);
            asked.borrow_mut().insert(path.clone(), answer);
            answer
        })
    }
}

type Known = OnceCell<Vec<(String, Scope)>>;

/// Other active packets whose scope covers a path; read on first use.
fn owners(
    repo: &dyn Repository,
    side: Side,
    layout: &Layout,
    located: &Located,
    known: &Known,
    path: &RepoPath,
) -> Vec<String> {
    let all = known.get_or_init(|| dossier::owners(repo, side, layout, &located.id).unwrap_or_default());
    let covers = |scope: &Scope| scope.inside.iter().any(|entry| entry.covers(path));
    all.iter().filter(|(_, scope)| covers(scope)).map(|(id, _)| id.clone()).collect()
}
