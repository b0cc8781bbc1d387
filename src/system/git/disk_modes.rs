//! What modes a disk can have. On a disk without executable bits or symbolic links, git
//! takes the mode from the index (`core.fileMode`, `core.symlinks`). The settings are
//! believed only if the disk looks like it: all files have the same executable bit, and
//! no tracked link is one.

use crate::change::{FileMode, RepositoryError};

use super::{GitRepository, git_error};

/// Whether the files on disk have the modes that git stores.
#[derive(Debug, Clone, Copy)]
pub(super) struct DiskModes {
    has_executable_bit: bool,
    has_links: bool,
}

impl DiskModes {
    /// Returns the modes that the disk has, given the modes on disk of tracked files with the
    /// modes that git stores: a mode that the disk shows is one that it has.
    pub(super) fn as_seen(self, tracked: impl Iterator<Item = (FileMode, FileMode)>) -> Self {
        let (mut has_plain, mut has_executable, mut has_links) = (false, false, self.has_links);
        for (disk, stored) in tracked {
            has_plain |= disk == FileMode::Regular && stored != FileMode::Symlink;
            has_executable |= disk == FileMode::Executable;
            has_links |= disk == FileMode::Symlink;
        }
        let has_executable_bit = self.has_executable_bit || (has_plain && has_executable);
        Self { has_executable_bit, has_links }
    }

    /// Returns whether the disk has all modes.
    pub(super) fn are_complete(self) -> bool {
        self.has_executable_bit && self.has_links
    }

    /// Returns the mode of a file: that of the disk, unless the disk cannot have the one
    /// that git stores. A mode that only the index has is compared with the commit, so a
    /// change of it is still seen.
    pub(super) fn mode_of(self, disk: FileMode, stored: Option<FileMode>) -> FileMode {
        match (disk, stored) {
            (FileMode::Regular | FileMode::Executable, Some(FileMode::Symlink)) if !self.has_links => {
                FileMode::Symlink
            }
            (FileMode::Regular | FileMode::Executable, Some(FileMode::Executable))
                if !self.has_executable_bit =>
            {
                FileMode::Executable
            }
            (FileMode::Executable, Some(FileMode::Regular) | None) if !self.has_executable_bit => {
                FileMode::Regular
            }
            (disk, _) => disk,
        }
    }
}

impl GitRepository {
    /// Reads the settings of the disk.
    ///
    /// # Errors
    /// The configuration of git cannot be read.
    pub(super) fn disk_modes(&self) -> Result<DiskModes, RepositoryError> {
        if let Some(known) = self.disk_modes.get() {
            return Ok(*known);
        }
        let config = self.repo.config().map_err(git_error("reading the configuration of git"))?;
        let modes = DiskModes {
            has_executable_bit: cfg!(unix) && config.get_bool("core.fileMode").unwrap_or(true),
            has_links: cfg!(unix) && config.get_bool("core.symlinks").unwrap_or(true),
        };
        Ok(*self.disk_modes.get_or_init(|| modes))
    }
}
