//! Python: functions `test_…` and classes of tests, by indentation.

use std::ops::Range;

/// The ranges of test code in code without comments and strings.
pub(super) fn ranges(code: &[u8]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    for line in code.split_inclusive(|byte| *byte == b'\n') {
        let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let text = line.trim_ascii();
        if let Some((start, depth)) = open
            && !text.is_empty()
            && indent <= depth
            && !text.starts_with(b")")
        {
            out.push(start..at);
            open = None;
        }
        if open.is_none() && begins_test(text) {
            open = Some((at, indent));
        }
        at += line.len();
    }
    out.extend(open.map(|(start, _)| start..code.len()));
    out
}

fn begins_test(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"async ").unwrap_or(line);
    if line.starts_with(b"def test_") {
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
