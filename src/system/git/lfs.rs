//! Files of Git LFS: git stores a pointer, and the disk has the content that it names.
//!
//! No filter runs. A file on disk is the stored one if the SHA-256 and the size of its
//! bytes are those of the pointer (the format of <https://github.com/git-lfs/git-lfs>,
//! `docs/spec.md`).

use crate::change::RepositoryError;
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::attributes::AttributeValue;
use super::{GitRepository, to_oid};

/// Maximum size of a pointer, in bytes, by its specification.
const MAX_POINTER_BYTES: usize = 1024;
/// First line of a pointer.
const VERSION: &str = "version https://git-lfs.github.com/spec/v1";

/// The content that a pointer names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pointer {
    sha256: String,
    size: u64,
}

impl Pointer {
    /// Reads a pointer; `None` for other content, and for pointers with extensions, whose
    /// content on disk is not the named one.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_POINTER_BYTES)?;
        let mut lines = text.strip_suffix('\n')?.split('\n');
        (lines.next()? == VERSION).then_some(())?;
        let sha256 = lines.next()?.strip_prefix("oid sha256:")?.to_owned();
        let is_hash =
            sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let size = lines.next()?.strip_prefix("size ")?;
        let is_number = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let size = size.parse().ok().filter(|_| is_number && is_hash && lines.next().is_none())?;
        Some(Self { sha256, size })
    }
}

impl GitRepository {
    /// Returns the stored pointer of a file on disk with this size, if `sha256` of its bytes
    /// is the one of a pointer among `expected`; `None` if it is no file of Git LFS, or not
    /// the stored one.
    ///
    /// # Errors
    /// Attributes or objects cannot be read.
    pub(super) fn stored_lfs_pointer(
        &self,
        path: &RepoPath,
        size: u64,
        sha256: &dyn Fn() -> Option<String>,
        expected: &[Option<Hash20>],
    ) -> Result<Option<Vec<u8>>, RepositoryError> {
        if !matches!(&self.attribute(path, "filter")?, AttributeValue::Value(name) if name == "lfs") {
            return Ok(None);
        }
        for id in expected.iter().flatten().filter(|id| **id != Hash20::ZERO) {
            let Ok(bytes) = self.read_blob(to_oid(*id), path) else { continue };
            let Some(pointer) = Pointer::read(&bytes).filter(|pointer| pointer.size == size) else {
                continue;
            };
            if sha256().is_some_and(|found| found == pointer.sha256) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_has_one_form() {
        let hash = "a".repeat(64);
        let valid = format!("{VERSION}\noid sha256:{hash}\nsize 12\n");
        let wanted = Pointer { sha256: hash.clone(), size: 12 };
        assert_eq!(Pointer::read(valid.as_bytes()), Some(wanted));
        for other in [
            valid.replace("v1", "v2"),
            valid.replace("size 12", "size +12"),
            valid.replace("size 12", "size "),
            valid.replace("oid sha256:a", "oid sha256:A"),
            valid.replace("oid sha256:a", "oid sha256:"),
            valid.replace("oid", "ext-0-x sha256:0\noid"),
            format!("{valid}x\n"),
            valid.trim_end().to_owned(),
            format!("{valid}{}", " ".repeat(MAX_POINTER_BYTES)),
        ] {
            assert_eq!(Pointer::read(other.as_bytes()), None, "{other}");
        }
    }
}
