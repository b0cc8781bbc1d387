//! Sparse checkouts: which files are left out of the working tree on purpose.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::change::RepositoryError;
use crate::system::files;
use crate::text::RepoPath;

use super::GitRepository;
use crate::system::ignores::without_braces;

/// The most bytes of a pattern file that are read.
const LARGEST_PATTERNS: u64 = 4 * 1024 * 1024;

/// The patterns of a sparse checkout.
pub(super) struct Sparse(Gitignore);

impl Sparse {
    /// Whether the patterns leave a path out. A path that they do not name is
    /// left out; a later pattern decides over an earlier one, as in ignore
    /// files, but here a match means "is there".
    pub(super) fn leaves_out(&self, path: &RepoPath) -> bool {
        !self.0.matched_path_or_any_parents(files::relative(path), false).is_ignore()
    }
}

impl GitRepository {
    /// The patterns, if this is a sparse checkout. A flag in the index alone
    /// makes none: a file that the patterns want has to be there.
    pub(super) fn sparse(&self) -> Result<Option<Sparse>, RepositoryError> {
        let on = self.repo.config().and_then(|config| config.get_bool("core.sparseCheckout"));
        if !on.unwrap_or(false) {
            return Ok(None);
        }
        let file = self.repo.path().join("info").join("sparse-checkout");
        let text = match files::read(&file, LARGEST_PATTERNS) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let doing = "reading the patterns of the sparse checkout".to_owned();
                return Err(RepositoryError::Git { doing, reason: error.to_string() });
            }
        };
        let mut patterns = GitignoreBuilder::new("");
        for line in text.lines() {
            // A line that is no pattern wants nothing.
            let _ = patterns.add_line(None, &without_braces(line));
        }
        Ok(patterns.build().ok().map(Sparse))
    }
}
