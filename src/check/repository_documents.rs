//! All governance documents of a repository, and the inputs of document
//! checks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use jiff::civil::DateTime;

use crate::change::Worktree;
use crate::digest::Hash20;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::outline::Outline;
use crate::document::registry::Registry;
use crate::document::spec::{SpecPointer, SpecText};
use crate::document::typed_contract::TypedContract;
use crate::document::{Document, DocumentBody, DocumentKind, Layout, Packet, Refinement, WpId};
use crate::text::{RepoPath, Source};

use super::context::Policy;
use super::manifest_history::ManifestHistory;

/// What documents say of a packet in the trusted tree, and what a command says of it.
#[derive(Debug, Default)]
pub(super) struct TrustedStanding {
    /// Ids of packets that are open in the trusted tree, whatever the judged tree says.
    pub open: BTreeSet<String>,
    /// Ids of packets that the trusted tree does not have. Records that say that they are
    /// over came with them.
    pub new: BTreeSet<String>,
    /// The packet that a command is about.
    pub judged: Option<String>,
}

/// The governance documents of one repository, found by the paths of its
/// layout.
pub struct GovernanceDocuments<'a> {
    /// All documents, sorted by path.
    pub documents: &'a [Document],
    /// The paths and folders of the documents.
    pub layout: &'a Layout,
    packets: BTreeMap<String, usize>,
    stubs: BTreeMap<String, usize>,
    refinements: BTreeMap<String, usize>,
    /// Stubs that are only a typed contract.
    typed_stubs: BTreeMap<String, usize>,
    /// Ids of packets by their base ids; computed when they are first needed.
    bases: OnceLock<HashMap<String, Vec<String>>>,
    /// What the trusted tree says of the packets.
    pub(super) trusted: TrustedStanding,
}

impl<'a> GovernanceDocuments<'a> {
    /// Indexes the documents by kind and folder.
    #[must_use]
    pub fn new(documents: &'a [Document], layout: &'a Layout) -> Self {
        let ids = |kind: DocumentKind, path_of: &dyn Fn(&WpId) -> RepoPath| {
            let here = documents.iter().enumerate().filter(|(_, document)| document.kind == kind);
            here.filter_map(|(at, document)| {
                let id = document.file_id().filter(|id| path_of(id) == *document.path())?;
                Some((id.as_str().to_owned(), at))
            })
            .collect()
        };
        Self {
            documents,
            layout,
            packets: ids(DocumentKind::Packet, &|id| layout.packet(id)),
            stubs: ids(DocumentKind::Stub, &|id| layout.stub(id)),
            refinements: ids(DocumentKind::Refinement, &|id| layout.refinement(id)),
            typed_stubs: documents
                .iter()
                .enumerate()
                .filter(|(_, document)| {
                    let path = document.path();
                    path.is_below(layout.stubs.as_bytes()) && path.as_bytes().ends_with(b".json")
                })
                .filter_map(|(at, document)| Some((document.file_id()?.as_str().to_owned(), at)))
                .collect(),
            bases: OnceLock::new(),
            trusted: TrustedStanding::default(),
        }
    }

    fn document_at(&self, index: Option<&usize>) -> Option<&'a Document> {
        self.documents.get(*index?)
    }

    /// Iterates over all packets with their documents, sorted by id.
    pub fn packets(&self) -> impl Iterator<Item = (&str, &'a Document, &'a Packet)> {
        self.packets.iter().filter_map(|(id, at)| {
            let document = self.documents.get(*at)?;
            Some((id.as_str(), document, document.packet()?))
        })
    }

    /// Iterates over all stubs, sorted by id.
    pub fn stubs(&self) -> impl Iterator<Item = (&str, &'a Document)> {
        self.stubs.iter().filter_map(|(id, at)| Some((id.as_str(), self.documents.get(*at)?)))
    }

    /// Finds a packet by its id.
    #[must_use]
    pub fn packet(&self, id: &str) -> Option<(&'a Document, &'a Packet)> {
        let document = self.document_at(self.packets.get(id))?;
        Some((document, document.packet()?))
    }

    /// Finds a stub by its id.
    #[must_use]
    pub fn stub(&self, id: &str) -> Option<&'a Document> {
        self.document_at(self.stubs.get(id).or_else(|| self.typed_stubs.get(id)))
    }

    /// Finds a refinement by its id.
    #[must_use]
    pub fn refinement(&self, id: &str) -> Option<&'a Refinement> {
        self.document_at(self.refinements.get(id))?.refinement()
    }

    /// Returns whether the repository has no packet and no stub. Every packet
    /// that a record names is missing then; one finding reports this instead
    /// of one finding per entry.
    #[must_use]
    pub fn has_no_packets_or_stubs(&self) -> bool {
        self.packets.is_empty() && self.stubs.is_empty()
    }

    /// Returns the typed contract next to a packet in Markdown.
    #[must_use]
    pub fn packet_contract(&self, id: &WpId) -> Option<&'a TypedContract> {
        let path = self.layout.packet_contract(id).to_string();
        self.document_by_path(&path)?.typed_contract()
    }

    /// Returns whether a document is a task in Markdown beside the same task in JSON, which
    /// is in force.
    #[must_use]
    pub fn is_copy_of_task(&self, document: &Document) -> bool {
        let is_markdown = document.typed_contract().is_some_and(|contract| contract.schema.markdown);
        let path = document.path().to_string();
        let stem = path.strip_suffix(".md").filter(|_| is_markdown);
        stem.is_some_and(|stem| self.document_by_path(&format!("{stem}.json")).is_some())
    }

    /// Returns whether a packet exists only as a typed contract that is not JSON.
    #[must_use]
    pub fn has_broken_packet(&self, id: &str) -> bool {
        let contract = WpId::parse(id).ok().and_then(|id| self.packet_contract(&id));
        contract.is_some_and(|contract| contract.is_broken)
    }

    /// Returns whether a document is the file of a packet or refinement that is not in
    /// force, because there is another one with the same id.
    #[must_use]
    pub fn is_twin(&self, document: &Document) -> bool {
        let Some(id) = document.file_id() else { return false };
        match document.kind {
            DocumentKind::Packet => {
                self.packet(id.as_str()).is_some_and(|(other, _)| other.path() != document.path())
                    && self.layout.packet_twin(&id) == *document.path()
            }
            DocumentKind::Refinement => {
                self.refinement(id.as_str()).is_some() && self.layout.refinement(&id) != *document.path()
            }
            _ => false,
        }
    }

    /// Returns the ids of all packets of a base id, sorted.
    #[must_use]
    pub fn ids_with_base(&self, base: &str) -> Vec<String> {
        let bases = self.bases.get_or_init(|| {
            let mut bases: HashMap<String, Vec<String>> = HashMap::new();
            for id in self.packets.keys() {
                if let Ok(parsed) = WpId::parse(id) {
                    bases.entry(parsed.base().to_owned()).or_default().push(id.clone());
                }
            }
            bases
        });
        bases.get(base).cloned().unwrap_or_default()
    }

    /// Returns the document at a path.
    #[must_use]
    pub(crate) fn document_by_path(&self, path: &str) -> Option<&'a Document> {
        let index =
            self.documents.binary_search_by(|document| document.path().as_bytes().cmp(path.as_bytes()));
        self.documents.get(index.ok()?)
    }

    /// Returns the task board; `None` if it does not exist.
    #[must_use]
    pub fn board(&self) -> Option<&'a Board> {
        match &self.document_by_path(&self.layout.board)?.body {
            DocumentBody::Board(board) => Some(board),
            _ => None,
        }
    }

    /// Returns the traceability registry; `None` if it does not exist.
    #[must_use]
    pub fn registry(&self) -> Option<&'a Registry> {
        match &self.document_by_path(&self.layout.registry)?.body {
            DocumentBody::Registry(registry) => Some(registry),
            _ => None,
        }
    }

    /// Returns the signature audit; `None` if it does not exist.
    #[must_use]
    pub fn audit(&self) -> Option<&'a Audit> {
        match &self.document_by_path(&self.layout.audit)?.body {
            DocumentBody::Audit(audit) => Some(audit),
            _ => None,
        }
    }

    /// Returns the gate log; `None` if it does not exist.
    #[must_use]
    pub fn gate_log(&self) -> Option<&'a GateLog> {
        match &self.document_by_path(&self.layout.gate_log)?.body {
            DocumentBody::GateLog(log) => Some(log),
            _ => None,
        }
    }

    /// Returns the pointer to the specification; `None` if it does not exist.
    #[must_use]
    pub fn pointer(&self) -> Option<&'a SpecPointer> {
        match &self.document_by_path(&self.layout.spec_pointer)?.body {
            DocumentBody::SpecPointer(pointer) => Some(pointer),
            _ => None,
        }
    }
}

/// The existence of a path that a document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetFact {
    /// The tree holds governance only, and the path is one of the product.
    Elsewhere,
    /// The path exists.
    Found,
    /// The path does not exist; with the most similar existing path, if any.
    Missing(Option<RepoPath>),
}

/// Where a commit that a packet names as merged is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergedCommitFact {
    /// It is an ancestor of the main branch, or of HEAD.
    OnMain,
    /// It exists elsewhere.
    NotOnMain,
    /// It does not exist.
    Missing,
}

/// The specification that a refinement refers to.
#[derive(Debug, Default)]
pub enum SpecFact {
    /// The refinement names no specification.
    #[default]
    Unnamed,
    /// The specification was not searched for; with the reason as a clause.
    NotSearched(&'static str),
    /// The refinement names a specification.
    Named {
        /// The path in the refinement.
        path: RepoPath,
        /// The file at this path in the judged tree, if it exists.
        current: Option<Arc<SpecText>>,
        /// The version with the recorded hash and the commit that contains
        /// it, if it is not the version in the judged tree.
        recorded: Option<(Arc<SpecText>, String)>,
        /// The modules that anchors name, if the specification is a bundle of files
        /// and the file at its path is their list.
        modules: BTreeMap<RepoPath, Arc<SpecText>>,
    },
}

impl SpecFact {
    /// Returns the text that anchors are compared with: the version that has
    /// the recorded hash. Without a recorded hash, it is the current version.
    #[must_use]
    pub fn recorded_text(&self, recorded: Option<Hash20>) -> Option<&Arc<SpecText>> {
        let Self::Named { current, recorded: older, .. } = self else { return None };
        let current = current.as_ref().filter(|spec| recorded.is_none_or(|sha1| spec.sha1 == sha1));
        current.or_else(|| older.as_ref().map(|(spec, _)| spec))
    }
}

/// Input of checks about the text of a document.
pub struct TextCheckContext<'a> {
    /// The document.
    pub source: &'a Arc<Source>,
    /// Its block structure; `None` for JSON.
    pub outline: Option<&'a Outline>,
    /// The kind of the document.
    pub kind: DocumentKind,
    /// The policy of the configuration.
    pub policy: &'a Policy,
}

/// Input of checks about a refinement.
pub struct RefinementCheckContext<'a> {
    /// The refinement.
    pub refinement: &'a Refinement,
    /// The id in the file name.
    pub id: Option<&'a WpId>,
    /// The specification.
    pub spec: &'a SpecFact,
    /// Whether the packet is finished. The specification may then have
    /// changed since.
    pub is_packet_finished: bool,
    /// Whether the refinement is checked as a record, not before work starts.
    pub is_checked_as_record: bool,
    /// The specification in the pointer file, as written.
    pub pointer_target: Option<&'a str>,
    /// The current time in UTC.
    pub now: DateTime,
    /// The policy of the configuration.
    pub policy: &'a Policy,
}

/// Input of checks about one document.
pub struct DocumentCheckContext<'a> {
    /// The document.
    pub document: &'a Document,
    /// The kind that the document's path requires.
    pub expected: Option<DocumentKind>,
    /// The repository's documents; `None` for a document outside of any
    /// layout.
    pub governance: Option<&'a GovernanceDocuments<'a>>,
    /// The existence of the paths that the document names.
    pub targets: &'a BTreeMap<RepoPath, TargetFact>,
    /// The paths of all known contracts by their names in lowercase.
    pub known_contracts: Option<&'a BTreeMap<String, RepoPath>>,
    /// The commits that packets name as merged; `None` outside of a repository with
    /// history.
    pub merged_commits: Option<&'a BTreeMap<String, MergedCommitFact>>,
    /// What the history says of the files of the packet's manifests; `None` if it was not
    /// read, or is not complete.
    pub(crate) manifest_history: Option<&'a ManifestHistory>,
    /// The policy of the configuration.
    pub policy: &'a Policy,
    /// The current time in UTC.
    pub now: DateTime,
}

impl DocumentCheckContext<'_> {
    /// Returns whether an RFC 3339 time is more than 14 hours in the future.
    /// Local time can be up to 14 hours ahead of UTC.
    #[must_use]
    pub fn is_future(&self, stamp: &str) -> bool {
        let Ok(stamp) = stamp.parse::<jiff::Timestamp>() else { return false };
        let at = stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        self.now.checked_add(jiff::Span::new().hours(14)).is_ok_and(|latest| at > latest)
    }
}

/// Input of checks about all documents together.
pub struct RepositoryCheckContext<'a> {
    /// The documents.
    pub governance: &'a GovernanceDocuments<'a>,
    /// The working trees; `None` outside of a git repository.
    pub worktrees: Option<&'a [Worktree]>,
    /// The current specification.
    pub spec: Option<&'a SpecText>,
    /// Files in the folder of the current specification.
    pub spec_siblings: &'a [RepoPath],
    /// The phase to close, for `validator-phase-gate`.
    pub phase: Option<&'a str>,
    /// Whether all documents are checked, not only what a command is about.
    pub is_whole_check: bool,
    /// The policy of the configuration.
    pub policy: &'a Policy,
    /// The current time in UTC.
    pub now: DateTime,
}
