//! Computes the manifest blocks of changed files and writes them into a packet.
//!
//! This takes two passes. The first pass updates blocks and values. The second
//! pass reads the result as the gates read it, and ticks the gates that hold.

mod block;
mod packet_block;
mod plan;
mod window;

use std::collections::HashMap;
use std::sync::Arc;

use crate::change::ChangedFile;
use crate::check::GateClaims;
use crate::pipeline::packet_gate::{ManifestContext, PipelineError};
use crate::text::{RepoPath, Source, Span};

pub(crate) use block::render_block;

/// Options for writing manifests.
#[derive(Debug, Clone)]
pub(crate) struct ManifestOptions {
    /// Whether every hunk gets its own block.
    pub per_hunk: bool,
    /// Whether blocks of unchanged files are removed.
    pub prune: bool,
    /// The time that is written into new and changed blocks, in RFC 3339 form.
    pub timestamp: String,
}

/// The result for the manifest of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ManifestOutcome {
    /// The file had no manifest.
    Added,
    /// The manifest had other values.
    Updated,
    /// The manifest was correct.
    Unchanged,
}

impl ManifestOutcome {
    /// Returns the name in output: `added`, `updated` or `unchanged`.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The manifest of one file after the update.
#[derive(Debug, Clone)]
pub(crate) struct WrittenManifest {
    /// The file.
    pub path: RepoPath,
    /// The result for its manifest.
    pub outcome: ManifestOutcome,
    /// The texts of its blocks.
    pub blocks: Vec<String>,
    /// Gates that do not hold, each with the reason.
    pub failed_gates: Vec<(&'static str, &'static str)>,
}

/// A packet with updated manifests.
#[derive(Debug)]
pub(crate) struct UpdatedManifests {
    /// The whole text of the packet after the update.
    pub text: String,
    /// Every changed file with a manifest, sorted by path.
    pub files: Vec<WrittenManifest>,
    /// Unchanged files with a manifest.
    pub stale: Vec<RepoPath>,
    /// Unchanged files whose blocks stay in spite of `prune`, because a person
    /// wrote text between their lines.
    pub kept_blocks: Vec<RepoPath>,
    /// Whether the blocks of `stale` were removed.
    pub pruned: bool,
}

/// The reason why no manifests could be computed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// The repository could not be read.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// The edited packet does not read back, so nothing is written.
    #[error(
        "the manifest of {0} would not read back from the packet, because the format of its block is too unusual for an automatic edit; write this block by hand"
    )]
    NotReadBack(RepoPath),
    /// The packet cannot be edited.
    #[error("{0}")]
    Packet(String),
}

/// Computes the manifests of a change and returns the updated packet. `source`
/// holds the exact text of the packet on disk.
///
/// # Errors
/// The repository cannot be read, the packet is not UTF-8, or its format is too
/// unusual for an automatic edit.
pub(crate) fn compute_manifests(
    context: &ManifestContext<'_>,
    source: &Arc<Source>,
    options: &ManifestOptions,
) -> Result<UpdatedManifests, ManifestError> {
    if let Some(at) = source.not_utf8_at() {
        return Err(ManifestError::Packet(format!("{} is not UTF-8: byte {at}", source.name())));
    }
    let reread = |text: String| Source::from_text(source.name().clone(), text);
    let first = plan::update_values(context, source, options);
    let valued = reread(first.text);
    let claims = context.compute_gate_claims(&valued)?;
    let second = plan::tick_gates(context, &valued, &first.edited, &claims, options);
    let done = reread(second.text);
    let claims = context.compute_gate_claims(&done)?;
    let read = packet_block::find_blocks(&done);
    let mut by_path: HashMap<&RepoPath, Vec<&packet_block::ManifestBlock>> = HashMap::new();
    for block in &read {
        if let Some(path) = block.path() {
            by_path.entry(path).or_default().push(block);
        }
    }
    let by_label: HashMap<Span, &GateClaims> = claims.iter().map(|claim| (claim.label, claim)).collect();
    let mut files = Vec::new();
    for file in &context.files {
        let path = &file.change.path;
        let own = by_path.get(path).map_or(&[][..], Vec::as_slice);
        if own.is_empty() && !crate::check::needs_manifest(context.layout(), file) {
            continue;
        }
        if own.is_empty() || own.iter().any(|block| !is_current(file, block)) {
            return Err(ManifestError::NotReadBack(path.clone()));
        }
        let own_claims = own.iter().filter_map(|block| by_label.get(&block.manifest.label));
        let mut failed_gates: Vec<_> = own_claims
            .flat_map(|claim| claim.gates.iter().filter_map(|(gate, result)| Some((*gate, (*result).err()?))))
            .collect();
        failed_gates.dedup();
        files.push(WrittenManifest {
            path: path.clone(),
            outcome: second.outcomes.get(path).copied().unwrap_or(ManifestOutcome::Unchanged),
            blocks: own.iter().map(|block| done.slice(block.span).to_owned()).collect(),
            failed_gates,
        });
    }
    Ok(UpdatedManifests {
        text: done.text().to_owned(),
        files,
        stale: first.stale,
        kept_blocks: first.kept_blocks,
        pruned: options.prune,
    })
}

/// Generates the file of manifests beside a packet: one entry for each file, sorted by
/// path. Nothing of the old file is kept but the time of manifests that did not change.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn generate_manifest_file(
    context: &ManifestContext<'_>,
    before: Option<&[u8]>,
    options: &ManifestOptions,
) -> Result<UpdatedManifests, ManifestError> {
    let path = context.manifest_path();
    let header = format!("# Manifests of {}\n\n## VALIDATION\n", context.id);
    let empty = Source::from_text(path.clone(), &header);
    let old = before.map(|bytes| Source::from_bytes(path, bytes.to_vec()));
    let old_time = old.as_ref().and_then(|source| packet_block::find_blocks(source).into_iter().next());
    let old_time = old_time.and_then(|block| block.timestamp());
    if let (Some(old), Some(timestamp)) = (&old, old_time) {
        let unchanged =
            compute_manifests(context, &empty, &ManifestOptions { timestamp, ..options.clone() })?;
        if unchanged.text == old.text() {
            return Ok(unchanged);
        }
    }
    compute_manifests(context, &empty, options)
}

/// Returns whether a block has the current values of a file, a window, and all
/// gates.
fn is_current(file: &ChangedFile, block: &packet_block::ManifestBlock) -> bool {
    let values = block::BlockValues::from_file(file, window::whole_window(file));
    let has_value = |key: &str| block.has_value(key, &values);
    ["LINE_DELTA", "PRE_SHA1", "POST_SHA1"].into_iter().all(has_value)
        && block.manifest.start.is_some()
        && block.manifest.end.is_some()
        && block.manifest.gates.len() >= crate::document::manifest::GATES.len()
}
