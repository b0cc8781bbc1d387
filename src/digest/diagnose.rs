//! Explanation of a wrong hash in a manifest.
//!
//! A person who copied a hash from the wrong source needs to know that source.
//! [`diagnose`] compares the recorded text with every value that is commonly
//! copied by mistake.

use std::fmt;

use bstr::ByteSlice as _;

use super::{Hash20, git_blob_id, sha1, sha256_hex};

/// A hash as a manifest records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedHash {
    /// Forty hexadecimal digits.
    Sha1(Hash20),
    /// Anything else, kept as text.
    Other(String),
}

impl RecordedHash {
    /// Reads the field's text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Hash20::parse(text).map_or_else(|| Self::Other(text.to_owned()), Self::Sha1)
    }
}

/// Another version of the file, from which the hash may have been taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherVersion<'a> {
    /// Name in messages, such as "the file at the other end of the range".
    pub name: &'a str,
    /// Content of this version.
    pub bytes: &'a [u8],
}

/// Origin of a wrong hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HashMismatch {
    /// The git object id of the file instead of the hash of its content.
    GitBlobId,
    /// Hash of the content with CRLF line endings.
    CrlfVariant,
    /// Hash of the content with LF line endings.
    LfVariant,
    /// Hash of the content without its last newline.
    NoLastNewline,
    /// Hash of the content with one more newline at its end.
    ExtraNewline,
    /// Hash of the content without whitespace at both ends.
    Trimmed,
    /// Hash of the content without its byte-order mark.
    NoByteOrderMark,
    /// Hash of an empty file.
    EmptyFile,
    /// Forty zeros, which mean that the file does not exist.
    Zeros,
    /// Hash of another version of the file; the text names it.
    OtherVersion(String),
    /// The git object id of another version of the file.
    OtherBlobId(String),
    /// The SHA-256 of the content.
    Sha256,
    /// 64 hexadecimal digits that are not the SHA-256 of the content.
    Sha256Length,
    /// Hexadecimal digits, but not forty.
    WrongLength(usize),
    /// 40 or 64 characters, at least one of them not hexadecimal; the first such
    /// character.
    NotHex(char),
    /// A text that does not look like a hash.
    NotAHash,
    /// Forty hexadecimal digits of unknown origin.
    Unknown,
}

impl fmt::Display for HashMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GitBlobId => f.write_str("this is git's object id of the file, not the SHA-1 of its bytes"),
            Self::CrlfVariant => f.write_str("this is the hash of the file with CRLF line endings"),
            Self::LfVariant => f.write_str("this is the hash of the file with LF line endings"),
            Self::NoLastNewline => f.write_str("this is the hash of the file without its last newline"),
            Self::ExtraNewline => {
                f.write_str("this is the hash of the file with one more newline at its end")
            }
            Self::Trimmed => f.write_str("this is the hash of the file without whitespace at its ends"),
            Self::NoByteOrderMark => f.write_str("this is the hash of the file without its byte-order mark"),
            Self::EmptyFile => f.write_str("this is the hash of an empty file"),
            Self::Zeros => f.write_str("forty zeros mean that the file does not exist, but it exists"),
            Self::OtherVersion(name) => write!(f, "this is the hash of {name}"),
            Self::OtherBlobId(name) => write!(f, "this is git's object id of {name}"),
            Self::Sha256 => f.write_str("this is the file's SHA-256; a manifest records SHA-1"),
            Self::Sha256Length => {
                f.write_str("64 digits are a SHA-256; a manifest records SHA-1 (40 digits)")
            }
            Self::WrongLength(length) => write!(f, "a SHA-1 has 40 hexadecimal digits; this has {length}"),
            Self::NotHex(c) => {
                write!(f, "`{}` is not a hexadecimal digit, so this is not a hash", c.escape_default())
            }
            Self::NotAHash => f.write_str("this is not a hash"),
            Self::Unknown => f.write_str("no known version of the file has this hash"),
        }
    }
}

/// Determines the origin of a wrong hash. `content` is the file's content
/// (`None` if it does not exist); `others` are other versions of the file.
///
/// Call it only for a hash that is known to be wrong; no result means "correct".
#[must_use]
pub(crate) fn diagnose(
    recorded: &RecordedHash,
    content: Option<&[u8]>,
    others: &[OtherVersion<'_>],
) -> HashMismatch {
    let hash = match recorded {
        RecordedHash::Other(text) => return diagnose_text(text, content),
        RecordedHash::Sha1(hash) => *hash,
    };
    if hash == Hash20::ZERO {
        return HashMismatch::Zeros;
    }
    if let Some(bytes) = content
        && let Some(mismatch) = find_variant(hash, bytes)
    {
        return mismatch;
    }
    for other in others {
        if sha1(other.bytes) == hash {
            return HashMismatch::OtherVersion(other.name.to_owned());
        }
        if git_blob_id(other.bytes) == hash {
            return HashMismatch::OtherBlobId(other.name.to_owned());
        }
    }
    if hash == sha1(b"") { HashMismatch::EmptyFile } else { HashMismatch::Unknown }
}

fn find_variant(hash: Hash20, bytes: &[u8]) -> Option<HashMismatch> {
    if git_blob_id(bytes) == hash {
        return Some(HashMismatch::GitBlobId);
    }
    let lf = bytes.replace("\r\n", "\n");
    let crlf = lf.replace("\n", "\r\n");
    let without = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n"));
    let variants = [
        (Some(&crlf[..]), HashMismatch::CrlfVariant),
        (Some(&lf[..]), HashMismatch::LfVariant),
        (without, HashMismatch::NoLastNewline),
        (Some(bytes.trim_ascii()), HashMismatch::Trimmed),
        (bytes.strip_prefix(b"\xef\xbb\xbf"), HashMismatch::NoByteOrderMark),
    ];
    for (candidate, mismatch) in variants {
        if candidate.is_some_and(|candidate| candidate != bytes && sha1(candidate) == hash) {
            return Some(mismatch);
        }
    }
    let mut longer = bytes.to_vec();
    longer.push(b'\n');
    (sha1(&longer) == hash).then_some(HashMismatch::ExtraNewline)
}

/// Returns the hashes by which people and tools record a content: those of its bytes, of the
/// variants that [`diagnose`] knows, and git's object ids of the forms with LF and CRLF.
#[must_use]
pub(crate) fn recorded_forms(bytes: &[u8]) -> Vec<Hash20> {
    let lf = bytes.replace("\r\n", "\n");
    let crlf = lf.replace("\n", "\r\n");
    let mut out = vec![git_blob_id(bytes), git_blob_id(&lf), git_blob_id(&crlf)];
    for form in [bytes, &lf, &crlf] {
        let without = form.strip_suffix(b"\r\n").or_else(|| form.strip_suffix(b"\n"));
        let without_mark = form.strip_prefix(b"\xef\xbb\xbf");
        let parts = [Some(form), without, Some(form.trim_ascii()), without_mark];
        out.extend(parts.into_iter().flatten().map(sha1));
        out.push(sha1(&[form, b"\n"].concat()));
    }
    out
}

fn diagnose_text(text: &str, content: Option<&[u8]>) -> HashMismatch {
    let length = text.chars().count();
    let invalid = text.chars().find(|c| !c.is_ascii_hexdigit());
    match (invalid, length) {
        (None, 64) if content.is_some_and(|bytes| sha256_hex(bytes).eq_ignore_ascii_case(text)) => {
            HashMismatch::Sha256
        }
        (None, 64) => HashMismatch::Sha256Length,
        (None, 1..) => HashMismatch::WrongLength(length),
        (Some(c), 40 | 64) => HashMismatch::NotHex(c),
        _ => HashMismatch::NotAHash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnose_content(text: &str, content: &[u8]) -> HashMismatch {
        diagnose(
            &RecordedHash::read(text),
            Some(content),
            &[OtherVersion { name: "the file before the change", bytes: b"old\n" }],
        )
    }

    #[test]
    fn every_common_mistake_is_identified() {
        let content = b"a\nb\n";
        assert_eq!(diagnose_content(&git_blob_id(content).to_string(), content), HashMismatch::GitBlobId);
        assert_eq!(diagnose_content(&sha1(b"a\r\nb\r\n").to_string(), content), HashMismatch::CrlfVariant);
        assert_eq!(diagnose_content(&sha1(b"a\nb").to_string(), content), HashMismatch::NoLastNewline);
        assert_eq!(diagnose_content(&sha1(b"a\nb\n\n").to_string(), content), HashMismatch::ExtraNewline);
        assert_eq!(
            diagnose_content(&sha1(b"old\n").to_string(), content),
            HashMismatch::OtherVersion("the file before the change".into())
        );
        assert_eq!(
            diagnose_content(&git_blob_id(b"old\n").to_string(), content),
            HashMismatch::OtherBlobId("the file before the change".into())
        );
        assert_eq!(diagnose_content(&sha256_hex(content), content), HashMismatch::Sha256);
        assert_eq!(diagnose_content(&"0".repeat(40), content), HashMismatch::Zeros);
        assert_eq!(diagnose_content(&format!("{}z", "a".repeat(39)), content), HashMismatch::NotHex('z'));
        assert_eq!(diagnose_content("auto", content), HashMismatch::NotAHash);
        assert_eq!(diagnose_content("abc123", content), HashMismatch::WrongLength(6));
        assert_eq!(diagnose_content(&sha1(b"").to_string(), content), HashMismatch::EmptyFile);
        assert_eq!(diagnose_content(&"a".repeat(40), content), HashMismatch::Unknown);
        assert_eq!(diagnose_content(&sha1(b"x").to_string(), b"\r\n\t x \n"), HashMismatch::Trimmed);
    }
}
