//! From rights to what the operating system enforces.

use std::path::{Path, PathBuf};

use crate::config::axis_of;
use crate::system::confine::Confinement;
use crate::system::{environment, files};

/// Devices that every program may write.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
];

/// Folders below the home folder that hold caches and no settings. A variable that moves
/// one of them stands beside it.
const CACHES: [(&str, &str); 15] = [
    ("XDG_CACHE_HOME", ".cache"),
    ("", ".cargo/registry"),
    ("", ".cargo/git"),
    ("", ".cargo/.package-cache"),
    ("", ".cargo/.package-cache-mutate"),
    ("", ".cargo/.global-cache"),
    ("", ".rustup/tmp"),
    ("", ".rustup/downloads"),
    ("", ".npm/_cacache"),
    ("", ".npm/_logs"),
    ("GOMODCACHE", "go/pkg"),
    ("", ".local/share/pnpm/store"),
    ("", ".gradle/caches"),
    ("", ".m2/repository"),
    ("", ".nuget/packages"),
];

/// Returns what a program with these rights may do.
pub(super) fn of_rights(rights: &[String], root: &Path) -> Confinement {
    let mut writable: Vec<PathBuf> = DEVICES.iter().map(PathBuf::from).collect();
    let mut network = false;
    for right in rights {
        let scope = right.split_once(':').map(|(_, scope)| scope);
        match (axis_of(right), scope) {
            ("net.http", _) => network = true,
            ("fs.write", None | Some("workspace")) => writable.push(root.to_path_buf()),
            ("fs.write", Some("tmp")) => writable.extend(temporary_folders()),
            ("fs.write", Some("cache")) => writable.extend(cache_folders()),
            ("fs.write", Some(path)) => writable.extend(writable_below(root, path)),
            _ => {}
        }
    }
    Confinement { writable, network }
}

/// A path with a trailing `/`, or of a folder that is there, is a folder; any other is one
/// file. What is not there is created: a right to write it would be none.
fn writable_below(root: &Path, path: &str) -> Option<PathBuf> {
    let as_folder = files::resolve_folder_below(root, path).ok();
    let is_there = |folder: &PathBuf| files::find_metadata(folder).ok().flatten().is_some();
    match as_folder {
        Some(folder) if path.ends_with('/') || is_there(&folder) => {
            files::create_folder(&folder).ok()?;
            Some(folder)
        }
        _ => {
            let parent = files::resolve_folder_below(root, parent_of(path)).ok()?;
            files::create_folder(&parent).ok()?;
            let file = parent.join(path.rsplit('/').next()?);
            if !is_there(&file) {
                files::create_new(&file).ok()?;
            }
            Some(file)
        }
    }
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn temporary_folders() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["/tmp", "/var/tmp"].iter().map(PathBuf::from).collect();
    all.extend(environment::variable("TMPDIR").map(PathBuf::from));
    all
}

fn cache_folders() -> Vec<PathBuf> {
    let Some(home) = environment::home_folder() else { return Vec::new() };
    let moved = |name: &str| (!name.is_empty()).then(|| environment::variable(name)).flatten();
    let mut all: Vec<PathBuf> = CACHES
        .iter()
        .map(|(name, folder)| moved(name).map_or_else(|| home.join(folder), PathBuf::from))
        .collect();
    if let Some(cargo) = environment::variable("CARGO_HOME").map(PathBuf::from) {
        all.extend(
            ["registry", "git", ".package-cache", ".package-cache-mutate", ".global-cache"]
                .map(|name| cargo.join(name)),
        );
    }
    all
}
