//! `manifest/unknown-version`: manifests of a finished packet describe versions of their files.

use super::is_over;
use crate::check::CheckResult;
use crate::check::manifest_history::Unknown;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::manifest::Manifest;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::format_count;

/// Maximum number of values that one finding shows.
const MAX_SHOWN: usize = 20;

/// `manifest/unknown-version`: the history has versions of the file with the hashes that a
/// finished packet records, and they are long enough for the window. All manifests of a
/// packet are one finding. Gates compare an open packet with its change.
pub(in crate::check) fn unknown_version(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    if packet.manifests.is_empty() {
        return CheckResult::skipped("the packet has no manifest");
    }
    if !is_over(input, packet) {
        return CheckResult::skipped("the packet is open; gates compare its manifests with the change");
    }
    let Some(history) = input.manifest_history else {
        return CheckResult::skipped("the history of the files is not read, or not complete");
    };
    let unknown: Vec<(&Manifest, Unknown)> =
        packet.manifests.iter().filter_map(|manifest| Some((manifest, history.unknown(manifest)?))).collect();
    if unknown.is_empty() {
        return Vec::new().into();
    }
    let labels: Vec<Label> =
        unknown.iter().flat_map(|(manifest, unknown)| labels_of(packet, manifest, *unknown)).collect();
    let Some((first, others)) = labels.split_first() else { return Vec::new().into() };
    let hashes = unknown.iter().map(|(_, value)| usize::from(value.pre) + usize::from(value.post)).sum();
    let windows = unknown.iter().filter(|(_, value)| value.window.is_some()).count();
    let mut finding = rule.finding(describe(hashes, windows), first.clone());
    for label in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label.clone());
    }
    if let Some(hidden) = others.len().checked_sub(MAX_SHOWN - 1).filter(|hidden| *hidden > 0) {
        finding = finding.note(format!("{hidden} more of these values are not shown."));
    }
    // A tool that counts the end of the last line as a line writes one too many.
    let is_noted = hashes == 0 || is_retired(input, packet);
    Some(if is_noted { finding.with_level(Level::Note) } else { finding }).into()
}

/// Describes what fits no version, with its number.
fn describe(hashes: usize, windows: usize) -> String {
    let hashes = match hashes {
        0 => None,
        1 => Some("a hash of a manifest is not in the history of its file".to_owned()),
        many => {
            Some(format!("{many} values of Pre-SHA1 and Post-SHA1 are not in the history of their files"))
        }
    };
    let windows = match windows {
        0 => None,
        1 => Some("the window of a manifest ends after the last line of its file".to_owned()),
        many => Some(format!("{many} windows end after the last line of their files")),
    };
    [hashes, windows].into_iter().flatten().collect::<Vec<_>>().join(", and ")
}

/// Returns one label for each value of a manifest that fits no version.
fn labels_of(packet: &Packet, manifest: &Manifest, unknown: Unknown) -> Vec<Label> {
    let path = manifest.target.as_ref().map_or("", |target| target.value.as_str());
    let path = crate::text::to_single_line(path, 160);
    let hash = |name: &str| format!("{name} of no version of {path}");
    let pre = manifest.pre.as_ref().filter(|_| unknown.pre).map(|pre| (pre.span, hash("Pre-SHA1")));
    let post = manifest.post.as_ref().filter(|_| unknown.post).map(|post| (post.span, hash("Post-SHA1")));
    let end = manifest.end.as_ref().zip(unknown.window);
    let end = end.map(|(end, lines)| (end.span, format!("{path} has {}", format_count(lines, "line"))));
    let all = [end, pre, post].into_iter().flatten();
    all.map(|(span, text)| Label::text(&packet.source, span, text)).collect()
}

/// Returns whether another packet took the place of this one, or it is only a record.
fn is_retired(input: &DocumentCheckContext<'_>, packet: &Packet) -> bool {
    let status = packet.status.as_ref().map(|status| &status.value);
    let by_records = input.document.id().zip(input.governance);
    matches!(status, Some(PacketStatus::Superseded | PacketStatus::DoneHistorical))
        || by_records.is_some_and(|(id, governance)| governance.is_superseded(id.as_str()))
}
