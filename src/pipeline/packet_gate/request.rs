//! Parameters of a gate, and the context that its checks share.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{Commit, Repository, Selection, SelectionRequest, TreeState};
use crate::check::context::{Gate, TrustCheckContext};
use crate::document::Layout;
use crate::pipeline::trusted_revision::TrustedRevision;
use crate::text::{RepoPath, Source};

/// Request to run a gate.
#[derive(Debug, Clone)]
pub struct GateRequest {
    /// The gate.
    pub gate: Gate,
    /// The packet's id, as given.
    pub packet: String,
    /// Ids of packets that share the change with it, as given.
    pub other_packets: Vec<String>,
    /// The task of the packet to which the change is restricted (`--task`).
    pub task: Option<String>,
    /// The change to judge.
    pub selection: SelectionRequest,
    /// The revision that the caller trusts as the main branch (`--base`).
    pub base: Option<String>,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

impl GateRequest {
    /// Returns the ids of all requested packets, in the order given.
    pub fn packets(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.packet).chain(&self.other_packets)
    }
}

/// Read-only context shared by all checks of one packet.
#[derive(Clone, Copy)]
pub(crate) struct GateContext<'a> {
    pub repo: &'a dyn Repository,
    pub request: &'a GateRequest,
    pub layout: &'a Layout,
    /// The judged tree.
    pub tree: TreeState,
    /// HEAD; `None` in a repository without commits.
    pub head: Option<Commit>,
    /// The head of the judged range, or HEAD.
    pub judged_head: Option<Commit>,
    pub selection: Option<&'a Selection>,
    /// Returns true if a path is part of the judged change. Every path is part
    /// of a change that is not committed.
    pub is_judged: &'a dyn Fn(&RepoPath) -> bool,
    /// Returns the id of the other judged packet that a changed path belongs
    /// to.
    pub other_owner: &'a dyn Fn(&RepoPath) -> Option<String>,
    /// Changed paths that several packets allow, with the ids of the other
    /// packets; `None` if only one packet is judged.
    pub shared_paths: Option<&'a [(RepoPath, String)]>,
    /// True for the first packet: rules about the whole change run once.
    pub is_first: bool,
    /// The packet's id, as given.
    pub requested_id: &'a str,
    /// Description of where rules and configuration were read from.
    pub policy_source: &'a str,
    /// The tree that rules and configuration were read from.
    pub policy_tree: TreeState,
    /// Facts about the rules of this run.
    pub trust: &'a TrustCheckContext,
    /// The trusted revision of this run.
    pub trusted: &'a TrustedRevision,
    /// Number of changed paths of all packets.
    pub changed_count: usize,
    /// Untracked files and folders that only the user of git ignores.
    pub user_ignored: &'a [RepoPath],
}
