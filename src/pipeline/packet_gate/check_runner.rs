//! Runs the checks of a gate over one packet, in order.

use crate::change::{ChangedFile, RepositoryError, TreeState};
use crate::check::context::{
    ApprovalCheckContext, ChangeCheckContext, Gate, ManifestPlace, PacketCheckContext, PacketSearch,
    SearchCheckContext, SelectionCheckContext,
};
use crate::check::packet::run_check;
use crate::check::repository_documents::{RefinementCheckContext, TextCheckContext};
use crate::check::{Check, CheckResult, Registered, predates_refinements};
use crate::config::Config;
use crate::document::outline::Outline;
use crate::document::{DocumentKind, Packet, Parsed};
use crate::finding::{ApprovalSummary, CheckOutcome, Finding, ScanInfo};
use crate::pipeline::locate::{LocatedPacket, read_document};
use crate::pipeline::outcome::{RuleRef, is_disabled};
use crate::pipeline::source_scan;
use crate::text::{RepoPath, Source};

use super::approval_facts::ApprovalFacts;
use super::approved_reading::{read_manifest_packet, restrict_to_approved};
use super::change_facts::ChangeFacts;
use super::gate_rules::rules_of_gate;
use super::lookups::{cached_exists, cached_link_target};
use super::related_documents::{OpenScopes, PacketRecords, RelatedDocuments};
use super::request::GateContext;
use super::{change_facts, waivers};
use crate::pipeline::error::PipelineError;

/// State of one gate run over one packet.
pub(crate) struct CheckRunner<'a> {
    pub context: GateContext<'a>,
    pub config: &'a Config,
    pub files: &'a [ChangedFile],
    pub findings: Vec<Finding>,
    pub outcomes: Vec<CheckOutcome>,
    pub approval: Option<ApprovalSummary>,
    /// Remarks for the line of the verdict.
    pub verdict_remarks: Vec<String>,
    /// Counts of the scan; `None` if the configuration names no scans.
    pub scan: Option<ScanInfo>,
}

/// The inputs of all kinds of checks. A check without input is skipped.
struct CheckInputs<'a, 'b> {
    search: &'a SearchCheckContext<'b>,
    selection: Option<&'a SelectionCheckContext<'b>>,
    packet: Option<&'a PacketCheckContext<'b>>,
    approval: Option<&'a ApprovalCheckContext<'b>>,
    change: Option<&'a ChangeCheckContext<'b>>,
    /// The change with the manifests of the file beside the packet, if they are there.
    manifest_change: Option<&'a ChangeCheckContext<'b>>,
    texts: &'a [TextCheckContext<'b>],
    refinement: Option<&'a RefinementCheckContext<'b>>,
}

impl<'a> CheckRunner<'a> {
    /// Returns a runner that has not run any check.
    pub(crate) fn new(context: GateContext<'a>, config: &'a Config, files: &'a [ChangedFile]) -> Self {
        Self {
            context,
            config,
            files,
            findings: Vec::new(),
            outcomes: Vec::new(),
            approval: None,
            verdict_remarks: Vec::new(),
            scan: None,
        }
    }

    /// Builds the input for checks of the selection; `None` if no change is
    /// judged.
    fn selection_context(&self) -> Result<Option<SelectionCheckContext<'a>>, PipelineError> {
        let Some(selection) = self.context.selection else { return Ok(None) };
        Ok(Some(SelectionCheckContext {
            selection,
            is_ancestor_range: change_facts::is_ancestor_range(self.context.repo, selection)?,
            changed_count: self.context.changed_count,
            user_ignored: self.context.user_ignored,
        }))
    }

    /// Runs every check of the gate.
    pub(crate) fn run(
        &mut self,
        search: &PacketSearch,
        located: Option<&LocatedPacket>,
    ) -> Result<(), PipelineError> {
        let search_input = SearchCheckContext { requested: self.context.requested_id, search };
        let selection_input = self.selection_context()?;
        let Some(located) = located else {
            self.check_without_packet(&search_input, selection_input.as_ref());
            return Ok(());
        };
        let gathered = self.gather_documents_and_facts(located)?;
        let (documents, mut approval_facts) = gathered.map_or((None, None), |(a, b)| (Some(a), Some(b)));
        let restricted = restrict_to_approved(located, approval_facts.as_ref().map(|facts| &facts.contract));
        let located = restricted.as_ref().unwrap_or(located);
        // Without the signature that only the recovered text has, there is no contract.
        if let (Some(_), Some(documents)) = (&restricted, &documents) {
            approval_facts = Some(self.gather_approval_facts(&documents.records, located)?);
        }
        let inputs = (&search_input, selection_input.as_ref());
        self.run_on_packet(inputs, located, (documents, approval_facts))
    }

    /// Runs every check of the gate on a packet that was found.
    fn run_on_packet(
        &mut self,
        (search, selection): (&SearchCheckContext<'_>, Option<&SelectionCheckContext<'_>>),
        located: &LocatedPacket,
        (documents, approval_facts): (Option<RelatedDocuments>, Option<ApprovalFacts>),
    ) -> Result<(), PipelineError> {
        let GateContext { repo, layout, tree, .. } = self.context;
        let packet = || PacketCheckContext {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout,
            policy: &self.config.policy,
            registry: documents.as_ref().and_then(|documents| documents.records.registry.as_ref()),
            board: documents.as_ref().and_then(|documents| documents.records.board.as_ref()),
            skeleton_approval: approval_facts.as_ref().and_then(|facts| facts.skeleton_approval.as_ref()),
            revision_ids: documents
                .as_ref()
                .map_or(&[], |documents| documents.records.same_base_ids.as_slice()),
            is_fence: false,
        };
        let approval = documents
            .as_ref()
            .zip(approval_facts.as_ref())
            .map(|(documents, facts)| facts.check_context(packet(), documents, self.context.request.now));
        let change_facts = match self.context.selection.zip(approval_facts.as_ref()) {
            Some((selection, facts)) => {
                Some(ChangeFacts::gather(&self.context, located, (selection, self.files), (facts, packet()))?)
            }
            None => None,
        };
        let open_scopes = OpenScopes::new(repo, tree, layout, &located.id);
        let owners = |path: &RepoPath| open_scopes.covering(path);
        let exists = cached_exists(repo, tree);
        let link_target = cached_link_target(repo, tree);
        let change =
            change_facts.as_ref().zip(self.context.selection).map(|(facts, selection)| ChangeCheckContext {
                packet: packet(),
                selection,
                files: self.files,
                config_name: crate::config::FILE_NAME,
                policy_source: self.context.policy_source,
                range_fact: facts.range.clone(),
                owners: &owners,
                other_packet_for: self.context.other_owner,
                exists: &exists,
                link_target: &link_target,
                packet_at_start: facts.packet_before.as_ref(),
                trusted_states: approval_facts.as_ref().map_or(&[], |facts| facts.trusted.states.as_slice()),
                earlier_records: &facts.earlier_records,
                judged_ids: &facts.judged_ids,
                is_history: self.context.trusted.is_history(),
                waiver_origins: &facts.waiver_origins,
                evidence_paths: &facts.evidence_facts.0,
                logs: &facts.evidence_facts.1,
                now: self.context.request.now,
            });
        let packet_input = packet();
        let beside = self.read_manifest_file(located)?;
        let manifest_change =
            beside.as_ref().zip(change.as_ref()).map(|(beside, change)| ChangeCheckContext {
                packet: PacketCheckContext { packet: &beside.value, faults: &beside.faults, ..packet() },
                range_fact: change.range_fact.clone(),
                ..*change
            });
        let refinement_document = documents.as_ref().and_then(|documents| documents.refinement.as_ref().ok());
        let outline = refinement_document.map(|refinement| Outline::parse(refinement.source.text()));
        let text =
            |source, outline, kind| TextCheckContext { source, outline, kind, policy: &self.config.policy };
        let mut texts =
            vec![text(&located.packet.source, Some(&located.packet.outline), located.packet.kind)];
        if let Some(refinement) = refinement_document {
            texts.push(text(&refinement.source, outline.as_ref(), DocumentKind::Refinement));
        }
        let predates = approval.as_ref().is_some_and(predates_refinements);
        let checked = documents.as_ref().zip(refinement_document).filter(|_| !predates);
        let refinement = checked.map(|(documents, refinement)| RefinementCheckContext {
            refinement,
            id: Some(&located.id),
            spec: &documents.spec,
            is_packet_finished: false,
            is_checked_as_record: false,
            pointer_target: documents.records.current_spec.as_deref(),
            now: self.context.request.now,
            policy: &self.config.policy,
        });
        let inputs = CheckInputs {
            search,
            selection,
            packet: Some(&packet_input),
            approval: approval.as_ref(),
            change: change.as_ref(),
            manifest_change: manifest_change.as_ref(),
            texts: &texts,
            refinement: refinement.as_ref(),
        };
        let registered =
            self.planned_rules().map(|entry| (RuleRef::Registered(entry), self.run_check(entry, &inputs)));
        let mut results: Vec<(RuleRef, CheckResult)> = registered.collect();
        results.extend(self.run_scans(change.as_ref())?);
        self.record_results(results, approval.as_ref(), change.as_ref());
        Ok(())
    }

    /// Runs the scans that the configuration names over the changed files.
    fn run_scans(
        &mut self,
        change: Option<&ChangeCheckContext<'_>>,
    ) -> Result<Vec<(RuleRef, CheckResult)>, PipelineError> {
        let Some(change) = change.filter(|_| !self.config.scan.gate_scans.is_empty()) else {
            return Ok(Vec::new());
        };
        let is_waived = |policies: &[String], path: &RepoPath| waivers::is_waived(change, policies, path);
        let change_scan = source_scan::ChangeScan {
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
            waived: Some(&is_waived),
            today: self.context.request.now.date(),
        };
        let outcome = source_scan::run_gate_scans(&change_scan)?;
        self.scan = Some(outcome.info);
        Ok(outcome.results)
    }

    /// Returns the rules of the gate. Rules about the whole change and about
    /// steps run for the first packet only.
    fn planned_rules(&self) -> impl Iterator<Item = &'static Registered> + use<> {
        let is_first = self.context.is_first;
        rules_of_gate(self.context.request.gate).filter(move |entry| {
            is_first || !matches!(entry.check, Check::Selection(_) | Check::Trust(_) | Check::Step)
        })
    }

    /// Runs the checks that need no packet, and skips the others.
    fn check_without_packet(
        &mut self,
        search: &SearchCheckContext<'_>,
        selection: Option<&SelectionCheckContext<'_>>,
    ) {
        let inputs = CheckInputs {
            search,
            selection,
            packet: None,
            approval: None,
            change: None,
            manifest_change: None,
            texts: &[],
            refinement: None,
        };
        for entry in self.planned_rules() {
            let result = self.run_check(entry, &inputs);
            self.record_outcome(&RuleRef::Registered(entry), result);
        }
    }

    /// Reads the file of manifests beside the packet, as a packet that has the scope of
    /// the real one; `None` if the manifests are in the packet.
    fn read_manifest_file(&self, located: &LocatedPacket) -> Result<Option<Parsed<Packet>>, RepositoryError> {
        if self.config.policy.manifests != ManifestPlace::File {
            return Ok(None);
        }
        let GateContext { repo, tree, .. } = self.context;
        let path = crate::document::Layout::manifest_file(&located.id, &located.path);
        let source = read_document(repo, tree, &path)?.unwrap_or_else(|| Source::from_text(path, ""));
        Ok(Some(read_manifest_packet(&source, &located.packet)))
    }

    /// Gathers the facts of the approval. In a gate that does not check them,
    /// facts that cannot be determined are unknown instead of an error.
    fn gather_approval_facts(
        &self,
        records: &PacketRecords,
        located: &LocatedPacket,
    ) -> Result<ApprovalFacts, RepositoryError> {
        match ApprovalFacts::gather(
            &self.context,
            located,
            (&self.config.policy, records.audit.as_ref().ok()),
        ) {
            Err(error) if self.context.request.gate == Gate::GateCheck => {
                Ok(ApprovalFacts::unknown(&error, self.context.layout, &located.id))
            }
            gathered => gathered,
        }
    }

    /// Reads the documents that belong to a packet, and gathers the facts of its approval;
    /// `None` if the gate does not need them and they cannot be read.
    fn gather_documents_and_facts(
        &self,
        located: &LocatedPacket,
    ) -> Result<Option<(RelatedDocuments, ApprovalFacts)>, RepositoryError> {
        let GateContext { repo, layout, tree, head, request, trusted, .. } = self.context;
        let trusted = match trusted.tree {
            TreeState::Commit(commit) => Some(commit),
            _ => None,
        };
        let with_spec = matches!(request.gate, Gate::PreWork | Gate::Audit);
        let own = |records: &PacketRecords| self.gather_approval_facts(records, located);
        match RelatedDocuments::read_beside(repo, tree, (head, trusted), layout, &located.id, with_spec, own)
        {
            // `gate-check` needs the packet only.
            Err(_) if request.gate == Gate::GateCheck => Ok(None),
            read => read.and_then(|(documents, facts)| Ok(Some((documents, facts?)))),
        }
    }

    /// Runs one check, unless it is switched off or has no input.
    fn run_check(&self, entry: &Registered, inputs: &CheckInputs<'_, '_>) -> CheckResult {
        if is_disabled(self.config, &entry.rule.id) {
            return CheckResult::skipped("switched off by the configuration");
        }
        let rule = &entry.rule;
        let result = match entry.check {
            Check::Search(check) => Some(check(inputs.search, rule)),
            Check::Selection(check) => inputs.selection.map(|input| check(input, rule)),
            Check::Trust(check) => Some(check(self.context.trust, rule)),
            Check::Packet(check) => inputs.packet.map(|input| run_check(check, input, rule)),
            Check::Text(check) if !inputs.texts.is_empty() => {
                Some(CheckResult::merged(inputs.texts.iter().map(|input| check(input, rule))))
            }
            Check::Refinement(check) if inputs.packet.is_some() => Some(match inputs.refinement {
                Some(input) => check(input, rule),
                None => CheckResult::skipped("there is no refinement"),
            }),
            Check::Text(_) | Check::Refinement(_) => None,
            Check::Document(..) | Check::Repository(_) | Check::Sources(_) | Check::Command => {
                Some(CheckResult::skipped("the rule applies to documents or source files only"))
            }
            Check::Approval(check) => inputs.approval.map(|input| check(input, rule)),
            Check::Change(check) if rule.id.family() == "manifest" => {
                inputs.manifest_change.or(inputs.change).map(|input| check(input, rule))
            }
            Check::Change(check) => inputs.change.map(|input| check(input, rule)),
            Check::SharedPaths(check) => Some(match self.context.shared_paths {
                Some(shared) => check(shared, rule),
                None => CheckResult::skipped("only one packet is judged, so no path can belong to two"),
            }),
            Check::Gate => inputs.change.map(|_| CheckResult::Findings(Vec::new())),
            Check::Step => Some(CheckResult::skipped("the steps were not run")),
        };
        result.unwrap_or_else(|| CheckResult::skipped("there is no packet to judge"))
    }
}
