//! What a command needs that writes into a packet: the packet as it lies on
//! disk, the change, and what the gates of its manifests compute to.

use std::sync::Arc;

use crate::change::{ChangedFile, Repository, Side};
use crate::check::input::{ChangeInput, PacketInput, RangeFact};
use crate::check::{GateClaims, gate_claims};
use crate::config::Config;
use crate::document::audit::Audit;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Packet, WpId};
use crate::finding::{Report, SelectionInfo};
use crate::text::{RepoPath, Source};

use super::approval::ApprovalFacts;
use super::facts::{self, ChangeFacts};
use super::ground::{Ground, Sides, select};
use super::judge::{refuse_twice, selection_info};
use super::request::{GateError, GateRequest, Scene};
use super::search::{Located, document};
use super::share::Shares;

/// A packet on disk and the change that it tells of.
pub struct Draft<'a> {
    repo: &'a dyn Repository,
    request: &'a GateRequest,
    ground: Ground,
    selection: crate::change::Selection,
    side: Side,
    changed: usize,
    /// The packet's id, by its file name.
    pub id: WpId,
    /// Its path.
    pub path: RepoPath,
    /// The changed files that belong to it, in order of path.
    pub files: Vec<ChangedFile>,
    /// Which change it is.
    pub info: SelectionInfo,
    /// `pointer -> specification`, where there is a pointer that names one.
    pub spec_target: Option<String>,
}

impl<'a> Draft<'a> {
    /// Finds packet and change; where there is no packet, the report of that
    /// command says why.
    ///
    /// # Errors
    /// The repository or the configuration cannot be read.
    pub fn find(
        repo: &'a dyn Repository,
        request: &'a GateRequest,
        command: &'static str,
    ) -> Result<Result<Self, Box<Report>>, GateError> {
        let head = repo.head()?;
        let early = head.map_or(Side::Empty, Side::Commit);
        let selection = select(repo, request, early)?;
        let sides = Sides::of(Some(&selection), head, Side::Worktree);
        let mut grounds: Vec<Ground> = request
            .packets()
            .map(|requested| Ground::find(repo, request, requested, sides))
            .collect::<Result<_, _>>()?;
        refuse_twice(&grounds)?;
        let all = facts::files(repo, &selection)?;
        let changed = all.len();
        let files = Shares::of(all, &grounds).files(0).to_vec();
        if grounds.iter().any(|ground| ground.located.is_none()) {
            // The order of phases asks for little more than the packet.
            let request = GateRequest { gate: crate::check::input::Gate::GateCheck, ..request.clone() };
            let report = super::judge(repo, &request)?.report;
            return Ok(Err(Box::new(Report { gate: command, ..report })));
        }
        let ground = grounds.swap_remove(0);
        let Some((id, path)) = ground.located.as_ref().map(|l| (l.id.clone(), l.path.clone())) else {
            return Err(GateError::Nothing("the packet is gone".to_owned()));
        };
        let info = selection_info(&selection, changed, ground.config_from.clone());
        let side = facts::judged_side(&selection);
        let spec_target = spec_target(repo, &ground.layout)?;
        Ok(Ok(Self { repo, request, ground, selection, side, changed, id, path, files, info, spec_target }))
    }

    /// Where documents lie.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.ground.layout
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.ground.config
    }

    /// For every manifest of a version of the packet: what its gates compute
    /// to.
    ///
    /// # Errors
    /// History that waivers depend on cannot be read.
    pub fn claims(&self, source: &Arc<Source>) -> Result<Vec<GateClaims>, GateError> {
        let parsed = Packet::read(source);
        let located = Located {
            id: self.id.clone(),
            path: self.path.clone(),
            packet: parsed.value,
            faults: parsed.faults,
            resolved_by: None,
        };
        let (repo, layout) = (self.repo, &self.ground.layout);
        let head = repo.head()?;
        let scene = Scene {
            repo,
            request: self.request,
            layout,
            side: self.side,
            head,
            judged_head: self.selection.head.or(head),
            selection: Some(&self.selection),
            is_judged: &|_| true,
            elsewhere: &|_| None,
            shared: None,
            is_first: true,
            requested: &self.ground.requested,
            trusted: &self.ground.config_from,
            trusted_side: self.ground.trusted,
            changed: self.changed,
        };
        // Only waivers depend on history.
        let gathered = if located.packet.waivers.is_empty() {
            None
        } else {
            let audit = document(repo, self.side, &RepoPath::from(layout.audit.as_str()))?;
            let audit = audit.map(|source| Audit::read(&source));
            let approved = ApprovalFacts::gather(&scene, &located, audit.as_ref())?;
            Some(ChangeFacts::gather(repo, layout, &located, &self.selection, &approved)?)
        };
        let exists = |path: &RepoPath| repo.exists(self.side, path).unwrap_or(false);
        let (paths, logs) = Default::default();
        let input = ChangeInput {
            packet: PacketInput {
                id: &located.id,
                packet: &located.packet,
                faults: &located.faults,
                layout,
                policy: &self.ground.config.policy,
                registry: None,
                board: None,
                family: &[],
            },
            selection: &self.selection,
            files: &self.files,
            configuration: crate::config::FILE_NAME,
            trusted: &self.ground.config_from,
            range: RangeFact::NotApplicable,
            owners: &|_| Vec::new(),
            elsewhere: &|_| None,
            exists: &exists,
            before: gathered.as_ref().and_then(|facts| facts.before.as_ref()),
            origins: gathered.as_ref().map_or(&[], |facts| facts.origins.as_slice()),
            evidence_paths: &paths,
            logs: &logs,
            now: self.request.now,
        };
        Ok(gate_claims(&input))
    }
}

fn spec_target(repo: &dyn Repository, layout: &Layout) -> Result<Option<String>, GateError> {
    let Some(source) = document(repo, Side::Worktree, &RepoPath::from(layout.spec_pointer.as_str()))? else {
        return Ok(None);
    };
    let pointer = SpecPointer::read(&source);
    Ok(pointer.spec().map(|spec| format!("{} -> {}", layout.spec_pointer, spec.value)))
}
