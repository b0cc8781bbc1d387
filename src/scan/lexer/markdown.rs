//! Markdown: fenced, indented and inline code is code, HTML comments are comments, and
//! all other text is prose.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let text = String::from_utf8_lossy(cursor.text);
    if text.len() != cursor.text.len() {
        // The file is not UTF-8, so the offsets of the parser would be wrong.
        cursor.position = cursor.text.len();
        cursor.mark(TokenKind::Text);
        return;
    }
    let (mut in_code_block, mut in_comment) = (false, false);
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code_block = true,
            Event::End(TagEnd::CodeBlock) => in_code_block = false,
            Event::Text(_) if in_code_block => mark_range(cursor, range, TokenKind::Code),
            Event::Code(_) => mark_range(cursor, range, TokenKind::Code),
            Event::Html(html) | Event::InlineHtml(html) if in_comment || html.contains("<!--") => {
                // The parser returns a comment line by line; the last delimiter decides.
                in_comment = match (html.rfind("<!--"), html.rfind("-->")) {
                    (None, None) => in_comment,
                    (begin, end) => begin > end,
                };
                mark_range(cursor, range, TokenKind::Comment);
            }
            _ => {}
        }
    }
    cursor.position = cursor.text.len();
    cursor.mark(TokenKind::Text);
}

/// Marks a range as `kind`, and the text before it as prose.
fn mark_range(cursor: &mut Cursor<'_>, range: std::ops::Range<usize>, kind: TokenKind) {
    cursor.position = range.start.max(cursor.position);
    cursor.mark(TokenKind::Text);
    cursor.position = range.end.max(cursor.position);
    cursor.mark(kind);
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Markdown;
    use super::super::tests::assert_kinds;

    #[test]
    fn code_comments_and_prose() {
        assert_kinds(
            Markdown,
            &[
                ("# A `b` c", "tttt...tt"),
                ("", ""),
                ("```rust", "ttttttt"),
                ("x();", "...."),
                ("```", "ttt"),
                ("<!-- a", "cccccc"),
                ("b -->", "ccccc"),
                ("", ""),
                ("d", "t"),
            ],
        );
    }
}
