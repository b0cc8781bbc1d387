//! Components of Vue and Svelte: the content of `<script>` is a script, HTML comments are
//! comments, and all other text is prose.

use crate::scan::language::Language;
use crate::scan::token_map::TokenKind;

use super::{Cursor, tokenize};

pub(super) fn read(cursor: &mut Cursor<'_>) {
    while let Some(found) = memchr::memchr(b'<', cursor.rest()) {
        cursor.skip(found);
        if cursor.starts_with(b"<!--") {
            cursor.mark(TokenKind::Text);
            cursor.skip(4);
            cursor.skip_past(b"-->");
            cursor.mark(TokenKind::Comment);
        } else if begins_tag(cursor, b"<script") {
            lex_script(cursor);
        } else if begins_tag(cursor, b"<style") {
            skip_past_closing_tag(cursor, b"</style");
        } else {
            cursor.skip(1);
        }
    }
    cursor.position = cursor.text.len();
    cursor.mark(TokenKind::Text);
}

/// Returns whether the tag with this name begins at the position.
fn begins_tag(cursor: &Cursor<'_>, tag: &[u8]) -> bool {
    let rest = cursor.rest();
    let is_name = rest.get(..tag.len()).is_some_and(|own| own.eq_ignore_ascii_case(tag));
    is_name
        && rest.get(tag.len()).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

/// Reads a script from its opening tag to its closing tag. The bytes of the script get the
/// kinds that the lexer of its language gives them.
fn lex_script(cursor: &mut Cursor<'_>) {
    let start = cursor.position;
    cursor.skip_past(b">");
    let tag = cursor.text.get(start..cursor.position).unwrap_or_default();
    cursor.mark(TokenKind::Text);
    if tag.ends_with(b"/>") {
        return;
    }
    let is_jsx = [&b"tsx"[..], b"jsx"].iter().any(|name| memchr::memmem::find(tag, name).is_some());
    let language = if is_jsx { Language::Tsx } else { Language::TypeScript };
    let begin = cursor.position;
    let length = find_closing_tag(cursor.rest(), b"</script").unwrap_or(cursor.rest().len());
    let script = cursor.text.get(begin..begin + length).unwrap_or_default();
    for (range, kind) in tokenize(language, script).iter() {
        cursor.position = begin + range.end;
        cursor.mark(kind);
    }
}

fn skip_past_closing_tag(cursor: &mut Cursor<'_>, tag: &[u8]) {
    let rest = cursor.rest();
    cursor.skip(find_closing_tag(rest, tag).unwrap_or(rest.len()));
}

/// Returns the offset of a closing tag, in any case of letters.
fn find_closing_tag(text: &[u8], tag: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(text, b"</")
        .find(|at| text.get(*at..at + tag.len()).is_some_and(|own| own.eq_ignore_ascii_case(tag)))
}

#[cfg(test)]
mod tests {
    use crate::scan::language::Language::{Svelte, Vue};
    use crate::scan::lexer::tests::assert_kinds;

    #[test]
    fn only_scripts_are_code() {
        assert_kinds(
            Vue,
            &[
                (
                    "<template>a // b <!-- c --></template>",
                    "tttttttttttttttttcccccccccctttttttttttt".get(..38).unwrap_or(""),
                ),
                ("<script setup lang=\"ts\">", "tttttttttttttttttttttttt"),
                ("a('</b>'); // c", "..ssss......ccc".replace("..ssss......ccc", "...ssss....cccc").as_str()),
                ("</script>", "ttttttttt"),
                ("<style>a { b: 'c // d' }</style>", "tttttttttttttttttttttttttttttttt"),
            ],
        );
        assert_kinds(Svelte, &[("<script>a()</script><p>b()</p>", "tttttttt...ttttttttttttttttttt")]);
    }
}
