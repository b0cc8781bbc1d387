//! `manifest/record`: manifests of a finished packet say how their changes were checked.

use super::is_over;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::manifest::{Manifest, ManifestRecord, RECORDS};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::Span;

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 5;

/// `manifest/record`: a manifest of a finished packet fills the fields about its check that it
/// has, and has those that other manifests of the packet fill. All manifests of a packet are
/// one finding. Gates do not need these fields.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let manifests: Vec<&Manifest> = packet.manifests.iter().filter(|one| !one.is_template()).collect();
    if manifests.is_empty() {
        return CheckResult::skipped("the packet has no manifest");
    }
    if !is_over(input, packet) {
        return CheckResult::skipped("the packet is open");
    }
    let (mut empty, mut absent) = (Vec::new(), Vec::new());
    let mut places: Vec<Span> = Vec::new();
    for (name, _) in RECORDS {
        let all: Vec<Option<&ManifestRecord>> = manifests.iter().map(|one| find(one, name)).collect();
        let without_value: Vec<Span> =
            all.iter().flatten().filter(|record| !record.is_filled).map(|record| record.label).collect();
        if !without_value.is_empty() {
            empty.push(name);
            places.extend(without_value);
        }
        // What only the last manifest has is written once for all of them.
        let is_own = all.iter().rev().skip(1).flatten().any(|record| record.is_filled);
        let lacking = manifests.iter().zip(&all).filter(|(_, record)| is_own && record.is_none());
        let lacking: Vec<Span> = lacking.map(|(one, _)| one.label).collect();
        if !lacking.is_empty() {
            absent.push(name);
            places.extend(lacking);
        }
    }
    places.sort();
    places.dedup();
    let Some((first, others)) = places.split_first() else { return Vec::new().into() };
    let empty = (!empty.is_empty()).then(|| format!("leave {} empty", quote(&empty)));
    let absent = (!absent.is_empty()).then(|| format!("do not have {} as others do", quote(&absent)));
    let parts: Vec<String> = empty.into_iter().chain(absent).collect();
    let message = format!("manifests of the finished packet {}", parts.join(", and "));
    let label = |span: &Span| Label::text(&packet.source, *span, "in this manifest");
    let finding = rule.finding(message, label(first)).with_level(Level::Note);
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(finding, |finding, span| finding.related(label(span)))).into()
}

fn find<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a ManifestRecord> {
    manifest.records.iter().find(|record| record.name == name)
}

/// Joins names of fields: `` `Artifacts`, `Operator` ``.
fn quote(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
