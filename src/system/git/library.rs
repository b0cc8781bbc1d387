//! The linked library, and what it reads from git's configuration.

use crate::change::RepositoryError;

use super::git_error;

/// The version of libgit2 that is linked, as `1.9.1`.
#[must_use]
pub(crate) fn libgit2_version() -> String {
    let (major, minor, patch) = git2::Version::get().libgit2_version();
    format!("{major}.{minor}.{patch}")
}

impl super::GitRepository {
    /// Returns `user.signingkey` if git signs with SSH keys (`gpg.format = ssh`).
    ///
    /// # Errors
    /// The configuration of git cannot be read.
    pub(crate) fn ssh_signing_key(&self) -> Result<Option<String>, RepositoryError> {
        let config = self.repo.config().map_err(git_error("reading git's configuration"))?;
        let format = config.get_string("gpg.format").unwrap_or_default();
        let key = config.get_string("user.signingkey").unwrap_or_default();
        Ok((format == "ssh" && !key.is_empty()).then_some(key))
    }
}
