//! `link/record`: packets, stubs and refinements that records name exist.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::{DocumentBody, Layout, Packet, WpId};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::{RepoPath, Source, Span, format_count, to_single_line};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 10;
/// Maximum number of paths of one document that are looked up.
const MAX_PATHS: usize = 10_000;

/// `link/record`: the packets, stubs and refinements that an audit, or the lineage and the
/// head of a packet, name by their paths exist. All places are one note.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(governance) = input.governance.filter(|governance| !governance.has_no_packets_or_stubs()) else {
        return CheckResult::skipped("the packets were not read");
    };
    let named = match &input.document.body {
        DocumentBody::Audit(audit) => {
            audit.rows.iter().flat_map(|row| find_paths(&audit.source, row.span)).take(MAX_PATHS).collect()
        }
        DocumentBody::Packet(packet) => packet_paths(packet, input, governance),
        _ => Vec::new(),
    };
    let missing: Vec<(Span, &str)> =
        named.into_iter().filter(|(_, path)| is_missing(path, governance)).collect();
    let Some(((first, path), others)) = missing.split_first() else { return Vec::new().into() };
    let message = match others.len() {
        0 => format!("{} does not exist", to_single_line(path, 120)),
        more => {
            format!("{} and {} do not exist", to_single_line(path, 120), format_count(more, "other document"))
        }
    };
    let source = &input.document.source;
    let label = |span: &Span| Label::text(source, *span, "no such document");
    let shown = others.iter().take(MAX_SHOWN - 1);
    let finding =
        shown.fold(rule.finding(message, label(first)), |finding, (span, _)| finding.related(label(span)));
    Some(finding.with_level(Level::Note)).into()
}

/// Returns the paths in the lineage of a packet and, if the packet is over, its refinement.
/// `link/reference` looks up the refinement of an open packet.
fn packet_paths<'a>(
    packet: &'a Packet,
    input: &DocumentCheckContext<'_>,
    governance: &GovernanceDocuments<'_>,
) -> Vec<(Span, &'a str)> {
    let id = input.document.id();
    let is_open = id.is_some_and(|id| governance.is_open(id.as_str(), packet));
    let lineage = packet.section("LINEAGE_AUDIT").map(|section| section.span);
    let refinement = packet.refinement_file.as_ref().filter(|_| !is_open).map(|file| file.span);
    let spans = lineage.into_iter().chain(refinement);
    spans.flat_map(|span| find_paths(&packet.source, span)).take(MAX_PATHS).collect()
}

/// Finds the paths of packets, stubs and refinements in a part of a text.
fn find_paths(source: &Source, span: Span) -> impl Iterator<Item = (Span, &str)> {
    let part = source.text().get(span.start..span.end).unwrap_or("");
    let words = part.split(|c: char| c.is_whitespace() || "`()[]|,;\"'<>".contains(c));
    words.filter_map(move |word| {
        let word = word.trim_end_matches(['.', ':']);
        let is_path = word.contains("task_packets/") || word.contains("refinements/");
        let is_plain = !word.contains(['*', '{', '}', '\\']) && !word.contains("..") && !word.contains("://");
        if !is_path || !is_plain || word.strip_suffix(".md").is_none() {
            return None;
        }
        let at = span.start + (word.as_ptr().addr() - part.as_ptr().addr());
        Some((Span::new(at, at + word.len()), word))
    })
}

/// Returns whether there is neither a document at a path nor one of the same kind and id: records
/// are moved as a whole, and packets get folders.
fn is_missing(path: &str, governance: &GovernanceDocuments<'_>) -> bool {
    let at = RepoPath::from(path);
    let Some(id) = Layout::id_of(&at).or_else(|| id_of_name(&at)) else { return false };
    let id = id.as_str();
    if governance.document_by_path(path).is_some() {
        return false;
    }
    let is_refinement = path.contains("refinements/") || path.ends_with("/refinement.md");
    if is_refinement {
        return governance.refinement(id).is_none();
    }
    if path.contains("/stubs/") {
        return governance.stub(id).is_none();
    }
    governance.packet(id).is_none() && !governance.has_broken_packet(id)
}

fn id_of_name(path: &RepoPath) -> Option<WpId> {
    let name = path.file_name().to_string();
    WpId::parse(name.strip_suffix(".md")?).ok()
}
