//! What is known of one folder of a tree.

/// Facts about one folder of the tree.
#[derive(Debug, Default, Clone)]
pub(super) struct FolderFacts {
    /// Indexes of the nearest packages, in this folder or above.
    pub(super) cargo: Option<usize>,
    pub(super) node: Option<usize>,
    pub(super) python: Option<usize>,
    pub(super) go: Option<usize>,
    /// Whether it is a Python package.
    pub(super) is_python_package: bool,
    /// The names of snapshot files in its folder of snapshots.
    pub(super) snapshots: Vec<String>,
    /// The nearest folder above, or this one, with a folder of snapshots.
    pub(super) snapshot_folder: Option<String>,
}

impl FolderFacts {
    /// Returns whether only packages of other languages than Python are around the folder.
    pub(super) fn is_without_python(&self) -> bool {
        self.python.is_none() && self.cargo.or(self.node).or(self.go).is_some()
    }
}
