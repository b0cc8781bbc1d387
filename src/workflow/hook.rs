//! Installs and removes git hooks that call countersign. A hook that countersign
//! did not write is never changed.

use std::path::{Path, PathBuf};

use crate::system::files;

/// A hook that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    /// Runs before a commit, on the staged changes.
    PreCommit,
    /// Runs before a push, on the commits that the remote does not have.
    PrePush,
}

impl Hook {
    /// Returns git's name of the hook.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// Returns the shell command that runs the checks, for use in an existing hook.
    #[must_use]
    pub(crate) fn shell_line(self) -> String {
        format!("countersign hook run {} \"$@\"", self.as_str())
    }

    /// Returns the text of the hook file.
    fn script(self) -> String {
        let name = self.as_str();
        format!(
            "#!/bin/sh\n{MARK} `countersign hook remove {name}` removes this hook\n\
             if ! command -v countersign >/dev/null 2>&1; then\n    \
             echo 'countersign is not in PATH, so this {name} hook cannot run its checks' >&2\n    exit 1\nfi\nexec {}\n",
            self.shell_line()
        )
    }
}

/// Start of the second line of every hook that countersign wrote.
const MARK: &str = "# written by countersign;";

/// The reason why a hook was not installed or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HookError {
    /// `core.hooksPath` is set to nothing, so git runs no hook.
    #[error("core.hooksPath is empty, so git runs no hook; unset it: git config --unset core.hooksPath")]
    Nowhere,
    /// `core.hooksPath` is set to this folder, so git ignores `.git/hooks`.
    #[error("core.hooksPath makes git run the hooks in {0}; add this line to the {name} hook there: {line}", name = .1.as_str(), line = .1.shell_line())]
    Elsewhere(String, Hook),
    /// The hook exists, and countersign did not write it.
    #[error("countersign did not write {path} and does not change it; add this line to it: {line}", path = .0.display(), line = .1.shell_line())]
    Foreign(PathBuf, Hook),
    /// The hook to remove exists, and countersign did not write it.
    #[error("countersign did not write {path} and does not remove it; delete this line from it: {line}", path = .0.display(), line = .1.shell_line())]
    NotOwn(PathBuf, Hook),
    /// The hook does not exist.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// The hook cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The path of the hook.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

/// Returns whether countersign wrote the hook; `None` if it does not exist.
fn is_own_hook(path: &Path) -> Result<Option<bool>, HookError> {
    let failed = |source| HookError::File { path: path.to_path_buf(), source };
    if files::find_metadata(path).map_err(failed)?.is_none() {
        return Ok(None);
    }
    let mut text = Vec::new();
    let is_complete = files::read_if_within(path, 100_000, &mut text).map_err(failed)?;
    let second = text.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    Ok(Some(is_complete && second.starts_with(MARK.as_bytes())))
}

/// Returns the path of a hook in `folder`.
///
/// # Errors
/// `core.hooksPath` is set, so git does not look there.
fn hook_path(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    match configured {
        Some("") => Err(HookError::Nowhere),
        Some(other) => Err(HookError::Elsewhere(crate::text::to_single_line(other, 200), hook)),
        None => Ok(folder.join(hook.as_str())),
    }
}

/// Writes a hook, or replaces one that countersign wrote, and returns its path.
/// `folder` is the repository's folder of hooks, `configured` the value of
/// `core.hooksPath`.
///
/// # Errors
/// `core.hooksPath` is set, the hook is foreign, or it cannot be written.
pub(crate) fn install(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    let path = hook_path(folder, configured, hook)?;
    if is_own_hook(&path)? == Some(false) {
        return Err(HookError::Foreign(path, hook));
    }
    let written = files::write_executable(&path, hook.script().as_bytes());
    written.map_err(|source| HookError::File { path: path.clone(), source })?;
    Ok(path)
}

/// Returns whether git can run a hook that was written: it is a file, and executable.
pub(crate) fn is_executable(path: &Path) -> bool {
    let metadata = files::find_metadata(path).ok().flatten();
    let mode = metadata.as_ref().and_then(files::file_mode);
    cfg!(not(unix)) || mode == Some(crate::change::FileMode::Executable)
}

/// Removes a hook that countersign wrote, and returns its path.
///
/// # Errors
/// `core.hooksPath` is set, the hook is foreign or does not exist, or it cannot
/// be removed.
pub(crate) fn remove(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    let path = hook_path(folder, configured, hook)?;
    match is_own_hook(&path)? {
        None => Err(HookError::Missing(path)),
        Some(false) => Err(HookError::NotOwn(path, hook)),
        Some(true) => {
            files::remove(&path).map_err(|source| HookError::File { path: path.clone(), source })?;
            Ok(path)
        }
    }
}
