//! Files and folders.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::change::FileMode;
use crate::text::RepoPath;

use super::listing::name_bytes;
pub(crate) use super::listing::{FileName, list_folder};

/// An open log file.
pub(crate) type LogFile = File;

/// Converts a repository path to a relative path of the operating system.
#[must_use]
pub(crate) fn to_relative_path(path: &RepoPath) -> PathBuf {
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

/// Converts a relative path of the operating system to a repository path.
#[must_use]
pub(crate) fn to_repo_path(path: &Path) -> RepoPath {
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

/// Joins a folder of the operating system and a repository path.
#[must_use]
pub(crate) fn join_repo_path(root: &Path, path: &RepoPath) -> PathBuf {
    if path.as_bytes().is_empty() { root.to_path_buf() } else { root.join(to_relative_path(path)) }
}

/// Returns the metadata of a path without following links; `None` if the path does
/// not exist.
///
/// # Errors
/// The path exists, or may exist, and its metadata cannot be read.
pub(crate) fn find_metadata(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns the git mode of a file or link; `None` for folders, sockets, devices and
/// other types.
#[must_use]
pub(crate) fn file_mode(metadata: &Metadata) -> Option<FileMode> {
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

/// Opens a regular file for reading. Links are followed.
///
/// # Errors
/// The file cannot be opened, or is not a regular file. A FIFO or a device is refused at
/// once: opening a FIFO would wait for its writer, and a device may never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    open_with_length(path).map(|(file, _)| file)
}

/// Opens a file as [`open_regular`] does; also returns its length in bytes.
fn open_with_length(path: &Path) -> io::Result<(File, u64)> {
    let refuse = |found: &Metadata| {
        if found.is_file() { Ok(()) } else { Err(io::Error::other("this is not a regular file")) }
    };
    let mut options = File::options();
    options.read(true);
    // Between the check and the opening, the path may become a FIFO.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, open_flags(true));
    refuse(&fs::metadata(path)?)?;
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    refuse(&metadata)?;
    Ok((file, metadata.len()))
}

/// Returns flags with which opening never waits for the writer of a FIFO. Without
/// `follows_links`, a link at the end of the path is an error.
#[cfg(unix)]
pub(super) fn open_flags(follows_links: bool) -> i32 {
    let mut flags = rustix::fs::OFlags::NONBLOCK;
    if !follows_links {
        flags |= rustix::fs::OFlags::NOFOLLOW;
    }
    i32::try_from(flags.bits()).unwrap_or_default()
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// The file cannot be read, or is larger than the limit.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let read = read_up_to(path, limit)?;
    read.ok_or_else(|| io::Error::other(format!("the file is longer than {limit} bytes, the maximum size")))
}

/// Reads a file; `None` if it is longer than `limit` bytes.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_up_to(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let (file, length) = open_with_length(path)?;
    if length > limit {
        return Ok(None);
    }
    // With room for one byte more, the second call sees the end of the file.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1).max(64));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((u64::try_from(bytes.len()).unwrap_or(u64::MAX) <= limit).then_some(bytes))
}

/// Reads a file into a reusable buffer. Returns `false`, with an empty buffer, if
/// the file is longer than `limit` bytes.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_if_within(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if length > limit {
        return Ok(false);
    }
    buffer.reserve(usize::try_from(length).unwrap_or(0) + 1);
    file.take(limit).read_to_end(buffer)?;
    Ok(true)
}

/// Reads the content that git would store: the bytes of a file, or the target of a
/// link.
///
/// # Errors
/// The file cannot be read, or is larger than the limit.
pub(crate) fn read_as_stored(path: &Path, is_link: bool, limit: u64) -> io::Result<Vec<u8>> {
    if is_link {
        return fs::read_link(path).map(|target| name_bytes(&target.into_os_string()));
    }
    read(path, limit)
}

/// Writes a file atomically (temporary file, then rename) and creates missing
/// folders. An existing regular file keeps its mode; a new file has mode 666
/// without the bits of the umask. A link is replaced, not followed.
///
/// # Errors
/// The folder or file cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let existing = find_metadata(path)?.filter(Metadata::is_file);
    write_atomically(path, bytes, existing.map(|found| found.permissions()))
}

/// Writes an executable file as [`write()`] does, always with mode 755.
///
/// # Errors
/// The folder or file cannot be written.
pub(crate) fn write_executable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    let permissions = Some(std::os::unix::fs::PermissionsExt::from_mode(0o755));
    #[cfg(not(unix))]
    let permissions = None;
    write_atomically(path, bytes, permissions)
}

/// Writes to a path that the user named for output. Links are followed and kept.
/// [`write()`] writes regular files. Devices, FIFOs and other types are opened and
/// written, never replaced: `/dev/null` must stay a device.
///
/// # Errors
/// The folder or file cannot be written.
pub(crate) fn write_output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // If the standard streams are files, a second open file would overwrite them.
    if path == Path::new("/dev/stdout") {
        let mut stream = io::stdout().lock();
        return stream.write_all(bytes).and_then(|()| stream.flush());
    }
    if path == Path::new("/dev/stderr") {
        return io::stderr().write_all(bytes);
    }
    let is_descriptor = path.starts_with("/dev/fd") || path.starts_with("/proc");
    match fs::metadata(path) {
        Ok(found) if found.is_file() && !is_descriptor => write(&path.canonicalize()?, bytes),
        Ok(found) => File::options().write(true).append(found.is_file()).open(path)?.write_all(bytes),
        // A link without a target: its target is created.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            File::create(path)?.write_all(bytes)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => write(path, bytes),
        Err(error) => Err(error),
    }
}

fn write_atomically(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".countersign-");
    // The operating system removes the bits of the umask. Without this line, only
    // the owner could read the file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// Returns whether a folder is on a network file system, where processes share no memory.
#[cfg(feature = "ledger")]
#[must_use]
pub(crate) fn is_network_folder(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        // NFS, SMB (three versions), 9P, AFS, Ceph, Coda, and file systems in user space.
        const NETWORK: [u64; 9] = [
            0x6969,
            0x517b,
            0xfe53_4d42,
            0xff53_4d42,
            0x0102_1997,
            0x5346_414f,
            0x00c3_6400,
            0x7375_7245,
            0x6573_5546,
        ];
        let Ok(found) = rustix::fs::statfs(folder) else { return false };
        u64::try_from(found.f_type).is_ok_and(|kind| NETWORK.contains(&(kind & 0xffff_ffff)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        // A path to a share, as Windows writes it.
        folder.to_string_lossy().starts_with(r"\\") && !folder.to_string_lossy().starts_with(r"\\?\")
    }
}

/// Removes a file.
///
/// # Errors
/// The file cannot be removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Returns the path of a folder below a root that does not go through a link. The
/// folder and its parents do not have to exist.
///
/// # Errors
/// A part of the path is a link or a file, or the path leaves the root.
pub(crate) fn resolve_folder_below(root: &Path, folder: &str) -> io::Result<PathBuf> {
    let mut at = root.to_path_buf();
    for name in folder.split('/').filter(|name| !name.is_empty()) {
        if matches!(name, "." | "..") || name.contains(['\\', ':']) {
            return Err(io::Error::other("the path leads out of the repository"));
        }
        at.push(name);
        if find_metadata(&at)?.is_some_and(|found| !found.is_dir()) {
            return Err(io::Error::other(format!("{} is not a folder of the repository", at.display())));
        }
    }
    Ok(at)
}

/// Creates a folder and all missing parent folders.
///
/// # Errors
/// The folder cannot be created.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Creates a new file and opens it for reading and writing.
///
/// # Errors
/// The file exists already, or cannot be created.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).read(true).create_new(true).open(path)
}

/// Returns the last `limit` bytes of a file, and its length in bytes.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_tail(path: &Path, limit: u64) -> io::Result<(Vec<u8>, u64)> {
    use std::io::{Seek as _, SeekFrom};
    let mut file = open_regular(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok((bytes, length))
}

/// Returns the SHA-256 of a file in hexadecimal digits.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn sha256_of_file(path: &Path) -> io::Result<String> {
    crate::digest::sha256_hex_of(open_regular(path)?)
}

/// Creates a temporary folder that is not removed automatically.
///
/// # Errors
/// The folder cannot be created.
pub(crate) fn create_temporary_folder(prefix: &str) -> io::Result<PathBuf> {
    tempfile::Builder::new().prefix(prefix).tempdir().map(tempfile::TempDir::keep)
}

/// A temporary folder that is removed with its content when the value is dropped.
pub(crate) type ScratchFolder = tempfile::TempDir;

/// Creates a temporary folder that is removed when the result is dropped.
///
/// # Errors
/// The folder cannot be created.
pub(crate) fn create_scratch_folder(prefix: &str) -> io::Result<ScratchFolder> {
    tempfile::Builder::new().prefix(prefix).tempdir()
}
