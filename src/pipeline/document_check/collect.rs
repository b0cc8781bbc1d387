//! Which documents there are, and their bytes.

use std::sync::Arc;

use crate::change::{FileMode, Repository, RepositoryError, TreeState};
use crate::document::limits::limit_error;
use crate::document::{Document, DocumentKind, Layout, WpId};
use crate::pipeline::parallel;
use crate::text::{RepoPath, Source};

use super::NamedDocument;

/// A document's text before it is understood.
struct UnparsedDocument {
    source: Arc<Source>,
    expected_kind: Option<DocumentKind>,
}

/// A document that was not read, and why.
#[derive(Debug)]
pub(crate) struct UnreadDocument {
    pub path: RepoPath,
    pub reason: String,
}

/// The documents of a repository and those that the caller named.
#[derive(Default)]
pub(crate) struct CollectedDocuments {
    /// Documents where the layout has them, in order of path.
    pub in_layout: Vec<Document>,
    /// Documents elsewhere, in order of path.
    pub outside_layout: Vec<Document>,
    /// What could not be read.
    pub unread_documents: Vec<UnreadDocument>,
}

/// What a path's place in the repository says it is; the error is that it has
/// no place there.
pub(crate) fn expected_kind(layout: &Layout, path: &RepoPath) -> Result<Option<DocumentKind>, ()> {
    let records = [
        (&layout.board, DocumentKind::Board),
        (&layout.registry, DocumentKind::Registry),
        (&layout.audit, DocumentKind::Audit),
        (&layout.spec_pointer, DocumentKind::SpecPointer),
        (&layout.gate_log, DocumentKind::GateLog),
        (&layout.shared_validator_state, DocumentKind::ValidatorState),
    ];
    if let Some((_, kind)) = records.iter().find(|(record, _)| path.as_bytes() == record.as_bytes()) {
        return Ok(Some(*kind));
    }
    let ends = |end: &str| path.as_bytes().to_ascii_lowercase().ends_with(end.as_bytes());
    let named = || {
        let name = path.file_name().to_string();
        name.strip_suffix(".md").is_some_and(|stem| WpId::parse(stem).is_ok())
    };
    let folders = [
        (&layout.stubs, DocumentKind::Stub),
        (&layout.packets, DocumentKind::Packet),
        (&layout.refinements, DocumentKind::Refinement),
    ];
    for (folder, kind) in folders {
        if path.is_below(folder.as_bytes()) && ends(".md") {
            return Ok(named().then_some(kind));
        }
    }
    if path.is_below(layout.validator_states.as_bytes()) && ends(".json") {
        return Ok(Some(DocumentKind::ValidatorState));
    }
    if path.is_below(layout.contracts.as_bytes()) && ends(".md") {
        return Ok(None);
    }
    Err(())
}

/// Reads all governance documents of a side, and the named ones.
pub(crate) fn collect_documents(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
    named: &[NamedDocument],
) -> Result<CollectedDocuments, RepositoryError> {
    let mut out = CollectedDocuments::default();
    let mut placed: Vec<UnparsedDocument> = Vec::new();
    for path in list_document_paths(repo, side, layout)? {
        let Ok(expected) = expected_kind(layout, &path) else { continue };
        match open_document(repo, side, &path)? {
            Ok(source) => placed.push(UnparsedDocument { source, expected_kind: expected }),
            Err(why) => out.unread_documents.push(UnreadDocument { path, reason: why }),
        }
    }
    let mut loose: Vec<UnparsedDocument> = Vec::new();
    for document in named {
        if document.bytes.is_none() && expected_kind(layout, &document.path).is_ok() {
            continue;
        }
        let opened = match &document.bytes {
            Some(bytes) => match limit_error(bytes) {
                Some(why) => Err(format!("it is {why}")),
                None => Ok(Source::from_bytes(document.path.clone(), bytes.clone())),
            },
            None => open_document(repo, side, &document.path)?,
        };
        match opened {
            Ok(source) => loose.push(UnparsedDocument { source, expected_kind: None }),
            Err(why) => {
                out.unread_documents.push(UnreadDocument { path: document.path.clone(), reason: why })
            }
        }
    }
    let read = |raw: &UnparsedDocument| {
        let in_contracts = raw.source.name().is_below(layout.contracts.as_bytes());
        let expected = raw
            .expected_kind
            .or_else(|| (in_contracts && is_contract(&raw.source)).then_some(DocumentKind::Contract));
        Document::read(&raw.source, expected)
    };
    out.in_layout = parallel::map(&placed, read);
    out.outside_layout = parallel::map(&loose, read);
    Ok(out)
}

/// Whether a document in the folder of contracts means to be one: its first
/// heading begins with the word, or it has a status below it.
fn is_contract(source: &Source) -> bool {
    let mut lines = source.text().lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    let title =
        lines.find(|line| line.starts_with('#')).unwrap_or("").trim_start_matches('#').trim().to_lowercase();
    title.starts_with("contract") || lines.take(6).any(|line| line.to_lowercase().starts_with("**status"))
}

/// The paths where the layout may have documents, each once, in order.
fn list_document_paths(
    repo: &dyn Repository,
    side: TreeState,
    layout: &Layout,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out: Vec<RepoPath> = Vec::new();
    let folders =
        [&layout.packets, &layout.stubs, &layout.refinements, &layout.validator_states, &layout.contracts];
    for folder in folders {
        out.extend(repo.list_below(side, folder)?);
    }
    let records = [
        &layout.board,
        &layout.registry,
        &layout.audit,
        &layout.spec_pointer,
        &layout.gate_log,
        &layout.shared_validator_state,
    ];
    for record in records {
        let path = RepoPath::from(record.as_str());
        if repo.exists(side, &path)? {
            out.push(path);
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

/// A document's text, or why there is none.
fn open_document(
    repo: &dyn Repository,
    side: TreeState,
    path: &RepoPath,
) -> Result<Result<Arc<Source>, String>, RepositoryError> {
    match repo.mode(side, path)? {
        Some(FileMode::Regular | FileMode::Executable) => {}
        Some(FileMode::Symlink) => {
            return Ok(Err("a symbolic link lies here; it is not followed".to_owned()));
        }
        Some(FileMode::Submodule) => return Ok(Err("a submodule lies here".to_owned())),
        None => return Ok(Err("no file is there".to_owned())),
    }
    match repo.read(side, path) {
        Ok(Some(bytes)) => Ok(match limit_error(&bytes) {
            Some(why) => Err(format!("it is {why}")),
            None => Ok(Source::from_bytes(path.clone(), bytes)),
        }),
        Ok(None) => Ok(Err("no file is there".to_owned())),
        Err(RepositoryError::TooLarge { bytes, limit, .. }) => {
            Ok(Err(format!("it is {bytes} bytes long; countersign reads at most {limit}")))
        }
        Err(RepositoryError::Unreadable { reason, .. }) => Ok(Err(reason)),
        Err(error) => Err(error),
    }
}
