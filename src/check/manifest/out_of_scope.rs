//! `manifest/out-of-scope`: manifests describe files that the packet allows.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::check::waiver::{MAX_WAIVERS, open_words};
use crate::digest::RecordedHash;
use crate::document::manifest::Manifest;
use crate::document::waiver::Waiver;
use crate::document::{Layout, Packet};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{RepoPath, Span, format_count};

/// Maximum number of manifests that one finding shows.
const MAX_SHOWN: usize = 20;
/// Maximum number of pairs of a manifest and a scope entry that are compared.
const MAX_COMPARED: usize = 1_000_000;

/// `manifest/out-of-scope`: the file of every manifest in a packet is in its scope, or a
/// waiver covers it. All manifests of a packet are one finding.
pub(in crate::check) fn out_of_scope(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let entries = &packet.scope.in_scope;
    if entries.is_empty() || entries.iter().any(|entry| entry.pattern.is_err()) {
        return CheckResult::skipped("the scope is empty, or some of its entries cannot be read");
    }
    // `waiver/record` reports a waiver that is not clear: it may allow any file.
    let is_unclear = |waiver: &Waiver| {
        waiver.paths.is_empty() || !waiver.missing().is_empty() || open_words(waiver).is_some()
    };
    if packet.waivers.iter().any(is_unclear) {
        return CheckResult::skipped("it is not clear which files a waiver of the packet covers");
    }
    if packet.waivers.len() > MAX_WAIVERS {
        return CheckResult::skipped("the packet has too many waivers to compare");
    }
    let waived: usize = packet.waivers.iter().map(|waiver| waiver.paths.len()).sum();
    if packet.manifests.len().saturating_mul(entries.len().saturating_add(waived)) > MAX_COMPARED {
        return CheckResult::skipped("the packet has too many manifests to compare");
    }
    let is_outside = |manifest: &&Manifest| {
        has_hash(manifest)
            && manifest
                .path
                .as_ref()
                .is_some_and(|path| !is_allowed(packet, path) && !is_governance(input, path))
    };
    let spans: Vec<Span> = packet
        .manifests
        .iter()
        .filter(is_outside)
        .filter_map(|manifest| manifest.target.as_ref())
        .map(|target| target.span)
        .collect();
    let Some((first, others)) = spans.split_first() else { return Vec::new().into() };
    let message = match others.len() {
        0 => "a manifest describes a file that is not in scope, and no waiver covers it".to_owned(),
        _ => format!(
            "{} describe files that are not in scope, and no waiver covers them",
            format_count(spans.len(), "manifest")
        ),
    };
    let label = |span: &Span| Label::text(&packet.source, *span, "not in scope");
    let mut finding = rule.finding(message, label(first));
    for span in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label(span));
    }
    if let Some(declared) = packet.scope.declared {
        finding = finding.related(Label::text(&packet.source, declared, "the scope"));
    }
    Some(input.level_by_standing(packet, finding)).into()
}

/// Returns whether a manifest has a value of its own: a template has no hash.
fn has_hash(manifest: &Manifest) -> bool {
    let hashes = [&manifest.pre, &manifest.post];
    hashes.iter().any(|hash| hash.as_ref().is_some_and(|hash| matches!(hash.value, RecordedHash::Sha1(_))))
}

fn is_allowed(packet: &Packet, path: &RepoPath) -> bool {
    let waived = packet.waivers.iter().flat_map(|waiver| &waiver.paths);
    // Gates compare the bytes; a record that was written on Windows has back-slashes.
    let slashed = RepoPath::from(path.to_text().replace('\\', "/").as_str());
    packet.scope.in_scope.iter().chain(waived).any(|entry| entry.covers(path) || entry.covers(&slashed))
        || is_mentioned(packet, path)
}

/// Returns whether a waiver mentions the name of a file, with or without its folder: that is
/// how people write `Cargo.toml/Cargo.lock`.
fn is_mentioned(packet: &Packet, path: &RepoPath) -> bool {
    let name = path.file_name().to_string();
    packet.waivers.iter().any(|waiver| packet.source.slice(waiver.span).contains(&name))
}

/// Returns whether a path is one of governance, which needs no scope entry.
fn is_governance(input: &DocumentCheckContext<'_>, path: &RepoPath) -> bool {
    let own = input.governance.is_some_and(|governance| governance.layout.is_governance(path));
    // Records move from one layout to the other.
    own || [Layout::docs(), Layout::gov()].iter().any(|layout| layout.is_governance(path))
}
