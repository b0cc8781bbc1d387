//! YAML: comments, quoted scalars where a scalar can begin, and block scalars.

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = YamlLexer { flow_depth: 0, plain_parent_indent: None };
    while cursor.peek().is_some() {
        reader.lex_line(cursor);
    }
}

/// Lexer state.
struct YamlLexer {
    /// Number of open brackets of flow collections.
    flow_depth: usize,
    /// Indentation of the parent of a plain scalar that may continue on the next line.
    plain_parent_indent: Option<usize>,
}

impl YamlLexer {
    /// Reads one line of a mapping, sequence or flow collection from its start.
    fn lex_line(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.position;
        let indent = cursor.rest().iter().take_while(|byte| **byte == b' ').count();
        // Columns where the parent of a scalar begins: a dash, a key, or a tag or anchor
        // before the key.
        let (mut dash, mut key, mut tag) = (None, None, None);
        let mut expects_scalar = self.plain_parent_indent.take().is_none_or(|parent| indent <= parent);
        let mut quoted = false;
        let mut after_document_start = false;
        if self.flow_depth == 0 && (cursor.starts_with(b"--- ") || cursor.starts_with(b"---\n")) {
            cursor.skip(3);
            after_document_start = true;
        }
        while let Some(byte) = cursor.peek() {
            let column = cursor.position - start;
            let was_quoted = std::mem::replace(&mut quoted, false);
            match byte {
                b'\n' => {
                    cursor.skip(1);
                    let parent = key.or(dash).unwrap_or(0);
                    self.plain_parent_indent =
                        (!expects_scalar && !was_quoted && self.flow_depth == 0).then_some(parent);
                    return;
                }
                b'#' if column == 0 || matches!(cursor.peek_back(1), Some(b' ' | b'\t')) => {
                    cursor.lex_line_comment_to_any_end();
                    expects_scalar = true;
                }
                b'\'' | b'"' if expects_scalar => {
                    key = key.or(tag).or(Some(column));
                    cursor.skip(1);
                    if byte == b'"' {
                        cursor.lex_quoted(b'"', true, false, TokenKind::Str);
                    } else {
                        lex_single_quoted(cursor);
                    }
                    (expects_scalar, quoted) = (false, true);
                }
                b'|' | b'>' if expects_scalar && self.flow_depth == 0 => {
                    match parse_block_header(cursor.rest()) {
                        Some(digit) => {
                            let parent =
                                if after_document_start { None } else { Some(key.or(dash).unwrap_or(0)) };
                            lex_block_scalar(cursor, parent, digit);
                            return;
                        }
                        None => {
                            expects_scalar = false;
                            cursor.skip(1);
                        }
                    }
                }
                b' ' | b'\t' | b'\r' => {
                    quoted = was_quoted;
                    cursor.skip(1);
                }
                b'-' | b'?' | b':'
                    if matches!(cursor.peek_ahead(1), None | Some(b' ' | b'\t' | b'\n' | b'\r')) =>
                {
                    // Inside a plain scalar, only a colon is an indicator.
                    if byte != b':' && expects_scalar {
                        (dash, key, tag) = (Some(column), None, None);
                    }
                    expects_scalar |= byte == b':';
                    cursor.skip(1);
                }
                // `{"a":"b"}`, as in JSON.
                b':' if was_quoted && self.flow_depth > 0 => {
                    expects_scalar = true;
                    cursor.skip(1);
                }
                b'[' | b'{' if expects_scalar || self.flow_depth > 0 => {
                    self.flow_depth += 1;
                    expects_scalar = true;
                    cursor.skip(1);
                }
                b']' | b'}' if self.flow_depth > 0 => {
                    self.flow_depth -= 1;
                    (expects_scalar, quoted) = (false, true);
                    cursor.skip(1);
                }
                b',' if self.flow_depth > 0 => {
                    expects_scalar = true;
                    cursor.skip(1);
                }
                // Tags and anchors belong to the node after them.
                b'!' | b'&' if expects_scalar => {
                    tag = tag.or(Some(column));
                    let length = cursor.rest().iter().position(u8::is_ascii_whitespace);
                    cursor.skip(length.unwrap_or(usize::MAX / 2));
                }
                _ => {
                    key = key.or(tag).or(Some(column));
                    expects_scalar = false;
                    cursor.skip(1);
                }
            }
        }
    }
}

/// Reads the header of a block scalar: `|` or `>` with signs and digits, then at most a
/// comment. Returns its indentation digit, 0 if there is none; `None` if it is not a
/// header.
fn parse_block_header(rest: &[u8]) -> Option<usize> {
    let rest = rest.get(..200.min(rest.len())).unwrap_or_default();
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let signs = line.iter().skip(1).take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9')).count();
    let after = line.get(1 + signs..)?;
    let text = after.trim_ascii();
    let is_valid = text.is_empty() || (text.starts_with(b"#") && after.starts_with(b" "));
    let digit = line.iter().skip(1).take(signs).find(|byte| byte.is_ascii_digit());
    is_valid.then(|| digit.map_or(0, |digit| usize::from(digit - b'0')))
}

/// Reads a block scalar from its header: all lines that are empty or indented at least as
/// far as its first line.
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
    let min_indent = parent.map_or(0, |parent| parent + 1);
    let mut content_indent = (digit > 0).then(|| parent.unwrap_or(0) + digit);
    while cursor.peek().is_some() {
        let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        if !line.trim_ascii().is_empty() {
            let required = *content_indent.get_or_insert(indent.max(min_indent));
            let marker = indent == 0 && (line.starts_with(b"---") || line.starts_with(b"..."));
            if indent < required || marker {
                return;
            }
        }
        cursor.skip(line.len() + 1);
        cursor.mark(TokenKind::Str);
    }
}

/// Reads a single-quoted scalar after its opening quote; quotes inside are doubled.
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
    fn all_kinds_of_scalars_are_read() {
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
