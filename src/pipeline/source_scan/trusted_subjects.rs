//! What the product is about in the trusted tree: a change cannot make its own stand-ins a
//! subject of the product.

use crate::change::{Repository, TreeState};
use crate::pipeline::error::PipelineError;
use crate::pipeline::trusted_revision::MainBranch;
use crate::scan::{Areas, FileMatches};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::request::ScanRequest;
use super::results::ScannedText;
use super::vocabulary::Vocabularies;

/// Determines the subjects that a tree shows, for matches that may be those of another tree.
///
/// # Errors
/// The files of the tree cannot be listed.
pub(super) fn read_subjects<'m>(
    repo: &dyn Repository,
    tree: TreeState,
    context: &ScanContext<'_>,
    scanned: impl Iterator<Item = (&'m RepoPath, &'m FileMatches, &'m ScannedText)>,
) -> Result<Vocabularies, PipelineError> {
    let paths = repo.list_sources(tree)?;
    let areas = Areas::read(&paths, &|path: &RepoPath| repo.read(tree, path).ok().flatten());
    let context = ScanContext { areas: &areas, ..*context };
    let read_files = |chunk: &[RepoPath], job: &mut dyn FnMut(&RepoPath, Option<&[u8]>)| {
        for path in chunk {
            job(path, repo.read(tree, path).ok().flatten().as_deref());
        }
    };
    Ok(Vocabularies::read(&context, &paths, scanned, &read_files))
}

/// Returns the tree that decides with the scanned one what the product is about: where HEAD
/// left the main branch, or HEAD on it. `None` without history, and if it is the scanned tree.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn trusted_tree(
    repo: &dyn Repository,
    request: &ScanRequest,
) -> Result<Option<TreeState>, PipelineError> {
    let head = match request.tree {
        TreeState::Commit(commit) => Some(commit),
        _ => repo.head()?,
    };
    let Some(head) = head else { return Ok(None) };
    let main = MainBranch::find(repo, request.config.as_ref(), request.base.as_deref())?;
    let commit = main.oldest_fork(repo, head)?.unwrap_or(head);
    let tree = TreeState::Commit(commit);
    Ok((tree != request.tree).then_some(tree))
}
