//! Files of a working tree, read as they are on disk.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

use crate::change::FileMode;

use super::files::file_mode;
#[cfg(unix)]
use super::files::open_flags;

/// Reads a regular file into a reusable buffer, and returns its mode. A link at the end of
/// the path is not followed. The buffer stays empty if the file is longer than `limit` bytes.
///
/// # Errors
/// The file cannot be read, or is not a regular file.
pub(crate) fn read_raw_file(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> io::Result<RawFile> {
    buffer.clear();
    let (file, metadata) = open(path)?;
    let mode = file_mode(&metadata).unwrap_or(FileMode::Regular);
    let length = metadata.len();
    if length > limit {
        return Ok(RawFile { mode, is_complete: false });
    }
    // With room for one byte more, the second call sees the end of the file.
    buffer.reserve(usize::try_from(length).unwrap_or(0).saturating_add(1).max(64));
    file.take(limit.saturating_add(1)).read_to_end(buffer)?;
    let is_complete = u64::try_from(buffer.len()).unwrap_or(u64::MAX) <= limit;
    if !is_complete {
        buffer.clear();
    }
    Ok(RawFile { mode, is_complete })
}

/// A file that was read into a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawFile {
    /// The mode that the disk has.
    pub mode: FileMode,
    /// Whether the buffer has all bytes; otherwise the file is longer than the limit.
    pub is_complete: bool,
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let refuse = || io::Error::other("this is not a regular file");
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, open_flags(false));
    #[cfg(not(unix))]
    if !path.symlink_metadata()?.is_file() {
        return Err(refuse());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(refuse()) }
}
