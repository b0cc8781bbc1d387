//! The files of a selected change, and the selection as reports show it.

use std::collections::BTreeMap;

use crate::change::{ChangedFile, FileContent, Repository, RepositoryError, Selection, TreeEntry, TreeState};
use crate::finding::SelectionInfo;

/// Maximum number of bytes of a change that are held at once.
const MAX_HELD_BYTES: u64 = 512 * 1024 * 1024;
/// Maximum number of bytes of a change that are read. Content that several paths share
/// is read once.
const MAX_READ_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Reads the changed files of a selection with their bytes before and after. Large
/// content is released again as soon as its facts are known.
///
/// # Errors
/// The repository cannot be read, or the change has too many bytes.
pub(crate) fn load_changed_files(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<Vec<ChangedFile>, RepositoryError> {
    let tree_before = selection.base.map_or(TreeState::Empty, TreeState::Commit);
    let tree_after = selection.judged_tree();
    let mut released: BTreeMap<(Option<TreeEntry>, Option<TreeEntry>), ChangedFile> = BTreeMap::new();
    let (mut held, mut read_bytes) = (0_u64, 0_u64);
    let mut out = Vec::new();
    for change in repo.changes(selection)?.changes {
        let entries = (change.before, change.after);
        if let Some(known) = released.get(&entries) {
            out.push(known.with_change(change));
            continue;
        }
        let read = |tree: TreeState, entry: Option<TreeEntry>| {
            entry.map(|entry| repo.read_entry(tree, &change.path, entry)).transpose()
        };
        let (before, after) = (read(tree_before, change.before)?, read(tree_after, change.after)?);
        let path = change.path.clone();
        let mut file = ChangedFile::new(change, before, after);
        read_bytes = read_bytes.saturating_add(file.held_bytes());
        file.release_large_content();
        held = held.saturating_add(file.held_bytes());
        let is_released =
            |content: &Option<FileContent>| content.as_ref().is_none_or(FileContent::is_released);
        if is_released(&file.before) && is_released(&file.after) {
            released.insert(entries, file.clone());
        }
        out.push(file);
        for (bytes, limit) in [(held, MAX_HELD_BYTES), (read_bytes, MAX_READ_BYTES)] {
            if bytes > limit {
                return Err(RepositoryError::ChangeTooLarge { path, limit });
            }
        }
    }
    Ok(out)
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
