//! The files of a selected change, and the selection as reports show it.

use std::collections::BTreeMap;

use crate::change::{
    Change, ChangedFile, FileContent, Repository, RepositoryError, Selection, TreeEntry, TreeState,
};
use crate::check::{is_loaded_unasked, is_personal};
use crate::finding::SelectionInfo;
use crate::text::RepoPath;

/// Maximum number of bytes of a change that are held at once.
const MAX_HELD_BYTES: u64 = 512 * 1024 * 1024;
/// Maximum number of bytes of a change that are read. Content that several paths share
/// is read once.
const MAX_READ_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// The files of a change.
#[derive(Default)]
pub(crate) struct SelectedChange {
    /// The files, in order of path.
    pub files: Vec<ChangedFile>,
    /// Untracked paths that count as no change.
    pub exempted: Vec<RepoPath>,
    /// Untracked files and folders that only the user of git ignores, and that are not
    /// among the files anymore.
    pub user_ignored: Vec<RepoPath>,
    /// The entries on disk of files that were taken out.
    pub aside: BTreeMap<RepoPath, Option<TreeEntry>>,
}

impl SelectedChange {
    /// Returns the entries on disk of all files, the ones that were taken out included.
    pub(crate) fn entries(&self) -> BTreeMap<RepoPath, Option<TreeEntry>> {
        let files = self.files.iter().map(|file| (file.change.path.clone(), file.change.after));
        files.chain(self.aside.clone()).collect()
    }

    /// Takes out the untracked files that only the user of git ignores, and those in
    /// self-ignoring folders whose name is in `caches`. Files that are loaded unasked stay,
    /// and those for whose path `matters` is true.
    pub(crate) fn set_aside_untracked(&mut self, caches: &[String], matters: impl Fn(&RepoPath) -> bool) {
        let is_cached = |change: &Change| {
            let folder = change.self_ignoring.as_ref();
            folder.filter(|folder| caches.iter().any(|name| folder.file_name() == name.as_bytes())).cloned()
        };
        let mut kept = Vec::new();
        for file in std::mem::take(&mut self.files) {
            let path = &file.change.path;
            let is_relevant = || !is_personal(path) && (is_loaded_unasked(path) || matters(path));
            // The file by which the folder ignores itself.
            let is_own_ignore = |folder: &RepoPath| *path == folder.join(".gitignore");
            let entry = (path.clone(), file.change.after);
            match (is_cached(&file.change), &file.change.user_ignored) {
                (Some(folder), _) if is_own_ignore(&folder) || !is_relevant() => {
                    self.exempted.push(folder);
                    self.aside.extend([entry]);
                }
                (_, Some(shown)) if !is_relevant() => {
                    self.user_ignored.push(shown.clone());
                    self.aside.extend([entry]);
                }
                _ => kept.push(file),
            }
        }
        self.files = kept;
        for list in [&mut self.exempted, &mut self.user_ignored] {
            list.sort();
            list.dedup();
        }
    }
}

/// Reads the changed files of a selection with their bytes before and after. Large
/// content is released again as soon as its facts are known.
///
/// # Errors
/// The repository cannot be read, or the change has too many bytes.
pub(crate) fn load_changed_files(
    repo: &dyn Repository,
    selection: &Selection,
) -> Result<SelectedChange, RepositoryError> {
    let tree_before = selection.base.map_or(TreeState::Empty, TreeState::Commit);
    let tree_after = selection.judged_tree();
    let mut released: BTreeMap<(Option<TreeEntry>, Option<TreeEntry>), ChangedFile> = BTreeMap::new();
    let (mut held, mut read_bytes) = (0_u64, 0_u64);
    let mut out = Vec::new();
    let found = repo.changes(selection)?;
    for change in found.changes {
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
    Ok(SelectedChange { files: out, exempted: found.exempted, ..SelectedChange::default() })
}

/// Describes a selection for a report. `policy_source` names the origin of rules and
/// configuration.
pub(crate) fn build_selection_info(
    selection: &Selection,
    change: &SelectedChange,
    policy_source: String,
) -> SelectionInfo {
    SelectionInfo {
        mode: selection.mode.as_str(),
        base: selection.base.map(|commit| commit.0.to_string()),
        head: selection.head.map(|commit| commit.0.to_string()),
        reason: selection.reason.clone(),
        changed: change.files.len(),
        exempted: change.exempted.iter().chain(&change.user_ignored).map(ToString::to_string).collect(),
        policy_source,
    }
}
