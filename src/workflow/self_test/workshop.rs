//! The folder of the repositories of the self-test.

use std::cell::Cell;
use std::io;
use std::path::PathBuf;

use crate::system::files;

use super::SelfTestError;

/// The folder in which all cases build their repositories. It is removed after the last
/// one: some file systems create files slowly while others are removed.
pub(super) struct Workshop {
    folder: files::ScratchFolder,
    built: Cell<usize>,
}

impl Workshop {
    pub(super) fn create() -> Result<Self, SelfTestError> {
        let folder = files::create_scratch_folder("countersign-self-test-").map_err(Self::error)?;
        Ok(Self { folder, built: Cell::new(0) })
    }

    /// Creates the root of the next repository.
    pub(super) fn create_root(&self) -> Result<PathBuf, SelfTestError> {
        self.built.set(self.built.get() + 1);
        let parent = self.folder.path().join(self.built.get().to_string());
        let root = parent.join("greeter");
        files::create_folder(&parent).and_then(|()| files::create_folder(&root)).map_err(Self::error)?;
        Ok(root)
    }

    fn error(source: io::Error) -> SelfTestError {
        SelfTestError::File { doing: "making a temporary folder".to_owned(), source }
    }
}
