//! The paths that documents name, by links and by fields.

use crate::check::repository_documents::GovernanceDocuments;
use crate::document::field::{Field, strip_hint};
use crate::document::link::{destination_path, find_links, join_relative};
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::document::{Document, DocumentBody, Packet, Refinement, WpId};
use crate::text::{RepoPath, Span, Spanned, trim_spanned};

/// Returns the span of a word inside a text that has the span `span`; the whole span
/// if the text does not contain the word.
fn find_span(text: &str, word: &str, span: Span) -> Span {
    text.find(word).map_or(span, |at| Span::new(span.start + at, span.start + at + word.len()))
}

/// The way in which a document names a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// A Markdown link.
    Link,
    /// A field that holds paths.
    Field,
}

/// A path that a document names.
#[derive(Debug)]
pub(crate) struct NamedPath {
    /// Whether a link or a field names it.
    pub named_by: NamedBy,
    /// The name of the field, such as `FILES_TO_OPEN`, for messages.
    pub source_name: &'static str,
    /// The path as written.
    pub text: String,
    /// The possible paths; one of them must exist. Empty if the path is outside
    /// the repository.
    pub candidates: Vec<RepoPath>,
    /// The location in the document.
    pub span: Span,
}

/// Returns all paths that a document names. Fields count only while their packet is
/// open, because a finished packet describes the tree of its time.
#[must_use]
pub(crate) fn named_paths(
    document: &Document,
    governance: Option<&GovernanceDocuments<'_>>,
) -> Vec<NamedPath> {
    let folder = document.path().folder().to_string();
    let mut out: Vec<NamedPath> = Vec::new();
    if document.outline().is_some() {
        for link in find_links(document.source.text()) {
            let Some(path) = destination_path(&link.value) else { continue };
            out.push(NamedPath {
                named_by: NamedBy::Link,
                source_name: "a link",
                candidates: distinct_paths(&[join_relative(&folder, &path), join_relative("", &path)]),
                text: path,
                span: link.span,
            });
        }
    }
    let spec_folder = governance.map(spec_folder).unwrap_or_default();
    match &document.body {
        DocumentBody::Packet(packet) if is_packet_open(document, packet, governance) => {
            add_packet_paths(packet, &spec_folder, &mut out);
        }
        DocumentBody::Refinement(refinement)
            if document.id().is_some_and(|id| is_refinement_pending(&id, governance)) =>
        {
            add_refinement_paths(refinement, &spec_folder, &mut out);
        }
        DocumentBody::GateLog(log) => {
            for entry in &log.entries {
                let named = entry.wp_id.as_ref().map_or("", |id| id.value.as_str());
                let packet = governance.and_then(|governance| governance.packet(named));
                if !packet.is_some_and(|(document, packet)| is_packet_open(document, packet, governance)) {
                    continue;
                }
                if let Some(path) = &entry.refinement_path {
                    add_field_path("`refinement_path`", path, &[String::new()], &mut out);
                }
            }
        }
        _ => {}
    }
    out
}

/// Returns the non-empty paths without repetitions.
fn distinct_paths(paths: &[Option<String>]) -> Vec<RepoPath> {
    let mut out: Vec<RepoPath> = Vec::new();
    for path in paths.iter().flatten().filter(|path| !path.is_empty()) {
        let path = RepoPath::from(path.as_str());
        if !out.contains(&path) {
            out.push(path);
        }
    }
    out
}

/// Returns whether the packet in a document is open.
fn is_packet_open(
    document: &Document,
    packet: &Packet,
    governance: Option<&GovernanceDocuments<'_>>,
) -> bool {
    let id = document.id();
    governance.zip(id.as_ref()).is_some_and(|(governance, id)| governance.is_open(id.as_str(), packet))
}

/// Returns whether the packet of a refinement is open or does not exist yet.
fn is_refinement_pending(id: &WpId, governance: Option<&GovernanceDocuments<'_>>) -> bool {
    let Some(governance) = governance else { return false };
    governance.packet(id.as_str()).is_none_or(|(_, packet)| governance.is_open(id.as_str(), packet))
}

/// Returns the folder of the current specification, which also contains its other
/// versions; empty for the root.
fn spec_folder(governance: &GovernanceDocuments<'_>) -> String {
    let named = governance.pointer().and_then(|pointer| pointer.spec());
    named
        .and_then(|name| name.value.rsplit_once('/'))
        .map(|(folder, _)| folder.to_owned())
        .unwrap_or_default()
}

/// Adds a path that a field names; it may be relative to each of the folders.
fn add_field_path(what: &'static str, value: &Spanned<String>, folders: &[String], out: &mut Vec<NamedPath>) {
    let paths: Vec<Option<String>> =
        folders.iter().map(|folder| join_relative(folder, &value.value)).collect();
    out.push(NamedPath {
        named_by: NamedBy::Field,
        source_name: what,
        text: value.value.clone(),
        candidates: distinct_paths(&paths),
        span: value.span,
    });
}

/// Maximum number of pairs of a file to open and an entry with a remark that are compared.
const MAX_ANNOTATED_PAIRS: usize = 1_000_000;

/// Adds the paths that the fields of a packet name.
fn add_packet_paths(packet: &Packet, spec_folder: &str, out: &mut Vec<NamedPath>) {
    let root = [String::new()];
    if let Some(file) = &packet.refinement_file {
        add_field_path("REFINEMENT_FILE", file, &root, out);
    }
    let text = packet.source.text();
    let opens =
        packet.fields.iter().filter(|field| field.key == "FILES_TO_OPEN").filter_map(|field| field.item);
    let annotated: Vec<&ScopeEntry> =
        packet.scope.in_scope.iter().filter(|scope| scope.annotation.is_some()).collect();
    let mut compared = 0_usize;
    for item in opens.flat_map(|item| packet.outline.items(Some(item)).collect::<Vec<_>>()) {
        let Some(prose) = packet.outline.item_prose(item).and_then(|at| packet.outline.get(at)) else {
            continue;
        };
        let line = trim_spanned(text, prose.content).map(str::to_owned);
        let entry = ScopeEntry::read(line);
        let path = match &entry.pattern {
            Ok(ScopePattern::File(path) | ScopePattern::Folder(path)) => path.clone(),
            _ => continue,
        };
        // A file that the packet will create has an annotation, such as `(new)`.
        compared = compared.saturating_add(annotated.len());
        let is_annotated =
            compared <= MAX_ANNOTATED_PAIRS && annotated.iter().any(|scope| scope.covers(&path));
        let is_path = path.to_text().contains(['/', '.']) && !path.to_text().contains(' ');
        if is_annotated || entry.annotation.is_some() || !is_path {
            continue;
        }
        let name = path.to_text().into_owned();
        let span = find_span(
            text.get(entry.raw.span.start..entry.raw.span.end).unwrap_or(""),
            &name,
            entry.raw.span,
        );
        add_field_path("FILES_TO_OPEN", &Spanned::new(name, span), &root, out);
    }
    for location in packet.mapping.iter().flat_map(|requirement| &requirement.locations) {
        if let Some((path, _)) = &location.target {
            let value = Spanned::new(path.to_text().into_owned(), location.raw.span);
            add_field_path("EVIDENCE", &value, &root, out);
        }
    }
    let folders = [String::new(), spec_folder.to_owned()];
    for key in ["SPEC_BASELINE", "SPEC_TARGET"] {
        let found = packet
            .fields
            .iter()
            .filter(|field| field.key == key && field.is_top_level)
            .find_map(Field::filled_value);
        for file in found.iter().filter_map(leading_file) {
            add_field_path(
                if key == "SPEC_TARGET" { "SPEC_TARGET" } else { "SPEC_BASELINE" },
                &file,
                &folders,
                out,
            );
        }
    }
}

/// Adds the path of the pointer that a refinement names.
fn add_refinement_paths(refinement: &Refinement, spec_folder: &str, out: &mut Vec<NamedPath>) {
    let folders = [String::new(), spec_folder.to_owned()];
    let Some(value) = refinement.filled_value("SPEC_TARGET_RESOLVED") else { return };
    // `refinement/spec` checks the specification itself by its hash.
    let Some((pointer, _)) = value.value.split_once("->") else { return };
    if let Some(file) = leading_file(&Spanned::new(pointer.trim().to_owned(), value.span)) {
        add_field_path("SPEC_TARGET_RESOLVED", &file, &folders, out);
    }
}

/// Returns the value as a file name if it is one word with an extension; a hint after
/// it is ignored.
fn leading_file(value: &Spanned<String>) -> Option<Spanned<String>> {
    let plain = strip_hint(&value.value);
    let word = plain.split_whitespace().next()?.trim_matches(['`', ',', ';']);
    let is_file = word.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let span = find_span(&value.value, word, value.span);
    (is_file && plain == word).then(|| Spanned::new(word.to_owned(), span))
}
