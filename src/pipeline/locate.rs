//! Finds a packet: by its exact id, or by its base id through the registry.

mod second_form;

use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState};
use crate::check::context::PacketSearch;
use crate::document::limits::{MAX_DOCUMENT_BYTES, limit_error};
use crate::document::registry::Registry;
use crate::document::{DocumentKind, Fault, Layout, Packet, WpId, record_files};
use crate::finding::Label;
use crate::text::{RepoPath, Source, Span};

pub(crate) use second_form::{SecondForm, read_second_form};

/// A packet that was found.
#[derive(Debug)]
pub(crate) struct LocatedPacket {
    /// The packet's id, by its file name.
    pub id: WpId,
    /// The packet's path.
    pub path: RepoPath,
    /// The packet.
    pub packet: Packet,
    /// Faults that the packet's reader reported.
    pub faults: Vec<Fault>,
    /// How a base id was resolved; `None` if the id was taken literally.
    pub resolved_by: Option<String>,
}

/// Reads a document of a tree; `None` if the path is not a regular file.
///
/// # Errors
/// The repository cannot be read, or the document exceeds a limit.
pub(crate) fn read_document(
    repo: &dyn Repository,
    tree: TreeState,
    path: &RepoPath,
) -> Result<Option<Arc<Source>>, RepositoryError> {
    if !matches!(repo.mode(tree, path)?, Some(FileMode::Regular | FileMode::Executable)) {
        return Ok(None);
    }
    let bytes = repo.read(tree, path)?;
    if let Some(excess) = bytes.as_deref().and_then(|bytes| limit_error(path, bytes)) {
        return Err(RepositoryError::Unreadable { path: path.clone(), reason: format!("it is {excess}") });
    }
    Ok(bytes.map(|bytes| Source::from_bytes(path.clone(), bytes)))
}

/// Reads a record that all packets share: its file, joined with the files of single
/// packets beside it. `None` if it has no file.
///
/// # Errors
/// The repository cannot be read, or a file of the record is no regular file or too large.
pub(crate) fn read_record(
    repo: &dyn Repository,
    tree: TreeState,
    record: &str,
) -> Result<Option<Arc<Source>>, RepositoryError> {
    let path = RepoPath::from(record);
    let own = read_document(repo, tree, &path)?;
    let files = record_files_in(repo, tree, record)?;
    if files.is_empty() {
        return Ok(own);
    }
    let mut length: usize = own.as_ref().map_or(0, |own| own.text().len());
    let mut parts: Vec<Arc<Source>> = own.into_iter().collect();
    for file in files {
        let unreadable = |reason: String| RepositoryError::Unreadable { path: file.clone(), reason };
        let Some(part) = read_document(repo, tree, &file)? else {
            return Err(unreadable("it is no regular file".to_owned()));
        };
        length += part.text().len();
        if length > MAX_DOCUMENT_BYTES {
            let reason = format!("the files of {record} have more than {MAX_DOCUMENT_BYTES} bytes together");
            return Err(unreadable(reason));
        }
        parts.push(part);
    }
    Ok(Some(Source::join(path, parts)))
}

/// Returns whether a record has the same files with the same contents in two trees.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn is_same_record(
    repo: &dyn Repository,
    one: TreeState,
    other: TreeState,
    record: &str,
) -> Result<bool, RepositoryError> {
    let mut paths = record_files_in(repo, one, record)?;
    if paths != record_files_in(repo, other, record)? {
        return Ok(false);
    }
    paths.push(RepoPath::from(record));
    for path in paths {
        if repo.entry(one, &path)? != repo.entry(other, &path)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the paths of the task board and the registry that a commit has and the judged
/// tree has not, or not as regular files.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn find_gone_records(
    repo: &dyn Repository,
    layout: &Layout,
    commit: Commit,
    judged: TreeState,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = Vec::new();
    for path in [&layout.board, &layout.registry].map(|path| RepoPath::from(path.as_str())) {
        let is_file = matches!(repo.mode(judged, &path)?, Some(FileMode::Regular | FileMode::Executable));
        if !is_file && repo.exists(TreeState::Commit(commit), &path)? {
            out.push(path);
        }
    }
    Ok(out)
}

/// Maximum number of files of one record.
const MAX_RECORD_FILES: usize = 10_000;

/// Returns the files of single packets of a record, in order.
///
/// # Errors
/// The repository cannot be read, or the record has more files than the limit.
pub(crate) fn record_files_in(
    repo: &dyn Repository,
    tree: TreeState,
    record: &str,
) -> Result<Vec<RepoPath>, RepositoryError> {
    let mut out = repo.list(tree, &record_files::folder(record))?;
    out.retain(|path| record_files::id_of(record, path).is_some());
    if out.len() > MAX_RECORD_FILES {
        let reason = format!("it has {} files of packets, more than {MAX_RECORD_FILES}", out.len());
        return Err(RepositoryError::Unreadable { path: RepoPath::from(record), reason });
    }
    out.sort();
    Ok(out)
}

/// Searches a packet in a tree. Returns the result of the search, and the
/// packet if it was found and can be read.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn locate(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    requested: &str,
) -> Result<(PacketSearch, Option<LocatedPacket>), RepositoryError> {
    let id = match WpId::parse(requested) {
        Ok(id) => id,
        Err(why) => {
            let near = find_similar_ids(repo, tree, layout, requested)?;
            return Ok((PacketSearch::BadId { why, near }, None));
        }
    };
    let path = layout.packet(&id);
    if repo.exists(tree, &path)? {
        return open_packet(repo, tree, layout, id, path, None);
    }
    let mut registry_problem = None;
    if id.revision().is_none() {
        match resolve_by_registry(repo, tree, layout, &id)? {
            Ok(Some((active, path))) => {
                let resolved = format!("the registry names {active} as the active packet of {id}");
                return open_packet(repo, tree, layout, active, path, Some(resolved));
            }
            Ok(None) => {}
            Err(problem) => registry_problem = Some(problem),
        }
    }
    let stub = layout.stub(&id);
    let stub = repo.exists(tree, &stub)?.then_some(stub);
    let near = find_similar_ids(repo, tree, layout, id.as_str())?;
    Ok((PacketSearch::Missing { path, near, stub, registry: registry_problem }, None))
}

/// The active packet with its path; `None` without a row; or the row that
/// cannot be used.
type RegistryLookup = Result<Option<(WpId, RepoPath)>, Label>;

/// Looks up the active packet of a base id in the registry.
fn resolve_by_registry(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    id: &WpId,
) -> Result<RegistryLookup, RepositoryError> {
    let Some(source) = read_record(repo, tree, &layout.registry)? else {
        return Ok(Ok(None));
    };
    let registry = Registry::read(&source);
    let rows: Vec<_> = registry.rows_of(id.as_str()).collect();
    let Some(row) = rows.first() else { return Ok(Ok(None)) };
    if let Some(other) = rows.iter().find(|other| other.active.value != row.active.value) {
        return Ok(Err(Label::text(
            &source,
            other.active.span,
            "the registry names a second active packet here",
        )));
    }
    match Registry::active_id(row) {
        Some(active) if active.base() != id.base() => {
            Ok(Err(Label::text(&source, row.active.span, "the registry names a packet of another base id")))
        }
        Some(active) if repo.exists(tree, &layout.packet(&active))? => {
            let path = layout.packet(&active);
            Ok(Ok(Some((active, path))))
        }
        _ => Ok(Err(Label::text(
            &source,
            row.active.span,
            "the registry names an active packet that does not exist",
        ))),
    }
}

/// Returns at most three ids of packets that look like the requested one, the
/// most similar first.
fn find_similar_ids(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    requested: &str,
) -> Result<Vec<String>, RepositoryError> {
    // The time of a comparison is the product of both lengths.
    let wanted: String = requested.to_lowercase().chars().take(200).collect();
    let mut scored: Vec<(f64, String)> = list_packet_ids(repo, tree, layout)?
        .into_iter()
        .map(|other| {
            let lower = other.to_lowercase();
            let is_prefix = lower.starts_with(&wanted) || wanted.starts_with(&lower);
            (strsim::normalized_levenshtein(&lower, &wanted).max(if is_prefix { 0.8 } else { 0.0 }), other)
        })
        .filter(|(score, _)| *score > 0.7)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(scored.into_iter().take(3).map(|(_, id)| id).collect())
}

/// Lists the ids of all packets in the packet folder.
pub(crate) fn list_packet_ids(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
) -> Result<Vec<String>, RepositoryError> {
    let paths = repo.list_below(tree, &layout.packets)?;
    let id_of = |path: &RepoPath| Layout::id_of(path).filter(|id| layout.packet(id) == *path);
    Ok(paths.iter().filter_map(id_of).map(|id| id.as_str().to_owned()).collect())
}

/// Replaces the aliases of the configuration in the paths of a packet.
pub(crate) fn apply_aliases(packet: &mut Packet, layout: &Layout) {
    if layout.aliases.is_empty() {
        return;
    }
    packet.scope.apply_aliases(&layout.aliases);
    for manifest in &mut packet.manifests {
        let target = manifest.target.as_ref().and_then(|target| layout.resolve_alias(&target.value));
        if let Some(target) = target {
            manifest.path = Some(RepoPath::from_declared(&target));
        }
    }
    for location in packet.mapping.iter_mut().flat_map(|requirement| &mut requirement.locations) {
        if let Some((path, _)) = &mut location.target
            && let Some(target) = layout.resolve_alias(&path.to_text())
        {
            *path = RepoPath::from(target.as_str());
        }
    }
}

fn open_packet(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    id: WpId,
    path: RepoPath,
    resolved_by: Option<String>,
) -> Result<(PacketSearch, Option<LocatedPacket>), RepositoryError> {
    let what = match repo.entry(tree, &path)?.map(|entry| entry.mode) {
        Some(FileMode::Regular | FileMode::Executable) => None,
        Some(FileMode::Symlink) => Some("symbolic link"),
        Some(FileMode::Submodule) => Some("submodule"),
        None => Some("folder or special file"),
    };
    if let Some(what) = what {
        return Ok((PacketSearch::NotAFile { path, what }, None));
    }
    let bytes = repo.read(tree, &path)?.unwrap_or_default();
    let unreadable = |source: Arc<Source>, why: String, span: Span, kind: Option<DocumentKind>| {
        Ok((PacketSearch::Unreadable { source, why, span, kind }, None))
    };
    if let Some(excess) = limit_error(&path, &bytes) {
        let why = format!("the packet is {excess}");
        return unreadable(Source::from_text(path, ""), why, Span::default(), None);
    }
    let source = Source::from_bytes(path.clone(), bytes);
    let first_line = source.line_span(1).unwrap_or_default();
    if let Some(offset) = source.not_utf8_at() {
        let line = source.line_span(source.line(offset)).unwrap_or(first_line);
        let why = format!("the packet is not UTF-8: byte {offset} starts no character");
        return unreadable(Arc::clone(&source), why, line, None);
    }
    if source.text().trim().is_empty() {
        return unreadable(Arc::clone(&source), "the packet is empty".to_owned(), first_line, None);
    }
    let mut parsed = Packet::read(&source);
    if let Some(fault) = parsed.value.contract.as_ref().and_then(|contract| contract.faults.first()) {
        return unreadable(Arc::clone(&source), fault.message.clone(), fault.span, None);
    }
    match read_second_form(repo, tree, layout, (&id, &path), None)? {
        SecondForm::Absent => {}
        SecondForm::Contract(contract) => {
            parsed.value.scope.restrict_to(&contract);
            parsed.value.second_form = Some(contract);
        }
        SecondForm::Unreadable { source, fault } => {
            let why = format!("the packet's typed contract cannot be read: {}", fault.message);
            return unreadable(source, why, fault.span, None);
        }
    }
    apply_aliases(&mut parsed.value, layout);
    if parsed.value.kind != DocumentKind::Packet {
        let (kind, head) = (parsed.value.kind, parsed.value.head_span());
        let why = "this file is not a task packet".to_owned();
        return unreadable(Arc::clone(&source), why, head, Some(kind));
    }
    let located =
        LocatedPacket { id, path: path.clone(), packet: parsed.value, faults: parsed.faults, resolved_by };
    Ok((PacketSearch::Found { path }, Some(located)))
}
