//! `manifest/…`: the COR-701 manifests describe every changed file correctly.

pub(super) mod blocks;
mod by_path;
pub(super) mod claims;
pub(super) mod out_of_scope;
pub(super) mod record;
pub(super) mod unchanged;
pub(super) mod unknown_version;
pub(super) mod values;
mod windows;

pub(crate) use self::claims::{GateClaims, gate_claims};
use crate::change::{ChangedFile, FileMode};
use crate::check::context::ChangeCheckContext;
use crate::check::repository_documents::DocumentCheckContext;
use crate::digest::Hash20;
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::document::{Layout, Packet};
use crate::finding::Label;
use crate::text::{RepoPath, Span};

/// Returns the file that a manifest is about; `None` if it names no path.
fn target_path(manifest: &Manifest) -> Option<&RepoPath> {
    manifest.path.as_ref()
}

/// Iterates over the manifests of changed files, each with its file.
fn manifests_with_files<'a>(
    input: &'a ChangeCheckContext<'_>,
) -> impl Iterator<Item = (&'a Manifest, &'a ChangedFile)> {
    input
        .packet
        .packet
        .manifests
        .iter()
        .filter_map(|manifest| Some((manifest, input.file(target_path(manifest)?)?)))
}

/// Returns whether a changed file needs a manifest, which is so for every file
/// outside the governance folders.
#[must_use]
pub(crate) fn needs_manifest(layout: &Layout, file: &ChangedFile) -> bool {
    !layout.is_governance(&file.change.path)
}

/// Iterates over the changed files that need a manifest.
fn files_needing_manifest<'a>(input: &'a ChangeCheckContext<'_>) -> impl Iterator<Item = &'a ChangedFile> {
    let policy = input.packet.policy;
    input
        .files
        .iter()
        .filter(|file| needs_manifest(input.packet.layout, file) && !policy.exempts(&file.change.path))
}

/// Returns whether the work on a packet is over, by its own words or by the records.
fn is_over(input: &DocumentCheckContext<'_>, packet: &Packet) -> bool {
    let by_records = input.document.id().zip(input.governance);
    input.is_packet_history(packet)
        || by_records.is_some_and(|(id, governance)| governance.is_over(id.as_str(), packet))
}

fn label_at(input: &ChangeCheckContext<'_>, span: Span, text: impl Into<String>) -> Label {
    input.packet.label_at(span, text)
}

/// Returns whether the lines of a file can be counted: it is not a binary file
/// and not a submodule.
#[must_use]
pub(crate) fn has_lines(file: &ChangedFile) -> bool {
    let submodule = [file.change.before, file.change.after]
        .into_iter()
        .flatten()
        .any(|entry| entry.mode == FileMode::Submodule);
    !submodule && !file.is_binary()
}

/// Returns the hash that a manifest must record before or after the change;
/// forty zeros if the file does not exist then.
fn expected_hash(file: &ChangedFile, post: bool) -> Hash20 {
    let content = if post { &file.after } else { &file.before };
    content.as_ref().map_or(Hash20::ZERO, crate::change::FileContent::sha1)
}

/// Returns the window of a manifest as its first and last line, counted from 1;
/// `None` if it is not valid for the file.
fn valid_window(manifest: &Manifest, file: &ChangedFile) -> Option<(usize, usize)> {
    let line = |value: &Option<crate::text::Spanned<ManifestNumber>>| match value.as_ref()?.value {
        ManifestNumber::Integer(line) => usize::try_from(line).ok().filter(|line| *line > 0),
        _ => None,
    };
    let (first, last) = (line(&manifest.start)?, line(&manifest.end)?);
    (first <= last && last <= file.longer_line_count().max(1)).then_some((first, last))
}
