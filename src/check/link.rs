//! `link/…`: what a document names is there.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments, TargetFact};
use crate::document::field::{Field, strip_hint};
use crate::document::link::{destination_path, find_links, join_relative};
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::document::{Document, DocumentBody, Packet, Refinement, WpId};
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Span, Spanned, trim_spanned};

/// A finding for every named path that is nowhere.
fn check_named_paths(input: &DocumentCheckContext<'_>, by: NamedBy, rule: &Rule) -> Vec<Finding> {
    let source = &input.document.source;
    let mut out = Vec::new();
    for name in named_paths(input.document, input.governance).into_iter().filter(|name| name.named_by == by) {
        let facts = || name.candidates.iter().filter_map(|path| input.targets.get(path));
        if facts().any(|fact| *fact == TargetFact::Found) {
            continue;
        }
        let near =
            facts().find_map(|fact| if let TargetFact::Missing(near) = fact { near.clone() } else { None });
        out.push(unresolved_path_finding(
            rule,
            &name,
            Label::text(source, name.span, "nothing is there"),
            near,
        ));
    }
    out
}

fn unresolved_path_finding(rule: &Rule, name: &NamedPath, label: Label, near: Option<RepoPath>) -> Finding {
    let shown = crate::text::to_single_line(&name.text, 120);
    let message = match name.candidates.first() {
        Some(_) => format!("{} names `{shown}`, which is not in the judged tree", name.source_name),
        None => format!("{} names `{shown}`, which lies outside the repository", name.source_name),
    };
    let finding = rule.finding(message, label);
    match near {
        Some(near) => {
            let finding = finding.help(format!("The nearest path that is there: `{near}`."));
            let Place::Text { source, span } = &finding.primary.place else { return finding };
            // Links count from their document's folder; other names from the root.
            let exact = name.named_by == NamedBy::Field && source.slice(*span) == name.text;
            let place = Place::text(source, *span);
            let spelt = near.to_string();
            if exact && !spelt.starts_with('"') {
                finding.with_unsafe_fix(place, spelt, "name the nearest path that is there")
            } else {
                finding
            }
        }
        None => finding,
    }
}

/// Why a document's paths are not looked up, if they are not.
fn skip_outside_repository(input: &DocumentCheckContext<'_>) -> Option<CheckResult> {
    input
        .governance
        .is_none()
        .then(|| CheckResult::skipped("the document lies outside of a governed repository"))
}

/// The span of a word inside a larger text.
fn find_span(text: &str, word: &str, span: Span) -> Span {
    text.find(word).map_or(span, |at| Span::new(span.start + at, span.start + at + word.len()))
}

/// How a path is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// A Markdown link.
    Link,
    /// A field that holds paths.
    Field,
}

/// A path that a document names.
#[derive(Debug)]
pub struct NamedPath {
    /// How.
    pub named_by: NamedBy,
    /// What names it, e.g. `FILES_TO_OPEN`.
    pub source_name: &'static str,
    /// As written.
    pub text: String,
    /// The paths that it may mean; any of them will do. None if it leaves the
    /// repository.
    pub candidates: Vec<RepoPath>,
    /// Where.
    pub span: Span,
}

/// All paths that a document names. Fields count only while their packet is
/// open: a finished one speaks of the tree of its day.
#[must_use]
pub fn named_paths(document: &Document, library: Option<&GovernanceDocuments<'_>>) -> Vec<NamedPath> {
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
    let spec_folder = library.map(spec_folder).unwrap_or_default();
    match &document.body {
        DocumentBody::Packet(packet) if is_packet_open(document, packet, library) => {
            add_packet_paths(packet, &spec_folder, &mut out);
        }
        DocumentBody::Refinement(refinement)
            if document.id().is_some_and(|id| is_refinement_pending(&id, library)) =>
        {
            add_refinement_paths(refinement, &spec_folder, &mut out);
        }
        DocumentBody::GateLog(log) => {
            for entry in &log.entries {
                let named = entry.wp_id.as_ref().map_or("", |id| id.value.as_str());
                let packet = library.and_then(|library| library.packet(named));
                if !packet.is_some_and(|(document, packet)| is_packet_open(document, packet, library)) {
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

fn is_packet_open(document: &Document, packet: &Packet, library: Option<&GovernanceDocuments<'_>>) -> bool {
    let id = document.id();
    library.zip(id.as_ref()).is_some_and(|(library, id)| library.is_open(id.as_str(), packet))
}

/// Whether a refinement's packet is open, or still to be made.
fn is_refinement_pending(id: &WpId, library: Option<&GovernanceDocuments<'_>>) -> bool {
    let Some(library) = library else { return false };
    library.packet(id.as_str()).is_none_or(|(_, packet)| library.is_open(id.as_str(), packet))
}

/// The folder of the current specification, beside which others lie.
fn spec_folder(library: &GovernanceDocuments<'_>) -> String {
    let named = library.pointer().and_then(|pointer| pointer.spec());
    named
        .and_then(|name| name.value.rsplit_once('/'))
        .map(|(folder, _)| folder.to_owned())
        .unwrap_or_default()
}

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

fn add_packet_paths(packet: &Packet, spec_folder: &str, out: &mut Vec<NamedPath>) {
    let root = [String::new()];
    if let Some(file) = &packet.refinement_file {
        add_field_path("REFINEMENT_FILE", file, &root, out);
    }
    let text = packet.source.text();
    let opens =
        packet.fields.iter().filter(|field| field.key == "FILES_TO_OPEN").filter_map(|field| field.item);
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
        // What the packet is going to make need not be there.
        let new = packet.scope.in_scope.iter().any(|scope| scope.covers(&path) && scope.annotation.is_some());
        let shape = path.to_text().contains(['/', '.']) && !path.to_text().contains(' ');
        if new || entry.annotation.is_some() || !shape {
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

fn add_refinement_paths(refinement: &Refinement, spec_folder: &str, out: &mut Vec<NamedPath>) {
    let folders = [String::new(), spec_folder.to_owned()];
    let Some(value) = refinement.filled_value("SPEC_TARGET_RESOLVED") else { return };
    // The specification itself is looked for by its hash, also in history.
    let Some((pointer, _)) = value.value.split_once("->") else { return };
    if let Some(file) = leading_file(&Spanned::new(pointer.trim().to_owned(), value.span)) {
        add_field_path("SPEC_TARGET_RESOLVED", &file, &folders, out);
    }
}

/// The file at the start of a value: one word with an ending.
fn leading_file(value: &Spanned<String>) -> Option<Spanned<String>> {
    let plain = strip_hint(&value.value);
    let word = plain.split_whitespace().next()?.trim_matches(['`', ',', ';']);
    let is_file = word.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let span = find_span(&value.value, word, value.span);
    (is_file && plain == word).then(|| Spanned::new(word.to_owned(), span))
}

/// `link/reference`: the files that an open packet, its refinement and the
/// gate log name are there.
pub(super) fn reference(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    skip_outside_repository(input).unwrap_or_else(|| check_named_paths(input, NamedBy::Field, rule).into())
}

/// `link/target`: Markdown links lead somewhere.
pub(super) fn target(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    skip_outside_repository(input).unwrap_or_else(|| check_named_paths(input, NamedBy::Link, rule).into())
}
