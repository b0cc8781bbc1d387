//! `manifest/…`: COR-701 manifests tell the truth about every changed file.

pub(super) mod blocks;
pub(super) mod claims;
pub(super) mod values;

pub use self::claims::{GateClaims, gate_claims};
use crate::change::{ChangedFile, FileMode};
use crate::check::context::ChangeCheckContext;
use crate::digest::Hash20;
use crate::document::Layout;
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::finding::Label;
use crate::text::{RepoPath, Span};

/// The file that a manifest is about.
fn target_path(manifest: &Manifest) -> Option<&RepoPath> {
    manifest.path.as_ref()
}

/// Manifests of changed files, each with its file.
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

/// Whether a changed file needs a manifest: all outside the governance
/// folders do.
#[must_use]
pub fn needs_manifest(layout: &Layout, file: &ChangedFile) -> bool {
    !layout.is_governance(&file.change.path)
}

/// Changed files that need a manifest.
fn files_needing_manifest<'a>(input: &'a ChangeCheckContext<'_>) -> impl Iterator<Item = &'a ChangedFile> {
    input.files.iter().filter(|file| needs_manifest(input.packet.layout, file))
}

fn label_at(input: &ChangeCheckContext<'_>, span: Span, text: impl Into<String>) -> Label {
    input.packet.label_at(span, text)
}

/// Whether a file has lines to speak of: not binary, no submodule.
#[must_use]
pub fn has_lines(file: &ChangedFile) -> bool {
    let submodule = [file.change.before, file.change.after]
        .into_iter()
        .flatten()
        .any(|entry| entry.mode == FileMode::Submodule);
    !submodule && !file.is_binary()
}

/// The hash that a side must record; forty zeros if there is no file.
fn expected_hash(file: &ChangedFile, post: bool) -> Hash20 {
    let image = if post { &file.after } else { &file.before };
    image.as_ref().map_or(Hash20::ZERO, crate::change::FileContent::sha1)
}

/// The window of a manifest in lines from 1, inclusive, if it is one.
fn valid_window(manifest: &Manifest, file: &ChangedFile) -> Option<(usize, usize)> {
    let line = |value: &Option<crate::text::Spanned<ManifestNumber>>| match value.as_ref()?.value {
        ManifestNumber::Integer(line) => usize::try_from(line).ok().filter(|line| *line > 0),
        _ => None,
    };
    let (first, last) = (line(&manifest.start)?, line(&manifest.end)?);
    (first <= last && last <= file.longer_line_count().max(1)).then_some((first, last))
}
