//! Computes the bytes that git would store for a file on disk.
//!
//! Line endings are converted according to `text`, `eol` and `core.autocrlf`. External
//! clean filters are never run: a path with a filter can be checked only if git already
//! stores the bytes on disk.

use crate::change::{FileMode, RepositoryError};
use crate::digest::{Hash20, git_blob_id};
use crate::text::RepoPath;

use super::attributes::AttributeValue;
use super::{GitRepository, to_oid};

impl GitRepository {
    /// Returns the bytes as git would store them, and the reason why they cannot be
    /// checked, if there is one. `expected` are the ids under which git stores the path.
    pub(super) fn clean_bytes(
        &self,
        path: &RepoPath,
        raw: Vec<u8>,
        mode: FileMode,
        expected: &[Option<Hash20>],
    ) -> Result<(Vec<u8>, Option<String>), RepositoryError> {
        let is_stored = |bytes: &[u8]| expected.contains(&Some(git_blob_id(bytes)));
        if mode == FileMode::Symlink || is_stored(&raw) {
            return Ok((raw, None));
        }
        for attribute in ["filter", "working-tree-encoding", "ident"] {
            let value = self.attribute(path, attribute);
            let active = match (attribute, &value) {
                ("ident", value) => *value == AttributeValue::Set,
                (_, AttributeValue::Value(name)) => !name.is_empty(),
                _ => false,
            };
            if active {
                let why = format!(
                    "the attribute `{attribute}` changes its bytes when git stores it, and countersign does not run filters; check the change with --staged or --range"
                );
                return Ok((raw, Some(why)));
            }
        }
        if !raw.windows(2).any(|pair| pair == b"\r\n") {
            return Ok((raw, None));
        }
        let text = self.attribute(path, "text");
        let eol = matches!(self.attribute(path, "eol"), AttributeValue::Value(_));
        let automatic = match &text {
            AttributeValue::Unset => return Ok((raw, None)),
            AttributeValue::Set => false,
            AttributeValue::Value(value) if value == "auto" => true,
            _ if eol => false,
            _ if self.has_autocrlf() => true,
            _ => return Ok((raw, None)),
        };
        if automatic && (raw.contains(&0) || self.is_stored_with_crlf(path, expected)?) {
            return Ok((raw, None));
        }
        Ok((convert_crlf_to_lf(&raw), None))
    }

    /// Returns whether git stores the file with CRLF. Automatic conversion does not
    /// change such a file.
    fn is_stored_with_crlf(
        &self,
        path: &RepoPath,
        expected: &[Option<Hash20>],
    ) -> Result<bool, RepositoryError> {
        match expected.iter().flatten().next() {
            Some(id) if *id != Hash20::ZERO => {
                Ok(self.read_blob(to_oid(*id), path)?.windows(2).any(|pair| pair == b"\r\n"))
            }
            _ => Ok(false),
        }
    }

    fn has_autocrlf(&self) -> bool {
        let value =
            self.repo.config().and_then(|config| config.get_string("core.autocrlf")).unwrap_or_default();
        matches!(value.to_lowercase().as_str(), "true" | "input" | "1" | "yes" | "on")
    }
}

fn convert_crlf_to_lf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for (at, byte) in raw.iter().enumerate() {
        if !(*byte == b'\r' && raw.get(at + 1) == Some(&b'\n')) {
            out.push(*byte);
        }
    }
    out
}
