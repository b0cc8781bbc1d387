//! Manifest blocks of changed files, computed and written into a packet.
//!
//! Two passes: the first brings values and blocks up to date, the second reads
//! the result as the gates will read it and ticks what holds there.

mod block;
mod packet_block;
mod plan;
mod window;

use std::sync::Arc;

use crate::change::ChangedFile;
use crate::pipeline::packet_gate::{ManifestContext, PipelineError};
use crate::text::{RepoPath, Source};

pub use block::render_block;

/// How manifests are to be written.
#[derive(Debug, Clone)]
pub struct ManifestOptions {
    /// Whether every hunk gets a block of its own.
    pub per_hunk: bool,
    /// Whether blocks of files that did not change are removed.
    pub prune: bool,
    /// The time that new and changed blocks carry, RFC 3339.
    pub timestamp: String,
}

/// What became of one file's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestOutcome {
    /// It had none.
    Added,
    /// It said something else.
    Updated,
    /// It was right.
    Unchanged,
}

impl ManifestOutcome {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The manifest of one file as it stands afterwards.
#[derive(Debug, Clone)]
pub struct WrittenManifest {
    /// The file.
    pub path: RepoPath,
    /// What became of its manifest.
    pub outcome: ManifestOutcome,
    /// Its blocks, as text.
    pub blocks: Vec<String>,
    /// Gates that do not hold, with why.
    pub failed_gates: Vec<(&'static str, &'static str)>,
}

/// A packet with its manifests.
#[derive(Debug)]
pub struct UpdatedManifests {
    /// The whole packet afterwards.
    pub text: String,
    /// Every changed file that has a manifest, in order of path.
    pub files: Vec<WrittenManifest>,
    /// Files with a manifest that did not change.
    pub stale: Vec<RepoPath>,
    /// Those of them whose blocks stay in spite of `prune`: somebody's own
    /// text stands among their lines.
    pub kept_blocks: Vec<RepoPath>,
    /// Whether the blocks of `stale` were removed.
    pub pruned: bool,
}

/// Why no manifests could be computed.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The repository could not be read.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// What was written does not read back: nothing is written then.
    #[error(
        "the manifest of {0} would not read back from the packet; the block around it is too unusual to be edited: write that one by hand"
    )]
    NotReadBack(RepoPath),
    /// The packet cannot be edited.
    #[error("{0}")]
    Packet(String),
}

/// Computes the manifests of a draft's change, as they stand in `source`, the
/// packet's exact text on disk, afterwards.
///
/// # Errors
/// The repository cannot be read, or the packet is too unusual to be edited.
pub fn compute_manifests(
    draft: &ManifestContext<'_>,
    source: &Arc<Source>,
    options: &ManifestOptions,
) -> Result<UpdatedManifests, ManifestError> {
    if let Some(at) = source.not_utf8_at() {
        return Err(ManifestError::Packet(format!("{} is not UTF-8: byte {at}", source.name())));
    }
    let reread = |text: String| Source::from_text(source.name().clone(), text);
    let first = plan::update_values(draft, source, options);
    let valued = reread(first.text);
    let claims = draft.compute_gate_claims(&valued)?;
    let second = plan::tick_gates(draft, &valued, &first.edited, &claims, options);
    let done = reread(second.text);
    let claims = draft.compute_gate_claims(&done)?;
    let read = packet_block::find_blocks(&done);
    let mut files = Vec::new();
    for file in &draft.files {
        let path = &file.change.path;
        let own: Vec<&packet_block::ManifestBlock> =
            read.iter().filter(|block| block.path() == Some(path)).collect();
        if own.is_empty() && !crate::check::needs_manifest(draft.layout(), file) {
            continue;
        }
        if own.is_empty() || own.iter().any(|block| !is_current(file, block)) {
            return Err(ManifestError::NotReadBack(path.clone()));
        }
        let open = claims.iter().filter(|claim| own.iter().any(|block| block.manifest.label == claim.label));
        let mut open: Vec<_> = open
            .flat_map(|claim| claim.gates.iter().filter_map(|(gate, held)| Some((*gate, (*held).err()?))))
            .collect();
        open.dedup();
        files.push(WrittenManifest {
            path: path.clone(),
            outcome: second.outcomes.get(path).copied().unwrap_or(ManifestOutcome::Unchanged),
            blocks: own.iter().map(|block| done.slice(block.span).to_owned()).collect(),
            failed_gates: open,
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

/// Whether a block says of a file what is true of it.
fn is_current(file: &ChangedFile, block: &packet_block::ManifestBlock) -> bool {
    let values = block::BlockValues::from_file(file, window::whole_window(file));
    let same = |key: &str| block.has_value(key, &values);
    ["LINE_DELTA", "PRE_SHA1", "POST_SHA1"].into_iter().all(same)
        && block.manifest.start.is_some()
        && block.manifest.end.is_some()
        && block.manifest.gates.len() >= crate::document::manifest::GATES.len()
}
