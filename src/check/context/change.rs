//! What checks of a change see.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::change::{ChangedFile, CommitInfo, Selection};
use crate::document::Packet;
use crate::text::RepoPath;

use super::PacketCheckContext;

/// Where a waiver came from.
#[derive(Debug, Clone)]
pub enum WaiverOrigin {
    /// The base of the change holds it.
    AtBase,
    /// This contract revision, a commit of the judged range, holds it: it was
    /// part of what was signed.
    AtContract(CommitInfo),
    /// No commit holds it.
    Uncommitted,
    /// This commit of the judged range brought it in.
    Entered {
        /// The commit.
        introduction: CommitInfo,
        /// Paths outside governance that the commit changed.
        code_paths: Vec<RepoPath>,
    },
    /// It could not be found out, and why.
    Unknown(String),
}

/// What is known of a path that evidence points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidencePathFact {
    /// Nothing is there.
    Missing,
    /// A file with this many lines.
    Lines(usize),
}

/// Where the range starts, seen from the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeFact {
    /// The change is not a range, or the packet has no usable merge base.
    NotApplicable,
    /// The base is the merge base or older: all of the work is in the range.
    Complete,
    /// The base is newer than the merge base, and only governance files
    /// changed between them.
    SkipsGovernance,
    /// The base is newer than the merge base, or not on its line: work is
    /// left out.
    OmitsWork,
}

/// Input of checks about the change.
pub struct ChangeCheckContext<'a> {
    /// The packet and its surroundings.
    pub packet: PacketCheckContext<'a>,
    /// Which change it is.
    pub selection: &'a Selection,
    /// The changed files with their bytes, in order of path.
    pub files: &'a [ChangedFile],
    /// Name of the configuration file.
    pub config_name: &'static str,
    /// Where rules and configuration were read from.
    pub policy_source: &'a str,
    /// Where the range starts.
    pub range_fact: RangeFact,
    /// Other active packets that name a path in their scope.
    pub owners: &'a dyn Fn(&RepoPath) -> Vec<String>,
    /// The packet judged beside this one that a changed path belongs to.
    pub other_packet_for: &'a dyn Fn(&RepoPath) -> Option<String>,
    /// Whether a path exists in the judged tree.
    pub exists: &'a dyn Fn(&RepoPath) -> bool,
    /// The packet where the work began, if it was there.
    pub packet_at_start: Option<&'a Packet>,
    /// Where each waiver of the packet came from, in its order.
    pub waiver_origins: &'a [WaiverOrigin],
    /// Files that evidence points at.
    pub evidence_paths: &'a BTreeMap<RepoPath, EvidencePathFact>,
    /// Logs that evidence names and that are there, by path as written.
    pub logs: &'a BTreeMap<String, Vec<u8>>,
    /// Now, UTC.
    pub now: DateTime,
}

impl ChangeCheckContext<'_> {
    /// A changed file by its path.
    #[must_use]
    pub fn file(&self, path: &RepoPath) -> Option<&ChangedFile> {
        let at = self.files.binary_search_by(|file| file.change.path.cmp(path)).ok()?;
        self.files.get(at)
    }
}
