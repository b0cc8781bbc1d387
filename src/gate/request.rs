//! What is asked of a gate, and what it answers.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{Commit, Repository, RepositoryError, Selection, SelectionRequest, Side};
use crate::check::input::Gate;
use crate::config::{Config, ConfigFault};
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

/// Where a gate looks.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub repo: &'a dyn Repository,
    pub request: &'a GateRequest,
    pub layout: &'a Layout,
    /// The side that holds the judged state.
    pub side: Side,
    pub head: Option<Commit>,
    /// The head of the judged range, or HEAD.
    pub judged_head: Option<Commit>,
    pub selection: Option<&'a Selection>,
    /// Whether a path is part of the judged change; where that is not
    /// committed, every path is.
    pub is_judged: &'a dyn Fn(&RepoPath) -> bool,
}
