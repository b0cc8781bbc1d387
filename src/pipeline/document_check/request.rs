//! Parameters of a check of documents.

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::change::TreeState;
use crate::text::{RepoPath, Source};

use super::query::DocumentQuery;

/// Request to check documents.
#[derive(Debug, Clone)]
pub struct DocumentCheckRequest {
    /// The command, which selects the rules.
    pub query: DocumentQuery,
    /// The tree that documents are read from.
    pub tree: TreeState,
    /// Documents that the caller names; only their findings are reported.
    /// Empty: all documents of the repository.
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
    /// Its path in the repository; for a document outside of it, the path as
    /// the caller wrote it.
    pub path: RepoPath,
    /// Its bytes, if it is outside of the repository.
    pub bytes: Option<Vec<u8>>,
}
