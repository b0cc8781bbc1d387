//! Judging documents: one, some, or all of a repository.
//!
//! Documents are read one after the other (a repository is not shared between
//! threads), then parsed and judged by several threads; what needs all of
//! them together comes last. Results do not depend on the number of threads.

mod collect;
mod facts;
mod listing;
mod query;
mod run;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::TreeState;
use crate::finding::Report;
use crate::text::{RepoPath, Source};

pub use listing::{PacketListEntry, PacketListing, list_packets};
pub use query::DocumentQuery;
pub use run::check_documents;

/// What is asked of documents.
#[derive(Debug, Clone)]
pub struct DocumentCheckRequest {
    /// Which question.
    pub query: DocumentQuery,
    /// Where documents are read.
    pub tree: TreeState,
    /// Documents that the caller names, with their bytes; findings are told
    /// of these only. Empty: all of the repository.
    pub named_documents: Vec<NamedDocument>,
    /// A configuration file that the caller names, instead of the
    /// repository's.
    pub config: Option<Arc<Source>>,
    /// Now, UTC.
    pub now: DateTime,
}

/// A document that the caller names.
#[derive(Debug, Clone)]
pub struct NamedDocument {
    /// Its path in the repository, or as the caller wrote it if it lies
    /// outside.
    pub path: RepoPath,
    /// Its bytes, where it lies outside of the repository.
    pub bytes: Option<Vec<u8>>,
}

/// The answer, before its duration is known.
pub type DocumentCheckReport = Report;
