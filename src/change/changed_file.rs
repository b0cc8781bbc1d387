//! The bytes of a changed file on both sides.

use std::cell::OnceCell;

use bstr::ByteSlice as _;

use crate::digest::{Hash20, sha1};

use super::{Change, Hunk, compute_hunks};

/// One side of a changed file.
#[derive(Debug, Clone)]
pub struct FileContent {
    /// Its bytes as git stores them.
    pub bytes: Vec<u8>,
    sha1: OnceCell<Hash20>,
    line_count: OnceCell<usize>,
    is_binary: OnceCell<bool>,
}

impl FileContent {
    /// Takes the bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, sha1: OnceCell::new(), line_count: OnceCell::new(), is_binary: OnceCell::new() }
    }

    /// SHA-1 of the bytes.
    #[must_use]
    pub fn sha1(&self) -> Hash20 {
        *self.sha1.get_or_init(|| sha1(&self.bytes))
    }

    /// Number of lines; a last line without a newline counts.
    #[must_use]
    pub fn line_count(&self) -> usize {
        *self.line_count.get_or_init(|| {
            let unfinished = self.bytes.last().is_some_and(|byte| *byte != b'\n');
            self.bytes.find_iter(b"\n").count() + usize::from(unfinished)
        })
    }

    /// Whether it holds a NUL byte and so has no lines to speak of.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        *self.is_binary.get_or_init(|| self.bytes.find_byte(0).is_some())
    }
}

/// A change with the bytes of both sides.
#[derive(Debug, Clone)]
pub struct ChangedFile {
    /// The change.
    pub change: Change,
    /// The side before; `None` if the file did not exist.
    pub before: Option<FileContent>,
    /// The side after; `None` if the file is gone.
    pub after: Option<FileContent>,
    hunks: OnceCell<Vec<Hunk>>,
}

impl ChangedFile {
    /// Joins a change with its bytes.
    #[must_use]
    pub fn new(change: Change, pre: Option<Vec<u8>>, post: Option<Vec<u8>>) -> Self {
        Self {
            change,
            before: pre.map(FileContent::new),
            after: post.map(FileContent::new),
            hunks: OnceCell::new(),
        }
    }

    /// The hunks between both sides; a missing side is empty.
    #[must_use]
    pub fn hunks(&self) -> &[Hunk] {
        let pre = self.before.as_ref().map_or(&[][..], |image| &image.bytes);
        let post = self.after.as_ref().map_or(&[][..], |image| &image.bytes);
        self.hunks.get_or_init(|| compute_hunks(pre, post))
    }

    /// The tightest window over all hunks; `None` if no line changed.
    #[must_use]
    pub fn window(&self) -> Option<(usize, usize)> {
        self.hunks().iter().map(Hunk::window).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// lines(post) − lines(pre).
    #[must_use]
    pub fn line_delta(&self) -> i64 {
        let count = |side: &Option<FileContent>| side.as_ref().map_or(0, FileContent::line_count);
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        signed(count(&self.after)) - signed(count(&self.before))
    }

    /// Lines of the longer side.
    #[must_use]
    pub fn longer_line_count(&self) -> usize {
        [&self.before, &self.after].into_iter().flatten().map(FileContent::line_count).max().unwrap_or(0)
    }

    /// Whether either side is binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        [&self.before, &self.after].into_iter().flatten().any(FileContent::is_binary)
    }
}
