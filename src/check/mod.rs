//! Checks: pure functions from documents, changes and facts to findings.
//!
//! Each family of rules is one file, or one folder if it is large. A check
//! uses only its input: it does not read files, the clock or git.
//! [`registry`] lists every rule with its text and its function.

pub(crate) mod approval;
mod audit;
mod baseline;
mod board;
mod change;
mod concurrency;
pub(crate) mod context;
mod contract;
mod coverage;
mod evidence;
mod fix_hints;
mod gate_log;
mod hygiene;
mod link;
mod manifest;
mod manifest_history;
mod migration;
pub(crate) mod packet;
mod packet_contract;
mod phase;
mod phase_close;
mod record;
mod refinement;
pub(crate) mod registry;
pub(crate) mod repository_documents;
pub(crate) mod scope;
mod source;
mod spec;
mod spec_current;
pub(crate) mod standing;
mod stub;
mod suppression;
mod test_changes;
mod text;
mod traceability;
mod trust;
mod validator;
pub(crate) mod waiver;

#[cfg(test)]
mod tests;

use crate::document::DocumentKind;
use crate::finding::Finding;
use crate::rule::Rule;

pub(crate) use approval::contract_difference::{compare_unsigned_lists, first_difference};
pub(crate) use approval::predates_refinements;
pub(crate) use approval::trusted::{is_closed, removed_records};
pub(crate) use change::user_ignored_findings;
pub(crate) use evidence::{is_same_command, normalize as normalize_command};
pub(crate) use link::named_paths;
pub(crate) use manifest::{GateClaims, gate_claims, has_lines, needs_manifest};
pub(crate) use manifest_history::ManifestHistory;
pub(crate) use packet::force::{is_over_by_board, names_newer, over_on};
pub(crate) use packet::merged::merged_commit;
pub(crate) use refinement::is_bundle;
pub(crate) use registry::{Registered, find_rule, registered_rules, wording};
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use scope::allows_change;
pub(crate) use scope::{
    MAX_ENTRY_PAIRS, is_comparable, is_loaded_unasked, is_personal, sensitive_path_reason,
};
pub(crate) use spec::parse_version as spec_version;

/// The result of one check.
#[derive(Debug)]
pub enum CheckResult {
    /// The check ran. Without findings, the rule holds.
    Findings(Vec<Finding>),
    /// The check did not run. The reason is a clause that completes
    /// "skipped: …".
    Skipped(String),
}

impl CheckResult {
    /// Creates a skipped result with a reason.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Self::Skipped(reason.into())
    }

    /// Merges the results of one check over several documents.
    pub(crate) fn merged(results: impl Iterator<Item = Self>) -> Self {
        let (mut findings, mut skip_reason, mut has_run) = (Vec::new(), None, false);
        for result in results {
            match result {
                Self::Findings(more) => {
                    has_run = true;
                    findings.extend(more);
                }
                Self::Skipped(reason) => skip_reason = Some(reason),
            }
        }
        match skip_reason {
            Some(reason) if !has_run => Self::Skipped(reason),
            _ => Self::Findings(findings),
        }
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

/// The function of a rule, by the input that it needs.
#[derive(Clone, Copy)]
pub enum Check {
    /// The result of the search for the packet.
    Search(fn(&context::SearchCheckContext<'_>, &Rule) -> CheckResult),
    /// The selected change, without the packet.
    Selection(fn(&context::SelectionCheckContext<'_>, &Rule) -> CheckResult),
    /// The rules of the run, without the packet.
    Trust(fn(&context::TrustCheckContext, &Rule) -> CheckResult),
    /// The packet alone.
    Packet(fn(&context::PacketCheckContext<'_>, &Rule) -> CheckResult),
    /// The text of one document of any kind.
    Text(fn(&repository_documents::TextCheckContext<'_>, &Rule) -> CheckResult),
    /// One refinement and its specification.
    Refinement(fn(&repository_documents::RefinementCheckContext<'_>, &Rule) -> CheckResult),
    /// One document of the listed kinds; an empty list means any kind.
    Document(
        &'static [DocumentKind],
        fn(&repository_documents::DocumentCheckContext<'_>, &Rule) -> CheckResult,
    ),
    /// All governance documents of a repository.
    Repository(fn(&repository_documents::RepositoryCheckContext<'_>, &Rule) -> CheckResult),
    /// The packet and its records of approval.
    Approval(fn(&context::ApprovalCheckContext<'_>, &Rule) -> CheckResult),
    /// The packet and the change.
    Change(fn(&context::ChangeCheckContext<'_>, &Rule) -> CheckResult),
    /// The changed files that both this packet and another one allow, each with
    /// the other packet's id. Used if several packets are judged together.
    SharedPaths(fn(&[(crate::text::RepoPath, String)], &Rule) -> CheckResult),
    /// The results of a source scan, and the tree.
    Sources(fn(&context::SourcesCheckContext<'_>, &Rule) -> CheckResult),
    /// No function: the gate reports the rule while it applies waivers.
    Gate,
    /// No function: a separate command reports the rule, such as
    /// `countersign rules test`.
    Command,
    /// No function: the engine reports the rule while it runs steps.
    Step,
}
