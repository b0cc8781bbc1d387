//! Untracked files that a gate takes notice of.

use crate::check::context::PacketCheckContext;
use crate::document::field::strip_quotes;
use crate::text::{RepoPath, to_single_line};

use super::protection_reason;

/// Returns the reason why an untracked file at this path matters, as a clause: the
/// scope contains it, or it controls the checks. `None` if there is no reason.
#[must_use]
pub(crate) fn sensitive_path_reason(input: &PacketCheckContext<'_>, path: &RepoPath) -> Option<String> {
    if input.layout.is_governance(path) {
        return Some("it is in a folder of governance documents".to_owned());
    }
    let protected = input.packet.scope.in_scope.iter().find(|entry| entry.covers(path)).map(|entry| {
        format!("the scope entry `{}` contains it", to_single_line(strip_quotes(&entry.raw.value), 60))
    });
    protected.or_else(|| protection_reason(input, path))
}

/// Names of files that a test runner, interpreter or build loads unasked.
const LOADED_NAMES: [&str; 11] = [
    "conftest.py",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "pyproject.toml",
    "package.json",
    ".npmrc",
    "cargo.toml",
    "build.rs",
    "go.mod",
    "go.work",
];
/// Names, without their extensions, of modules and settings that are loaded unasked.
const LOADED_STEMS: [&str; 6] =
    ["sitecustomize", "usercustomize", "jest.config", "vitest.config", "vitest.workspace", ".mocharc"];

/// Returns whether a file can change what a test step runs by its name alone.
#[must_use]
pub(crate) fn is_loaded_unasked(path: &RepoPath) -> bool {
    let lower = path.to_text().to_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    if folders.split('/').any(|folder| folder == "site-packages") {
        // Installed packages have tests and paths of their own.
        return LOADED_STEMS.iter().take(2).any(|stem| name.starts_with(stem));
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    LOADED_NAMES.contains(&name)
        || LOADED_STEMS.contains(&stem)
        || name.rsplit_once('.').is_some_and(|(_, extension)| extension == "pth")
        || folders.split('/').any(|folder| folder == "node_modules")
}

/// Names of files that an operating system leaves in folders.
const SYSTEM_FILES: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];
/// Settings of one person that belong in no repository.
const PERSONAL_SETTINGS: [&str; 1] = [".claude/settings.local.json"];

/// Returns whether an untracked file that git's user ignores matters nowhere.
#[must_use]
pub(crate) fn is_personal(path: &RepoPath) -> bool {
    let text = path.to_text();
    let name = text.rsplit('/').next().unwrap_or_default();
    SYSTEM_FILES.contains(&name)
        || PERSONAL_SETTINGS.iter().any(|own| text == *own || text.ends_with(&format!("/{own}")))
}
