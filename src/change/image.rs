//! The bytes of a changed file on both sides.

use std::cell::OnceCell;

use bstr::ByteSlice as _;

use crate::digest::{Hash20, sha1};

use super::{Change, Hunk, hunks};

/// One side of a changed file.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its bytes as git stores them.
    pub bytes: Vec<u8>,
    sha1: OnceCell<Hash20>,
    lines: OnceCell<usize>,
    binary: OnceCell<bool>,
}

impl Image {
    /// Takes the bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, sha1: OnceCell::new(), lines: OnceCell::new(), binary: OnceCell::new() }
    }

    /// SHA-1 of the bytes.
    #[must_use]
    pub fn sha1(&self) -> Hash20 {
        *self.sha1.get_or_init(|| sha1(&self.bytes))
    }

    /// Number of lines; a last line without a newline counts.
    #[must_use]
    pub fn line_count(&self) -> usize {
        *self.lines.get_or_init(|| {
            let unfinished = self.bytes.last().is_some_and(|byte| *byte != b'\n');
            self.bytes.find_iter(b"\n").count() + usize::from(unfinished)
        })
    }

    /// Whether it holds a NUL byte and so has no lines to speak of.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        *self.binary.get_or_init(|| self.bytes.find_byte(0).is_some())
    }
}

/// A change with the bytes of both sides.
#[derive(Debug, Clone)]
pub struct ChangedFile {
    /// The change.
    pub change: Change,
    /// The side before; `None` if the file did not exist.
    pub pre: Option<Image>,
    /// The side after; `None` if the file is gone.
    pub post: Option<Image>,
    hunks: OnceCell<Vec<Hunk>>,
}

impl ChangedFile {
    /// Joins a change with its bytes.
    #[must_use]
    pub fn new(change: Change, pre: Option<Vec<u8>>, post: Option<Vec<u8>>) -> Self {
        Self { change, pre: pre.map(Image::new), post: post.map(Image::new), hunks: OnceCell::new() }
    }

    /// The hunks between both sides; a missing side is empty.
    #[must_use]
    pub fn hunks(&self) -> &[Hunk] {
        let pre = self.pre.as_ref().map_or(&[][..], |image| &image.bytes);
        let post = self.post.as_ref().map_or(&[][..], |image| &image.bytes);
        self.hunks.get_or_init(|| hunks(pre, post))
    }

    /// The tightest window over all hunks; `None` if no line changed.
    #[must_use]
    pub fn window(&self) -> Option<(usize, usize)> {
        self.hunks().iter().map(Hunk::window).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// lines(post) − lines(pre).
    #[must_use]
    pub fn line_delta(&self) -> i64 {
        let count = |side: &Option<Image>| side.as_ref().map_or(0, Image::line_count);
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        signed(count(&self.post)) - signed(count(&self.pre))
    }

    /// Lines of the longer side.
    #[must_use]
    pub fn longer(&self) -> usize {
        [&self.pre, &self.post].into_iter().flatten().map(Image::line_count).max().unwrap_or(0)
    }

    /// Whether either side is binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        [&self.pre, &self.post].into_iter().flatten().any(Image::is_binary)
    }
}
