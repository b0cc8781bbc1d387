//! Edits of a document: spans and what stands there afterwards. Everything
//! outside of the spans stays byte for byte.

use super::Span;

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// Replaces a span.
    #[must_use]
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Inserts at a byte offset.
    #[must_use]
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { span: Span::new(at, at), text: text.into() }
    }
}

/// Whether two edits would touch the same bytes. Insertions at one place
/// follow each other; one that touches the edge of a replaced span does not
/// overlap it.
fn edits_overlap(a: Span, b: Span) -> bool {
    if a.is_empty() || b.is_empty() {
        let (point, other) = if a.is_empty() { (a.start, b) } else { (b.start, a) };
        return other.start < point && point < other.end;
    }
    a.start < b.end && b.start < a.end
}

/// Applies the edits that fit beside each other, earlier ones first; the
/// second value holds the indexes of those that did not fit or lie off a
/// character's edge.
#[must_use]
pub fn apply_edits(text: &str, edits: &[Edit]) -> (String, Vec<usize>) {
    let fits = |edit: &Edit| text.get(edit.span.start..edit.span.end).is_some();
    let (mut taken, mut left): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    // By start: only the last taken span can overlap the next one.
    let mut order: Vec<usize> = (0..edits.len()).collect();
    order.sort_by_key(|index| edits.get(*index).map(|edit| (edit.span.start, edit.span.end)));
    let mut reached: Option<Span> = None;
    for index in order {
        let Some(edit) = edits.get(index) else { continue };
        let free = reached.is_none_or(|last| !edits_overlap(last, edit.span) && edit.span.start >= last.end);
        if free && fits(edit) {
            taken.push(index);
            reached = Some(edit.span);
        } else {
            left.push(index);
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in taken.iter().filter_map(|index| edits.get(*index)) {
        out.push_str(text.get(at..edit.span.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    left.sort_unstable();
    (out, left)
}

/// The line ending that a document uses: that of its first line, `\n` if it
/// has none.
#[must_use]
pub fn line_ending(text: &str) -> &'static str {
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
    fn the_first_line_says_how_lines_end() {
        assert_eq!(line_ending("a\r\nb\n"), "\r\n");
        assert_eq!(line_ending("a\nb\r\n"), "\n");
        assert_eq!(line_ending(""), "\n");
    }

    proptest! {
        /// What lies outside of every span is still there, in order.
        #[test]
        fn the_rest_stays(text in "[a-zé\n]{0,40}", spans in proptest::collection::vec((0usize..40, 0usize..6), 0..6)) {
            let edits: Vec<Edit> = spans.iter().map(|(a, n)| edit(*a, a + n, "#")).collect();
            let (out, left) = apply_edits(&text, &edits);
            let taken: Vec<&Edit> = edits.iter().enumerate().filter(|(i, _)| !left.contains(i)).map(|(_, e)| e).collect();
            let kept: String = text.char_indices().filter(|(at, _)| !taken.iter().any(|e| e.span.start <= *at && *at < e.span.end)).map(|(_, c)| c).collect();
            prop_assert_eq!(out.replace('#', ""), kept);
            prop_assert_eq!(out.matches('#').count(), taken.len());
        }
    }
}
