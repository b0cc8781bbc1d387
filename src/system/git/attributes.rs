//! Git attributes of paths on disk.
//!
//! Asking costs libgit2 a look at every folder above a path. Most repositories
//! have no attributes at all: a walk over the working tree, which sees every
//! folder anyway, notes whether there are any.

use std::path::PathBuf;

use git2::{AttrCheckFlags, AttrValue};

use crate::change::RepositoryError;
use crate::system::{environment, files};
use crate::text::RepoPath;

use super::GitRepository;

/// The value of an attribute.
#[derive(PartialEq, Eq)]
pub(super) enum AttributeValue {
    Set,
    Unset,
    Value(String),
    Unspecified,
}

impl GitRepository {
    pub(super) fn attribute(&self, path: &RepoPath, name: &str) -> AttributeValue {
        if self.has_attributes.get() == Some(false) {
            return AttributeValue::Unspecified;
        }
        let disk = files::to_relative_path(path);
        let value = self.repo.get_attr_bytes(&disk, name, AttrCheckFlags::FILE_THEN_INDEX).ok().flatten();
        match AttrValue::from_bytes(value) {
            AttrValue::True => AttributeValue::Set,
            AttrValue::False => AttributeValue::Unset,
            AttrValue::String(text) => AttributeValue::Value(text.to_owned()),
            AttrValue::Bytes(bytes) => AttributeValue::Value(String::from_utf8_lossy(bytes).into_owned()),
            AttrValue::Unspecified => AttributeValue::Unspecified,
        }
    }

    /// Notes whether any place has attributes: the user, the machine, git's own
    /// folder, or (which the caller has seen) a folder of the working tree or
    /// the index. Until then they are looked for at every path.
    pub(super) fn record_attribute_presence(&self, seen: bool) {
        // Where else than on Unix they can stand is libgit2's to know.
        self.has_attributes.set(Some(seen || !cfg!(unix) || self.has_attributes_elsewhere()));
    }

    /// Git can be told to take attributes from the tree of another revision,
    /// which libgit2 does not know: what is stored would differ from what is
    /// seen here.
    pub(super) fn refuse_foreign_attributes(&self) -> Result<(), RepositoryError> {
        let configured = self.repo.config().and_then(|config| config.get_string("attr.tree"));
        if configured.is_err() {
            return Ok(());
        }
        let reason = "the setting attr.tree takes them from another revision; unset it, or judge with --staged or --range";
        Err(RepositoryError::Git { operation: "reading git attributes".into(), reason: reason.into() })
    }

    fn has_attributes_elsewhere(&self) -> bool {
        let configured = self.repo.config().and_then(|config| config.get_string("core.attributesFile"));
        let home = environment::variable("HOME").map(|home| format!("{home}/.config"));
        let folders = environment::variable("XDG_CONFIG_HOME").into_iter().chain(home);
        let places = folders.map(|folder| PathBuf::from(format!("{folder}/git/attributes")));
        let mut places = places.chain([
            PathBuf::from("/etc/gitattributes"),
            PathBuf::from("/usr/etc/gitattributes"),
            PathBuf::from("/usr/local/etc/gitattributes"),
            self.repo.commondir().join("info/attributes"),
            self.repo.path().join("info/attributes"),
        ]);
        configured.is_ok() || places.any(|path| !matches!(files::find_metadata(&path), Ok(None)))
    }
}

/// Whether a file's name is that of attributes, in whatever case.
pub(super) fn is_attributes_file(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b".gitattributes")
}
