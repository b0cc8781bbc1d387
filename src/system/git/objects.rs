//! Objects with verified ids.
//!
//! libgit2 would check the id of every object with a SHA-1 that also detects known
//! collision attacks, which takes several times as long. Git makes that check when it
//! receives objects. Here the plain SHA-1 of the bytes is compared with the id.

use std::sync::{Arc, Once};

use git2::{ObjectType, Odb, OdbObject, Oid};

use crate::change::RepositoryError;
use crate::digest::{Hash20, git_object_id};

use super::{GitRepository, git_error};

static SETTINGS: Once = Once::new();

/// Leaves the check of ids to [`GitRepository::read_object`].
pub(super) fn configure_library() {
    SETTINGS.call_once(|| git2::opts::strict_hash_verification(false));
}

pub(crate) fn to_hash(oid: Oid) -> Hash20 {
    let mut bytes = [0; 20];
    for (to, from) in bytes.iter_mut().zip(oid.as_bytes()) {
        *to = *from;
    }
    Hash20(bytes)
}

pub(crate) fn to_oid(hash: Hash20) -> Oid {
    Oid::from_bytes(&hash.0).unwrap_or(Oid::ZERO_SHA1)
}

/// The bytes of an object, which have its id.
pub(super) enum VerifiedObject<'a> {
    /// This handle has read them.
    Read(OdbObject<'a>),
    /// One of the threads has read them.
    Shared(Arc<[u8]>),
}

impl VerifiedObject<'_> {
    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::Read(object) => object.data(),
            Self::Shared(bytes) => bytes,
        }
    }

    /// Returns the bytes to be kept.
    pub(super) fn into_bytes(self) -> Arc<[u8]> {
        match self {
            Self::Read(object) => object.data().into(),
            Self::Shared(bytes) => bytes,
        }
    }
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
    ) -> Result<VerifiedObject<'a>, RepositoryError> {
        let shared = self.read_ahead.objects();
        if let Some(bytes) = shared.and_then(|shared| shared.get(id, kind)) {
            self.count_object(bytes.len());
            return Ok(VerifiedObject::Shared(bytes));
        }
        let object = odb.read(id).map_err(|error| self.missing_object(operation(), &error))?;
        self.count_object(object.len());
        let refused = |reason: String| Err(RepositoryError::Git { operation: operation(), reason });
        if object.kind() != kind {
            return refused(format!("the object is not a {kind}"));
        }
        if git_object_id(kind.str(), object.data()) != to_hash(id) {
            return refused("the object is damaged: its bytes have another id".to_owned());
        }
        if let Some(shared) = shared {
            shared.add(id, kind, object.data());
        }
        Ok(VerifiedObject::Read(object))
    }
}

#[cfg(test)]
mod tests {
    use super::super::GitRepository;
    use crate::change::{ObjectStore as _, TreeState};
    use crate::system::files;
    use crate::text::RepoPath;

    #[test]
    fn an_object_whose_bytes_have_another_id_is_refused() {
        let scratch = files::create_scratch_folder("countersign-objects-").expect("folder");
        let root = scratch.path();
        let made = git2::Repository::init(root).expect("repository");
        let blob = made.blob(b"harmless\n").expect("blob");
        let other = made.blob(b"hostile\n").expect("blob");
        let mut tree = made.treebuilder(None).expect("builder");
        tree.insert("a.txt", blob, 0o100_644).expect("entry");
        let tree = made.find_tree(tree.write().expect("tree")).expect("tree");
        let who = git2::Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).expect("name");
        made.commit(Some("HEAD"), &who, &who, "x", &tree, &[]).expect("commit");
        let object = |id: git2::Oid| {
            let hex = id.to_string();
            let (folder, name) = hex.split_at(2);
            root.join(".git/objects").join(folder).join(name)
        };
        let read = || {
            let repo = GitRepository::discover(root).expect("repository");
            let head = crate::change::History::head(&repo).expect("HEAD").expect("a commit");
            repo.read(TreeState::Commit(head), &RepoPath::from("a.txt"))
        };
        assert_eq!(read().expect("readable"), Some(b"harmless\n".to_vec()));
        let damaged = files::read(&object(other), 10_000).expect("object");
        std::fs::remove_file(object(blob)).expect("object");
        files::write(&object(blob), &damaged).expect("object");
        let error = read().expect_err("a damaged object").to_string();
        assert!(error.contains("its bytes have another id") && error.contains("a.txt"), "{error}");
    }
}
