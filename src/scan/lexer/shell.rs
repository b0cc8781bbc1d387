//! Shell: comments, all kinds of quotes, expansions in double quotes, and here-documents.

use crate::scan::token_map::TokenKind;

use super::{Cursor, is_word};

/// Maximum depth of nested substitutions; deeper ones are read as text.
const MAX_SUBSTITUTION_DEPTH: usize = 32;

/// The token that ends a sequence of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CommandEnd {
    EndOfText,
    /// `)` of `$(…)`.
    Paren,
    /// `}` of `${…}`.
    Brace,
    /// `}` of `"${…}"`, where an apostrophe is a literal character.
    QuotedBrace,
    /// A backtick.
    Backtick,
}

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let mut reader = ShellLexer { pending_here_documents: Vec::new(), substitution_end: None };
    while cursor.peek().is_some() {
        reader.lex_commands(cursor, CommandEnd::EndOfText, 0);
    }
}

/// A here-document that begins on the next line.
struct HereDocument {
    delimiter: Vec<u8>,
    strips_tabs: bool,
}

/// Lexer state.
struct ShellLexer {
    /// The here-documents whose operators were read.
    pending_here_documents: Vec<HereDocument>,
    /// The offset after the last `$(…)`: its `)` is a part of a word.
    substitution_end: Option<usize>,
}

impl ShellLexer {
    /// Reads commands up to and including the token `end`.
    fn lex_commands(&mut self, cursor: &mut Cursor<'_>, end: CommandEnd, depth: usize) {
        let mut parens: usize = 0;
        let mut cases: usize = 0;
        let brace = matches!(end, CommandEnd::Brace | CommandEnd::QuotedBrace);
        // `$((` begins an arithmetic expression, in which `<<` is a shift operator.
        let mut arithmetic_depth = usize::from(end == CommandEnd::Paren && cursor.peek() == Some(b'('));
        while let Some(byte) = cursor.peek() {
            let next = cursor.peek_ahead(1);
            match byte {
                b'\\' => cursor.skip(2),
                b'#' if !brace
                    && self.substitution_end != Some(cursor.position)
                    && begins_word(cursor, end) =>
                {
                    // In backticks, a comment ends at the closing backtick.
                    let stop = if end == CommandEnd::Backtick { b'`' } else { b'\n' };
                    let length = memchr::memchr2(b'\n', stop, cursor.rest());
                    cursor.mark(TokenKind::Code);
                    cursor.skip(length.unwrap_or(usize::MAX / 2));
                    cursor.mark(TokenKind::Comment);
                }
                b'\n' => {
                    cursor.skip(1);
                    self.lex_here_documents(cursor);
                }
                b'\'' if end == CommandEnd::QuotedBrace => cursor.skip(1),
                b'\'' => {
                    let escapes = cursor.peek_back(1) == Some(b'$') && cursor.peek_back(2) != Some(b'$');
                    cursor.skip(1);
                    cursor.lex_quoted(b'\'', escapes, false, TokenKind::Str);
                }
                b'"' => self.lex_double_quoted(cursor, depth),
                b'$' if next == Some(b'(') && depth < MAX_SUBSTITUTION_DEPTH => {
                    cursor.skip(2);
                    self.lex_commands(cursor, CommandEnd::Paren, depth + 1);
                    self.substitution_end = Some(cursor.position);
                }
                b'$' if next == Some(b'{') && depth < MAX_SUBSTITUTION_DEPTH => {
                    cursor.skip(2);
                    let inner = if end == CommandEnd::QuotedBrace {
                        CommandEnd::QuotedBrace
                    } else {
                        CommandEnd::Brace
                    };
                    self.lex_commands(cursor, inner, depth + 1);
                }
                b'c' | b'e' if end == CommandEnd::Paren && parens == 0 && begins_command(cursor) => {
                    let rest = cursor.rest();
                    let length = rest.iter().take_while(|byte| is_word(**byte)).count();
                    match rest.get(..length).unwrap_or_default() {
                        b"case" => cases += 1,
                        b"esac" => cases = cases.saturating_sub(1),
                        _ => {}
                    }
                    cursor.skip(length);
                }
                b'$' if next == Some(b'#') => cursor.skip(2),
                b'`' if end == CommandEnd::Backtick => {
                    cursor.skip(1);
                    return;
                }
                b'`' if depth < MAX_SUBSTITUTION_DEPTH => {
                    cursor.skip(1);
                    self.lex_commands(cursor, CommandEnd::Backtick, depth + 1);
                }
                b'(' => {
                    arithmetic_depth += usize::from(next == Some(b'('));
                    parens += 1;
                    cursor.skip(1);
                }
                b')' if end == CommandEnd::Paren && parens == 0 && cases > 0 => cursor.skip(1),
                b')' if end == CommandEnd::Paren && parens == 0 => {
                    cursor.skip(1);
                    return;
                }
                b')' => {
                    parens = parens.saturating_sub(1);
                    arithmetic_depth = if parens == 0 { 0 } else { arithmetic_depth };
                    cursor.skip(1);
                }
                b'}' if brace => {
                    cursor.skip(1);
                    return;
                }
                b'<' if next == Some(b'<') && cursor.peek_ahead(2) == Some(b'<') => cursor.skip(3),
                b'<' if next == Some(b'<') && arithmetic_depth == 0 && !brace && !in_index(cursor) => {
                    self.lex_here_operator(cursor);
                }
                _ => cursor.skip(1),
            }
        }
    }

    /// Reads a double-quoted string from its opening quote.
    fn lex_double_quoted(&mut self, cursor: &mut Cursor<'_>, depth: usize) {
        cursor.skip(1);
        cursor.mark(TokenKind::Code);
        while let Some(byte) = cursor.peek() {
            let opens = match (byte, cursor.peek_ahead(1)) {
                (b'$', Some(b'(')) => Some((2, CommandEnd::Paren)),
                (b'$', Some(b'{')) => Some((2, CommandEnd::Brace)),
                (b'`', _) => Some((1, CommandEnd::Backtick)),
                _ => None,
            };
            match (byte, opens) {
                (b'\\', _) => cursor.skip(2),
                (b'"', _) => {
                    cursor.mark(TokenKind::Str);
                    cursor.skip(1);
                    return;
                }
                (_, Some((width, end))) if depth < MAX_SUBSTITUTION_DEPTH => {
                    cursor.mark(TokenKind::Str);
                    cursor.skip(width);
                    let end = if end == CommandEnd::Brace { expansion_end(cursor) } else { end };
                    self.lex_commands(cursor, end, depth + 1);
                    cursor.mark(TokenKind::Code);
                }
                _ => cursor.skip(1),
            }
        }
        cursor.mark(TokenKind::Str);
    }

    /// Reads `<<WORD` or `<<-'WORD'` and stores the delimiter.
    fn lex_here_operator(&mut self, cursor: &mut Cursor<'_>) {
        cursor.skip(2);
        let strips_tabs = cursor.peek() == Some(b'-');
        cursor.skip(usize::from(strips_tabs));
        while matches!(cursor.peek(), Some(b' ' | b'\t')) {
            cursor.skip(1);
        }
        let mut delimiter = Vec::new();
        let first = cursor.peek();
        if !first.is_some_and(|byte| {
            !byte.is_ascii_digit() && !byte.is_ascii_whitespace() && !b"(<".contains(&byte)
        }) {
            return;
        }
        let mut quote = None;
        while let Some(byte) = cursor.peek() {
            match byte {
                b'\n' => break,
                _ if quote == Some(byte) => quote = None,
                b'\'' | b'"' if quote.is_none() => quote = Some(byte),
                b'\\' => {}
                _ if quote.is_none() && (byte.is_ascii_whitespace() || b";|&()<>".contains(&byte)) => break,
                _ => delimiter.push(byte),
            }
            cursor.skip(1);
        }
        self.pending_here_documents.push(HereDocument { delimiter, strips_tabs });
    }

    /// Reads the pending here-documents from the start of a line.
    fn lex_here_documents(&mut self, cursor: &mut Cursor<'_>) {
        for here in std::mem::take(&mut self.pending_here_documents) {
            cursor.mark(TokenKind::Code);
            while cursor.peek().is_some() {
                let line = cursor.rest().split(|byte| *byte == b'\n').next().unwrap_or_default();
                let whole = line.strip_suffix(b"\r").unwrap_or(line);
                let tabs = whole.iter().take_while(|byte| **byte == b'\t').count();
                let text = if here.strips_tabs { whole.get(tabs..).unwrap_or_default() } else { whole };
                if text == here.delimiter {
                    cursor.mark(TokenKind::Str);
                    cursor.skip(line.len());
                    cursor.mark(TokenKind::Code);
                    break;
                }
                cursor.skip(line.len() + 1);
            }
            cursor.mark(TokenKind::Str);
        }
    }
}

/// Returns whether `<<` is in an array index (`a[1<<2]=3`), where it is a shift operator.
fn in_index(cursor: &Cursor<'_>) -> bool {
    let before = cursor.text.get(cursor.position.saturating_sub(200)..cursor.position).unwrap_or_default();
    let mut word = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace());
    word.find(|byte| matches!(byte, b'[' | b']')) == Some(&b'[')
}

/// Returns whether a word can begin at the current position; only there can a comment
/// begin.
fn begins_word(cursor: &Cursor<'_>, end: CommandEnd) -> bool {
    let before = cursor.peek_back(1);
    // `(#b)` is a flag of patterns in zsh.
    let letters = cursor.rest().iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if before == Some(b'(') && letters > 0 && cursor.peek_ahead(letters + 1) == Some(b')') {
        return false;
    }
    let escaped =
        cursor.peek_back(2) == Some(b'\\') && before != Some(b'\n') && cursor.peek_back(3) != Some(b'\\');
    before.is_none_or(|byte| {
        (byte.is_ascii_whitespace() && !escaped)
            || b";|&()".contains(&byte)
            || (byte == b'`' && end == CommandEnd::Backtick)
    })
}

/// Returns whether a command begins at the current position: after a separator, an opening
/// bracket, or a keyword such as `then`.
fn begins_command(cursor: &Cursor<'_>) -> bool {
    let start = cursor.position.saturating_sub(200);
    let before = cursor.text.get(start..cursor.position).unwrap_or_default();
    let text = before.trim_ascii_end();
    let whitespace = before.get(text.len()..).unwrap_or_default();
    if whitespace.contains(&b'\n') {
        return true;
    }
    let keywords = [&b"then"[..], b"do", b"else", b"!"];
    text.last().is_none_or(|byte| b";|&(".contains(byte))
        || (!whitespace.is_empty() && keywords.into_iter().any(|word| text.ends_with(word)))
}

/// Returns how quotes are read in `"${…}"`. After `#`, `%`, `/`, `^` and `,` there is a
/// pattern, in which apostrophes quote. Elsewhere they are literal characters.
fn expansion_end(cursor: &Cursor<'_>) -> CommandEnd {
    let rest = cursor.rest();
    let signs = rest.iter().take_while(|byte| matches!(byte, b'!' | b'#')).count().min(1);
    let name = rest.iter().skip(signs).take_while(|byte| is_word(**byte) || b"@*?$-".contains(byte)).count();
    let mut at = signs + name;
    if rest.get(at) == Some(&b'[') {
        at += rest.iter().skip(at).take(200).position(|byte| *byte == b']').map_or(0, |end| end + 1);
    }
    match rest.get(at) {
        Some(b'#' | b'%' | b'/' | b'^' | b',') => CommandEnd::Brace,
        _ => CommandEnd::QuotedBrace,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::language::Language::Shell;
    use super::super::tests::assert_kinds;

    #[test]
    fn quotes_expansions_and_here_documents() {
        assert_kinds(Shell, &[("#!/bin/sh", "ccccccccc")]);
        assert_kinds(
            Shell,
            &[
                ("a='#' b=\"x # $(echo \"y\") z\" # c", "...s.....ssss........s..ss..ccc"),
                ("echo $(a)#b (c)#d", "...............cc"),
                ("echo ${#a} $# a#b # c", "..................ccc"),
                ("cat <<EOF | grep x # c", "...................ccc"),
                ("# text 'it", "ssssssssss"),
                ("EOF", "..."),
                ("x=$((1 << 2)) # c", "..............ccc"),
                ("cat <<-'E' <<F", ".............."),
                ("\tE", ".."),
                ("$(x", "sss"),
                ("F", "."),
            ],
        );
    }
}
