//! What checks of source files see: a scan's results and the tree.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::change::ChangeKind;
use crate::scan::{Baseline, RuleFault, ScanSettings, Suppression};
use crate::text::{RepoPath, Source};

/// A file that a scan could not read.
#[derive(Debug, Clone)]
pub struct UnreadFile {
    /// The file.
    pub path: RepoPath,
    /// Why, as a clause.
    pub why: String,
    /// The line that was not judged, if only one was not.
    pub line: Option<(Arc<Source>, usize)>,
}

/// A comment that excuses, with what came of it.
#[derive(Debug, Clone)]
pub struct SuppressionUse {
    /// The file.
    pub source: Arc<Source>,
    /// The comment.
    pub suppression: Suppression,
    /// Whether something was there to be excused.
    pub is_used: bool,
    /// Whether the rules that it names were asked, so that "unused" says
    /// something.
    pub rules_selected: bool,
    /// Policies of which its rules want a waiver of the packet; empty if none
    /// is needed.
    pub waiver_policies: Vec<String>,
    /// Names that are no rule.
    pub unknown_rules: Vec<String>,
    /// Whether it stands on changed lines.
    pub is_new: bool,
}

/// Known findings, with what came of them.
#[derive(Debug, Default)]
pub struct BaselineState {
    /// The file, if it can be read.
    pub baseline: Option<Baseline>,
    /// What is wrong with it, and where.
    pub fault: Option<crate::scan::BaselineFault>,
    /// Entries that match nothing any more, by rule and fingerprint.
    pub stale: Vec<(String, String)>,
    /// The file before the judged change, where there is one.
    pub before: Option<Baseline>,
}

/// A changed file.
#[derive(Debug, Clone)]
pub struct ChangedSource {
    /// Its path.
    pub path: RepoPath,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// Whether a waiver of the packet, of one of these policies, covers a path.
pub type WaiverLookup<'a> = &'a dyn Fn(&[String], &RepoPath) -> bool;

/// Input of checks about source files.
pub struct SourcesCheckContext<'a> {
    /// All files of the tree, sorted.
    pub paths: &'a [RepoPath],
    /// What the repository says of its scans.
    pub settings: &'a ScanSettings,
    /// The change, if one is judged; findings are about changed files only.
    pub changed: Option<&'a [ChangedSource]>,
    /// Rule files that are none.
    pub faults: &'a [RuleFault],
    /// Files that could not be read.
    pub unread: &'a [UnreadFile],
    /// Comments that excuse.
    pub suppressions: &'a [SuppressionUse],
    /// Known findings, if the repository keeps them.
    pub baseline: Option<&'a BaselineState>,
    /// Reads a file of the tree.
    pub read_file: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// Whether ignore files of the tree excuse a path.
    pub is_ignored: &'a dyn Fn(&RepoPath) -> bool,
    /// Untracked files with their bytes' number; `None` where nothing can be
    /// untracked.
    pub untracked: Option<&'a BTreeMap<RepoPath, u64>>,
    /// Whether a waiver of the packet, of one of these policies, covers a
    /// path; `None` without a packet.
    pub has_waiver: Option<WaiverLookup<'a>>,
    /// Today, UTC.
    pub today: Date,
    /// The texts of test files, read on first use.
    pub test_files: OnceCell<Vec<(RepoPath, Vec<u8>)>>,
}

impl SourcesCheckContext<'_> {
    /// Whether a file of the tree is at a path.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.paths.binary_search_by(|own| own.as_bytes().cmp(path.as_bytes())).is_ok()
    }

    /// Whether findings are told of a path: without a change, of all.
    #[must_use]
    pub fn is_reported(&self, path: &RepoPath) -> bool {
        self.changed.is_none_or(|changed| {
            changed.iter().any(|file| file.path == *path && file.kind != ChangeKind::Deleted)
        })
    }
}
