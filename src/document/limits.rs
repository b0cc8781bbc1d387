//! Size limits of documents. A larger document is refused with a reason and
//! never read in part, because a part could be mistaken for the whole.

use bstr::ByteSlice as _;

use crate::text::RepoPath;

/// Maximum size of a governance document in bytes.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// Maximum number of headings of a document; real documents have a few hundred.
const MAX_HEADINGS: usize = 10_000;

/// Maximum numbers of lines, of marks of tables and code, and of tags. Real
/// documents have a third of them; each of them costs memory and is compared with others.
const MAX_LINES: usize = 250_000;
const MAX_MARKS: usize = 200_000;
const MAX_TAGS: usize = 50_000;
/// Maximum number of carriage returns without a line feed.
const MAX_LONE_RETURNS: usize = 1_000;
/// Maximum number of quotes and lists that one line opens.
const MAX_DEPTH: usize = 100;

/// Returns the reason why a document exceeds a limit, as the end of a sentence
/// that begins with "it is"; `None` if it exceeds no limit.
#[must_use]
pub(crate) fn limit_error(path: &RepoPath, bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Some(format!(
            "too large: it has {} bytes; countersign reads at most {MAX_DOCUMENT_BYTES}",
            bytes.len()
        ));
    }
    // In Markdown, a carriage return alone ends a line as well. Nothing counts such lines.
    let returns = count_above(bytes, b'\r', MAX_LONE_RETURNS);
    let line_feeds = if returns > MAX_LONE_RETURNS { count_above(bytes, b'\n', 0) } else { 0 };
    let lone = returns.saturating_sub(line_feeds);
    if lone > MAX_LONE_RETURNS {
        return Some(format!(
            "not readable by lines: it has {lone} carriage returns without a line feed; countersign reads at most \
                {MAX_LONE_RETURNS}"
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
    // The shortest heading and its line end have two bytes, and each has one of these marks.
    let may_exceed = bytes.len() > 2 * MAX_HEADINGS
        && [b'#', b'=', b'-'].map(|mark| count_above(bytes, mark, 0)).iter().sum::<usize>() > MAX_HEADINGS;
    let headings =
        if may_exceed { bytes.lines().filter(is_heading).take(MAX_HEADINGS + 1).count() } else { 0 };
    if headings > MAX_HEADINGS {
        return Some(format!(
            "too large: it has more than {MAX_HEADINGS} possible headings; countersign reads at most {MAX_HEADINGS}"
        ));
    }
    let excess = part_limit_error(bytes)?;
    // JSON has no such parts. What only has its name is read as Markdown.
    let has_name = path.as_bytes().to_ascii_lowercase().ends_with(b".json");
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    if has_name && is_json() { None } else { Some(excess) }
}

/// Counts a byte; 0 if the text is too short to have more of it than `limit`.
fn count_above(bytes: &[u8], wanted: u8, limit: usize) -> usize {
    if bytes.len() > limit { memchr::memchr_iter(wanted, bytes).count() } else { 0 }
}

/// Returns the reason why a document has too many parts that a parser would keep or nest.
fn part_limit_error(bytes: &[u8]) -> Option<String> {
    if bytes.len() < MAX_DEPTH {
        return None;
    }
    let parts = [
        (b'\n', MAX_LINES, "lines"),
        (b'|', MAX_MARKS, "table cells"),
        (b'`', MAX_MARKS, "backticks"),
        (b'<', MAX_TAGS, "HTML tags"),
    ];
    let mut counted =
        parts.into_iter().map(|(wanted, limit, what)| (count_above(bytes, wanted, limit), limit, what));
    if let Some((found, limit, what)) = counted.find(|(found, limit, _)| found > limit) {
        return Some(format!("too large: it has {found} {what}; countersign reads at most {limit}"));
    }
    // Each quote and list has at least one byte.
    let is_deep = long_lines(bytes, MAX_DEPTH).any(|line| nesting(line) > MAX_DEPTH);
    is_deep.then(|| format!("too deep: a line opens more than {MAX_DEPTH} quotes and lists"))
}

/// Returns the lines of more than `length` bytes; shorter ones are skipped several at a time.
fn long_lines(bytes: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        while rest.len() > length {
            let window = rest.get(..=length)?;
            if let Some(end) = memchr::memrchr(b'\n', window) {
                rest = rest.get(end + 1..)?;
                continue;
            }
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..end);
            rest = rest.get(end + 1..).unwrap_or_default();
            return line;
        }
        None
    })
}

/// Counts the quotes and lists that the start of a line opens.
fn nesting(line: &[u8]) -> usize {
    let (mut depth, mut rest) = (0, line);
    loop {
        rest = rest.trim_ascii_start();
        rest = match rest {
            [b'>', after @ ..] | [b'-' | b'*' | b'+', b' ', after @ ..] => after,
            [b'0'..=b'9', ..] => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                match rest.get(digits..) {
                    Some([b'.' | b')', b' ', after @ ..]) => after,
                    _ => return depth,
                }
            }
            _ => return depth,
        };
        depth += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> RepoPath {
        RepoPath::from("a/WP-1-A.md")
    }

    #[test]
    fn headings_are_counted_by_their_markers() {
        assert!(limit_error(&path(), "## A\n\nx\n".repeat(5_000).as_bytes()).is_none());
        assert!(limit_error(&path(), "## A\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error(&path(), "A\n---\n".repeat(10_001).as_bytes()).is_some());
        assert!(limit_error(&path(), "- item\n".repeat(100_000).as_bytes()).is_none());
    }

    #[test]
    fn only_long_lines_are_visited() {
        let found = |text: &str| -> Vec<usize> { long_lines(text.as_bytes(), 4).map(<[u8]>::len).collect() };
        assert_eq!(found("12345"), [5]);
        assert_eq!(found("1234\n12345\n\n1\n123456"), [5, 6]);
        assert_eq!(found("1234\n1234"), [0; 0]);
        assert_eq!(found("12345\n"), [5]);
    }

    #[test]
    fn parts_and_depth_are_limited() {
        let fails = |text: String| limit_error(&path(), text.as_bytes()).is_some();
        assert!(fails("- item\n".repeat(250_001)));
        assert!(
            fails("- a\r".repeat(1_001)) && !fails("- a\r\n".repeat(90_000)) && !fails("a\r".repeat(900))
        );
        assert!(fails("a<b>".repeat(50_001)) && !fails("a<b>".repeat(5_000)));
        assert!(fails(format!("{}x", "> ".repeat(101))) && !fails(format!("{}x", "> ".repeat(100))));
        assert!(fails(format!("{}x", "- 1. ".repeat(60))) && !fails("-".repeat(500)));
        // A JSON document is no Markdown, whatever it begins with.
        let json = RepoPath::from("a/gates.json");
        let text = format!("{{{}}}", "\n".repeat(300_000));
        assert!(limit_error(&json, text.as_bytes()).is_none() && fails(text.clone()));
        assert!(limit_error(&json, format!("{text}# x").as_bytes()).is_some());
    }
}
