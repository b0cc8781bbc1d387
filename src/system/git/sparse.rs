//! Sparse checkouts: which files are left out of the working tree on purpose.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::change::RepositoryError;
use crate::system::files;
use crate::text::RepoPath;

use super::GitRepository;
use crate::system::ignores::escape_braces;

/// The most bytes of a pattern file that are read.
const MAX_PATTERN_BYTES: u64 = 4 * 1024 * 1024;

/// The patterns of a sparse checkout.
pub(super) struct SparsePatterns(Gitignore);

impl SparsePatterns {
    /// Whether the patterns leave a path out. A path that they do not name is
    /// left out; a later pattern decides over an earlier one, as in ignore
    /// files, but here a match means "is there".
    pub(super) fn excludes(&self, path: &RepoPath) -> bool {
        !self.0.matched_path_or_any_parents(files::to_relative_path(path), false).is_ignore()
    }
}

impl GitRepository {
    /// The patterns, if this is a sparse checkout. A flag in the index alone
    /// makes none: a file that the patterns want has to be there.
    pub(super) fn sparse_patterns(&self) -> Result<Option<SparsePatterns>, RepositoryError> {
        let on = self.repo.config().and_then(|config| config.get_bool("core.sparseCheckout"));
        if !on.unwrap_or(false) {
            return Ok(None);
        }
        let file = self.repo.path().join("info").join("sparse-checkout");
        let text = match files::read(&file, MAX_PATTERN_BYTES) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let doing = "reading the patterns of the sparse checkout".to_owned();
                return Err(RepositoryError::Git { operation: doing, reason: error.to_string() });
            }
        };
        let mut patterns = GitignoreBuilder::new("");
        for line in text.lines() {
            // A line that is no pattern wants nothing.
            let _ = patterns.add_line(None, &escape_braces(line));
        }
        Ok(patterns.build().ok().map(SparsePatterns))
    }
}
