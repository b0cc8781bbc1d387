//! Checks: pure functions from documents, changes and facts to findings.
//!
//! One folder a family, one file a check. A check sees only its input; it
//! cannot read files, clocks or git. [`registry`] lists every rule with its
//! text and its function.

pub(crate) mod approval;
mod audit;
mod baseline;
mod board;
mod change;
mod concurrency;
pub mod context;
mod contract;
mod coverage;
mod evidence;
mod fix_hints;
mod gate_log;
mod hygiene;
mod link;
mod manifest;
mod migration;
mod packet;
mod phase;
mod phase_close;
mod record;
mod refinement;
pub mod registry;
pub mod repository_documents;
pub(crate) mod scope;
mod source;
mod spec;
mod stub;
mod suppression;
mod text;
mod traceability;
mod validator;
pub mod waiver;

use crate::document::DocumentKind;
use crate::finding::Finding;
use crate::rule::Rule;

pub(crate) use approval::predates_refinements;
pub use evidence::is_same_command;
pub use link::{NamedBy, NamedPath, named_paths};
pub use manifest::{GateClaims, gate_claims, has_lines, needs_manifest};
pub use registry::{Registered, find_rule, registered_rules, wording};
pub(crate) use spec::parse_version as spec_version;

/// What a check concludes.
#[derive(Debug)]
pub enum CheckResult {
    /// It looked; no findings mean that all is well.
    Findings(Vec<Finding>),
    /// It could not or need not look; the reason is a clause that completes
    /// "not checked: …".
    Skipped(String),
}

impl CheckResult {
    /// Skipped for a reason.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }
}

impl From<Vec<Finding>> for CheckResult {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Findings(findings)
    }
}

impl From<Option<Finding>> for CheckResult {
    fn from(finding: Option<Finding>) -> Self {
        Self::Findings(finding.into_iter().collect())
    }
}

/// A check, by what it needs to see.
#[derive(Clone, Copy)]
pub enum Check {
    /// Where the packet was looked for.
    Search(fn(&context::SearchCheckContext<'_>, &Rule) -> CheckResult),
    /// The selected change, whatever the packet says.
    Selection(fn(&context::SelectionCheckContext<'_>, &Rule) -> CheckResult),
    /// The packet alone.
    Packet(fn(&context::PacketCheckContext<'_>, &Rule) -> CheckResult),
    /// The text of any document.
    Text(fn(&repository_documents::TextCheckContext<'_>, &Rule) -> CheckResult),
    /// A refinement and its specification.
    Refinement(fn(&repository_documents::RefinementCheckContext<'_>, &Rule) -> CheckResult),
    /// One document of one of these kinds; of any kind if none is listed.
    Document(
        &'static [DocumentKind],
        fn(&repository_documents::DocumentCheckContext<'_>, &Rule) -> CheckResult,
    ),
    /// All documents of a repository together.
    Repository(fn(&repository_documents::RepositoryCheckContext<'_>, &Rule) -> CheckResult),
    /// The packet and the documents that approve it.
    Approval(fn(&context::ApprovalCheckContext<'_>, &Rule) -> CheckResult),
    /// The packet and the change.
    Change(fn(&context::ChangeCheckContext<'_>, &Rule) -> CheckResult),
    /// The changed files that this packet and another one claim, with the
    /// other's id, where several are judged together.
    SharedPaths(fn(&[(crate::text::RepoPath, String)], &Rule) -> CheckResult),
    /// Source files: a scan's results and the tree.
    Sources(fn(&context::SourcesCheckContext<'_>, &Rule) -> CheckResult),
    /// Found by the gate itself while it applies waivers.
    Gate,
    /// Found by a command of its own.
    Command,
    /// Found by the engine while it runs steps.
    Step,
}
