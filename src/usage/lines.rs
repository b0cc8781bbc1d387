//! Reads logs of lines with bounded memory. A line that is torn or too long is skipped.

use std::io::{self, BufRead};

use serde::{Deserialize as _, Deserializer};

/// Maximum length of a line that is read, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// More tokens than one call can have: what a log says beyond it is a mistake.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// Reads a count: `null` and negative numbers are 0.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(deserializer)?;
    Ok(number.and_then(|number| number.as_u64()).unwrap_or(0).min(MAX_COUNT))
}

/// Calls `each` with every whole line, without its end.
///
/// # Errors
/// The input cannot be read.
pub(super) fn for_each_line(mut input: impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    let mut is_too_long = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            if !is_too_long && !line.is_empty() {
                each(&line);
            }
            return Ok(());
        }
        let end = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let used = part.len() + usize::from(end.is_some());
        if end.is_some() && line.is_empty() && !is_too_long {
            // The usual case: no copy.
            each(part);
        } else {
            is_too_long |= line.len() + part.len() > MAX_LINE_BYTES;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            if end.is_some() {
                if !is_too_long {
                    each(&line);
                }
                line.clear();
                is_too_long = false;
            }
        }
        input.consume(used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_whatever_the_buffer() {
        let text = "one\n\nthree is longer\nlast without an end";
        for capacity in [1, 2, 3, 5, 64] {
            let mut lines = Vec::new();
            let input = io::BufReader::with_capacity(capacity, text.as_bytes());
            for_each_line(input, |line| lines.push(String::from_utf8_lossy(line).into_owned()))
                .expect("read");
            assert_eq!(lines, ["one", "", "three is longer", "last without an end"], "{capacity}");
        }
    }
}
