//! The files of a selected change, and the selection as reports show it.

use crate::change::{ChangedFile, Repository, RepositoryError, Selection, TreeState};
use crate::finding::SelectionInfo;

/// Reads the changed files of a selection with their bytes before and after.
pub(crate) fn load_changed_files(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<Vec<ChangedFile>, RepositoryError> {
    let tree_before = selection.base.map_or(TreeState::Empty, TreeState::Commit);
    let tree_after = selection.judged_tree();
    let changes = repo.changes(selection)?.changes;
    changes
        .into_iter()
        .map(|change| {
            let before =
                change.before.map(|entry| repo.read_entry(tree_before, &change.path, entry)).transpose()?;
            let after =
                change.after.map(|entry| repo.read_entry(tree_after, &change.path, entry)).transpose()?;
            Ok(ChangedFile::new(change, before, after))
        })
        .collect()
}

/// Describes a selection for a report. `changed` is the number of changed
/// paths; `policy_source` names the origin of rules and configuration.
pub(crate) fn build_selection_info(
    selection: &Selection,
    changed: usize,
    policy_source: String,
) -> SelectionInfo {
    SelectionInfo {
        mode: selection.mode.as_str(),
        base: selection.base.map(|commit| commit.0.to_string()),
        head: selection.head.map(|commit| commit.0.to_string()),
        reason: selection.reason.clone(),
        changed,
        policy_source,
    }
}
