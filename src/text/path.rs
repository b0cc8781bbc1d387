//! Repository paths: bytes with `/` between components, as git stores them.

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, BString, ByteSlice};

use super::is_hidden;

/// A path relative to the repository's root, as the bytes that git stores.
///
/// Its `Display` form is the path itself if it has only ordinary characters.
/// Otherwise it is quoted with C escapes: control bytes, invisible or
/// direction-changing characters, bytes that are not UTF-8, quotes, backslashes,
/// whitespace at the ends. [`RepoPath::from_declared`] reads both forms.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RepoPath(BString);

impl RepoPath {
    /// Creates a path from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(BString::from(bytes))
    }

    /// Reads a path that a document declares: a quoted form with C escapes is
    /// decoded, any other text is used byte for byte.
    #[must_use]
    pub fn from_declared(text: &str) -> Self {
        unquote(text).map_or_else(|| Self::from(text), Self)
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the path as text, with replacement characters for bytes that are
    /// not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        self.0.to_str_lossy()
    }

    /// Returns the path as text; `None` if it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.to_str().ok()
    }

    /// Returns whether the path is below `folder` (with or without a trailing
    /// `/`). An empty folder is the repository's root.
    #[must_use]
    pub fn is_below(&self, folder: &[u8]) -> bool {
        let folder = folder.strip_suffix(b"/").unwrap_or(folder);
        folder.is_empty() || self.0.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// Returns the last component.
    #[must_use]
    pub fn file_name(&self) -> &BStr {
        self.0.rsplit_str("/").next().unwrap_or_default().as_bstr()
    }

    /// Returns the folder, without a trailing slash; empty at the root.
    #[must_use]
    pub fn folder(&self) -> &BStr {
        self.0.rfind_byte(b'/').map_or(BStr::new(b""), |at| self.0.get(..at).unwrap_or_default().as_bstr())
    }

    /// Appends a component or a relative path.
    #[must_use]
    pub fn join(&self, name: impl AsRef<[u8]>) -> Self {
        if self.0.is_empty() {
            return Self::from_bytes(name.as_ref());
        }
        let mut bytes = self.0.clone();
        if !bytes.ends_with(b"/") {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name.as_ref());
        Self(bytes)
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(BString::from(text))
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({self})")
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.to_str().ok().filter(|text| {
            !text.is_empty()
                && text.trim() == *text
                && !text.chars().any(|c| {
                    c.is_control() || is_hidden(c) || c == '"' || c == '\\' || (c != ' ' && c.is_whitespace())
                })
        });
        if let Some(text) = plain {
            return f.write_str(text);
        }
        f.write_str("\"")?;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\r' => f.write_str("\\r")?,
                    c if c.is_control() || is_hidden(c) || (c != ' ' && c.is_whitespace()) => {
                        let mut buffer = [0; 4];
                        for byte in c.encode_utf8(&mut buffer).bytes() {
                            write!(f, "\\{byte:03o}")?;
                        }
                    }
                    c => write!(f, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\{byte:03o}")?;
            }
        }
        f.write_str("\"")
    }
}

/// Decodes `"…"` with C escapes; `None` if the text does not have that form.
fn unquote(text: &str) -> Option<BString> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = BString::default();
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            c @ (b'"' | b'\\') => out.push(c),
            first @ b'0'..=b'3' => {
                let mut value = first - b'0';
                for _ in 0..2 {
                    let digit = bytes.next().filter(|d| (b'0'..=b'7').contains(d))?;
                    value = value * 8 + (digit - b'0');
                }
                out.push(value);
            }
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_paths_are_printed_escaped_and_read_back() {
        for bytes in [
            &b"src/a.rs"[..],
            b"a b",
            b" a",
            b"a\nb",
            b"a\"b\\c",
            b"\xff\xfe",
            "a\u{202e}b".as_bytes(),
            "é".as_bytes(),
        ] {
            let path = RepoPath::from_bytes(bytes);
            assert_eq!(RepoPath::from_declared(&path.to_string()), path);
        }
        assert_eq!(RepoPath::from_bytes(b"a\nb").to_string(), r#""a\nb""#);
        assert_eq!(RepoPath::from("a b").to_string(), "a b");
    }

    #[test]
    fn a_common_prefix_does_not_mean_below() {
        assert!(RepoPath::from("src/a").is_below(b"src"));
        assert!(!RepoPath::from("src2/a").is_below(b"src/"));
    }
}
