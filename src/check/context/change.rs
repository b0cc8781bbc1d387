//! Input of checks of a packet's change.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::change::{ChangedFile, CommitInfo, Selection};
use crate::document::{Packet, WpId};
use crate::text::RepoPath;

use super::{EarlierRecords, PacketCheckContext, TrustedState};

/// The origin of a waiver.
#[derive(Debug, Clone)]
pub enum WaiverOrigin {
    /// The base of the change contains it.
    AtBase,
    /// This contract revision, a commit of the judged range, contains it: the
    /// waiver was signed together with the packet.
    AtContract(CommitInfo),
    /// No commit contains it.
    Uncommitted,
    /// This commit of the judged range introduced it.
    Entered {
        /// The commit.
        introduction: CommitInfo,
        /// Paths outside governance that the commit changed.
        code_paths: Vec<RepoPath>,
    },
    /// This trusted commit does not have it any more, or has it in other words.
    Withdrawn {
        /// First digits of the commit.
        revision: String,
    },
    /// The origin could not be determined; with the reason as a clause.
    Unknown(String),
}

/// The state of a path that evidence points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidencePathFact {
    /// The path does not exist.
    Missing,
    /// The path is a file with this number of lines.
    Lines(usize),
}

/// The start of the range compared with the packet's merge base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeFact {
    /// The change is not a range, or the packet has no usable merge base.
    NotApplicable,
    /// The base is the merge base or older: the range contains all work.
    Complete,
    /// The base is newer than the merge base, and only governance files
    /// changed between them.
    SkipsGovernance,
    /// The range starts where the host says that the main branch was, and no packet accounts
    /// for code between the merge base and this start.
    FollowsUnaccounted {
        /// Number of commits with such code.
        count: usize,
        /// The first of them and a path, as a clause.
        first: String,
    },
    /// The base is newer than the merge base, or on another line of history:
    /// work may be missing from the range. With the reason as a clause, if a commit shows it.
    OmitsWork(Option<String>),
}

/// Input of checks about the change.
pub struct ChangeCheckContext<'a> {
    /// The packet and its context.
    pub packet: PacketCheckContext<'a>,
    /// The selected change.
    pub selection: &'a Selection,
    /// The changed files with their bytes, sorted by path.
    pub files: &'a [ChangedFile],
    /// Name of the configuration file.
    pub config_name: &'static str,
    /// Description of the tree that rules and configuration were read from.
    pub policy_source: &'a str,
    /// The start of the range compared with the packet's merge base.
    pub range_fact: RangeFact,
    /// Returns the other active packets whose scope contains a path.
    pub owners: &'a dyn Fn(&RepoPath) -> Vec<String>,
    /// Returns the packet that a changed path belongs to, if it is another
    /// packet that is judged together with this one.
    pub other_packet_for: &'a dyn Fn(&RepoPath) -> Option<String>,
    /// Returns whether a path exists in the judged tree.
    pub exists: &'a dyn Fn(&RepoPath) -> bool,
    /// Returns the target of a symbolic link of the judged tree; `None` if the path is
    /// not a link.
    pub link_target: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// The packet at the start of the work, if it existed.
    pub packet_at_start: Option<&'a Packet>,
    /// The packet at trusted commits; empty for a range that is history.
    pub trusted_states: &'a [TrustedState],
    /// The registry and the task board before the work; empty if the change has neither.
    pub earlier_records: &'a [EarlierRecords],
    /// The packets that are judged together.
    pub judged_ids: &'a [WpId],
    /// Whether the main branch contains the judged work already.
    pub is_history: bool,
    /// The origin of each waiver, in the packet's order.
    pub waiver_origins: &'a [WaiverOrigin],
    /// The paths that evidence points at.
    pub evidence_paths: &'a BTreeMap<RepoPath, EvidencePathFact>,
    /// The existing logs that evidence names, by path as written.
    pub logs: &'a BTreeMap<String, Vec<u8>>,
    /// The current time in UTC.
    pub now: DateTime,
}

impl ChangeCheckContext<'_> {
    /// Finds a changed file by its path.
    #[must_use]
    pub fn file(&self, path: &RepoPath) -> Option<&ChangedFile> {
        let index = self.files.binary_search_by(|file| file.change.path.cmp(path)).ok()?;
        self.files.get(index)
    }
}
