//! The files of a selected change, and what reports say of the selection.

use crate::change::{ChangedFile, Repository, RepositoryError, Selection, TreeState};
use crate::finding::SelectionInfo;

/// Changed files with their bytes.
pub(crate) fn load_changed_files(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<Vec<ChangedFile>, RepositoryError> {
    let before = selection.base.map_or(TreeState::Empty, TreeState::Commit);
    let after = selection.judged_tree();
    let changes = repo.changes(selection)?.changes;
    changes
        .into_iter()
        .map(|change| {
            let pre = change.before.map(|entry| repo.read_entry(before, &change.path, entry)).transpose()?;
            let post = change.after.map(|entry| repo.read_entry(after, &change.path, entry)).transpose()?;
            Ok(ChangedFile::new(change, pre, post))
        })
        .collect()
}

/// What a report says of a selection.
pub(crate) fn build_selection_info(selection: &Selection, changed: usize, trusted: String) -> SelectionInfo {
    SelectionInfo {
        mode: selection.mode.as_str(),
        base: selection.base.map(|commit| commit.0.to_string()),
        head: selection.head.map(|commit| commit.0.to_string()),
        reason: selection.reason.clone(),
        changed,
        policy_source: trusted,
    }
}
