//! Input of checks of source files: the results of a scan, and the tree.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::change::ChangeKind;
use crate::scan::{AreaKind, Areas, Baseline, Language, RuleFault, ScanSettings, Suppression, Treatment};
use crate::text::{RepoPath, Source};

/// A file that a scan could not read.
#[derive(Debug, Clone)]
pub struct UnreadFile {
    /// The file.
    pub path: RepoPath,
    /// The reason, as a clause.
    pub why: String,
    /// The source and the byte offset of the skipped line, if only one line was
    /// skipped.
    pub line: Option<(Arc<Source>, usize)>,
}

/// A folder or file of which a scan looked at almost nothing.
#[derive(Debug, Clone)]
pub struct UnscannedFolder {
    /// The folder or file; empty for the whole tree.
    pub path: RepoPath,
    /// The fact, in one sentence without a full stop.
    pub message: String,
}

/// A suppression comment and its effect.
#[derive(Debug, Clone)]
pub struct SuppressionUse {
    /// The file.
    pub source: Arc<Source>,
    /// The comment.
    pub suppression: Suppression,
    /// Whether the comment suppressed a finding.
    pub is_used: bool,
    /// Whether the rules that the comment names were run. If not, it is unknown
    /// whether the comment is unused.
    pub rules_selected: bool,
    /// Policies of the waivers that its rules require; empty if no waiver is
    /// required.
    pub waiver_policies: Vec<String>,
    /// Names in the comment that are not the id of a rule.
    pub unknown_rules: Vec<String>,
    /// Whether the comment is on changed lines.
    pub is_new: bool,
}

/// The baseline of known findings and its state after the scan.
#[derive(Debug, Default)]
pub struct BaselineState {
    /// The baseline, if it can be read.
    pub baseline: Option<Baseline>,
    /// The problem in the file and its location, if it cannot be read.
    pub fault: Option<crate::scan::BaselineFault>,
    /// Entries that no longer match a finding, as rule id and fingerprint.
    pub stale: Vec<(String, String)>,
    /// The baseline before the judged change, if it existed.
    pub before: Option<Baseline>,
}

/// A changed file.
#[derive(Debug, Clone)]
pub struct ChangedSource {
    /// Its path.
    pub path: RepoPath,
    /// The kind of change.
    pub kind: ChangeKind,
}

/// Returns whether a waiver of the packet with one of these policies covers a
/// path.
pub(crate) type WaiverLookup<'a> = &'a dyn Fn(&[String], &RepoPath) -> bool;

/// Input of checks of source files.
pub struct SourcesCheckContext<'a> {
    /// All files of the tree, sorted.
    pub paths: &'a [RepoPath],
    /// The repository's settings for scans.
    pub settings: &'a ScanSettings,
    /// What the files of the tree are for.
    pub(crate) areas: &'a Areas,
    /// Facts about what was not scanned, for warnings.
    pub unscanned: &'a [UnscannedFolder],
    /// The changed files; `None` if no change is judged. With a change, only
    /// findings in changed files are reported.
    pub changed: Option<&'a [ChangedSource]>,
    /// Errors of rule files that could not be loaded.
    pub faults: &'a [RuleFault],
    /// Files that could not be read.
    pub unread: &'a [UnreadFile],
    /// The suppression comments.
    pub suppressions: &'a [SuppressionUse],
    /// The baseline, if the configuration names one.
    pub baseline: Option<&'a BaselineState>,
    /// Reads a file of the tree; `None` if it does not exist.
    pub read_file: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// Returns whether the ignore files of the tree match a path.
    pub is_ignored: &'a dyn Fn(&RepoPath) -> bool,
    /// Untracked files with their size in bytes; `None` if the scanned tree has
    /// no untracked files.
    pub untracked: Option<&'a BTreeMap<RepoPath, u64>>,
    /// Looks up waivers of the packet; `None` without a packet.
    pub has_waiver: Option<WaiverLookup<'a>>,
    /// Today's date in UTC.
    pub today: Date,
    /// The contents of test files, read on first use.
    pub test_files: OnceCell<Vec<(RepoPath, Vec<u8>)>>,
}

impl SourcesCheckContext<'_> {
    /// Returns what a file is for.
    #[must_use]
    pub(crate) fn area(&self, path: &RepoPath) -> AreaKind {
        self.areas.area(self.settings, path, Language::from_path(path)).kind
    }

    /// Returns whether no rule applies to a file, because of its area.
    #[must_use]
    pub fn skips(&self, path: &RepoPath) -> bool {
        self.settings.treatment(self.area(path)) == Treatment::Skip
    }

    /// Returns whether the tree has a file at a path.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.paths.binary_search_by(|own| own.as_bytes().cmp(path.as_bytes())).is_ok()
    }

    /// Returns whether findings about a path are reported. Without a change, all
    /// are reported; with a change, only those about changed, existing files.
    #[must_use]
    pub fn is_reported(&self, path: &RepoPath) -> bool {
        self.changed.is_none_or(|changed| {
            changed.iter().any(|file| file.path == *path && file.kind != ChangeKind::Deleted)
        })
    }
}
