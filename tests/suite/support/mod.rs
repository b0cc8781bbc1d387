//! Code that several test modules share. Several test programs include this file.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]

pub mod expected;
pub mod greeter;
pub mod host;
pub mod initialized;
pub mod literate;
pub mod memory;
pub mod repo;
pub mod scenario;
pub mod second_packet;
pub mod world;

use std::path::{Path, PathBuf};

/// The project's own folder.
pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of shared test data; `None` if it is missing, after a line that
/// says that the test was skipped.
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = project().join("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// All files below a folder, sorted.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    all.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}
