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

/// Number of bytes that are hashed at once: large blocks are fastest, and a copy of a whole text
/// would take as long as its hash.
const BLOCK: usize = 64 * 1024;

/// Returns the SHA-1 of a text with LF and with CRLF line ends; `own` is that of its bytes.
#[must_use]
pub(crate) fn sha1_with_line_ends(text: &[u8], own: Hash20) -> [Hash20; 2] {
    let has_return = memchr::memchr(b'\r', text).is_some();
    let unix = if has_return { sha1_with_line_end(text, b"\n") } else { own };
    [unix, sha1_with_line_end(text, b"\r\n")]
}

fn sha1_with_line_end(text: &[u8], end: &[u8]) -> Hash20 {
    let (mut hasher, mut block) = (Sha1::new(), Vec::with_capacity(BLOCK));
    let mut add = |part: &[u8]| {
        if block.len() + part.len() > BLOCK {
            hasher.update(&block);
            block.clear();
        }
        if part.len() > BLOCK { hasher.update(part) } else { block.extend_from_slice(part) }
    };
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', text) {
        let line = text.get(start..at).unwrap_or_default();
        add(line.strip_suffix(b"\r").unwrap_or(line));
        add(end);
        start = at + 1;
    }
    add(text.get(start..).unwrap_or_default());
    hasher.update(&block);
    Hash20(hasher.finalize().into())
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
    fn line_ends_are_replaced_before_hashing() {
        let long = "long ".repeat(40_000);
        let pieces = ["", "a", "\n", "\r\n", "\r", "\r\r\n", "\n\n", "end", long.as_str()];
        for (one, two) in pieces.iter().flat_map(|one| pieces.map(|two| (one, two))) {
            let text = format!("{one}{two}{one}\n{two}x{one}");
            let unix = text.replace("\r\n", "\n");
            let dos = unix.replace('\n', "\r\n");
            let expected = [sha1(unix.as_bytes()), sha1(dos.as_bytes())];
            assert_eq!(
                sha1_with_line_ends(text.as_bytes(), sha1(text.as_bytes())),
                expected,
                "{one:?} {two:?}"
            );
        }
    }

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
