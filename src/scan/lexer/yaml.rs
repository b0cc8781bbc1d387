//! YAML: comments, quoted scalars where a scalar can begin, block scalars.

use super::super::region::Kind;
use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    while cursor.byte().is_some() {
        line(cursor);
    }
}

/// One line of a mapping, sequence or flow collection, from its start.
fn line(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    let mut key = None;
    let mut expects = true;
    while let Some(byte) = cursor.byte() {
        match byte {
            b'\n' => {
                cursor.skip(1);
                return;
            }
            b'#' if cursor.at == start || matches!(cursor.back(1), Some(b' ' | b'\t')) => {
                cursor.line_comment(Kind::Comment);
            }
            b'\'' if expects => {
                key = key.or(Some(cursor.at - start));
                cursor.skip(1);
                single(cursor);
                expects = false;
            }
            b'"' if expects => {
                key = key.or(Some(cursor.at - start));
                cursor.skip(1);
                cursor.quoted(b'"', true, false, Kind::Str);
                expects = false;
            }
            b'|' | b'>' if expects && is_header(cursor.rest()) => {
                cursor.skip_line();
                // A comment may follow the header.
                block(cursor, key.unwrap_or(0));
                return;
            }
            b' ' | b'\t' | b'\r' => cursor.skip(1),
            b'-' | b'?' | b':' if matches!(cursor.ahead(1), None | Some(b' ' | b'\t' | b'\n' | b'\r')) => {
                if byte == b'-' && key.is_none() && matches!(cursor.ahead(1), Some(b' ')) {
                    // `- |`: the dash is where the scalar's parent stands.
                    let next = cursor.rest().iter().skip(1).position(|byte| *byte != b' ');
                    let scalar = next.and_then(|next| cursor.ahead(next + 1));
                    if matches!(scalar, Some(b'|' | b'>')) {
                        key = Some(cursor.at - start);
                    }
                }
                expects = true;
                cursor.skip(1);
            }
            b'[' | b'{' | b',' | b']' | b'}' => {
                expects = true;
                cursor.skip(1);
            }
            // Tags and anchors stand before what they belong to.
            b'!' | b'&' if expects => {
                let length = cursor.rest().iter().position(u8::is_ascii_whitespace);
                cursor.skip(length.unwrap_or(usize::MAX / 2));
            }
            _ => {
                key = key.or(Some(cursor.at - start));
                expects = false;
                cursor.skip(1);
            }
        }
    }
}

/// `|`, `>` with signs and digits, then nothing but a comment.
fn is_header(rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let after = line.iter().skip(1).skip_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'));
    let after: Vec<u8> = after.copied().collect();
    let text = after.trim_ascii();
    text.is_empty() || (text.starts_with(b"#") && after.starts_with(b" "))
}

/// The lines of a block scalar: all that are empty or indented deeper than
/// their parent.
fn block(cursor: &mut Cursor<'_>, parent: usize) {
    cursor.skip(1);
    cursor.mark(Kind::Code);
    while cursor.byte().is_some() {
        let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        if !line.trim_ascii().is_empty() && indent <= parent {
            return;
        }
        cursor.skip(line.len() + 1);
        cursor.mark(Kind::Str);
    }
}

/// Single quotes are doubled inside.
fn single(cursor: &mut Cursor<'_>) {
    cursor.mark(Kind::Code);
    while let Some(found) = memchr::memchr(b'\'', cursor.rest()) {
        cursor.skip(found);
        if cursor.ahead(1) != Some(b'\'') {
            cursor.mark(Kind::Str);
            cursor.skip(1);
            return;
        }
        cursor.skip(2);
    }
    cursor.at = cursor.text.len();
    cursor.mark(Kind::Str);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Yaml;
    use super::super::tests::check;

    #[test]
    fn scalars_of_all_kinds() {
        check(
            Yaml,
            &[
                ("a: it's # c", "........ccc"),
                ("b: 'it''s # x' # c", "....sssssssss..ccc"),
                ("c: \"x\\\" # y\"", "....sssssss."),
                ("url: http://x#y", "..............."),
                ("d: |", "...."),
                ("  # text", "ssssssss"),
                ("", ""),
                ("  more", "ssssss"),
                ("e: [ 'a', \"b\" ] # c", "......s....s....ccc"),
                ("f:", ".."),
                ("  - >- # c", ".........."),
                ("    text", "ssssssss"),
                ("  - key: |2", "..........."),
                ("      deep", "ssssssssss"),
                ("    next: 'x'", "...........s."),
                ("g: !!str 'x' # y", "..........s..ccc"),
            ],
        );
    }
}
