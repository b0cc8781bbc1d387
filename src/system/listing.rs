//! The names in a folder.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::path::Path;

/// The name of a file or folder, without its path, as bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName(Vec<u8>);

impl FileName {
    /// Returns the bytes of the name.
    #[must_use]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(unix)]
pub(super) fn name_bytes(name: &OsString) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(super) fn name_bytes(name: &OsString) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}

/// Returns the names in a folder with their types, sorted by name. Links are not followed.
/// Where the folder itself stores the types, no entry is looked at.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn list_folder(folder: &Path) -> io::Result<Vec<(FileName, FileType)>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type() {
            Ok(kind) => out.push((FileName(name_bytes(&entry.file_name())), kind)),
            // The entry was removed after it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(out)
}
