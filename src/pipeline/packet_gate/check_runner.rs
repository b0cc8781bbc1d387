//! The checks of a gate, run in order over what they are shown.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use crate::change::{ChangedFile, Repository, RepositoryError, TreeState};
use crate::check::context::{
    ApprovalCheckContext, ChangeCheckContext, Gate, PacketCheckContext, PacketSearch, SearchCheckContext,
    SelectionCheckContext,
};
use crate::check::repository_documents::{RefinementCheckContext, TextCheckContext};
use crate::check::{Check, CheckResult, Registered, predates_refinements};
use crate::config::Config;
use crate::document::outline::Outline;
use crate::document::packet::Scope;
use crate::document::{DocumentKind, Layout, WpId};
use crate::finding::{ApprovalSummary, CheckOutcome, Finding, ScanInfo};
use crate::pipeline::locate::LocatedPacket;
use crate::pipeline::outcome::{RuleRef, is_disabled, resolve_outcome};
use crate::pipeline::source_scan;
use crate::text::RepoPath;

use super::approval_facts::ApprovalFacts;
use super::change_facts::ChangeFacts;
use super::gate_rules::rules_of_gate;
use super::related_documents::RelatedDocuments;
use super::request::GateContext;
use super::{approval_report, change_facts, related_documents, waivers};
use crate::pipeline::error::PipelineError;

/// What one run of a gate works with.
pub(crate) struct CheckRunner<'a> {
    pub context: GateContext<'a>,
    pub config: &'a Config,
    pub files: &'a [ChangedFile],
    pub findings: Vec<Finding>,
    pub outcomes: Vec<CheckOutcome>,
    pub approval: Option<ApprovalSummary>,
    /// What was scanned, if the configuration names scans.
    pub scan: Option<ScanInfo>,
}

/// The inputs of all kinds of checks, as far as there are any.
struct CheckInputs<'a, 'b> {
    search: &'a SearchCheckContext<'b>,
    selection: Option<&'a SelectionCheckContext<'b>>,
    packet: Option<&'a PacketCheckContext<'b>>,
    approval: Option<&'a ApprovalCheckContext<'b>>,
    change: Option<&'a ChangeCheckContext<'b>>,
    texts: &'a [TextCheckContext<'b>],
    refinement: Option<&'a RefinementCheckContext<'b>>,
}

impl<'a> CheckRunner<'a> {
    /// Nothing has been checked yet.
    pub(crate) fn new(context: GateContext<'a>, config: &'a Config, files: &'a [ChangedFile]) -> Self {
        Self {
            context,
            config,
            files,
            findings: Vec::new(),
            outcomes: Vec::new(),
            approval: None,
            scan: None,
        }
    }

    /// Runs every check of the gate.
    pub(crate) fn run(
        &mut self,
        search: &PacketSearch,
        located: Option<&LocatedPacket>,
    ) -> Result<(), PipelineError> {
        let searched = SearchCheckContext { requested: self.context.requested_id, search };
        let selected = match self.context.selection {
            Some(selection) => Some(SelectionCheckContext {
                selection,
                is_ancestor_range: change_facts::is_ancestor_range(self.context.repo, selection)?,
                changed_count: self.context.changed_count,
            }),
            None => None,
        };
        let Some(located) = located else {
            self.check_without_packet(&searched, selected.as_ref());
            return Ok(());
        };
        let GateContext { repo, layout, tree: side, .. } = self.context;
        let dossier = self.read_related_documents(&located.id)?;
        let packet = || PacketCheckContext {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout,
            policy: &self.config.policy,
            registry: dossier.as_ref().and_then(|d| d.registry.as_ref()),
            board: dossier.as_ref().and_then(|d| d.board.as_ref()),
            revision_ids: dossier.as_ref().map_or(&[], |d| d.same_base_ids.as_slice()),
        };
        let approved = match &dossier {
            Some(dossier) => Some(self.gather_approval_facts(dossier, located)?),
            None => None,
        };
        let approval = dossier.as_ref().zip(approved.as_ref()).map(|(dossier, facts)| ApprovalCheckContext {
            packet: packet(),
            refinement: dossier.refinement.as_ref().map_err(Clone::clone),
            audit: dossier.audit.as_ref().map_err(Clone::clone),
            gate_log: dossier.gate_log.as_ref().map_err(Clone::clone),
            merge_base: facts.merge_base_fact.clone(),
            checkpoint: &facts.checkpoint,
            contract: &facts.contract,
            records_at_signing: &facts.records_at_contract,
            code_commits: &facts.code_commits,
            branch: facts.branch.as_deref(),
            worktree_name: facts.worktree.as_deref(),
            reused_in: &facts.signature_reuse,
            key_signature: &facts.signed_contract,
            now: self.context.request.now,
        });
        let changed = match self.context.selection.zip(approved.as_ref()) {
            Some((selection, facts)) => Some(ChangeFacts::gather(repo, layout, located, selection, facts)?),
            None => None,
        };
        let known = OnceCell::new();
        let owners = |path: &RepoPath| find_covering_packets(repo, side, layout, located, &known, path);
        let exists = cached_exists(repo, side);
        let change =
            changed.as_ref().zip(self.context.selection).map(|(facts, selection)| ChangeCheckContext {
                packet: packet(),
                selection,
                files: self.files,
                config_name: crate::config::FILE_NAME,
                policy_source: self.context.policy_source,
                range_fact: facts.range.clone(),
                owners: &owners,
                other_packet_for: self.context.other_owner,
                exists: &exists,
                packet_at_start: facts.packet_before.as_ref(),
                waiver_origins: &facts.waiver_origins,
                evidence_paths: &facts.evidence_facts.0,
                logs: &facts.evidence_facts.1,
                now: self.context.request.now,
            });
        let alone = packet();
        let read = dossier.as_ref().and_then(|dossier| dossier.refinement.as_ref().ok());
        let outline = read.map(|refinement| Outline::parse(refinement.source.text()));
        let text =
            |source, outline, kind| TextCheckContext { source, outline, kind, policy: &self.config.policy };
        let mut texts =
            vec![text(&located.packet.source, Some(&located.packet.outline), located.packet.kind)];
        if let Some(refinement) = read {
            texts.push(text(&refinement.source, outline.as_ref(), DocumentKind::Refinement));
        }
        let dated = approval.as_ref().is_some_and(predates_refinements);
        let refinement = dossier.as_ref().zip(read).filter(|_| !dated).map(|(dossier, refinement)| {
            let (id, policy, now) = (Some(&located.id), &self.config.policy, self.context.request.now);
            let (spec, current) = (&dossier.spec, dossier.current_spec.as_deref());
            let (is_history, is_record) = (false, false);
            RefinementCheckContext {
                refinement,
                id,
                spec,
                is_packet_finished: is_history,
                is_checked_as_record: is_record,
                pointer_target: current,
                now,
                policy,
            }
        });
        let inputs = CheckInputs {
            search: &searched,
            selection: selected.as_ref(),
            packet: Some(&alone),
            approval: approval.as_ref(),
            change: change.as_ref(),
            texts: &texts,
            refinement: refinement.as_ref(),
        };
        let registered =
            self.planned_rules().map(|entry| (RuleRef::Registered(entry), self.run_check(entry, &inputs)));
        let mut verdicts: Vec<(RuleRef, CheckResult)> = registered.collect();
        verdicts.extend(self.run_scans(change.as_ref())?);
        self.record_results(verdicts, approval.as_ref(), change.as_ref());
        Ok(())
    }

    /// Applies waivers, gathers the facts of approval, records all verdicts.
    fn record_results(
        &mut self,
        mut verdicts: Vec<(RuleRef, CheckResult)>,
        approval: Option<&ApprovalCheckContext<'_>>,
        change: Option<&ChangeCheckContext<'_>>,
    ) {
        if let Some(input) = change {
            self.apply_waivers(input, &mut verdicts);
        }
        let order = verdicts.iter().find(|(asked, _)| asked.id().as_str() == "approval/order");
        let in_order = match order {
            Some((_, CheckResult::Findings(findings))) => Some(!findings.iter().any(Finding::fails_gate)),
            _ => None,
        };
        self.approval = approval.map(|input| approval_report::build_approval(input, in_order));
        for (asked, verdict) in verdicts {
            self.record_outcome(&asked, verdict);
        }
    }

    /// The scans that the configuration names, over the judged files.
    fn run_scans(
        &mut self,
        change: Option<&ChangeCheckContext<'_>>,
    ) -> Result<Vec<(RuleRef, CheckResult)>, PipelineError> {
        let Some(change) = change.filter(|_| !self.config.scan.gate_scans.is_empty()) else {
            return Ok(Vec::new());
        };
        let waived = |policies: &[String], path: &RepoPath| waivers::is_waived(change, policies, path);
        let judged = source_scan::ChangeScan {
            repo: self.context.repo,
            policy_tree: self.context.policy_tree,
            tree: self.context.tree,
            tree_before: self
                .context
                .selection
                .and_then(|selection| selection.base)
                .map_or(TreeState::Empty, TreeState::Commit),
            files: self.files,
            config: self.config,
            waived: Some(&waived),
            today: self.context.request.now.date(),
        };
        let outcome = source_scan::run_gate_scans(&judged)?;
        self.scan = Some(outcome.info);
        Ok(outcome.results)
    }

    /// The rules of the gate; of further packets without those about the whole
    /// change and about steps.
    fn planned_rules(&self) -> impl Iterator<Item = &'static Registered> + use<> {
        let is_first = self.context.is_first;
        rules_of_gate(self.context.request.gate)
            .filter(move |entry| is_first || !matches!(entry.check, Check::Selection(_) | Check::Step))
    }

    /// Runs what can be checked where there is no packet.
    fn check_without_packet(
        &mut self,
        searched: &SearchCheckContext<'_>,
        selected: Option<&SelectionCheckContext<'_>>,
    ) {
        let (packet, approval, change, refinement) = (None, None, None, None);
        let inputs = CheckInputs {
            search: searched,
            selection: selected,
            packet,
            approval,
            change,
            texts: &[],
            refinement,
        };
        for entry in self.planned_rules() {
            let verdict = self.run_check(entry, &inputs);
            self.record_outcome(&RuleRef::Registered(entry), verdict);
        }
    }

    /// The facts of approval. Where the gate does not judge by them, one that
    /// cannot be found out is told as such.
    fn gather_approval_facts(
        &self,
        dossier: &RelatedDocuments,
        located: &LocatedPacket,
    ) -> Result<ApprovalFacts, RepositoryError> {
        match ApprovalFacts::gather(&self.context, located, dossier.audit.as_ref().ok()) {
            Err(why) if self.context.request.gate == Gate::GateCheck => {
                Ok(ApprovalFacts::unknown(&why, self.context.layout, &located.id))
            }
            gathered => gathered,
        }
    }

    /// The documents around a packet.
    fn read_related_documents(&self, id: &WpId) -> Result<Option<RelatedDocuments>, RepositoryError> {
        let GateContext { repo, layout, tree: side, head, request, .. } = self.context;
        match RelatedDocuments::read(
            repo,
            side,
            head,
            layout,
            id,
            matches!(request.gate, Gate::PreWork | Gate::Audit),
        ) {
            // The order of phases is judged by the packet alone.
            Err(_) if request.gate == Gate::GateCheck => Ok(None),
            read => read.map(Some),
        }
    }

    /// One check over its input, unless it is switched off or has none.
    fn run_check(&self, entry: &Registered, inputs: &CheckInputs<'_, '_>) -> CheckResult {
        if is_disabled(self.config, &entry.rule.id) {
            return CheckResult::skipped("switched off by the configuration");
        }
        let rule = &entry.rule;
        let verdict = match entry.check {
            Check::Search(check) => Some(check(inputs.search, rule)),
            Check::Selection(check) => inputs.selection.map(|input| check(input, rule)),
            Check::Packet(check) => inputs.packet.map(|input| check(input, rule)),
            Check::Text(check) if !inputs.texts.is_empty() => {
                Some(merge_results(inputs.texts.iter().map(|input| check(input, rule))))
            }
            Check::Refinement(check) if inputs.packet.is_some() => Some(match inputs.refinement {
                Some(input) => check(input, rule),
                None => CheckResult::skipped("there is no refinement"),
            }),
            Check::Text(_) | Check::Refinement(_) => None,
            Check::Document(..) | Check::Repository(_) | Check::Sources(_) | Check::Command => {
                Some(CheckResult::skipped("only documents and source files are asked this"))
            }
            Check::Approval(check) => inputs.approval.map(|input| check(input, rule)),
            Check::Change(check) => inputs.change.map(|input| check(input, rule)),
            Check::SharedPaths(check) => Some(match self.context.shared_paths {
                Some(shared) => check(shared, rule),
                None => CheckResult::skipped("one packet is judged, so nothing can be claimed twice"),
            }),
            Check::Gate => inputs.change.map(|_| CheckResult::Findings(Vec::new())),
            Check::Step => Some(CheckResult::skipped("the steps were not run")),
        };
        verdict.unwrap_or_else(|| CheckResult::skipped("there is no packet to judge"))
    }

    fn apply_waivers(&self, input: &ChangeCheckContext<'_>, verdicts: &mut [(RuleRef, CheckResult)]) {
        if input.packet.packet.waivers.is_empty() {
            return;
        }
        let mut policies: Vec<String> = rules_of_gate(self.context.request.gate)
            .flat_map(|entry| entry.rule.text().wording.waivable_by.clone())
            .collect();
        policies.sort();
        policies.dedup();
        let mut all: Vec<Finding> = Vec::new();
        let mut counts = Vec::new();
        for (_, verdict) in verdicts.iter_mut() {
            let taken = match verdict {
                CheckResult::Findings(findings) => std::mem::take(findings),
                CheckResult::Skipped(_) => Vec::new(),
            };
            counts.push(taken.len());
            all.extend(taken);
        }
        let unused = waivers::apply_waivers(input, &mut all, &policies);
        let mut all = all.into_iter();
        for ((asked, verdict), count) in verdicts.iter_mut().zip(counts) {
            if let CheckResult::Findings(findings) = verdict {
                findings.extend(all.by_ref().take(count));
                if asked.id().as_str() == "waiver/unused" {
                    findings.extend(unused.clone());
                }
            }
        }
    }

    /// Records a verdict.
    fn record_outcome(&mut self, asked: &RuleRef, verdict: CheckResult) {
        let (status, findings) = resolve_outcome(self.config, asked, verdict);
        self.findings.extend(findings);
        self.outcomes.push(CheckOutcome { rule: asked.id().clone(), packet: None, status });
    }
}

/// The verdicts of one check over several documents as one.
fn merge_results(verdicts: impl Iterator<Item = CheckResult>) -> CheckResult {
    let (mut findings, mut skipped, mut judged) = (Vec::new(), None, false);
    for verdict in verdicts {
        match verdict {
            CheckResult::Findings(more) => {
                judged = true;
                findings.extend(more);
            }
            CheckResult::Skipped(why) => skipped = Some(why),
        }
    }
    match skipped {
        Some(why) if !judged => CheckResult::Skipped(why),
        _ => CheckResult::Findings(findings),
    }
}

/// Whether paths exist, each asked once.
fn cached_exists(repo: &dyn Repository, side: TreeState) -> impl Fn(&RepoPath) -> bool {
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

type ScopeCache = OnceCell<Vec<(String, Scope)>>;

/// Other active packets whose scope covers a path; read on first use.
fn find_covering_packets(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
    located: &LocatedPacket,
    known: &ScopeCache,
    path: &RepoPath,
) -> Vec<String> {
    let all = known.get_or_init(|| {
        related_documents::find_open_scopes(repo, side, layout, &located.id).unwrap_or_default()
    });
    let covers = |scope: &Scope| scope.in_scope.iter().any(|entry| entry.covers(path));
    all.iter().filter(|(_, scope)| covers(scope)).map(|(id, _)| id.clone()).collect()
}
