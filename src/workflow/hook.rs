//! Git hooks that call the tool; somebody else's hook is never touched.

use std::path::{Path, PathBuf};

use crate::system::files;

/// A hook that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Before a commit: what is staged.
    PreCommit,
    /// Before a push: the commits that the other side lacks.
    PrePush,
}

impl Hook {
    /// Git's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// The line of shell that runs it; for a hook that somebody has already.
    #[must_use]
    pub fn shell_line(self) -> String {
        format!("countersign hook run {} \"$@\"", self.as_str())
    }

    fn script(self) -> String {
        let name = self.as_str();
        format!(
            "#!/bin/sh\n{MARK} `countersign hook remove {name}` takes it out\n\
             if ! command -v countersign >/dev/null 2>&1; then\n    \
             echo 'countersign is not in PATH, so this {name} hook cannot judge' >&2\n    exit 1\nfi\nexec {}\n",
            self.shell_line()
        )
    }
}

/// The second line of a hook of ours.
const MARK: &str = "# written by countersign;";

/// Why a hook was not installed or removed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Git looks for hooks elsewhere.
    #[error("git runs the hooks of {0} here (core.hooksPath); add this line to its {name} hook: {line}", name = .1.as_str(), line = .1.shell_line())]
    Elsewhere(String, Hook),
    /// There is one that is not ours.
    #[error("{path} is somebody else's hook and stays as it is; add this line to it: {line}", path = .0.display(), line = .1.shell_line())]
    Foreign(PathBuf, Hook),
    /// There is none.
    #[error("{0} is not there")]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The hook.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

fn is_ours(path: &Path) -> Result<Option<bool>, HookError> {
    let failed = |source| HookError::File { path: path.to_path_buf(), source };
    if files::find_metadata(path).map_err(failed)?.is_none() {
        return Ok(None);
    }
    let mut text = Vec::new();
    let short = files::read_if_within(path, 100_000, &mut text).map_err(failed)?;
    let second = text.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    Ok(Some(short && second.starts_with(MARK.as_bytes())))
}

/// Where a hook lies, if git looks for it in the repository's own folder.
fn hook_path(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    match configured {
        Some(elsewhere) => Err(HookError::Elsewhere(crate::text::to_single_line(elsewhere, 200), hook)),
        None => Ok(folder.join(hook.as_str())),
    }
}

/// Writes a hook, or writes ours anew. `folder` is the repository's own folder
/// of hooks, `configured` what `core.hooksPath` says.
///
/// # Errors
/// Git looks elsewhere, the hook is somebody else's, it cannot be written.
pub fn install(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    let path = hook_path(folder, configured, hook)?;
    if is_ours(&path)? == Some(false) {
        return Err(HookError::Foreign(path, hook));
    }
    let written = files::write_executable(&path, hook.script().as_bytes());
    written.map_err(|source| HookError::File { path: path.clone(), source })?;
    Ok(path)
}

/// Removes a hook of ours.
///
/// # Errors
/// It is somebody else's, is not there, cannot be removed.
pub fn remove(folder: &Path, configured: Option<&str>, hook: Hook) -> Result<PathBuf, HookError> {
    let path = hook_path(folder, configured, hook)?;
    match is_ours(&path)? {
        None => Err(HookError::Missing(path)),
        Some(false) => Err(HookError::Foreign(path, hook)),
        Some(true) => {
            files::remove(&path).map_err(|source| HookError::File { path: path.clone(), source })?;
            Ok(path)
        }
    }
}
