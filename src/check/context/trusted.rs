//! A packet's approval at trusted commits.

use crate::document::Packet;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::finding::Label;
use crate::text::RepoPath;

/// A packet and the audit at a trusted commit.
#[derive(Debug)]
pub struct TrustedState {
    /// First digits of the commit.
    pub revision: String,
    /// The packet, if it existed.
    pub packet: Option<Packet>,
    /// The signature audit, if it existed and differs from the judged one.
    pub audit: Option<Audit>,
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
