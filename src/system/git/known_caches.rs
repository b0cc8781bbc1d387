//! Folders that test runners and linters write for themselves: a second run of a gate
//! must say the same as the first, which made them.
//!
//! A folder counts only if its name is in the table, nothing in it is tracked, and it
//! ignores itself (a `.gitignore` with the line `*`, which its tool writes). A cache
//! contains no link and no file that a program could load as code. An environment
//! contains programs, but no file that an interpreter or test runner loads unasked.
//! Other folders belong in the `.gitignore` of the repository.

use std::path::Path;

use crate::system::files;

/// Names of folders that contain only data. A hidden folder with the word `cache` in its
/// name is one of them.
const CACHES: [&str; 4] = [".hypothesis", ".import_linter_cache", ".benchmarks", ".testmondata"];
/// Names of folders with the programs of a project.
const ENVIRONMENTS: [&str; 6] = [".venv", "venv", ".tox", ".nox", ".env", "env"];
/// Names of folders with the state of other version control systems.
const STATES: [&str; 2] = [".jj", ".sl"];

/// Extensions of files that are data. Caches of the table write no others.
const DATA_EXTENSIONS: [&str; 8] = ["json", "md", "tag", "gz", "db", "lock", "txt", "bin"];
/// Files of an environment that Python or a test runner loads unasked.
const LOADED_FILES: [&str; 2] = ["pytest.ini", "tox.ini"];
/// Python modules that are loaded unasked, as a file of any kind or as a folder.
const LOADED_MODULES: [&str; 2] = ["sitecustomize", "usercustomize"];

/// Maximum number of entries of a cache; a larger folder is not exempted.
const MAX_ENTRIES: usize = 200_000;
/// Maximum size of its `.gitignore`, in bytes.
const MAX_IGNORE_BYTES: u64 = 4096;

/// What a folder may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FolderKind {
    Cache,
    Environment,
}

/// Returns whether a folder without tracked files is a known cache or environment.
/// `folder` is its path on disk, `name` its name.
pub(super) fn is_known_cache(folder: &Path, name: &[u8]) -> bool {
    let Some(kind) = kind_of(name) else { return false };
    ignores_itself(folder) && contains_only_allowed_files(folder, kind)
}

fn kind_of(name: &[u8]) -> Option<FolderKind> {
    let name = std::str::from_utf8(name).ok()?;
    let has_word = |word: &str| name.split(['.', '_', '-']).any(|part| part == word);
    if ENVIRONMENTS.contains(&name) || STATES.contains(&name) {
        return Some(FolderKind::Environment);
    }
    let is_cache = CACHES.contains(&name) || (name.starts_with('.') && has_word("cache"));
    is_cache.then_some(FolderKind::Cache)
}

/// Returns whether a folder has a `.gitignore` that ignores everything in it.
pub(super) fn ignores_itself(folder: &Path) -> bool {
    let text = files::read(&folder.join(".gitignore"), MAX_IGNORE_BYTES).unwrap_or_default();
    text.split(|byte| *byte == b'\n').any(|line| matches!(line.trim_ascii(), b"*" | b"/*" | b"**" | b"/**"))
}

fn contains_only_allowed_files(folder: &Path, kind: FolderKind) -> bool {
    let (mut pending, mut entries) = (vec![folder.to_path_buf()], 0);
    while let Some(next) = pending.pop() {
        let Ok(names) = files::list_folder(&next) else { return false };
        let is_installed = next.components().any(|part| part.as_os_str() == "site-packages");
        for (name, found) in names {
            entries += 1;
            let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
            let is_allowed = match kind {
                FolderKind::Cache => !found.is_symlink() && (found.is_dir() || is_data(&name)),
                FolderKind::Environment => !is_loaded(&name, is_installed),
            };
            if entries > MAX_ENTRIES || !is_allowed {
                return false;
            }
            if found.is_dir() {
                pending.push(next.join(name));
            } else if !found.is_file() && !found.is_symlink() {
                return false;
            }
        }
    }
    true
}

/// Returns whether a file of an environment is loaded unasked. An installed package may
/// have a `conftest.py` for its own tests.
fn is_loaded(name: &str, is_installed: bool) -> bool {
    let name = name.to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    LOADED_FILES.contains(&name.as_str())
        || LOADED_MODULES.contains(&stem)
        || (name == "conftest.py" && !is_installed)
        || name == ".cargo"
}

/// Returns whether a file name has no extension, or one of data.
fn is_data(name: &str) -> bool {
    let name = name.to_lowercase();
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
        write(".cache_x/.gitignore", "*\n");
        write(".cache_x/last", "now");
        assert!(is_cache(".cache_x"), "a cache by its name");
        for other in [".cargo", "cache", "src_cache", ".cached"] {
            write(&format!("{other}/.gitignore"), "*\n");
            assert!(!is_cache(other), "{other}");
        }
    }

    #[test]
    fn an_environment_may_have_programs_but_nothing_that_is_loaded_unasked() {
        let scratch = files::create_scratch_folder("countersign-environment-").expect("folder");
        let write = |path: &str| {
            let path = scratch.path().join(path);
            files::create_folder(path.parent().expect("folder")).expect("folder");
            files::write(&path, b"*\n").expect("file");
        };
        let is_known = || is_known_cache(&scratch.path().join(".venv"), b".venv");
        write(".venv/.gitignore");
        write(".venv/bin/python");
        write(".venv/lib/python3.13/site-packages/numpy/conftest.py");
        assert!(is_known());
        let site = |name: &str| format!("lib/python3.13/site-packages/{name}");
        for loaded in [
            site("sitecustomize.py").as_str(),
            &site("sitecustomize.pyc"),
            &site("usercustomize.cpython-313-x86_64-linux-gnu.so"),
            "conftest.py",
            ".cargo/config.toml",
        ] {
            write(&format!(".venv/{loaded}"));
            assert!(!is_known(), "{loaded}");
            let first = loaded.split('/').next().unwrap_or(loaded);
            let path = scratch.path().join(".venv").join(if first == "lib" { loaded } else { first });
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.expect("removed");
            assert!(is_known(), "without {loaded}");
        }
    }
}
