//! Files of the project that unit tests read.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures and write generated files themselves")]

use std::path::{Path, PathBuf};

/// The project's own folder.
pub(crate) fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of shared test data; `None` if it is missing, after a line that
/// says that the test was skipped.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = project().join("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} does not exist", folder.display());
    None
}

/// All files below a folder, sorted by path.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    all.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// The bytes of a file; a relative path is below the project's folder.
pub(crate) fn read_bytes(path: impl AsRef<Path>) -> Vec<u8> {
    let path = project().join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file; a relative path is below the project's folder.
pub(crate) fn read_text(path: impl AsRef<Path>) -> String {
    String::from_utf8(read_bytes(path)).expect("text")
}

/// Asserts that a generated file is up to date; with `COUNTERSIGN_ACCEPT`, it
/// is written first.
pub(crate) fn assert_generated(path: &str, text: &str) {
    let file = project().join(path);
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::create_dir_all(file.parent().expect("folder")).expect("folders");
        std::fs::write(&file, text).expect("file");
    }
    let now = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(now == text, "{path} is out of date: run `just gen` and review the difference");
}
