//! Git attributes of paths on disk.
//!
//! For each query, libgit2 searches every folder above the path. Most repositories do
//! not have attributes. The walk over the working tree, which visits every folder
//! anyway, therefore records whether there are any.

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
    /// Returns the value of an attribute of a path.
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

    /// Records whether any path can have attributes. They can come from files of the
    /// user, of the machine, of git's own folder, or (if `seen`) of the working tree or
    /// the index. Before this call, attributes are queried for every path.
    pub(super) fn record_attribute_presence(&self, seen: bool) {
        // On other systems than Unix, only libgit2 knows all locations of attribute files.
        self.has_attributes.set(Some(seen || !cfg!(unix) || self.has_attributes_elsewhere()));
    }

    /// Returns an error if the setting `attr.tree` takes attributes from another
    /// revision. libgit2 does not support it, so the computed content would differ from
    /// the content that git stores.
    pub(super) fn refuse_foreign_attributes(&self) -> Result<(), RepositoryError> {
        let configured = self.repo.config().and_then(|config| config.get_string("attr.tree"));
        if configured.is_err() {
            return Ok(());
        }
        let reason = "the setting attr.tree takes them from another revision; unset it, or check the change with --staged or --range";
        Err(RepositoryError::Git { operation: "reading git attributes".into(), reason: reason.into() })
    }

    fn has_attributes_elsewhere(&self) -> bool {
        let configured = self.repo.config().and_then(|config| config.get_string("core.attributesFile"));
        let home = environment::variable("HOME").map(|home| format!("{home}/.config"));
        let folders = environment::variable("XDG_CONFIG_HOME").into_iter().chain(home);
        let candidates = folders.map(|folder| PathBuf::from(format!("{folder}/git/attributes")));
        let mut candidates = candidates.chain([
            PathBuf::from("/etc/gitattributes"),
            PathBuf::from("/usr/etc/gitattributes"),
            PathBuf::from("/usr/local/etc/gitattributes"),
            self.repo.commondir().join("info/attributes"),
            self.repo.path().join("info/attributes"),
        ]);
        configured.is_ok() || candidates.any(|path| !matches!(files::find_metadata(&path), Ok(None)))
    }
}

/// Returns whether a file name is `.gitattributes`, in upper or lower case.
pub(super) fn is_attributes_file(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b".gitattributes")
}
