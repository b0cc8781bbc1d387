//! Parameters of a scan.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{SelectionRequest, TreeState};
use crate::text::{RepoPath, Source};

/// The rules of one scan command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProfile {
    /// The command's name.
    pub name: &'static str,
    /// Names of rule sets; empty: the default sets. A single empty name
    /// selects no set, so that only families of the registry run.
    pub sets: Vec<String>,
    /// True if all sets are selected.
    pub includes_all_sets: bool,
    /// Families of the registry that run with the scan.
    pub families: Vec<&'static str>,
}

/// Sets that have commands of their own; `scan` does not include them by
/// default.
const SETS_WITH_OWN_COMMAND: [&str; 3] = ["errors", "dal", "traceability"];
/// Families that run with every scan that has rules.
const COMMON_FAMILIES: [&str; 3] = ["source", "suppression", "baseline"];

impl ScanProfile {
    /// Returns the profile of `scan`: forbidden patterns of these sets, or of
    /// the default sets.
    #[must_use]
    pub fn patterns(sets: Vec<String>) -> Self {
        Self { name: "scan", sets, includes_all_sets: false, families: COMMON_FAMILIES.to_vec() }
    }

    fn from_set(name: &'static str, set: &str, more_families: &[&'static str]) -> Self {
        let families = COMMON_FAMILIES.iter().chain(more_families).copied().collect();
        Self { name, sets: vec![set.to_owned()], includes_all_sets: false, families }
    }

    /// Returns the profile of `validator-error-codes`.
    #[must_use]
    pub fn error_codes() -> Self {
        Self::from_set("validator-error-codes", "errors", &[])
    }

    /// Returns the profile of `validator-dal-audit`.
    #[must_use]
    pub fn dal_audit() -> Self {
        Self::from_set("validator-dal-audit", "dal", &["migration"])
    }

    /// Returns the profile of `validator-traceability`.
    #[must_use]
    pub fn traceability() -> Self {
        Self::from_set("validator-traceability", "traceability", &[])
    }

    /// Returns the profile of `validator-coverage-gaps`.
    #[must_use]
    pub fn coverage_gaps() -> Self {
        Self {
            name: "validator-coverage-gaps",
            sets: vec![String::new()],
            includes_all_sets: false,
            families: vec!["source", "coverage"],
        }
    }

    /// Returns the profile of `validator-git-hygiene`.
    #[must_use]
    pub fn git_hygiene() -> Self {
        Self {
            name: "validator-git-hygiene",
            sets: vec![String::new()],
            includes_all_sets: false,
            families: vec!["hygiene"],
        }
    }

    /// Returns the profile of `validator-hygiene-full`: all sets and families.
    #[must_use]
    pub fn full() -> Self {
        let families = COMMON_FAMILIES.iter().chain(&["migration", "coverage", "hygiene"]).copied().collect();
        Self { name: "validator-hygiene-full", sets: Vec::new(), includes_all_sets: true, families }
    }

    /// Returns the profile of the command with this name.
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
        all.into_iter().find(|profile| profile.name == name)
    }

    /// Returns the profile of the scans that a configuration names for
    /// `post-work`: names of rule sets, and `coverage` and `hygiene`.
    #[must_use]
    pub fn from_gate_sets(names: &[String]) -> Self {
        let mut families = COMMON_FAMILIES.to_vec();
        let family_of_set = [("dal", "migration"), ("coverage", "coverage"), ("hygiene", "hygiene")];
        families.extend(
            family_of_set
                .iter()
                .filter(|(set, _)| names.iter().any(|name| name == set))
                .map(|(_, family)| *family),
        );
        Self { name: "post-work", sets: names.to_vec(), includes_all_sets: false, families }
    }

    /// Returns true if the rules of a set belong to the scan.
    pub(super) fn includes_set(&self, set: &str) -> bool {
        self.includes_all_sets
            || if self.sets.is_empty() {
                !SETS_WITH_OWN_COMMAND.contains(&set)
            } else {
                self.sets.iter().any(|own| own == set)
            }
    }
}

/// Request of one scan.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// Sets and families of rules.
    pub profile: ScanProfile,
    /// The tree whose files are read, if no change is scanned.
    pub tree: TreeState,
    /// The change to scan; `None` scans the whole tree.
    pub change: Option<SelectionRequest>,
    /// The revision that the caller trusts as the main branch (`--base`).
    pub base: Option<String>,
    /// Files and folders that the caller names; empty: all.
    pub paths: Vec<RepoPath>,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// Path of the baseline file, instead of the configured one.
    pub baseline: Option<String>,
    /// True if findings of the baseline are reported, too.
    pub show_baselined: bool,
    /// Now, UTC.
    pub now: DateTime,
}

impl ScanRequest {
    /// Returns true if the caller asks for this path: it is named, or below a
    /// named folder, or nothing is named.
    pub(super) fn includes_path(&self, path: &RepoPath) -> bool {
        self.paths.is_empty()
            || self.paths.iter().any(|named| path == named || path.is_below(named.as_bytes()))
    }
}
