//! Markdown: fenced, indented and inline code is code, HTML comments are
//! comments, all else is prose.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::scan::token_map::TokenKind;

use super::Cursor;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let text = String::from_utf8_lossy(cursor.text);
    if text.len() != cursor.text.len() {
        // Not UTF-8: offsets would not be the file's.
        cursor.position = cursor.text.len();
        cursor.mark(TokenKind::Text);
        return;
    }
    let (mut inside, mut open) = (false, false);
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside = true,
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(_) if inside => mark_range(cursor, range, TokenKind::Code),
            Event::Code(_) => mark_range(cursor, range, TokenKind::Code),
            Event::Html(html) | Event::InlineHtml(html) if open || html.contains("<!--") => {
                // A comment comes line by line; the last mark decides.
                open = match (html.rfind("<!--"), html.rfind("-->")) {
                    (None, None) => open,
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
