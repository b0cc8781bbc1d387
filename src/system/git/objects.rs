//! Objects with verified ids.
//!
//! libgit2 would check the id of every object with a SHA-1 that also detects known
//! collision attacks, which takes several times as long. Git makes that check when it
//! receives objects. Here the plain SHA-1 of the bytes is compared with the id.

use std::sync::Once;

use git2::{ObjectType, Odb, OdbObject, Oid};

use crate::change::RepositoryError;
use crate::digest::git_object_id;

use super::{GitRepository, git_error, to_hash};

static SETTINGS: Once = Once::new();

/// Leaves the check of ids to [`GitRepository::read_object`].
pub(super) fn configure_library() {
    SETTINGS.call_once(|| git2::opts::strict_hash_verification(false));
}

impl GitRepository {
    pub(super) fn object_store(&self) -> Result<Odb<'_>, RepositoryError> {
        self.repo.odb().map_err(git_error("opening the object store"))
    }

    /// Reads an object of a kind, and compares its id with its bytes.
    ///
    /// # Errors
    /// A missing object, one of another kind, or one whose bytes have another id.
    pub(super) fn read_object<'a>(
        &self,
        odb: &'a Odb<'_>,
        id: Oid,
        kind: ObjectType,
        operation: &dyn Fn() -> String,
    ) -> Result<OdbObject<'a>, RepositoryError> {
        let object = odb.read(id).map_err(|error| self.missing_object(operation(), &error))?;
        let refused = |reason: String| Err(RepositoryError::Git { operation: operation(), reason });
        if object.kind() != kind {
            return refused(format!("the object is not a {kind}"));
        }
        if git_object_id(kind.str(), object.data()) != to_hash(id) {
            return refused("the object is damaged: its bytes have another id".to_owned());
        }
        Ok(object)
    }
}
