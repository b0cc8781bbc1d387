//! Records of several files: each file is read by itself, so that no file can change
//! how the next one is read, and the results are joined.

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::Fault;

/// A value with spans, which move when its file is joined to others.
pub(crate) trait Shift {
    /// Adds a number of bytes to all spans.
    fn shift(&mut self, by: usize);
}

impl Shift for Span {
    fn shift(&mut self, by: usize) {
        self.start += by;
        self.end += by;
    }
}

impl<T> Shift for Spanned<T> {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
    }
}

impl Shift for Fault {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
    }
}

impl<T: Shift> Shift for Option<T> {
    fn shift(&mut self, by: usize) {
        self.iter_mut().for_each(|value| value.shift(by));
    }
}

impl<T: Shift> Shift for Vec<T> {
    fn shift(&mut self, by: usize) {
        self.iter_mut().for_each(|value| value.shift(by));
    }
}

/// Adds the values of another file; `offset` is the offset of that file in the joined text.
pub(crate) fn append_shifted<T: Shift>(to: &mut Vec<T>, mut from: Vec<T>, offset: usize) {
    from.shift(offset);
    to.append(&mut from);
}

/// A record that can consist of several files.
pub(crate) trait Joined: Sized {
    /// Reads the record from one file.
    fn read_file(source: &Arc<Source>) -> Self;

    /// Adds what another file contains; `offset` is the offset of that file in the
    /// joined text.
    fn append(&mut self, other: Self, offset: usize);

    /// Sets the text that the spans refer to.
    fn set_source(&mut self, source: &Arc<Source>);
}

/// Reads a record from one file or from all files that its text is joined from.
pub(crate) fn read_joined<T: Joined>(source: &Arc<Source>) -> T {
    let Some(((_, first), others)) = source.parts().split_first() else { return T::read_file(source) };
    let mut out = T::read_file(first);
    for (offset, part) in others {
        out.append(T::read_file(part), *offset);
    }
    out.set_source(source);
    out
}
