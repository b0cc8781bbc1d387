//! The baseline file: known findings that do not fail a scan.

use crate::change::{ChangedFile, Repository, RepositoryError, TreeState};
use crate::check::context::BaselineState;
use crate::pipeline::locate::read_document;
use crate::scan::Baseline;
use crate::text::{RepoPath, Source};

/// Reads the baseline of a tree, as far as it can be read; `None` if the
/// repository keeps no baseline.
pub(super) fn read_baseline(
    repo: &dyn Repository,
    tree: TreeState,
    path: Option<&String>,
) -> Result<Option<BaselineState>, RepositoryError> {
    let Some(path) = path else { return Ok(None) };
    let mut out = BaselineState::default();
    if let Some(source) = read_document(repo, tree, &RepoPath::from(path.as_str()))? {
        match Baseline::read(&source) {
            Ok(baseline) => out.baseline = Some(baseline),
            Err(fault) => out.fault = Some(fault),
        }
    }
    Ok(Some(out))
}

/// Reads the baseline before and after a change. `None` if the repository
/// keeps no baseline; an empty state if the change does not touch it.
pub(super) fn read_changed_baseline(files: &[ChangedFile], path: Option<&String>) -> Option<BaselineState> {
    let path = path?;
    let mut out = BaselineState::default();
    let Some(file) = files.iter().find(|file| file.change.path.as_bytes() == path.as_bytes()) else {
        return Some(out);
    };
    let source = |bytes: &[u8]| Source::from_bytes(file.change.path.clone(), bytes.to_vec());
    out.before = file.before.as_ref().and_then(|content| Baseline::read(&source(&content.bytes)).ok());
    match file.after.as_ref().map(|content| Baseline::read(&source(&content.bytes))) {
        Some(Ok(baseline)) => out.baseline = Some(baseline),
        Some(Err(fault)) => out.fault = Some(fault),
        None => {}
    }
    Some(out)
}
