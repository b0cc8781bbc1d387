//! The file of a user's own settings.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::config::UserConfig;
use crate::system::{environment, files};

/// Maximum size of the file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Returns the path of the file; `None` if the user has no folder for configuration.
#[must_use]
pub(crate) fn path() -> Option<PathBuf> {
    environment::config_home().map(|folder| folder.join("countersign/config.yaml"))
}

/// Returns where the file is, for messages.
#[must_use]
pub(crate) fn shown_path() -> String {
    path().map_or_else(|| "the user's configuration".to_owned(), |path| path.display().to_string())
}

/// Reads the file; one that does not exist switches nothing on.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub(crate) fn load() -> anyhow::Result<UserConfig> {
    let Some(path) = path() else { return Ok(UserConfig::default()) };
    if files::find_metadata(&path)?.is_none() {
        return Ok(UserConfig::default());
    }
    let bytes = files::read(&path, MAX_FILE_BYTES).with_context(|| format!("reading {}", path.display()))?;
    UserConfig::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))
}
