//! Collects documents and reads them.

use std::sync::Arc;

use crate::change::{FileMode, Repository, RepositoryError, StoredFile, TreeState};
use crate::document::limits::limit_error;
use crate::document::{Document, DocumentBody, DocumentKind, Layout, WpId};
use crate::pipeline::locate::{apply_aliases, record_files_in};
use crate::system::parallel;
use crate::text::{RepoPath, Source};

use super::request::NamedDocument;

/// A document before it is parsed.
struct UnparsedDocument {
    source: Arc<Source>,
    expected_kind: Option<DocumentKind>,
}

/// A document that could not be read, with the reason as a clause.
#[derive(Debug)]
pub(crate) struct UnreadDocument {
    pub path: RepoPath,
    pub reason: String,
}

/// The documents of a repository and those that the caller named.
#[derive(Default)]
pub(crate) struct CollectedDocuments {
    /// Documents in the folders of the layout, in order of path.
    pub in_layout: Vec<Document>,
    /// Other named documents, in the order in which the caller names them.
    pub outside_layout: Vec<Document>,
    /// Documents that could not be read.
    pub unread_documents: Vec<UnreadDocument>,
}

/// Returns the kind that the layout expects of a document at a path; `None` if
/// the folder does not determine it. The error: the path is outside of the
/// layout.
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
    if let Some((of, _)) = layout.record_file(path) {
        return Ok(records.iter().find(|(record, _)| *record == of).map(|(_, kind)| *kind));
    }
    let has_extension =
        |extension: &str| path.as_bytes().to_ascii_lowercase().ends_with(extension.as_bytes());
    let id = Layout::id_of(path);
    let folders = [
        (&layout.stubs, DocumentKind::Stub),
        (&layout.packets, DocumentKind::Packet),
        (&layout.refinements, DocumentKind::Refinement),
    ];
    for (folder, kind) in folders {
        if path.is_below(folder.as_bytes()) && has_extension(".md") {
            let is_refinement = id.as_ref().is_some_and(|id| layout.refinement(id) == *path);
            let kind = if is_refinement { DocumentKind::Refinement } else { kind };
            // An archive has documents of all kinds.
            return Ok(id.is_some().then_some(kind).filter(|_| !layout.is_archived(path)));
        }
    }
    if path.is_below(layout.packets.as_bytes()) && has_extension(".json") {
        let is_packet = id.as_ref().is_some_and(|id| layout.packet(id) == *path);
        return Ok(is_packet.then_some(DocumentKind::Packet));
    }
    if path.is_below(layout.validator_states.as_bytes()) && has_extension(".json") {
        return Ok(Some(DocumentKind::ValidatorState));
    }
    if path.is_below(layout.contracts.as_bytes()) && has_extension(".md") {
        return Ok(None);
    }
    Err(())
}

/// Maximum number of lines of all documents of one run: each costs memory.
const MAX_LINES: usize = 3_000_000;

/// The documents of the layout that are read.
#[derive(Clone, Copy)]
pub(crate) enum WantedDocuments<'a> {
    All,
    /// All but packets, refinements and stubs of other base ids.
    OfPacket(&'a str),
    /// Packets, stubs, tasks, and the records that say in which state they are.
    ForList,
}

impl<'a> WantedDocuments<'a> {
    /// All documents, or those of one packet.
    pub(crate) fn of(packet: Option<&'a str>) -> Self {
        packet.map_or(Self::All, Self::OfPacket)
    }

    fn leaves_out(self, path: &RepoPath, kind: Option<DocumentKind>) -> bool {
        use DocumentKind::{Audit, GateLog, Packet, Refinement, SpecPointer, Stub, ValidatorState};
        match self {
            Self::All => false,
            Self::OfPacket(id) => {
                let base = WpId::parse(id).ok();
                let other = |base: &WpId| Layout::id_of(path).is_some_and(|id| id.base() != base.base());
                matches!(kind, Some(Packet | Refinement | Stub)) && base.as_ref().is_some_and(other)
            }
            Self::ForList => {
                matches!(kind, Some(Refinement | Audit | GateLog | SpecPointer | ValidatorState))
            }
        }
    }
}

/// Reads the wanted governance documents of a tree, and the named documents.
pub(crate) fn collect_documents(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    named: &[NamedDocument],
    wanted_documents: WantedDocuments<'_>,
) -> Result<CollectedDocuments, RepositoryError> {
    let mut out = CollectedDocuments::default();
    let mut wanted = Vec::new();
    for path in list_document_paths(repo, tree, layout)? {
        let Ok(expected) = expected_kind(layout, &path) else { continue };
        if wanted_documents.leaves_out(&path, expected) {
            continue;
        }
        let mut files = if layout.joined_records().iter().any(|record| path.as_bytes() == record.as_bytes()) {
            record_files_in(repo, tree, &path.to_text())?
        } else {
            Vec::new()
        };
        if files.is_empty() || repo.exists(tree, &path)? {
            files.insert(0, path.clone());
        }
        wanted.push((path, expected, files));
    }
    let all: Vec<RepoPath> = wanted.iter().flat_map(|(_, _, files)| files.iter().cloned()).collect();
    let mut opened = OpenedDocuments { repo, tree, paths: &all, next: 0, small: Vec::new().into_iter() };
    let mut in_layout: Vec<UnparsedDocument> = Vec::new();
    let mut lines = 0_usize;
    for (path, expected_kind, files) in wanted {
        let mut sources: Vec<Arc<Source>> = Vec::new();
        for file in files {
            match opened.open_next()? {
                Ok(source) => {
                    lines = lines.saturating_add(source.line_count());
                    if lines > MAX_LINES {
                        let reason =
                            format!("all documents together have more than {MAX_LINES} lines, the limit");
                        out.unread_documents.push(UnreadDocument { path: file, reason });
                        continue;
                    }
                    sources.push(source);
                }
                Err(reason) => out.unread_documents.push(UnreadDocument { path: file, reason }),
            }
        }
        let source = match sources.as_slice() {
            [] => continue,
            [only] if *only.name() == path => Arc::clone(only),
            _ => Source::join(path, sources),
        };
        in_layout.push(UnparsedDocument { source, expected_kind });
    }
    let mut outside_layout: Vec<UnparsedDocument> = Vec::new();
    for document in named {
        if document.bytes.is_none() && expected_kind(layout, &document.path).is_ok() {
            continue;
        }
        let opened = match &document.bytes {
            Some(bytes) => match limit_error(&document.path, bytes) {
                Some(excess) => Err(format!("it is {excess}")),
                None => Ok(Source::from_bytes(document.path.clone(), bytes.clone())),
            },
            None => open_document(repo, tree, &document.path)?,
        };
        match opened {
            Ok(source) => outside_layout.push(UnparsedDocument { source, expected_kind: None }),
            Err(reason) => out.unread_documents.push(UnreadDocument { path: document.path.clone(), reason }),
        }
    }
    let parse = |unparsed: &UnparsedDocument| {
        let in_contracts = unparsed.source.name().is_below(layout.contracts.as_bytes());
        let expected = unparsed
            .expected_kind
            .or_else(|| (in_contracts && is_contract(&unparsed.source)).then_some(DocumentKind::Contract));
        let mut document = Document::read(&unparsed.source, expected);
        if let DocumentBody::Packet(packet) = &mut document.body {
            apply_aliases(packet, layout);
        }
        document
    };
    out.in_layout = parallel::map(&in_layout, parse);
    out.outside_layout = parallel::map(&outside_layout, parse);
    Ok(out)
}

/// Returns true if a document in the folder of contracts is meant as a
/// contract: its first heading begins with "contract", or a status follows
/// within six lines.
fn is_contract(source: &Source) -> bool {
    let mut lines = source.text().lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    let title =
        lines.find(|line| line.starts_with('#')).unwrap_or("").trim_start_matches('#').trim().to_lowercase();
    title.starts_with("contract") || lines.take(6).any(|line| line.to_lowercase().starts_with("**status"))
}

/// Lists the paths at which the layout may have documents, without duplicates,
/// in order.
fn list_document_paths(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out: Vec<RepoPath> = Vec::new();
    let folders =
        [&layout.packets, &layout.stubs, &layout.refinements, &layout.validator_states, &layout.contracts];
    for folder in folders {
        out.extend(repo.list_below(tree, folder)?);
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
        let has_files = || record_files_in(repo, tree, record).map(|files| !files.is_empty());
        if repo.exists(tree, &path)? || has_files()? {
            out.push(path);
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

/// Reads a document. The inner error is the reason, as a clause, why the path
/// has no readable document.
fn open_document(
    repo: &dyn Repository,
    tree: TreeState,
    path: &RepoPath,
) -> Result<Result<Arc<Source>, String>, RepositoryError> {
    Ok(to_source(path, repo.read_stored_file(tree, path)?))
}

/// Number of documents that are read at once.
const DOCUMENTS_AT_ONCE: usize = 64;

/// Opens documents one after the other, and reads small ones ahead.
struct OpenedDocuments<'a> {
    repo: &'a dyn Repository,
    tree: TreeState,
    paths: &'a [RepoPath],
    /// Index of the next document.
    next: usize,
    /// Documents that were read ahead.
    small: std::vec::IntoIter<Option<StoredFile>>,
}

impl OpenedDocuments<'_> {
    /// Opens the next document, as [`open_document`] does.
    fn open_next(&mut self) -> Result<Result<Arc<Source>, String>, RepositoryError> {
        let rest = self.paths.get(self.next..).unwrap_or_default();
        let Some(path) = rest.first() else { return Ok(Err("the file does not exist".to_owned())) };
        if self.small.len() == 0 {
            let chunk = rest.get(..rest.len().min(DOCUMENTS_AT_ONCE)).unwrap_or_default();
            self.small = self.repo.read_small_files(self.tree, chunk)?.into_iter();
        }
        self.next += 1;
        match self.small.next().flatten() {
            Some(file) => Ok(to_source(path, Some(file))),
            None => open_document(self.repo, self.tree, path),
        }
    }
}

fn to_source(path: &RepoPath, file: Option<StoredFile>) -> Result<Arc<Source>, String> {
    let Some(StoredFile { mode, content }) = file else {
        return Err("the file does not exist".to_owned());
    };
    match mode {
        FileMode::Regular | FileMode::Executable => {}
        FileMode::Symlink => return Err("it is a symbolic link, which is not followed".to_owned()),
        FileMode::Submodule => return Err("it is a submodule".to_owned()),
    }
    match content {
        Ok(bytes) => match limit_error(path, &bytes) {
            Some(excess) => Err(format!("it is {excess}")),
            None => Ok(Source::from_bytes(path.clone(), bytes)),
        },
        Err(RepositoryError::TooLarge { bytes, limit, .. }) => {
            Err(format!("it is {bytes} bytes long; countersign reads at most {limit}"))
        }
        Err(RepositoryError::Unreadable { reason, .. }) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}
