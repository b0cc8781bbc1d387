//! Scans over source files: of a whole tree, or of a change.
//!
//! Files are read and matched by several threads; results do not depend on
//! their number. Of a change, only what is new fails: a finding is new if the
//! changed files have more of it than they had before, whether its own line
//! changed or what stands around it.

mod change;
mod files;
mod rules;
mod tree;
mod verdicts;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::{SelectionRequest, Side};
use crate::text::{RepoPath, Source};

pub(super) use change::{Judged, of_change};
pub use rules::{Rulebook, rulebook};
pub use tree::sweep;

/// Which scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The command's name.
    pub name: &'static str,
    /// Sets of rules; empty for the default ones.
    pub sets: Vec<String>,
    /// Whether sets are those of all scans.
    pub all: bool,
    /// Families of the registry that belong to it.
    pub families: Vec<&'static str>,
}

/// Sets that have commands of their own, so that `scan` leaves them out.
const APART: [&str; 3] = ["errors", "dal", "traceability"];
/// Families that belong to every scan with rules.
const ALWAYS: [&str; 3] = ["source", "suppression", "baseline"];

impl Scan {
    /// `scan`: forbidden patterns, of these sets or of the default ones.
    #[must_use]
    pub fn patterns(sets: Vec<String>) -> Self {
        Self { name: "scan", sets, all: false, families: ALWAYS.to_vec() }
    }

    fn of(name: &'static str, set: &str, more: &[&'static str]) -> Self {
        let families = ALWAYS.iter().chain(more).copied().collect();
        Self { name, sets: vec![set.to_owned()], all: false, families }
    }

    /// `validator-error-codes`.
    #[must_use]
    pub fn error_codes() -> Self {
        Self::of("validator-error-codes", "errors", &[])
    }

    /// `validator-dal-audit`.
    #[must_use]
    pub fn dal_audit() -> Self {
        Self::of("validator-dal-audit", "dal", &["migration"])
    }

    /// `validator-traceability`.
    #[must_use]
    pub fn traceability() -> Self {
        Self::of("validator-traceability", "traceability", &[])
    }

    /// `validator-coverage-gaps`.
    #[must_use]
    pub fn coverage_gaps() -> Self {
        Self {
            name: "validator-coverage-gaps",
            sets: vec![String::new()],
            all: false,
            families: vec!["coverage"],
        }
    }

    /// `validator-git-hygiene`.
    #[must_use]
    pub fn git_hygiene() -> Self {
        Self {
            name: "validator-git-hygiene",
            sets: vec![String::new()],
            all: false,
            families: vec!["hygiene"],
        }
    }

    /// `validator-hygiene-full`: everything.
    #[must_use]
    pub fn full() -> Self {
        let families = ALWAYS.iter().chain(&["migration", "coverage", "hygiene"]).copied().collect();
        Self { name: "validator-hygiene-full", sets: Vec::new(), all: true, families }
    }

    /// The scan of a command.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
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
    pub fn of_gate(names: &[String]) -> Self {
        let mut families = ALWAYS.to_vec();
        let own = [("dal", "migration"), ("coverage", "coverage"), ("hygiene", "hygiene")];
        families.extend(
            own.iter().filter(|(set, _)| names.iter().any(|name| name == set)).map(|(_, family)| *family),
        );
        Self { name: "post-work", sets: names.to_vec(), all: false, families }
    }

    /// Whether rules of a set belong to it.
    fn wants(&self, set: &str) -> bool {
        self.all
            || if self.sets.is_empty() {
                !APART.contains(&set)
            } else {
                self.sets.iter().any(|own| own == set)
            }
    }
}

/// What is asked of a scan.
#[derive(Debug, Clone)]
pub struct SweepRequest {
    /// Which scan.
    pub scan: Scan,
    /// Where files are read, if no change is judged.
    pub side: Side,
    /// Which change is judged, if one is.
    pub change: Option<SelectionRequest>,
    /// Files and folders that the caller names; empty: all.
    pub named: Vec<RepoPath>,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// The file of known findings, instead of the configured one.
    pub baseline: Option<String>,
    /// Whether known findings are told, too.
    pub tell_known: bool,
    /// Now, UTC.
    pub now: DateTime,
}
