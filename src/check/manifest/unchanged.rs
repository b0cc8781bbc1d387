//! `manifest/unchanged`: a manifest describes a change.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::digest::RecordedHash;
use crate::document::Packet;
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::{Span, Spanned};

/// Maximum number of manifests that one finding shows.
const MAX_SHOWN: usize = 5;

/// `manifest/unchanged`: the hashes of a manifest before and after the change differ. All
/// manifests of a packet are one finding.
pub(in crate::check) fn unchanged(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    if packet.manifests.is_empty() {
        return CheckResult::skipped("the packet has no manifest");
    }
    let id = input.document.id();
    let is_history = id.zip(input.governance).is_some_and(|(id, all)| all.is_historical(id.as_str(), packet));
    if declares_no_change(packet, rule) {
        return CheckResult::skipped("the packet declares that it changes no file");
    }
    let is_zero = |manifest: &Manifest| {
        manifest.delta.as_ref().is_some_and(|delta| matches!(delta.value, ManifestNumber::Integer(0)))
    };
    let is_unchanged = |manifest: &&Manifest| {
        let hashes = manifest.pre.as_ref().zip(manifest.post.as_ref());
        let is_same = |(pre, post): (&Spanned<RecordedHash>, &Spanned<RecordedHash>)| {
            pre.value == post.value && matches!(post.value, RecordedHash::Sha1(_))
        };
        // In a finished packet, a difference of no line says the same as the hashes.
        let is_stated = is_mode_change(manifest) || (is_history && is_zero(manifest));
        hashes.is_some_and(is_same) && !is_stated
    };
    let all: Vec<&Manifest> = packet.manifests.iter().filter(is_unchanged).collect();
    let hashes: Vec<Span> =
        all.iter().filter_map(|manifest| manifest.post.as_ref()).map(|post| post.span).collect();
    let Some((first, others)) = hashes.split_first() else { return Vec::new().into() };
    let message = match others.len() {
        0 => "the manifest has the same hash before and after the change".to_owned(),
        more => format!("{} manifests have the same hash before and after the change", more + 1),
    };
    let label = |span: &Span| Label::text(&packet.source, *span, "also the hash before the change");
    let mut finding = rule.finding(message, label(first));
    for span in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label(span));
    }
    Some(if is_history { finding.with_level(Level::Note) } else { finding }).into()
}

/// Returns whether a field of the packet says that its manifests describe no change, such as a
/// packet that only proves again what was merged before.
fn declares_no_change(packet: &Packet, rule: &Rule) -> bool {
    let declares = |key: &String| {
        let field = packet.metadata_field(key);
        field.is_some_and(|field| field.unquoted_value().eq_ignore_ascii_case("yes"))
    };
    rule.parameter("no-change").iter().any(declares)
}

/// Returns whether the manifest says that no line changed: only the mode of the file, or its
/// place, did.
fn is_mode_change(manifest: &Manifest) -> bool {
    let is_zero = |value: &ManifestNumber| matches!(value, ManifestNumber::Integer(0));
    let window = [&manifest.start, &manifest.end];
    window.iter().all(|line| line.as_ref().is_none_or(|line| is_zero(&line.value)))
}
