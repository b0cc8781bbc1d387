//! JSON with comments, as compilers of scripts read it.

use serde_json::Value;

/// Reads JSON with comments and trailing commas; `Null` if it cannot be read.
pub(super) fn read_with_comments(text: &str) -> Value {
    let bytes = text.trim_start_matches('\u{feff}').as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = bytes.get(at).copied() {
        let next = bytes.get(at + 1).copied();
        match (byte, next) {
            (b'\\', Some(escaped)) if in_string => {
                out.extend([byte, escaped]);
                at += 1;
            }
            (b'"', _) => {
                in_string = !in_string;
                out.push(byte);
            }
            (b'/', Some(b'/')) if !in_string => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            (b'/', Some(b'*')) if !in_string => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                at += memchr::memmem::find(rest, b"*/").map_or(rest.len() + 2, |end| end + 4);
                continue;
            }
            (b']' | b'}', _) if !in_string => {
                let length = out.trim_ascii_end().len();
                if out.get(..length).is_some_and(|before| before.ends_with(b",")) {
                    out.truncate(length - 1);
                }
                out.push(byte);
            }
            _ => out.push(byte),
        }
        at += 1;
    }
    serde_json::from_slice(&out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_read() {
        let text = "{ // a\n \"x\": \"/* no */ // no\", /* b */ \"y\": [1, 2,],\n}";
        assert_eq!(read_with_comments(text), serde_json::json!({"x": "/* no */ // no", "y": [1, 2]}));
        assert_eq!(read_with_comments("{"), Value::Null);
    }
}
