//! Computes the bytes that git would store for a file on disk.
//!
//! Line endings are converted according to `text`, `eol`, `crlf` and `core.autocrlf`, and
//! `$Id$` is reduced for `ident`. External clean filters are never run: a path with a
//! filter can be checked only if git already stores the bytes on disk, or the pointer of
//! Git LFS to them. A file in another encoding can be checked if git stores its text.

use crate::change::{FileMode, RepositoryError};
use crate::digest::{Hash20, git_blob_id, sha256_hex};
use crate::text::RepoPath;

use super::attributes::AttributeValue;
use super::{GitRepository, to_oid};

/// How line endings of a file are converted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEndings {
    /// Not at all.
    Binary,
    /// Every CRLF becomes LF.
    Text,
    /// As `Text`, if the content looks like text and git does not store it with CRLF.
    Auto,
}

impl GitRepository {
    /// Returns the bytes as git would store them, and the reason why they cannot be
    /// checked, if there is one. `expected` are the ids under which git stores the path,
    /// the one of the index first.
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
        let size = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        let sha256 = || Some(sha256_hex(&raw));
        if let Some(pointer) = self.stored_lfs_pointer(path, size, &sha256, expected)? {
            return Ok((pointer, None));
        }
        let encoding = self.attribute(path, "working-tree-encoding")?;
        if let AttributeValue::Value(name) = &encoding {
            for decoded in decode_candidates(name, &raw) {
                let bytes = self.convert_text(path, decoded.into_bytes(), expected)?;
                if is_stored(&bytes) {
                    return Ok((bytes, None));
                }
            }
        }
        for (attribute, value) in
            [("filter", self.attribute(path, "filter")?), ("working-tree-encoding", encoding)]
        {
            if matches!(&value, AttributeValue::Value(name) if !name.is_empty()) {
                let why = format!(
                    "the attribute `{attribute}` changes its bytes when git stores it, and countersign does not run filters; check the change with --staged or --range"
                );
                return Ok((raw, Some(why)));
            }
        }
        Ok((self.convert_text(path, raw, expected)?, None))
    }

    /// Converts line endings, and reduces `$Id: …$`, as git does when it stores a file.
    fn convert_text(
        &self,
        path: &RepoPath,
        raw: Vec<u8>,
        expected: &[Option<Hash20>],
    ) -> Result<Vec<u8>, RepositoryError> {
        let mut bytes = raw;
        if memchr::memmem::find(&bytes, b"\r\n").is_some() {
            let endings = self.line_endings(path)?;
            let converts = match endings {
                LineEndings::Binary => false,
                LineEndings::Text => true,
                LineEndings::Auto => {
                    !TextStatistics::of(&bytes).is_binary()
                        && !self.is_stored_with_crlf(path, expected.first())?
                }
            };
            if converts {
                bytes = convert_crlf_to_lf(&bytes);
            }
        }
        if memchr::memmem::find(&bytes, b"$Id:").is_some()
            && self.attribute(path, "ident")? == AttributeValue::Set
        {
            bytes = reduce_ident(&bytes);
        }
        Ok(bytes)
    }

    fn line_endings(&self, path: &RepoPath) -> Result<LineEndings, RepositoryError> {
        /// `None` if the attribute says nothing; true for `auto`.
        fn action(value: &AttributeValue) -> Option<LineEndings> {
            Some(match value {
                AttributeValue::Set => LineEndings::Text,
                AttributeValue::Unset => LineEndings::Binary,
                AttributeValue::Value(value) if value == "input" => LineEndings::Text,
                AttributeValue::Value(value) if value == "auto" => LineEndings::Auto,
                _ => return None,
            })
        }
        let mut found = action(&self.attribute(path, "text")?);
        if found.is_none() {
            // The older name of `text`.
            found = action(&self.attribute(path, "crlf")?);
        }
        let eol = self.attribute(path, "eol")?;
        let has_eol = matches!(&eol, AttributeValue::Value(value) if value == "lf" || value == "crlf");
        Ok(match found {
            Some(endings) => endings,
            None if has_eol => LineEndings::Text,
            None if self.autocrlf()?.is_some() => LineEndings::Auto,
            None => LineEndings::Binary,
        })
    }

    /// Returns whether the index has text with CRLF. Automatic conversion does not change
    /// such a file.
    fn is_stored_with_crlf(
        &self,
        path: &RepoPath,
        stored: Option<&Option<Hash20>>,
    ) -> Result<bool, RepositoryError> {
        match stored.copied().flatten() {
            Some(id) if id != Hash20::ZERO => {
                let statistics = TextStatistics::of(&self.read_blob(to_oid(id), path)?);
                Ok(statistics.crlf > 0 && !statistics.is_binary())
            }
            _ => Ok(false),
        }
    }
}

/// Returns what the bytes of a file in another encoding can be in UTF-8: with and without
/// a byte-order mark. A candidate counts only if git stores it.
fn decode_candidates(name: &str, raw: &[u8]) -> Vec<String> {
    // git knows this name, the Encoding Standard does not.
    let name = name.to_ascii_lowercase();
    let label = name.strip_suffix("-bom").unwrap_or(&name);
    let Some(encoding) = encoding_rs::Encoding::for_label(label.as_bytes()) else { return Vec::new() };
    let (with_mark, _, is_broken) = encoding.decode(raw);
    let mut out: Vec<String> = (!is_broken).then(|| with_mark.into_owned()).into_iter().collect();
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(raw) {
        out.push(text.into_owned());
    }
    out
}

/// Counts of bytes by which git tells text from binary content.
#[derive(Default)]
struct TextStatistics {
    crlf: usize,
    lone_cr: usize,
    nul: usize,
    printable: usize,
    nonprintable: usize,
}

impl TextStatistics {
    fn of(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        let mut all = bytes.iter().peekable();
        while let Some(byte) = all.next() {
            match byte {
                b'\r' if all.peek() == Some(&&b'\n') => {
                    all.next();
                    out.crlf += 1;
                }
                b'\r' => out.lone_cr += 1,
                b'\n' => {}
                // Backspace, tab, escape, form feed.
                8 | b'\t' | 27 | 12 => out.printable += 1,
                0 => {
                    out.nul += 1;
                    out.nonprintable += 1;
                }
                1..32 | 127 => out.nonprintable += 1,
                _ => out.printable += 1,
            }
        }
        // An end-of-file mark of DOS.
        if bytes.last() == Some(&26) {
            out.nonprintable = out.nonprintable.saturating_sub(1);
        }
        out
    }

    fn is_binary(&self) -> bool {
        self.lone_cr > 0 || self.nul > 0 || (self.printable >> 7) < self.nonprintable
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

/// Replaces `$Id: …$` by `$Id$`; the text between must not contain a newline.
fn reduce_ident(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
        let (before, after) = rest.split_at(dollar + 1);
        out.extend_from_slice(before);
        rest = after;
        let Some(text) = rest.strip_prefix(b"Id:") else { continue };
        let Some(end) = text.iter().position(|byte| *byte == b'$') else { break };
        if text.get(..end).is_some_and(|text| !text.contains(&b'\n')) {
            out.extend_from_slice(b"Id$");
            rest = text.get(end + 1..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest);
    out
}
