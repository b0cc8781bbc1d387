//! A packet's approval at trusted commits.

use crate::change::CommitInfo;
use crate::document::Packet;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::registry::Registry;
use crate::finding::Label;
use crate::text::RepoPath;

/// A document at a trusted commit, compared with the judged one.
#[derive(Debug, Clone)]
pub enum TrustedDocument<T> {
    /// It is the judged one, or exists in neither tree.
    Same,
    /// It does not exist there.
    Missing,
    /// It has another text.
    Different(T),
}

impl<T> TrustedDocument<T> {
    /// Returns the document of the trusted commit; `judged` is the judged one.
    pub fn get<'a>(&'a self, judged: Option<&'a T>) -> Option<&'a T> {
        match self {
            Self::Same => judged,
            Self::Missing => None,
            Self::Different(own) => Some(own),
        }
    }

    /// Converts a document that differs.
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> TrustedDocument<U> {
        match self {
            Self::Same => TrustedDocument::Same,
            Self::Missing => TrustedDocument::Missing,
            Self::Different(own) => TrustedDocument::Different(read(own)),
        }
    }

    /// Returns the document if it differs from the judged one.
    pub fn different(&self) -> Option<&T> {
        if let Self::Different(own) = self { Some(own) } else { None }
    }
}

/// A packet and what the records say of it at a trusted commit.
#[derive(Debug)]
pub struct TrustedState {
    /// First digits of the commit.
    pub revision: String,
    /// The packet, if it existed.
    pub packet: Option<Packet>,
    /// The packet in its other form, a single file or a folder, if it existed only so.
    pub other_form: Option<Packet>,
    /// The packet at the last commit that the work and this commit share, if that matters:
    /// this commit has no packet, or no signature in it.
    pub shared_packet: Option<Packet>,
    /// Whether that commit's registry named the packet as the active one, if this commit's
    /// registry names another.
    pub was_active: bool,
    /// The signature audit.
    pub audit: TrustedDocument<Audit>,
    /// The gate log.
    pub gate_log: TrustedDocument<GateLog>,
    /// The task board.
    pub board: TrustedDocument<Board>,
    /// The traceability registry.
    pub registry: TrustedDocument<Registry>,
    /// The packet's refinement, in any form.
    pub refinement: TrustedDocument<()>,
}

impl TrustedState {
    /// Returns the packet in either form.
    #[must_use]
    pub fn any_packet(&self) -> Option<&Packet> {
        self.packet.as_ref().or(self.other_form.as_ref())
    }
}

/// The shared records before the work, compared with the judged ones.
#[derive(Debug)]
pub struct EarlierRecords {
    /// The traceability registry.
    pub registry: TrustedDocument<Registry>,
    /// The task board.
    pub board: TrustedDocument<Board>,
}

/// Approval records that the judged tree must still contain.
#[derive(Debug)]
pub struct TrustedRecords {
    /// First digits of the commit.
    pub revision: String,
    /// The signature audit, if it existed and differs from the judged one.
    pub audit: Option<Audit>,
    /// The gate log, if it existed and differs from the judged one.
    pub gate_log: Option<GateLog>,
    /// Other records that existed and are gone: the task board and the registry.
    pub gone: Vec<RepoPath>,
}

/// The approval at trusted commits.
#[derive(Debug, Default)]
pub struct TrustedApproval {
    /// The trusted revision and the reason for it, for messages.
    pub description: String,
    /// States of the packet, the trusted revision first; empty for history.
    pub states: Vec<TrustedState>,
    /// Records at the base of the change and at merged commits of the main branch.
    pub records: Vec<TrustedRecords>,
    /// Commits that brought the contract to the main branch, if nothing else approves it and
    /// the configuration demands another person than the coder; otherwise empty.
    pub introductions: Vec<CommitInfo>,
}

/// Input of checks about the rules of a run.
#[derive(Debug, Default)]
pub struct TrustCheckContext {
    /// Why the coder can move the trusted revision; `None` if they cannot.
    pub soft_reason: Option<&'static str>,
    /// The configuration of the judged tree, if it cannot be used: its location, and
    /// what is wrong.
    pub config_fault: Option<(Label, String)>,
}
