//! Sparse checkouts: files that are excluded from the working tree on purpose.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::change::RepositoryError;
use crate::system::files;
use crate::text::RepoPath;

use super::GitRepository;
use crate::system::ignores::escape_braces;

/// Maximum size of the pattern file in bytes.
const MAX_PATTERN_BYTES: u64 = 4 * 1024 * 1024;

/// The patterns of a sparse checkout.
pub(super) struct SparsePatterns(Gitignore);

impl SparsePatterns {
    /// Returns whether the patterns exclude a path from the working tree. A path that
    /// matches no pattern is excluded. The syntax is that of ignore files, and a later
    /// pattern overrides an earlier one; but a match includes the path.
    pub(super) fn excludes(&self, path: &RepoPath) -> bool {
        !self.0.matched_path_or_any_parents(files::to_relative_path(path), false).is_ignore()
    }
}

impl GitRepository {
    /// Returns the patterns; `None` if this is not a sparse checkout. A skip-worktree
    /// flag in the index is not enough: a file that the patterns include must exist.
    pub(super) fn sparse_patterns(&self) -> Result<Option<SparsePatterns>, RepositoryError> {
        let is_enabled = self.repo.config().and_then(|config| config.get_bool("core.sparseCheckout"));
        if !is_enabled.unwrap_or(false) {
            return Ok(None);
        }
        let file = self.repo.path().join("info").join("sparse-checkout");
        let text = match files::read(&file, MAX_PATTERN_BYTES) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let operation = "reading the patterns of the sparse checkout".to_owned();
                return Err(RepositoryError::Git { operation, reason: error.to_string() });
            }
        };
        let mut patterns = GitignoreBuilder::new("");
        for line in text.lines() {
            // An invalid pattern includes nothing.
            let _ = patterns.add_line(None, &escape_braces(line));
        }
        Ok(patterns.build().ok().map(SparsePatterns))
    }
}
