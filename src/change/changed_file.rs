//! The content of a changed file before and after the change.

use std::cell::OnceCell;

use bstr::ByteSlice as _;

use crate::digest::{Hash20, sha1};

use super::{Change, Hunk, compute_hunks};

/// Bytes of a changed file, before or after the change, with facts computed on first use.
#[derive(Debug, Clone)]
pub struct FileContent {
    /// The bytes as git stores them; empty if they were released.
    pub bytes: Vec<u8>,
    /// Number of bytes.
    size: u64,
    is_released: bool,
    sha1: OnceCell<Hash20>,
    line_count: OnceCell<usize>,
    is_binary: OnceCell<bool>,
}

impl FileContent {
    /// Creates the content from its bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            bytes,
            is_released: false,
            sha1: OnceCell::new(),
            line_count: OnceCell::new(),
            is_binary: OnceCell::new(),
        }
    }

    /// Returns the number of bytes of the content, also if they were released.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether the bytes were released to save memory. Facts about them are
    /// still known.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.is_released
    }

    /// Computes all facts and drops the bytes.
    fn release(&mut self) {
        if !self.is_released {
            (self.sha1(), self.line_count(), self.is_binary());
            self.bytes = Vec::new();
            self.is_released = true;
        }
    }

    /// Returns the SHA-1 of the bytes (not the git blob id).
    #[must_use]
    pub fn sha1(&self) -> Hash20 {
        *self.sha1.get_or_init(|| sha1(&self.bytes))
    }

    /// Returns the number of lines; a last line without a newline counts.
    #[must_use]
    pub fn line_count(&self) -> usize {
        *self.line_count.get_or_init(|| {
            let has_partial_line = self.bytes.last().is_some_and(|byte| *byte != b'\n');
            self.bytes.find_iter(b"\n").count() + usize::from(has_partial_line)
        })
    }

    /// Returns whether the bytes contain a NUL byte; such a file is not compared by line.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        *self.is_binary.get_or_init(|| self.bytes.find_byte(0).is_some())
    }
}

/// Maximum size of binary content whose bytes are kept.
const MAX_KEPT_BINARY_BYTES: u64 = 64 * 1024;
/// Maximum size of text whose bytes are kept; the maximum of a scan, too.
const MAX_KEPT_TEXT_BYTES: u64 = 16 * 1024 * 1024;

/// A changed path with its content before and after the change.
#[derive(Debug, Clone)]
pub struct ChangedFile {
    /// The change.
    pub change: Change,
    /// Content before the change; `None` if the file did not exist.
    pub before: Option<FileContent>,
    /// Content after the change; `None` if the file was deleted.
    pub after: Option<FileContent>,
    hunks: OnceCell<Vec<Hunk>>,
}

impl ChangedFile {
    /// Combines a change with the bytes before and after it.
    #[must_use]
    pub fn new(change: Change, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Self {
        Self {
            change,
            before: before.map(FileContent::new),
            after: after.map(FileContent::new),
            hunks: OnceCell::new(),
        }
    }

    /// Returns the same content under another change, with the facts that are known.
    #[must_use]
    pub(crate) fn with_change(&self, change: Change) -> Self {
        Self { change, ..self.clone() }
    }

    /// Releases the bytes of large content. All facts that checks need are computed
    /// first: hashes, numbers of lines, hunks. Only so the bytes of a change are never
    /// all held at once. Binary content of more than 64 KiB and text of more than 16 MiB
    /// is released.
    pub fn release_large_content(&mut self) {
        let is_large = |content: &FileContent| {
            let limit = if content.is_binary() { MAX_KEPT_BINARY_BYTES } else { MAX_KEPT_TEXT_BYTES };
            content.size() > limit
        };
        let contents = || [&self.before, &self.after].into_iter().flatten();
        if !contents().any(is_large) {
            return;
        }
        if self.is_binary() {
            // Binary content is not compared by line.
            let _ = self.hunks.set(Vec::new());
        } else {
            let _ = self.hunks();
        }
        let contents = [&mut self.before, &mut self.after].into_iter().flatten();
        contents.filter(|content| is_large(content)).for_each(FileContent::release);
    }

    /// Returns the number of bytes that are held.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        let contents = [&self.before, &self.after].into_iter().flatten();
        contents.map(|content| u64::try_from(content.bytes.len()).unwrap_or(u64::MAX)).sum()
    }

    /// Returns the hunks between both contents; a missing file counts as empty.
    #[must_use]
    pub fn hunks(&self) -> &[Hunk] {
        let before = self.before.as_ref().map_or(&[][..], |content| &content.bytes);
        let after = self.after.as_ref().map_or(&[][..], |content| &content.bytes);
        self.hunks.get_or_init(|| compute_hunks(before, after))
    }

    /// Returns the smallest window that contains all hunks: first and last line of the
    /// new content, from 1. `None` if no line changed.
    #[must_use]
    pub fn window(&self) -> Option<(usize, usize)> {
        self.hunks().iter().map(Hunk::window).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Returns the number of lines after the change minus the number before it.
    #[must_use]
    pub fn line_delta(&self) -> i64 {
        let count = |content: &Option<FileContent>| content.as_ref().map_or(0, FileContent::line_count);
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        signed(count(&self.after)) - signed(count(&self.before))
    }

    /// Returns the number of lines of the longer of both contents.
    #[must_use]
    pub fn longer_line_count(&self) -> usize {
        [&self.before, &self.after].into_iter().flatten().map(FileContent::line_count).max().unwrap_or(0)
    }

    /// Returns whether the content before or after the change is binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        [&self.before, &self.after].into_iter().flatten().any(FileContent::is_binary)
    }
}
