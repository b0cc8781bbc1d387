//! Edits of a document: spans and their replacement texts. The text outside
//! the spans stays unchanged, byte for byte.

use super::Span;

/// Replacement of one span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The replaced span; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

impl Edit {
    /// Creates an edit that replaces a span.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Creates an edit that inserts at a byte offset.
    #[must_use]
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { span: Span::new(at, at), text: text.into() }
    }
}

/// Returns whether two edits change the same bytes. Insertions at the same
/// offset do not overlap, nor does an insertion at the edge of a replaced span.
fn edits_overlap(a: Span, b: Span) -> bool {
    if a.is_empty() || b.is_empty() {
        let (point, other) = if a.is_empty() { (a.start, b) } else { (b.start, a) };
        return other.start < point && point < other.end;
    }
    a.start < b.end && b.start < a.end
}

/// Applies edits in the order of their offsets; returns the new text and the
/// indexes of the edits that were left out. An edit is left out if it overlaps
/// an applied one, or if its span is not on character boundaries.
#[must_use]
pub(crate) fn apply_edits(text: &str, edits: &[Edit]) -> (String, Vec<usize>) {
    let is_valid_span = |edit: &Edit| text.get(edit.span.start..edit.span.end).is_some();
    let (mut applied, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    // In this order, only the last applied span can overlap the next one.
    let mut order: Vec<usize> = (0..edits.len()).collect();
    order.sort_by_key(|index| edits.get(*index).map(|edit| (edit.span.start, edit.span.end)));
    let mut last_span: Option<Span> = None;
    for index in order {
        let Some(edit) = edits.get(index) else { continue };
        let is_free =
            last_span.is_none_or(|last| !edits_overlap(last, edit.span) && edit.span.start >= last.end);
        if is_free && is_valid_span(edit) {
            applied.push(index);
            last_span = Some(edit.span);
        } else {
            left.push(index);
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in applied.iter().filter_map(|index| edits.get(*index)) {
        out.push_str(text.get(at..edit.span.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    left.sort_unstable();
    (out, left)
}

/// Returns the line ending of a document: that of its first line, or `\n` if
/// the text has no newline.
#[must_use]
pub(crate) fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit::replace(Span::new(start, end), text)
    }

    #[test]
    fn edits_that_overlap_are_left_out() {
        let edits = [edit(4, 6, "X"), edit(0, 5, "Y"), edit(6, 6, "+"), edit(6, 8, "Z"), edit(2, 2, "no")];
        let (text, left) = apply_edits("0123456789", &edits);
        assert_eq!((text.as_str(), left), ("Y5+Z89", vec![0, 4]));
        assert_eq!(apply_edits("é", &[edit(1, 2, "")]), ("é".into(), vec![0]));
        assert_eq!(apply_edits("ab", &[edit(9, 9, "x")]).1, [0]);
        assert_eq!(apply_edits("ab", &[edit(1, 1, "x"), edit(1, 1, "y")]).0, "axyb");
    }

    #[test]
    fn the_first_line_determines_the_line_ending() {
        assert_eq!(line_ending("a\r\nb\n"), "\r\n");
        assert_eq!(line_ending("a\nb\r\n"), "\n");
        assert_eq!(line_ending(""), "\n");
    }

    proptest! {
        /// The text outside every span is kept, in order.
        #[test]
        fn text_outside_the_spans_is_kept(text in "[a-zé\n]{0,40}", spans in proptest::collection::vec((0usize..40, 0usize..6), 0..6)) {
            let edits: Vec<Edit> = spans.iter().map(|(a, n)| edit(*a, a + n, "#")).collect();
            let (out, left) = apply_edits(&text, &edits);
            let applied: Vec<&Edit> =
                edits.iter().enumerate().filter(|(i, _)| !left.contains(i)).map(|(_, e)| e).collect();
            let is_replaced = |at: usize| applied.iter().any(|e| e.span.start <= at && at < e.span.end);
            let kept: String =
                text.char_indices().filter(|(at, _)| !is_replaced(*at)).map(|(_, c)| c).collect();
            prop_assert_eq!(out.replace('#', ""), kept);
            prop_assert_eq!(out.matches('#').count(), applied.len());
        }
    }
}
