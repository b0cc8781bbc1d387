//! The tool's own folder about a root that is not a repository.
//!
//! It contains the lock and the journal of writes. Every user can compute its name,
//! and the next command completes the journal that it contains. Therefore only the
//! owner may have write access.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::{environment, files};

/// Creates the folder for a root, or checks the existing one. It is below the state
/// folder of the user; its name is a hash of the root's path.
///
/// # Errors
/// The user has no state folder; the folder cannot be created; the folder or its
/// journal belongs to another user, or others can write the folder.
pub(crate) fn create_folder_for(root: &Path) -> io::Result<PathBuf> {
    let home = environment::state_home().ok_or_else(|| {
        io::Error::other("the user has no home folder; set HOME or XDG_STATE_HOME to an absolute path")
    })?;
    create_folder_below(&home, root)
}

fn create_folder_below(home: &Path, root: &Path) -> io::Result<PathBuf> {
    let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let name = crate::digest::sha256_hex(absolute.to_string_lossy().as_bytes());
    let all = home.join("countersign");
    let own = all.join(name.get(..32).unwrap_or_default());
    for folder in [&all, &own] {
        create_private(folder)?;
        let found = folder.symlink_metadata()?;
        if !found.is_dir() {
            return Err(io::Error::other(format!("{} is not a folder", folder.display())));
        }
        refuse_other_owner(folder, &found)?;
        refuse_other_writers(folder, &found)?;
    }
    for name in ["lock", "write", "write/journal.json"] {
        let path = own.join(name);
        if let Some(found) = files::find_metadata(&path)? {
            refuse_other_owner(&path, &found)?;
        }
    }
    Ok(own)
}

/// Creates a folder and its parents. Only the owner has access to the new folders.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn refuse_other_owner(path: &Path, found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if found.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::other(format!("{} belongs to another user; remove it", path.display())))
}

#[cfg(unix)]
fn refuse_other_writers(folder: &Path, found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if found.mode() & 0o022 == 0 {
        return Ok(());
    }
    let folder = folder.display();
    Err(io::Error::other(format!("other users can write {folder}; run `chmod 700 {folder}`")))
}

#[cfg(not(unix))]
fn refuse_other_owner(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn refuse_other_writers(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_state_folder_that_others_can_write_is_refused() {
        let scratch = files::create_scratch_folder("countersign-state-").expect("folder");
        let (home, root) = (scratch.path().join("state"), scratch.path());
        let folder = create_folder_below(&home, root).expect("created");
        assert_eq!(fs::metadata(&folder).expect("metadata").permissions().mode() & 0o777, 0o700);
        assert_eq!(create_folder_below(&home, root).expect("used again"), folder);
        for shared in [&folder, &home.join("countersign")] {
            for mode in [0o720, 0o702] {
                fs::set_permissions(shared, Permissions::from_mode(mode)).expect("mode");
                let message = create_folder_below(&home, root).expect_err("refused").to_string();
                assert!(message.contains("chmod 700"), "{message}");
            }
            fs::set_permissions(shared, Permissions::from_mode(0o700)).expect("mode");
        }
        // A link could lead to a folder of another user.
        fs::remove_dir(&folder).expect("removed");
        std::os::unix::fs::symlink(scratch.path(), &folder).expect("link");
        assert!(create_folder_below(&home, root).is_err());
    }

    #[test]
    fn a_journal_of_another_user_is_refused() {
        let scratch = files::create_scratch_folder("countersign-state-").expect("folder");
        let home = scratch.path().join("state");
        let folder = create_folder_below(&home, scratch.path()).expect("created");
        fs::create_dir(folder.join("write")).expect("folder");
        let journal = folder.join("write/journal.json");
        files::write(&journal, b"{}").expect("journal");
        assert!(create_folder_below(&home, scratch.path()).is_ok());
        // Only root can give a file to another user.
        if std::os::unix::fs::chown(&journal, Some(12_345), None).is_ok() {
            let message = create_folder_below(&home, scratch.path()).expect_err("refused").to_string();
            assert!(message.contains("belongs to another user"), "{message}");
        }
    }
}
