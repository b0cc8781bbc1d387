//! Python: finds functions `test_…` and test classes by indentation.

use std::ops::Range;

/// Returns the ranges of test code. `code` does not contain comments and strings.
pub(super) fn ranges(code: &[u8]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut decorated: Option<usize> = None;
    let (mut at, mut brackets, mut in_long_string) = (0, 0_usize, false);
    for line in code.split_inclusive(|byte| *byte == b'\n') {
        let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let text = line.trim_ascii();
        // Indentation has no meaning in brackets and triple-quoted strings.
        if brackets == 0 && !in_long_string && !text.is_empty() {
            if let Some((start, depth)) = open
                && indent <= depth
            {
                out.push(start..at);
                open = None;
            }
            if text.starts_with(b"@") {
                decorated = decorated.or(Some(at));
            } else {
                let start = decorated.take().unwrap_or(at);
                if open.is_none() && begins_test(text, indent) {
                    open = Some((start, indent));
                }
            }
        }
        brackets = line.iter().fold(brackets, |depth, byte| match byte {
            b'(' | b'[' | b'{' => depth + 1,
            b')' | b']' | b'}' => depth.saturating_sub(1),
            _ => depth,
        });
        let quotes =
            [&b"\"\"\""[..], b"'''"].into_iter().map(|three| memchr::memmem::find_iter(line, three).count());
        // An empty triple-quoted string has six quotes: an even number of triples.
        in_long_string ^= quotes.sum::<usize>() % 2 == 1;
        at += line.len();
    }
    out.extend(open.map(|(start, _)| start..code.len()));
    out
}

/// Returns whether a line begins a test function or a test class.
fn begins_test(line: &[u8], indent: usize) -> bool {
    let line = line.strip_prefix(b"async ").unwrap_or(line);
    // A method with this name is a test only in a test class.
    if line.starts_with(b"def test_") && indent == 0 {
        return true;
    }
    let Some(class) = line.strip_prefix(b"class ") else { return false };
    let bases = memchr::memchr(b'(', class).and_then(|open| class.get(open..)).unwrap_or_default();
    memchr::memmem::find(bases, b"TestCase").is_some()
        || (class.starts_with(b"Test") && class.get(4).is_some_and(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    #[test]
    fn blocks_end_with_their_indentation() {
        let text =
            "def a():\n    x\ndef test_b():\n    y\n\n    z\nclass TestC:\n    w\nclass Testimony:\n    v\n";
        let found: Vec<&str> =
            super::ranges(text.as_bytes()).into_iter().filter_map(|r| text.get(r)).collect();
        assert_eq!(found, ["def test_b():\n    y\n\n    z\n", "class TestC:\n    w\n"]);
    }
}
