//! Size limits of documents. A larger document is refused with a reason and
//! never read in part, because a part could be mistaken for the whole.

/// Maximum size of a governance document in bytes.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// Maximum number of headings of a document; real documents have a few hundred.
const MAX_HEADINGS: usize = 10_000;

/// Returns the reason why a document exceeds a limit, as the end of a sentence
/// that begins with "it is"; `None` if it exceeds no limit.
#[must_use]
pub(crate) fn limit_error(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Some(format!(
            "too large: it has {} bytes; countersign reads at most {MAX_DOCUMENT_BYTES}",
            bytes.len()
        ));
    }
    // A heading starts with `#`, or is underlined with `=` or `-`.
    let is_heading = |line: &&[u8]| {
        // In UTF-16 every second byte is zero.
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
        let mut bytes = line.iter().filter(|byte| !is_blank(byte));
        bytes.next().is_some_and(|first| {
            *first == b'#' || (matches!(*first, b'=' | b'-') && bytes.all(|byte| byte == first))
        })
    };
    let headings = bytes.split(|byte| *byte == b'\n').filter(is_heading).take(MAX_HEADINGS + 1).count();
    (headings > MAX_HEADINGS).then(|| {
        format!(
            "too large: it has more than {MAX_HEADINGS} possible headings; countersign reads at most {MAX_HEADINGS}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_counted_by_their_markers() {
        assert!(limit_error("## A\n\nx\n".repeat(5_000).as_bytes()).is_none());
        assert!(limit_error("## A\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error("A\n---\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error("- item\n".repeat(100_000).as_bytes()).is_none());
    }
}
