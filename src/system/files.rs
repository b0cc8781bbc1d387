//! Files and folders.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::change::FileMode;
use crate::text::RepoPath;

/// An open log.
pub type LogFile = File;

/// A name in a folder, as bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(Vec<u8>);

impl FileName {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(unix)]
fn name_bytes(name: &OsString) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
fn name_bytes(name: &OsString) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}

/// A repository path as a relative path of this system.
#[must_use]
pub fn to_relative_path(path: &RepoPath) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        PathBuf::from(std::ffi::OsStr::from_bytes(path.as_bytes()))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(path.to_text().into_owned())
    }
}

/// A relative path of this system as a path of a repository.
#[must_use]
pub fn to_repo_path(path: &Path) -> RepoPath {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        RepoPath::from_bytes(path.as_os_str().as_bytes())
    }
    #[cfg(not(unix))]
    {
        RepoPath::from(path.to_string_lossy().replace('\\', "/").as_str())
    }
}

/// A repository path below a folder of this system.
#[must_use]
pub fn join_repo_path(root: &Path, path: &RepoPath) -> PathBuf {
    if path.as_bytes().is_empty() { root.to_path_buf() } else { root.join(to_relative_path(path)) }
}

/// What stands at a path, links not followed; `None` if nothing does.
///
/// # Errors
/// Anything but "not there".
pub fn find_metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The git mode of a file or link; `None` for folders, sockets and the like.
#[must_use]
pub fn file_mode(metadata: &Metadata) -> Option<FileMode> {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        Some(FileMode::Symlink)
    } else if kind.is_file() {
        Some(if is_executable(metadata) { FileMode::Executable } else { FileMode::Regular })
    } else {
        None
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

/// The names in a folder with what they are, sorted.
///
/// # Errors
/// The folder cannot be read.
pub fn list_folder(folder: &Path) -> io::Result<Vec<(FileName, Metadata)>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) => out.push((FileName(name_bytes(&entry.file_name())), metadata)),
            // Gone between listing and looking.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(out)
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// Unreadable, or larger than the limit.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::other(format!("longer than {limit} bytes, the most that is read")));
    }
    Ok(bytes)
}

/// Reads a file into a buffer that is used again and again; `false` if it is
/// longer than `limit` bytes.
///
/// # Errors
/// Unreadable.
pub fn read_if_within(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > limit {
        return Ok(false);
    }
    buffer.reserve(usize::try_from(length).unwrap_or(0) + 1);
    file.take(limit).read_to_end(buffer)?;
    Ok(true)
}

/// Reads what git would take as content: a file's bytes or a link's text.
///
/// # Errors
/// Unreadable, or larger than the limit.
pub fn read_as_stored(path: &Path, is_link: bool, limit: u64) -> io::Result<Vec<u8>> {
    if is_link {
        return fs::read_link(path).map(|target| name_bytes(&target.into_os_string()));
    }
    read(path, limit)
}

/// Writes a file as a whole (temporary file, then rename), making folders as
/// needed.
///
/// # Errors
/// The folder or file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(path, bytes, 0o644)
}

/// Writes a program as a whole, as [`write()`] does.
///
/// # Errors
/// The folder or file cannot be written.
pub fn write_executable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(path, bytes, 0o755)
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "other systems have no modes"))]
fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".countersign-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Removes a file.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// A folder for the tool's own files about a root that is no repository: in the
/// system's temporary folder, by the root's name.
#[must_use]
pub fn scratch_folder_for(root: &Path) -> PathBuf {
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let name = crate::digest::sha256_hex(whole.to_string_lossy().as_bytes());
    std::env::temp_dir().join(format!("countersign-{}", name.get(..16).unwrap_or_default()))
}

/// A folder below a root, through no link; what is not there yet may come.
///
/// # Errors
/// A link or file lies in the way, or the path leaves the root.
pub fn resolve_folder_below(root: &Path, folder: &str) -> io::Result<PathBuf> {
    let mut at = root.to_path_buf();
    for name in folder.split('/').filter(|name| !name.is_empty()) {
        if matches!(name, "." | "..") || name.contains(['\\', ':']) {
            return Err(io::Error::other("it leads out of the repository"));
        }
        at.push(name);
        if find_metadata(&at)?.is_some_and(|found| !found.is_dir()) {
            return Err(io::Error::other(format!("{} is no folder of the repository", at.display())));
        }
    }
    Ok(at)
}

/// Makes a folder and all above it.
///
/// # Errors
/// It cannot be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Opens a new file for writing; fails if it is there.
///
/// # Errors
/// It exists or cannot be written.
pub fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).read(true).create_new(true).open(path)
}

/// The last `most` bytes of a file, and its whole length.
///
/// # Errors
/// Unreadable.
pub fn read_tail(path: &Path, most: u64) -> io::Result<(Vec<u8>, u64)> {
    use std::io::{Seek as _, SeekFrom};
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok((bytes, length))
}

/// SHA-256 of a file.
///
/// # Errors
/// Unreadable.
pub fn sha256_of_file(path: &Path) -> io::Result<String> {
    crate::digest::sha256_hex_of(File::open(path)?)
}

/// A fresh folder that stays.
///
/// # Errors
/// It cannot be made.
pub fn create_temporary_folder(prefix: &str) -> io::Result<PathBuf> {
    tempfile::Builder::new().prefix(prefix).tempdir().map(tempfile::TempDir::keep)
}

/// A new temporary folder that is removed with all it holds when dropped.
pub type ScratchFolder = tempfile::TempDir;

/// Makes a temporary folder for a while.
///
/// # Errors
/// It cannot be made.
pub fn create_scratch_folder(prefix: &str) -> io::Result<ScratchFolder> {
    tempfile::Builder::new().prefix(prefix).tempdir()
}
