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

/// Adds a hint to libgit2's message about an unsupported repository format: what the
/// format is and how to convert it.
pub(super) fn explain_unsupported(message: &str) -> String {
    let extension = message.strip_prefix("unsupported extension name extensions.");
    if message.contains("mandatory extension: 'link'") {
        return format!(
            "{message}; this is a split index: run `git update-index --no-split-index` to convert it"
        );
    }
    if message.contains("mandatory extension: 'sdir'") {
        return format!(
            "{message}; this is a sparse index: run `git sparse-checkout reapply --no-sparse-index` to expand it"
        );
    }
    let hint = match extension.map(str::to_lowercase).as_deref() {
        Some("refstorage") => {
            "its references are stored as a reftable, which countersign cannot read: run `git refs migrate --ref-format=files` to convert them"
        }
        Some("partialclone") => "it is an old-style partial clone: use a full clone",
        Some(_) => "countersign does not read repositories with unknown extensions",
        None if message.contains("object format") => {
            "countersign reads only repositories with SHA-1 object ids, because COR-701 manifests use them: make a copy with `git init --object-format=sha1 ../copy && git fast-export --all | git -C ../copy fast-import`"
        }
        None => return message.to_owned(),
    };
    format!("{message}; {hint}")
}
