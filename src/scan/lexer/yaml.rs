//! YAML: comments, quoted scalars where a scalar can begin, block scalars.

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = YamlLexer { flow_depth: 0, plain_parent_indent: None };
    while cursor.peek().is_some() {
        reader.lex_line(cursor);
    }
}

struct YamlLexer {
    /// Open brackets of flow collections.
    flow_depth: usize,
    /// Indentation of the parent of a plain scalar that may go on.
    plain_parent_indent: Option<usize>,
}

impl YamlLexer {
    /// One line of a mapping, sequence or flow collection, from its start.
    fn lex_line(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.position;
        let indent = cursor.rest().iter().take_while(|byte| **byte == b' ').count();
        // Where what a scalar belongs to begins: a dash, a key, or what stands
        // before the key.
        let (mut dash, mut key, mut mark) = (None, None, None);
        let mut expects = self.plain_parent_indent.take().is_none_or(|parent| indent <= parent);
        let mut quoted = false;
        let mut top = false;
        if self.flow_depth == 0 && (cursor.starts_with(b"--- ") || cursor.starts_with(b"---\n")) {
            cursor.skip(3);
            top = true;
        }
        while let Some(byte) = cursor.peek() {
            let column = cursor.position - start;
            let was_quoted = std::mem::replace(&mut quoted, false);
            match byte {
                b'\n' => {
                    cursor.skip(1);
                    let parent = key.or(dash).unwrap_or(0);
                    self.plain_parent_indent =
                        (!expects && !was_quoted && self.flow_depth == 0).then_some(parent);
                    return;
                }
                b'#' if column == 0 || matches!(cursor.peek_back(1), Some(b' ' | b'\t')) => {
                    cursor.lex_line_comment_to_any_end();
                    expects = true;
                }
                b'\'' | b'"' if expects => {
                    key = key.or(mark).or(Some(column));
                    cursor.skip(1);
                    if byte == b'"' {
                        cursor.lex_quoted(b'"', true, false, TokenKind::Str);
                    } else {
                        lex_single_quoted(cursor);
                    }
                    (expects, quoted) = (false, true);
                }
                b'|' | b'>' if expects && self.flow_depth == 0 => match parse_block_header(cursor.rest()) {
                    Some(digit) => {
                        let parent = if top { None } else { Some(key.or(dash).unwrap_or(0)) };
                        lex_block_scalar(cursor, parent, digit);
                        return;
                    }
                    None => {
                        expects = false;
                        cursor.skip(1);
                    }
                },
                b' ' | b'\t' | b'\r' => {
                    quoted = was_quoted;
                    cursor.skip(1);
                }
                b'-' | b'?' | b':'
                    if matches!(cursor.peek_ahead(1), None | Some(b' ' | b'\t' | b'\n' | b'\r')) =>
                {
                    // In the middle of plain text only a colon means something.
                    if byte != b':' && expects {
                        (dash, key, mark) = (Some(column), None, None);
                    }
                    expects |= byte == b':';
                    cursor.skip(1);
                }
                // `{"a":"b"}`, as JSON writes it.
                b':' if was_quoted && self.flow_depth > 0 => {
                    expects = true;
                    cursor.skip(1);
                }
                b'[' | b'{' if expects || self.flow_depth > 0 => {
                    self.flow_depth += 1;
                    expects = true;
                    cursor.skip(1);
                }
                b']' | b'}' if self.flow_depth > 0 => {
                    self.flow_depth -= 1;
                    (expects, quoted) = (false, true);
                    cursor.skip(1);
                }
                b',' if self.flow_depth > 0 => {
                    expects = true;
                    cursor.skip(1);
                }
                // Tags and anchors stand before what they belong to.
                b'!' | b'&' if expects => {
                    mark = mark.or(Some(column));
                    let length = cursor.rest().iter().position(u8::is_ascii_whitespace);
                    cursor.skip(length.unwrap_or(usize::MAX / 2));
                }
                _ => {
                    key = key.or(mark).or(Some(column));
                    expects = false;
                    cursor.skip(1);
                }
            }
        }
    }
}

/// `|`, `>` with signs and digits, then nothing but a comment; the digit, 0 if
/// there is none.
fn parse_block_header(rest: &[u8]) -> Option<usize> {
    let rest = rest.get(..200.min(rest.len())).unwrap_or_default();
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let signs = line.iter().skip(1).take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9')).count();
    let after = line.get(1 + signs..)?;
    let text = after.trim_ascii();
    let fits = text.is_empty() || (text.starts_with(b"#") && after.starts_with(b" "));
    let digit = line.iter().skip(1).take(signs).find(|byte| byte.is_ascii_digit());
    fits.then(|| digit.map_or(0, |digit| usize::from(digit - b'0')))
}

/// A block scalar from its header: all lines that are empty or indented as its
/// first one.
fn lex_block_scalar(cursor: &mut Cursor<'_>, parent: Option<usize>, digit: usize) {
    let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
    match memchr::memchr(b'#', line) {
        Some(at) => {
            cursor.skip(at);
            cursor.lex_line_comment(TokenKind::Comment);
        }
        None => cursor.skip(line.len()),
    }
    cursor.skip(1);
    cursor.mark(TokenKind::Code);
    let least = parent.map_or(0, |parent| parent + 1);
    let mut own = (digit > 0).then(|| parent.unwrap_or(0) + digit);
    while cursor.peek().is_some() {
        let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        if !line.trim_ascii().is_empty() {
            let wanted = *own.get_or_insert(indent.max(least));
            let marker = indent == 0 && (line.starts_with(b"---") || line.starts_with(b"..."));
            if indent < wanted || marker {
                return;
            }
        }
        cursor.skip(line.len() + 1);
        cursor.mark(TokenKind::Str);
    }
}

/// Single quotes are doubled inside.
fn lex_single_quoted(cursor: &mut Cursor<'_>) {
    cursor.mark(TokenKind::Code);
    while let Some(found) = memchr::memchr(b'\'', cursor.rest()) {
        cursor.skip(found);
        if cursor.peek_ahead(1) != Some(b'\'') {
            cursor.mark(TokenKind::Str);
            cursor.skip(1);
            return;
        }
        cursor.skip(2);
    }
    cursor.position = cursor.text.len();
    cursor.mark(TokenKind::Str);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Yaml;
    use super::super::tests::assert_kinds;

    #[test]
    fn scalars_of_all_kinds() {
        assert_kinds(
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
                ("  - >- # c", ".......ccc"),
                ("    text", "ssssssss"),
                ("  - key: |2", "..........."),
                ("      deep", "ssssssssss"),
                ("    next: 'x'", "...........s."),
                ("g: !!str 'x' # y", "..........s..ccc"),
            ],
        );
    }
}
