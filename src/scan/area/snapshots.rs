//! Which files below a folder of tests are input of tests.

use crate::scan::area_kind::AreaKind;

use super::{Areas, FolderFacts, names, relative};

impl Areas {
    /// Returns whether a file below a folder of tests is the input of a test: its
    /// snapshot, or its expected output, is beside it or above it.
    pub(super) fn is_test_input(
        &self,
        text: &str,
        folder: &str,
        file: &str,
        facts: Option<&FolderFacts>,
    ) -> bool {
        let stem = text.rsplit_once('.').map_or(text, |(stem, _)| stem);
        if self.compiler_inputs.binary_search_by(|input| input.as_str().cmp(stem)).is_ok() {
            return true;
        }
        let Some(snapshots) = facts.and_then(|facts| facts.snapshot_folder.as_deref()) else { return false };
        let is_named = self
            .folders
            .get(snapshots)
            .is_some_and(|facts| facts.snapshots.iter().any(|name| name.strip_prefix(file).is_some()));
        // A folder that holds all tests has helpers beside them.
        let last = snapshots.rsplit('/').next().unwrap_or_default();
        let is_all_tests = folder == snapshots && names::folder_area(last) == Some(AreaKind::Tests);
        !is_named && !is_all_tests && snapshots_are_of_tests(snapshots)
    }
}

impl Areas {
    /// Returns whether a script is in the folder of the tests of a package of Cargo, and not of a
    /// package of Node there: the tests read it.
    pub(super) fn is_input_of_cargo(&self, text: &str, facts: Option<&FolderFacts>) -> bool {
        let Some(cargo) = facts.and_then(|facts| self.cargo.all.get(facts.cargo?)) else { return false };
        let node = facts.and_then(|facts| self.node.get(facts.node?));
        let is_inner = node.is_none_or(|node| node.folder.len() < cargo.folder.len());
        !cargo.name.is_empty() && is_inner && relative(text, &cargo.folder).starts_with("tests/")
    }
}

/// Returns whether a folder with snapshots is below a folder of tests.
fn snapshots_are_of_tests(folder: &str) -> bool {
    folder.split('/').any(|name| names::folder_area(name) == Some(AreaKind::Tests))
}
