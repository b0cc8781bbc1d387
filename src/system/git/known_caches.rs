//! Folders that test runners and linters write for themselves: a second run of a gate
//! must say the same as the first, which made them.
//!
//! A folder counts only if its name is in the table, nothing in it is tracked, it
//! ignores itself (a `.gitignore` with the line `*`, which its tool writes), and it
//! contains no link and no file that a program could load as code.

use std::path::Path;

use crate::system::files;

/// Names of known caches.
const NAMES: [&str; 5] =
    [".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"];

/// Extensions of files that are data. Caches of the table write no others.
const DATA_EXTENSIONS: [&str; 7] = ["json", "md", "tag", "gz", "db", "lock", "txt"];

/// Maximum number of entries of a cache; a larger folder is not exempted.
const MAX_ENTRIES: usize = 20_000;
/// Maximum size of its `.gitignore`, in bytes.
const MAX_IGNORE_BYTES: u64 = 4096;

/// Returns whether a folder without tracked files is a known cache. `folder` is its path on
/// disk, `name` its name.
pub(super) fn is_known_cache(folder: &Path, name: &[u8]) -> bool {
    NAMES.iter().any(|known| known.as_bytes() == name) && ignores_itself(folder) && contains_only_data(folder)
}

fn ignores_itself(folder: &Path) -> bool {
    let text = files::read(&folder.join(".gitignore"), MAX_IGNORE_BYTES).unwrap_or_default();
    text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"*")
}

fn contains_only_data(folder: &Path) -> bool {
    let (mut pending, mut entries) = (vec![folder.to_path_buf()], 0);
    while let Some(next) = pending.pop() {
        let Ok(names) = files::list_folder(&next) else { return false };
        for (name, metadata) in names {
            entries += 1;
            if entries > MAX_ENTRIES || metadata.is_symlink() {
                return false;
            }
            let path = next.join(String::from_utf8_lossy(name.as_bytes()).as_ref());
            if metadata.is_dir() {
                pending.push(path);
            } else if !metadata.is_file() || !is_data(name.as_bytes()) {
                return false;
            }
        }
    }
    true
}

/// Returns whether a file name has no extension, or one of data.
fn is_data(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_lowercase();
    match name.trim_start_matches('.').rsplit_once('.') {
        None => true,
        Some((_, extension)) => DATA_EXTENSIONS.contains(&extension),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_in_a_folder_that_ignores_itself_is_a_cache() {
        let scratch = files::create_scratch_folder("countersign-cache-").expect("folder");
        let write = |path: &str, text: &str| {
            let path = scratch.path().join(path);
            files::create_folder(path.parent().expect("folder")).expect("folder");
            files::write(&path, text.as_bytes()).expect("file");
        };
        let is_cache = |name: &str| is_known_cache(&scratch.path().join(name), name.as_bytes());
        write(".pytest_cache/.gitignore", "# Created by pytest automatically.\n*\n");
        write(".pytest_cache/v/cache/lastfailed", "{}");
        write(".pytest_cache/CACHEDIR.TAG", "Signature");
        assert!(is_cache(".pytest_cache"));
        write(".pytest_cache/conftest.py", "print('1 passed')");
        assert!(!is_cache(".pytest_cache"), "a file that pytest loads");
        write(".ruff_cache/x", "");
        assert!(!is_cache(".ruff_cache"), "it does not ignore itself");
        write(".cargo/.gitignore", "*\n");
        assert!(!is_cache(".cargo"), "a folder of settings");
    }
}
