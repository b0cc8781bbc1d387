//! The registry and the task board before the work.

use crate::change::{ChangedFile, Commit, RepositoryError, TreeState};
use crate::check::context::{EarlierRecords, TrustedDocument};
use crate::document::Layout;
use crate::document::board::Board;
use crate::document::registry::Registry;
use crate::pipeline::locate::{is_same_record, read_record};
use crate::text::RepoPath;

use super::request::GateContext;

/// Reads the registry and the task board at the newest commits of the main branch that the
/// work contains; nothing if the change has neither of them.
pub(super) fn read_earlier_records(
    context: &GateContext<'_>,
    files: &[ChangedFile],
) -> Result<Vec<EarlierRecords>, RepositoryError> {
    let GateContext { repo, layout, tree, .. } = *context;
    if !files.iter().any(|file| is_registry_or_board(layout, &file.change.path)) {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for commit in newest_shared(context)? {
        let at = TreeState::Commit(commit);
        let read = |record: &str| -> Result<_, RepositoryError> {
            if is_same_record(repo, at, tree, record)? {
                return Ok(TrustedDocument::Same);
            }
            let source = read_record(repo, at, record)?;
            let source = source.map(|source| source.with_revision(commit.short()));
            Ok(source.map_or(TrustedDocument::Missing, TrustedDocument::Different))
        };
        out.push(EarlierRecords {
            registry: read(&layout.registry)?.map(|source| Registry::read(&source)),
            board: read(&layout.board)?.map(|source| Board::read(&source)),
        });
    }
    Ok(out)
}

fn is_registry_or_board(layout: &Layout, path: &RepoPath) -> bool {
    let records = [&layout.registry, &layout.board];
    let is_file_of = |record: &str| records.iter().any(|known| known.as_str() == record);
    records.iter().any(|record| path.as_bytes() == record.as_bytes())
        || layout.record_file(path).is_some_and(|(record, _)| is_file_of(record))
}

/// Returns the commits whose records the work started from or merged, without those that
/// another of them contains. The start of a range that the work does not contain is left out.
fn newest_shared(context: &GateContext<'_>) -> Result<Vec<Commit>, RepositoryError> {
    let repo = context.repo;
    let Some(head) = context.judged_head else { return Ok(Vec::new()) };
    let mut shared = Vec::new();
    for commit in &context.trusted.record_commits {
        if repo.is_ancestor(*commit, head)? {
            shared.push(*commit);
        }
    }
    let mut out = Vec::new();
    for commit in &shared {
        let mut is_newest = true;
        for other in shared.iter().filter(|other| *other != commit) {
            is_newest = is_newest && !repo.is_ancestor(*commit, *other)?;
        }
        if is_newest {
            out.push(*commit);
        }
    }
    Ok(out)
}
