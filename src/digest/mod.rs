//! Digests of bytes: SHA-1 as COR-701 manifests record it, SHA-256 for logs,
//! and git's object id, which is *not* the manifest's hash.

mod diagnose;
pub(crate) mod sshsig;

use std::fmt;

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

pub(crate) use diagnose::{HashMismatch, OtherVersion, RecordedHash, diagnose, recorded_forms};

/// A 20-byte digest: a file's SHA-1 or a git object id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash20(pub [u8; 20]);

impl Hash20 {
    /// Forty zeros: the file does not exist.
    pub const ZERO: Self = Self([0; 20]);

    /// Reads forty hexadecimal digits of either case; `None` for other texts.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return None;
        }
        let mut out = [0; 20];
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = parse_hex_digit(*high)? << 4 | parse_hex_digit(*low)?;
        }
        Some(Self(out))
    }
}

fn parse_hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Hash20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash20 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the SHA-1 of the bytes, as a COR-701 manifest records it.
#[must_use]
pub(crate) fn sha1(bytes: &[u8]) -> Hash20 {
    Hash20(Sha1::digest(bytes).into())
}

/// Returns the id under which git stores the bytes as a blob.
#[must_use]
pub(crate) fn git_blob_id(bytes: &[u8]) -> Hash20 {
    git_object_id("blob", bytes)
}

/// Returns the id of an object of a kind, such as `tree`, with these bytes.
#[must_use]
pub(crate) fn git_object_id(kind: &str, bytes: &[u8]) -> Hash20 {
    let mut hasher = Sha1::new();
    hasher.update(format!("{kind} {}\0", bytes.len()));
    hasher.update(bytes);
    Hash20(hasher.finalize().into())
}

/// Returns the SHA-256 of the bytes as 64 lower-case hexadecimal digits.
#[must_use]
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    encode_hex(&Sha256::digest(bytes))
}

/// Returns the SHA-256 of a stream as 64 lower-case hexadecimal digits.
///
/// # Errors
/// The stream cannot be read.
pub(crate) fn sha256_hex_of(mut reader: impl std::io::Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(encode_hex(&hasher.finalize()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

fn encode_hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_known_texts_are_correct() {
        assert_eq!(sha1(b"").to_string(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(git_blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert!(sha256_hex(b"").starts_with("e3b0c442"));
        assert_eq!(sha256_hex_of(&b"abc"[..]).ok(), Some(sha256_hex(b"abc")));
    }

    #[test]
    fn only_forty_hexadecimal_digits_are_a_hash() {
        assert_eq!(Hash20::parse(&"AB".repeat(20)), Hash20::parse(&"ab".repeat(20)));
        assert_eq!(Hash20::parse(&"g".repeat(40)), None);
        assert_eq!(Hash20::parse("ab"), None);
    }
}
