//! Scans over source files: of a whole tree, or of a change.
//!
//! Files are read and matched by several threads; results do not depend on
//! their number. Of a change, only what is new fails: a finding is new if the
//! changed files have more of it than they had before, whether its own line
//! changed or what stands around it.

mod change;
mod files;
mod results;
mod rules;
mod tree;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{SelectionRequest, TreeState};
use crate::text::{RepoPath, Source};

pub(crate) use change::{ChangeScan, run_gate_scans};
pub use rules::{ActiveRules, load_active_rules};
pub use tree::run_scan;

/// Which scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProfile {
    /// The command's name.
    pub name: &'static str,
    /// Sets of rules; empty for the default ones.
    pub sets: Vec<String>,
    /// Whether sets are those of all scans.
    pub includes_all_sets: bool,
    /// Families of the registry that belong to it.
    pub families: Vec<&'static str>,
}

/// Sets that have commands of their own, so that `scan` leaves them out.
const SETS_WITH_OWN_COMMAND: [&str; 3] = ["errors", "dal", "traceability"];
/// Families that belong to every scan with rules.
const COMMON_FAMILIES: [&str; 3] = ["source", "suppression", "baseline"];

impl ScanProfile {
    /// `scan`: forbidden patterns, of these sets or of the default ones.
    #[must_use]
    pub fn patterns(sets: Vec<String>) -> Self {
        Self { name: "scan", sets, includes_all_sets: false, families: COMMON_FAMILIES.to_vec() }
    }

    fn from_set(name: &'static str, set: &str, more: &[&'static str]) -> Self {
        let families = COMMON_FAMILIES.iter().chain(more).copied().collect();
        Self { name, sets: vec![set.to_owned()], includes_all_sets: false, families }
    }

    /// `validator-error-codes`.
    #[must_use]
    pub fn error_codes() -> Self {
        Self::from_set("validator-error-codes", "errors", &[])
    }

    /// `validator-dal-audit`.
    #[must_use]
    pub fn dal_audit() -> Self {
        Self::from_set("validator-dal-audit", "dal", &["migration"])
    }

    /// `validator-traceability`.
    #[must_use]
    pub fn traceability() -> Self {
        Self::from_set("validator-traceability", "traceability", &[])
    }

    /// `validator-coverage-gaps`.
    #[must_use]
    pub fn coverage_gaps() -> Self {
        Self {
            name: "validator-coverage-gaps",
            sets: vec![String::new()],
            includes_all_sets: false,
            families: vec!["coverage"],
        }
    }

    /// `validator-git-hygiene`.
    #[must_use]
    pub fn git_hygiene() -> Self {
        Self {
            name: "validator-git-hygiene",
            sets: vec![String::new()],
            includes_all_sets: false,
            families: vec!["hygiene"],
        }
    }

    /// `validator-hygiene-full`: everything.
    #[must_use]
    pub fn full() -> Self {
        let families = COMMON_FAMILIES.iter().chain(&["migration", "coverage", "hygiene"]).copied().collect();
        Self { name: "validator-hygiene-full", sets: Vec::new(), includes_all_sets: true, families }
    }

    /// The scan of a command.
    #[must_use]
    pub fn from_command(name: &str) -> Option<Self> {
        let all = [
            Self::patterns(Vec::new()),
            Self::error_codes(),
            Self::dal_audit(),
            Self::traceability(),
            Self::coverage_gaps(),
            Self::git_hygiene(),
            Self::full(),
        ];
        all.into_iter().find(|scan| scan.name == name)
    }

    /// The scans that a configuration names for `post-work`: sets of rules,
    /// and `coverage` and `hygiene`.
    #[must_use]
    pub fn from_gate_sets(names: &[String]) -> Self {
        let mut families = COMMON_FAMILIES.to_vec();
        let own = [("dal", "migration"), ("coverage", "coverage"), ("hygiene", "hygiene")];
        families.extend(
            own.iter().filter(|(set, _)| names.iter().any(|name| name == set)).map(|(_, family)| *family),
        );
        Self { name: "post-work", sets: names.to_vec(), includes_all_sets: false, families }
    }

    /// Whether rules of a set belong to it.
    fn includes_set(&self, set: &str) -> bool {
        self.includes_all_sets
            || if self.sets.is_empty() {
                !SETS_WITH_OWN_COMMAND.contains(&set)
            } else {
                self.sets.iter().any(|own| own == set)
            }
    }
}

/// What is asked of a scan.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// Which scan.
    pub profile: ScanProfile,
    /// Where files are read, if no change is judged.
    pub tree: TreeState,
    /// Which change is judged, if one is.
    pub change: Option<SelectionRequest>,
    /// Files and folders that the caller names; empty: all.
    pub paths: Vec<RepoPath>,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// The file of known findings, instead of the configured one.
    pub baseline: Option<String>,
    /// Whether known findings are told, too.
    pub show_baselined: bool,
    /// Now, UTC.
    pub now: DateTime,
}
