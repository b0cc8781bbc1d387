//! How much of a document is read. What goes beyond is refused with a reason,
//! never read in part: half a contract is none.

/// The most bytes of a governance document that are read.
pub const LARGEST_DOCUMENT: usize = 16 * 1024 * 1024;

/// The most headings of one document; real ones have some hundred.
const MOST_HEADINGS: usize = 10_000;

/// Why bytes are too much to be read as a document, as the end of a sentence
/// about it; `None` if they are not.
#[must_use]
pub fn too_much(bytes: &[u8]) -> Option<String> {
    if bytes.len() > LARGEST_DOCUMENT {
        return Some(format!("{} bytes long; countersign reads at most {LARGEST_DOCUMENT}", bytes.len()));
    }
    // A heading starts with `#`, or is underlined with `=` or `-`.
    let is_heading = |line: &&[u8]| {
        let line = line.trim_ascii();
        line.first().is_some_and(|first| {
            *first == b'#' || (matches!(*first, b'=' | b'-') && line.iter().all(|byte| byte == first))
        })
    };
    let headings = bytes.split(|byte| *byte == b'\n').filter(is_heading).take(MOST_HEADINGS + 1).count();
    (headings > MOST_HEADINGS).then(|| {
        format!(
            "of more than {MOST_HEADINGS} lines that could be headings, which is more than countersign reads"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_counted_by_their_signs() {
        assert!(too_much("## A\n\nx\n".repeat(5_000).as_bytes()).is_none());
        assert!(too_much("## A\n".repeat(10_001).as_bytes()).is_some());
        assert!(too_much("A\n---\n".repeat(10_001).as_bytes()).is_some());
        assert!(too_much("- item\n".repeat(100_000).as_bytes()).is_none());
    }
}
