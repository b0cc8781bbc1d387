//! `JUnit` files that a step writes: the number of tests of any runner.
//!
//! The code under judgement writes these files. They count only if they cannot be left
//! over or be part of the change: they are removed before the step, must be regular
//! files that git does not track, in a folder that the base ignores, and must agree
//! with the exit code of the step.

use std::io;
use std::path::{Path, PathBuf};

use crate::system::files;
use crate::text::RepoPath;

use super::junit_cases::{JunitTests, count_test_cases};

/// Maximum size of all files of one step, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Maximum number of files of one step.
const MAX_FILES: usize = 10_000;

/// Reason why the files of a step do not count; a clause about `path`.
#[derive(Debug, thiserror::Error)]
pub(in crate::pipeline::steps) enum JunitError {
    #[error("{0} is not in a folder that the base ignores")]
    NotIgnored(String),
    #[error("git tracks {0}")]
    Tracked(String),
    #[error("the step did not write {0}")]
    Missing(String),
    #[error("{0} is not a regular file")]
    NotAFile(String),
    #[error("{0} is longer than {MAX_BYTES} bytes, or has more than {MAX_FILES} files")]
    TooLarge(String),
    #[error("{0} is not a JUnit file: {1}")]
    Malformed(String, String),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
}

/// The configured path of the `JUnit` files of a step: one file, or all `*.xml` files
/// directly in a folder (a path that ends in `/`).
pub(in crate::pipeline::steps) struct JunitTarget<'a> {
    pub root: &'a Path,
    /// The path below the root, as configured.
    pub path: &'a str,
}

impl JunitTarget<'_> {
    fn shown(&self) -> String {
        crate::text::to_single_line(self.path, 120)
    }

    fn file_error(&self, source: io::Error) -> JunitError {
        JunitError::File { path: self.shown(), source }
    }

    /// Returns the existing files that the path names.
    fn existing(&self) -> Result<Vec<(RepoPath, PathBuf)>, JunitError> {
        let is_folder = self.path.ends_with('/');
        let whole = RepoPath::from(self.path.trim_end_matches('/'));
        let folder = if is_folder { whole.clone() } else { RepoPath::from_bytes(whole.folder()) };
        let disk = files::resolve_folder_below(self.root, &folder.to_text())
            .map_err(|source| self.file_error(source))?;
        let names = match files::list_folder(&disk) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.file_error(error)),
        };
        let mut out = Vec::new();
        for (name, kind) in names {
            let path = folder.join(name.as_bytes());
            let is_wanted = if is_folder { name.as_bytes().ends_with(b".xml") } else { path == whole };
            if !is_wanted {
                continue;
            }
            if !kind.is_file() {
                return Err(JunitError::NotAFile(path.to_string()));
            }
            if out.len() == MAX_FILES {
                return Err(JunitError::TooLarge(self.shown()));
            }
            let file = files::join_repo_path(self.root, &path);
            out.push((path, file));
        }
        Ok(out)
    }

    /// Removes files of an earlier run. `is_ignored` and `is_tracked` are about the base
    /// and about the index.
    ///
    /// # Errors
    /// A file is tracked, not in an ignored folder, or cannot be removed.
    pub(in crate::pipeline::steps) fn prepare(
        &self,
        is_ignored: &dyn Fn(&RepoPath) -> bool,
        is_tracked: &dyn Fn(&RepoPath) -> bool,
    ) -> Result<(), JunitError> {
        let probe =
            if self.path.ends_with('/') { format!("{}x.xml", self.path) } else { self.path.to_owned() };
        if !is_ignored(&RepoPath::from(probe.as_str())) {
            return Err(JunitError::NotIgnored(self.shown()));
        }
        for (path, file) in self.existing()? {
            if is_tracked(&path) {
                return Err(JunitError::Tracked(path.to_string()));
            }
            files::remove(&file).map_err(|source| self.file_error(source))?;
        }
        Ok(())
    }

    /// Reads the files that the step wrote.
    ///
    /// # Errors
    /// There is no file, a file is not a regular file of the expected form, or the files
    /// are too large.
    pub(in crate::pipeline::steps) fn read(&self) -> Result<JunitTests, JunitError> {
        let found = self.existing()?;
        if found.is_empty() {
            return Err(JunitError::Missing(self.shown()));
        }
        let (mut tests, mut left) = (JunitTests::default(), MAX_BYTES);
        for (path, file) in found {
            let mut bytes = Vec::new();
            let is_whole =
                files::read_if_within(&file, left, &mut bytes).map_err(|source| self.file_error(source))?;
            if !is_whole {
                return Err(JunitError::TooLarge(self.shown()));
            }
            left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            let one = count_test_cases(&bytes).map_err(|why| {
                JunitError::Malformed(path.to_string(), crate::text::to_single_line(&why, 120))
            })?;
            tests.ran = tests.ran.saturating_add(one.ran);
            tests.failed = tests.failed.saturating_add(one.failed);
        }
        Ok(tests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_tracked_linked_or_not_ignored_do_not_count() {
        let scratch = files::create_scratch_folder("countersign-junit-").expect("folder");
        let root = scratch.path();
        let target = JunitTarget { root, path: "out/junit.xml" };
        assert!(matches!(target.prepare(&|_| false, &|_| false), Err(JunitError::NotIgnored(_))));
        assert!(matches!(target.read(), Err(JunitError::Missing(_))));
        let file = root.join("out/junit.xml");
        files::write(&file, b"<testsuite><testcase/></testsuite>").expect("file");
        assert!(matches!(target.prepare(&|_| true, &|_| true), Err(JunitError::Tracked(_))));
        assert_eq!(target.read().expect("tests"), JunitTests { ran: 1, failed: 0 });
        target.prepare(&|_| true, &|_| false).expect("removed");
        assert!(!file.exists());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("elsewhere.xml", &file).expect("link");
            assert!(matches!(target.read(), Err(JunitError::NotAFile(_))));
        }
        let folder = JunitTarget { root, path: "many/" };
        for name in ["a.xml", "b.xml", "c.txt"] {
            files::write(&root.join("many").join(name), b"<testsuite><testcase/></testsuite>").expect("file");
        }
        assert_eq!(folder.read().expect("tests"), JunitTests { ran: 2, failed: 0 });
    }
}
