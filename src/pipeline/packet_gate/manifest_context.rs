//! Context for commands that write into a packet: the packet on disk, the
//! change, and the computed results of the gates in its manifests.

use std::sync::Arc;

use crate::change::{ChangedFile, Repository, TreeState};
use crate::check::context::{
    ChangeCheckContext, ManifestPlace, PacketCheckContext, RangeFact, TrustCheckContext,
};
use crate::check::{GateClaims, gate_claims};
use crate::config::Config;
use crate::document::audit::Audit;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Packet, WpId};
use crate::finding::{Report, SelectionInfo};
use crate::pipeline::locate::{LocatedPacket, read_document, read_record};
use crate::text::{RepoPath, Source};

use super::approval_facts::ApprovalFacts;
use super::approved_reading::read_manifest_packet;
use super::attribution::{self, FileAttribution};
use super::change_facts::ChangeFacts;
use super::context::{PacketContext, resolve_selection};
use super::request::{GateContext, GateRequest};
use super::run_checks::{reject_duplicates, run_gate_checks};
use crate::pipeline::error::PipelineError;
use crate::pipeline::selected_change::{build_selection_info, load_changed_files};
use crate::pipeline::trusted_revision::{MainBranch, TrustedRevision};

/// A packet on disk and the change that its manifests describe.
pub(crate) struct ManifestContext<'a> {
    repo: &'a dyn Repository,
    request: &'a GateRequest,
    packet_context: PacketContext,
    selection: crate::change::Selection,
    trusted: TrustedRevision,
    tree: TreeState,
    changed_count: usize,
    /// The packet's id, by its file name.
    pub id: WpId,
    /// Its path.
    pub path: RepoPath,
    /// The changed files that belong to it, in order of path.
    pub files: Vec<ChangedFile>,
    /// The selection, as reports show it.
    pub selection_info: SelectionInfo,
    /// `pointer -> specification`; `None` if no pointer names a specification.
    pub spec_target: Option<String>,
}

impl<'a> ManifestContext<'a> {
    /// Finds the packet and the change. Without a packet, returns the report of
    /// `command` with the reason.
    ///
    /// # Errors
    /// The repository or the configuration cannot be read, or two of the given
    /// ids name the same packet.
    pub(crate) fn find(
        repo: &'a dyn Repository,
        request: &'a GateRequest,
        command: &'static str,
    ) -> Result<Result<Self, Box<Report>>, PipelineError> {
        let main = MainBranch::find(repo, request.config.as_ref(), request.base.as_deref())?;
        let selection = resolve_selection(repo, request, &main)?;
        let trusted = TrustedRevision::resolve(repo, &main, Some(&selection))?;
        let mut packets: Vec<PacketContext> = request
            .packets()
            .map(|requested| PacketContext::load(repo, request, requested, &trusted, TreeState::Worktree))
            .collect::<Result<_, _>>()?;
        reject_duplicates(&packets)?;
        let mut change = load_changed_files(repo, &selection)?;
        attribution::set_aside_untracked(&mut change, &packets)?;
        let changed_count = change.files.len();
        let files = FileAttribution::new(change.files.clone(), &packets).into_first();
        if packets.iter().any(|packet| packet.located.is_none()) {
            // `gate-check` reports the missing packet and needs little else.
            let request = GateRequest { gate: crate::check::context::Gate::GateCheck, ..request.clone() };
            let report = run_gate_checks(repo, &request)?.report;
            return Ok(Err(Box::new(Report { gate: command, ..report })));
        }
        let packet_context = packets.swap_remove(0);
        let Some((id, path)) = packet_context.located.as_ref().map(|l| (l.id.clone(), l.path.clone())) else {
            return Err(PipelineError::PacketDisappeared { id: request.packet.clone() });
        };
        let selection_info = build_selection_info(&selection, &change, packet_context.config_source.clone());
        let tree = selection.judged_tree();
        let spec_target = read_spec_target(repo, &packet_context.layout)?;
        Ok(Ok(Self {
            repo,
            request,
            packet_context,
            selection,
            trusted,
            tree,
            changed_count,
            id,
            path,
            files,
            selection_info,
            spec_target,
        }))
    }

    /// Returns the layout of the repository's documents.
    #[must_use]
    pub(crate) fn layout(&self) -> &Layout {
        &self.packet_context.layout
    }

    /// Returns the configuration.
    #[must_use]
    pub(crate) fn config(&self) -> &Config {
        &self.packet_context.config
    }

    /// Returns whether the manifests are in a file beside the packet.
    #[must_use]
    pub(crate) fn is_in_file(&self) -> bool {
        self.packet_context.config.policy.manifests == ManifestPlace::File
    }

    /// Returns the path of the document with the manifests.
    #[must_use]
    pub(crate) fn manifest_path(&self) -> RepoPath {
        if self.is_in_file() { Layout::manifest_file(&self.id, &self.path) } else { self.path.clone() }
    }

    /// Computes the results of the gates of every manifest in a version of the
    /// packet.
    ///
    /// # Errors
    /// The history that waivers depend on cannot be read.
    pub(crate) fn compute_gate_claims(&self, source: &Arc<Source>) -> Result<Vec<GateClaims>, PipelineError> {
        let parsed = match self.packet_context.located.as_ref().filter(|_| self.is_in_file()) {
            Some(located) => read_manifest_packet(source, &located.packet),
            None => Packet::read(source),
        };
        let located = LocatedPacket {
            id: self.id.clone(),
            path: self.path.clone(),
            packet: parsed.value,
            faults: parsed.faults,
            resolved_by: None,
        };
        let (repo, layout) = (self.repo, &self.packet_context.layout);
        let head = repo.head()?;
        let context = GateContext {
            repo,
            request: self.request,
            layout,
            tree: self.tree,
            head,
            judged_head: self.selection.head.or(head),
            selection: Some(&self.selection),
            is_judged: &|_| true,
            other_owner: &|_| None,
            shared_paths: None,
            is_first: true,
            requested_id: &self.packet_context.requested_id,
            policy_source: &self.packet_context.config_source,
            policy_tree: self.packet_context.policy_tree,
            trust: &TrustCheckContext::default(),
            trusted: &self.trusted,
            changed_count: self.changed_count,
            user_ignored: &[],
        };
        let packet = || PacketCheckContext {
            id: &located.id,
            packet: &located.packet,
            faults: &located.faults,
            layout,
            policy: &self.packet_context.config.policy,
            registry: None,
            board: None,
            revision_ids: &[],
            is_fence: false,
            skeleton_approval: None,
        };
        // Waivers are the only input that depends on history.
        let change_facts = if located.packet.waivers.is_empty() {
            None
        } else {
            let source = read_record(repo, self.tree, &layout.audit)?;
            let audit = source.map(|source| Audit::read(&source));
            let policy = &self.packet_context.config.policy;
            let approval = ApprovalFacts::gather(&context, &located, (policy, audit.as_ref()))?;
            let change = (&self.selection, [].as_slice());
            Some(ChangeFacts::gather(&context, &located, change, (&approval, packet()))?)
        };
        let exists = |path: &RepoPath| repo.exists(self.tree, path).unwrap_or(false);
        let (paths, logs) = Default::default();
        let input = ChangeCheckContext {
            packet: packet(),
            selection: &self.selection,
            files: &self.files,
            config_name: crate::config::FILE_NAME,
            policy_source: &self.packet_context.config_source,
            range_fact: RangeFact::NotApplicable,
            owners: &|_| Vec::new(),
            other_packet_for: &|_| None,
            exists: &exists,
            link_target: &|_| None,
            packet_at_start: change_facts.as_ref().and_then(|facts| facts.packet_before.as_ref()),
            trusted_states: &[],
            earlier_records: &[],
            judged_ids: &[],
            is_history: false,
            waiver_origins: change_facts.as_ref().map_or(&[], |facts| facts.waiver_origins.as_slice()),
            evidence_paths: &paths,
            logs: &logs,
            now: self.request.now,
        };
        Ok(gate_claims(&input))
    }
}

fn read_spec_target(repo: &dyn Repository, layout: &Layout) -> Result<Option<String>, PipelineError> {
    let Some(source) =
        read_document(repo, TreeState::Worktree, &RepoPath::from(layout.spec_pointer.as_str()))?
    else {
        return Ok(None);
    };
    let pointer = SpecPointer::read(&source);
    Ok(pointer.spec().map(|spec| format!("{} -> {}", layout.spec_pointer, spec.value)))
}
