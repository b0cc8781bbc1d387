//! What checks see.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use crate::change::{ChangedFile, Introduction, Selection};
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::label::Field;
use crate::document::registry::Registry;
use crate::document::scope_entry::ScopeEntry;
use crate::document::{BadWpId, DocumentKind, Fault, Layout, Packet, Refinement, Signature, WpId};
use crate::finding::Label;
use crate::text::{RepoPath, Source, Span, Spanned};

/// The gates that judge a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Order of phases.
    GateCheck,
    /// May work start?
    PreWork,
    /// Is the work what was agreed?
    PostWork,
}

impl Gate {
    /// The command's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GateCheck => "gate-check",
            Self::PreWork => "pre-work",
            Self::PostWork => "post-work",
        }
    }
}

/// What a repository's configuration asks of checks.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The lowest `PACKET_FORMAT_VERSION` of packets dated on or after it.
    pub minimum_format: Option<String>,
    /// Whether packets older than G2 need evidence too.
    pub evidence_required: bool,
    /// What no scope covers unless it names the path literally.
    pub protected: Vec<ProtectedPattern>,
    /// Shortest token of a spec anchor, in characters.
    pub shortest_token: usize,
    /// Longest window of a spec anchor, in lines.
    pub longest_window: usize,
    /// Whether documents must be ASCII.
    pub ascii_only: bool,
    /// Headings that the specification must have, with or without their `#`.
    pub spec_headings: Vec<String>,
}

/// A pattern of protected paths. Without a slash it holds in every folder;
/// case does not matter, because `.GitHub` is `.github` on many systems.
#[derive(Debug, Clone)]
pub struct ProtectedPattern {
    /// As written.
    pub text: String,
    form: Form,
}

/// What a protected pattern compares.
#[derive(Debug, Clone)]
enum Form {
    /// The name of a file in any folder.
    Name(Vec<u8>),
    /// The name of a folder anywhere above the file.
    Folder(Vec<u8>),
    /// Anything else.
    Entry(ScopeEntry),
}

impl ProtectedPattern {
    /// Reads a pattern; `None` if it is no path or pattern.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let name = lower.trim_end_matches('/');
        let is_name = !name.contains('/');
        let anywhere = if is_name { format!("**/{lower}") } else { lower.clone() };
        let entry = ScopeEntry::read(Spanned::new(format!("`{anywhere}`"), Span::default()));
        let form = match (is_name && !name.contains('*'), name.len() < lower.len()) {
            (true, false) => Form::Name(name.as_bytes().to_vec()),
            (true, true) => Form::Folder(name.as_bytes().to_vec()),
            (false, _) => Form::Entry(entry.clone()),
        };
        entry.coverage.is_ok().then(|| Self { text: text.to_owned(), form })
    }

    /// Whether it holds for a path, given in small letters.
    #[must_use]
    pub fn covers(&self, lower: &RepoPath) -> bool {
        let folders = || lower.folder().split(|byte| *byte == b'/');
        match &self.form {
            Form::Name(name) => lower.file_name() == name.as_slice(),
            Form::Folder(name) => folders().any(|folder| folder == name.as_slice()),
            Form::Entry(entry) => entry.covers(lower),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            minimum_format: None,
            evidence_required: false,
            protected: Vec::new(),
            shortest_token: 8,
            longest_window: 400,
            ascii_only: false,
            spec_headings: Vec::new(),
        }
    }
}

/// How the search for a packet ended.
#[derive(Debug)]
pub enum Search {
    /// The text is no id.
    BadId(BadWpId),
    /// There is no such packet.
    Missing {
        /// The path it would have.
        path: RepoPath,
        /// Ids that look alike, nearest first.
        near: Vec<String>,
        /// A stub of that id, if there is one.
        stub: Option<RepoPath>,
        /// Why a base id could not be resolved, if it was one.
        registry: Option<Label>,
    },
    /// Something that is not a file lies at the packet's path.
    NotAFile {
        /// The path.
        path: RepoPath,
        /// What lies there.
        what: &'static str,
    },
    /// A file that is no readable packet.
    Unreadable {
        /// Its text, as far as there is one.
        source: Arc<Source>,
        /// Why, in one sentence without a full stop.
        why: String,
        /// Where.
        span: Span,
        /// What it is instead, if that is known.
        kind: Option<DocumentKind>,
    },
    /// The packet.
    Found {
        /// The path.
        path: RepoPath,
    },
}

/// Input of checks about finding the packet.
pub struct SearchInput<'a> {
    /// The text that the caller gave.
    pub requested: &'a str,
    /// How the search ended.
    pub search: &'a Search,
}

/// Input of checks about the selection.
pub struct SelectionInput<'a> {
    /// Which change it is.
    pub selection: &'a Selection,
    /// Whether the base is the head or one of its ancestors; true where the
    /// change is no range.
    pub is_forward: bool,
    /// Number of changed paths.
    pub changed: usize,
}

/// Input of checks about the packet alone.
pub struct PacketInput<'a> {
    /// The packet's id, by its file name.
    pub id: &'a WpId,
    /// The packet.
    pub packet: &'a Packet,
    /// What the reader could not read.
    pub faults: &'a [Fault],
    /// Where documents lie.
    pub layout: &'a Layout,
    /// What the configuration asks.
    pub policy: &'a Policy,
    /// The registry, if there is one.
    pub registry: Option<&'a Registry>,
    /// The task board, if there is one.
    pub board: Option<&'a Board>,
    /// Ids of all packets of the same base id, this one included.
    pub family: &'a [String],
}

impl PacketInput<'_> {
    /// The newest date that the packet gives of itself: its own or that of
    /// its signature. Back-dating one of them does not make it older.
    #[must_use]
    pub fn newest_date(&self) -> Option<Date> {
        let field = self.packet.meta("DATE").and_then(Field::filled);
        let dated = field.and_then(|field| field.value.get(..10)?.parse::<Date>().ok());
        let signature = self.packet.signature.as_ref();
        let signed = signature.and_then(|s| Signature::parse(&s.value).ok()).map(|s| s.at.date());
        dated.into_iter().chain(signed).max()
    }

    /// A label at a span of the packet.
    #[must_use]
    pub fn at(&self, span: Span, text: impl Into<String>) -> Label {
        Label::text(&self.packet.source, span, text)
    }
}

/// What is known of the packet's `MERGE_BASE_SHA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeBaseFact {
    /// The packet gives none.
    Absent,
    /// No forty hexadecimal digits.
    Malformed,
    /// No such commit here.
    Missing,
    /// A commit that is no ancestor of the judged head.
    NotAncestor,
    /// An ancestor of the judged head, or the head itself.
    Ancestor,
}

/// Whether a document is committed as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointFact {
    /// HEAD holds exactly these bytes.
    Committed,
    /// HEAD holds other bytes.
    Changed,
    /// HEAD does not hold it.
    Uncommitted,
}

/// The packet at the commit that introduced its signature.
#[derive(Debug)]
pub enum ContractFact {
    /// No commit holds the packet with this signature.
    Uncommitted,
    /// It was not looked up, and why.
    Unknown(String),
    /// Commits on several lines of history brought the signature in.
    Several(Vec<Introduction>),
    /// The contract revision.
    Known {
        /// The commit.
        introduction: Introduction,
        /// The packet there.
        then: Box<Packet>,
        /// Whether the commit lies inside the judged range.
        inside: bool,
        /// Paths outside governance that the commit changed.
        foreign: Vec<RepoPath>,
    },
}

/// Input of checks about approval.
pub struct ApprovalInput<'a> {
    /// The packet and its surroundings.
    pub packet: PacketInput<'a>,
    /// Path and text of the refinement, if it is there.
    pub refinement: Result<&'a Refinement, RepoPath>,
    /// The signature audit, or where it should be.
    pub audit: Result<&'a Audit, RepoPath>,
    /// The gate log, or where it should be.
    pub gate_log: Result<&'a GateLog, RepoPath>,
    /// `MERGE_BASE_SHA` against the judged head.
    pub merge_base: MergeBaseFact,
    /// Packet and refinement against HEAD; empty where the gate judges commits.
    pub checkpoint: &'a [(RepoPath, CheckpointFact)],
    /// The contract revision.
    pub contract: &'a ContractFact,
    /// The checked-out branch.
    pub branch: Option<&'a str>,
    /// Name of the working tree's folder.
    pub worktree: Option<&'a str>,
    /// Other documents that hold the packet's signature.
    pub reuse: &'a [Label],
    /// Now, UTC.
    pub now: DateTime,
}

/// Where a waiver came from.
#[derive(Debug, Clone)]
pub enum WaiverOrigin {
    /// The base of the change holds it.
    AtBase,
    /// No commit holds it.
    Uncommitted,
    /// This commit of the judged range brought it in.
    Entered {
        /// The commit.
        introduction: Introduction,
        /// Paths outside governance that the commit changed.
        foreign: Vec<RepoPath>,
    },
    /// It could not be found out, and why.
    Unknown(String),
}

/// What is known of a path that evidence points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFact {
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
    Whole,
    /// The base is newer than the merge base, and only governance files
    /// changed between them.
    SkipsGovernance,
    /// The base is newer than the merge base, or not on its line: work is
    /// left out.
    LeavesOut,
}

/// Input of checks about the change.
pub struct ChangeInput<'a> {
    /// The packet and its surroundings.
    pub packet: PacketInput<'a>,
    /// Which change it is.
    pub selection: &'a Selection,
    /// The changed files with their bytes, in order of path.
    pub files: &'a [ChangedFile],
    /// Where the range starts.
    pub range: RangeFact,
    /// Other active packets that name a path in their scope.
    pub owners: &'a dyn Fn(&RepoPath) -> Vec<String>,
    /// Whether a path exists in the judged tree.
    pub exists: &'a dyn Fn(&RepoPath) -> bool,
    /// Where each waiver of the packet came from, in its order.
    pub origins: &'a [WaiverOrigin],
    /// Files that evidence points at.
    pub evidence_paths: &'a BTreeMap<RepoPath, PathFact>,
    /// Logs that evidence names and that are there, by path as written.
    pub logs: &'a BTreeMap<String, Vec<u8>>,
    /// Now, UTC.
    pub now: DateTime,
}

impl ChangeInput<'_> {
    /// A changed file by its path.
    #[must_use]
    pub fn file(&self, path: &RepoPath) -> Option<&ChangedFile> {
        let at = self.files.binary_search_by(|file| file.change.path.cmp(path)).ok()?;
        self.files.get(at)
    }
}
