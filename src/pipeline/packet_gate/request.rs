//! What is asked of a gate, and what it answers.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{Commit, Repository, Selection, SelectionRequest, TreeState};
use crate::check::context::Gate;
use crate::config::Config;
use crate::document::Layout;
use crate::finding::Report;
use crate::text::{RepoPath, Source};

/// What is asked of a gate.
#[derive(Debug, Clone)]
pub struct GateRequest {
    /// Which gate.
    pub gate: Gate,
    /// The packet's id, as given.
    pub packet: String,
    /// Packets that share the change with it.
    pub other_packets: Vec<String>,
    /// Which change.
    pub selection: SelectionRequest,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

impl GateRequest {
    /// All packets that are asked for, the first one first.
    pub fn packets(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.packet).chain(&self.other_packets)
    }
}

/// A gate's answer before its steps ran.
#[derive(Debug)]
pub struct GateResult {
    /// The report so far.
    pub report: Report,
    /// The configuration that was used.
    pub config: Config,
    /// The change, for gates that judge one.
    pub selection: Option<Selection>,
    /// The side that holds the judged state.
    pub tree: TreeState,
}

/// Where a gate looks.
#[derive(Clone, Copy)]
pub(crate) struct GateContext<'a> {
    pub repo: &'a dyn Repository,
    pub request: &'a GateRequest,
    pub layout: &'a Layout,
    /// The side that holds the judged state.
    pub tree: TreeState,
    pub head: Option<Commit>,
    /// The head of the judged range, or HEAD.
    pub judged_head: Option<Commit>,
    pub selection: Option<&'a Selection>,
    /// Whether a path is part of the judged change; where that is not
    /// committed, every path is.
    pub is_judged: &'a dyn Fn(&RepoPath) -> bool,
    /// The packet judged beside this one that a changed path belongs to.
    pub other_owner: &'a dyn Fn(&RepoPath) -> Option<String>,
    /// Changed paths that two packets claim, with the other's id; `None` where
    /// only one packet is judged.
    pub shared_paths: Option<&'a [(RepoPath, String)]>,
    /// Whether this is the first packet: what holds for the whole change is
    /// judged once.
    pub is_first: bool,
    /// The id as it was asked for.
    pub requested_id: &'a str,
    /// Where rules and configuration were read from.
    pub policy_source: &'a str,
    /// That, as a side.
    pub policy_tree: TreeState,
    /// Number of changed paths, whichever packet they belong to.
    pub changed_count: usize,
}
