//! How much of a document is read. What goes beyond is refused with a reason,
//! never read in part: half a contract is none.

/// The most bytes of a governance document that are read.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// The most headings of one document; real ones have some hundred.
const MAX_HEADINGS: usize = 10_000;

/// Why bytes are too much to be read as a document, as the end of a sentence
/// about it; `None` if they are not.
#[must_use]
pub fn limit_error(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Some(format!("{} bytes long; countersign reads at most {MAX_DOCUMENT_BYTES}", bytes.len()));
    }
    // A heading starts with `#`, or is underlined with `=` or `-`.
    let is_heading = |line: &&[u8]| {
        let line = line.trim_ascii();
        line.first().is_some_and(|first| {
            *first == b'#' || (matches!(*first, b'=' | b'-') && line.iter().all(|byte| byte == first))
        })
    };
    let headings = bytes.split(|byte| *byte == b'\n').filter(is_heading).take(MAX_HEADINGS + 1).count();
    (headings > MAX_HEADINGS).then(|| {
        format!(
            "of more than {MAX_HEADINGS} lines that could be headings, which is more than countersign reads"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_counted_by_their_signs() {
        assert!(limit_error("## A\n\nx\n".repeat(5_000).as_bytes()).is_none());
        assert!(limit_error("## A\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error("A\n---\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error("- item\n".repeat(100_000).as_bytes()).is_none());
    }
}
