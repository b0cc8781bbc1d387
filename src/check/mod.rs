//! Checks: pure functions from documents, changes and facts to findings.
//!
//! One folder a family, one file a check. A check sees only its input; it
//! cannot read files, clocks or git. [`registry`] lists every rule with its
//! text and its function.

mod approval;
mod change;
mod evidence;
pub mod input;
mod manifest;
mod packet;
mod phase;
pub mod registry;
mod scope;
pub mod waiver;

use crate::finding::Finding;
use crate::rule::Rule;

pub use registry::{Registered, find, registered};

/// What a check concludes.
#[derive(Debug)]
pub enum Verdict {
    /// It looked; no findings mean that all is well.
    Judged(Vec<Finding>),
    /// It could not or need not look; the reason is a clause that completes
    /// "not checked: …".
    Skipped(String),
}

impl Verdict {
    /// Skipped for a reason.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

impl From<Vec<Finding>> for Verdict {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Judged(findings)
    }
}

impl From<Option<Finding>> for Verdict {
    fn from(finding: Option<Finding>) -> Self {
        Self::Judged(finding.into_iter().collect())
    }
}

/// A check, by what it needs to see.
#[derive(Clone, Copy)]
pub enum Check {
    /// Where the packet was looked for.
    Search(fn(&input::SearchInput<'_>, &Rule) -> Verdict),
    /// The selected change, whatever the packet says.
    Selection(fn(&input::SelectionInput<'_>, &Rule) -> Verdict),
    /// The packet alone.
    Packet(fn(&input::PacketInput<'_>, &Rule) -> Verdict),
    /// The packet and the documents that approve it.
    Approval(fn(&input::ApprovalInput<'_>, &Rule) -> Verdict),
    /// The packet and the change.
    Change(fn(&input::ChangeInput<'_>, &Rule) -> Verdict),
    /// Found by the gate itself while it applies waivers.
    Gate,
    /// Found by the engine while it runs steps.
    Step,
}
