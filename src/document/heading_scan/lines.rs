//! What a line of Markdown is, by itself.

/// An open fence: its character and length, and its indentation if it may be in a list item.
pub(super) struct Fence {
    pub mark: u8,
    pub length: usize,
    pub item_indent: usize,
}

pub(super) fn trim_line(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Returns the indentation in columns, at most four.
pub(super) fn indent_of(line: &[u8]) -> usize {
    let spaces = line.iter().take(4).take_while(|byte| **byte == b' ').count();
    if line.get(spaces) == Some(&b'\t') { 4 } else { spaces }
}

/// Returns character and length of the fence that a line opens.
pub(super) fn opening_fence(body: &[u8]) -> Option<(u8, usize)> {
    let mark = *body.first().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let length = body.iter().take_while(|byte| **byte == mark).count();
    let info = body.get(length..)?;
    (length >= 3 && !(mark == b'`' && info.contains(&b'`'))).then_some((mark, length))
}

pub(super) fn is_closing(line: &[u8], open: &Fence) -> bool {
    let indent = indent_of(line);
    let body = trim_line(line.get(indent.min(line.len())..).unwrap_or_default());
    let length = body.iter().take_while(|byte| **byte == open.mark).count();
    indent <= 3 && length >= open.length && is_blank(body.get(length..).unwrap_or_default())
}

/// Returns the level of an ATX heading.
pub(super) fn heading_level(body: &[u8]) -> Option<u8> {
    let level = body.iter().take_while(|byte| **byte == b'#').count();
    let is_heading = level <= 6 && matches!(body.get(level), None | Some(b' ' | b'\t'));
    u8::try_from(level).ok().filter(|_| is_heading)
}

/// Returns the range of the title in a heading: without the marks at both ends.
pub(super) fn title_range(body: &[u8], level: usize) -> (usize, usize) {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end_of = |bytes: &[u8]| bytes.iter().rposition(|byte| !is_space(byte)).map_or(0, |at| at + 1);
    let mut end = end_of(body);
    let marks = body.get(..end).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'#').count();
    let before = body.get(..end - marks).unwrap_or_default();
    if marks > 0 && before.last().is_some_and(is_space) {
        end = end_of(before);
    }
    let start = body.iter().skip(level).position(|byte| !is_space(byte)).map_or(end, |at| at + level);
    (start.min(end), end)
}

pub(super) fn is_underline(body: &[u8], mark: u8) -> bool {
    let length = body.iter().take_while(|byte| **byte == mark).count();
    length > 0 && is_blank(body.get(length..).unwrap_or_default())
}

pub(super) fn is_thematic_break(body: &[u8]) -> bool {
    let Some(mark) = body.first().filter(|byte| matches!(byte, b'-' | b'*' | b'_')) else { return false };
    let count = memchr::memchr_iter(*mark, body).count();
    count >= 3 && body.iter().all(|byte| byte == mark || matches!(byte, b' ' | b'\t'))
}

/// Returns the length of a list marker at the start of a text, with the space after it.
fn marker_length(body: &[u8]) -> Option<usize> {
    let digits = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = match body.get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    matches!(body.get(length), None | Some(b' ' | b'\t')).then_some(length)
}

pub(super) fn is_list_marker(body: &[u8]) -> bool {
    marker_length(body).is_some()
}

/// Returns the minimum offset of the content behind a list marker.
pub(super) fn content_offset(body: &[u8]) -> usize {
    marker_length(body).unwrap_or_default() + 1
}

/// Returns whether a fence or HTML starts in the line of a list marker, or the marker of a
/// quote follows it.
pub(super) fn has_fence_in_item(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(length) = marker_length(rest) {
        let after = rest.get(length..).unwrap_or_default();
        rest = after.trim_ascii_start();
        if rest.is_empty() {
            return false;
        }
    }
    match rest {
        [b'>', ..] | [b'<', b'!' | b'?', ..] => true,
        [b'<', ..] => may_start_html(rest),
        _ => opening_fence(rest).is_some(),
    }
}

/// Returns the text of a line behind the markers of list items, or what is there in its place:
/// behind a marker and five blanks it is code.
pub(super) fn item_text(body: &[u8]) -> &[u8] {
    let mut rest = body;
    while let Some(length) = marker_length(rest) {
        let after = rest.get(length..).unwrap_or_default();
        if indent_of(after) > 3 {
            return b"";
        }
        rest = after.trim_ascii_start();
    }
    rest
}

/// Returns whether a text certainly is a paragraph, also as the first line of an item: it is
/// no other block, and no definition of a link. The head of a table is known at its next line.
pub(super) fn is_plain_text(text: &[u8]) -> bool {
    let inner = match text {
        [b'*', b'*', rest @ ..] | [b'*' | b'_' | b'`' | b'"' | b'\'' | b'(', rest @ ..] => rest,
        text => text,
    };
    inner.first().is_some_and(u8::is_ascii_alphanumeric) && marker_length(text).is_none()
}

/// Returns whether a line may be the one below the head of a table.
pub(super) fn is_delimiter_row(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t' | b'\r' | b'\n'))
}

/// Names of tags that start a block of HTML whatever follows them, in lower case. The
/// standard is CommonMark 0.31, HTML blocks of type 6, and older versions of it.
const BLOCK_TAGS: &str = " address article aside base basefont blockquote body caption center col colgroup \
    dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 \
    head header hr html iframe legend li link main menu menuitem meta nav noframes ol optgroup option p \
    param search section source summary table tbody td tfoot th thead title tr track ul ";

/// Returns whether a line that begins with `<` may start a block of HTML: with one of the
/// tags that always do, or with one tag alone. A comment is none of them.
pub(super) fn may_start_html(body: &[u8]) -> bool {
    let inner = body.get(1..).unwrap_or_default();
    let inner = inner.strip_prefix(b"/").unwrap_or(inner);
    let length = inner.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = String::from_utf8_lossy(inner.get(..length).unwrap_or_default()).to_lowercase();
    if BLOCK_TAGS.split(' ').any(|tag| !tag.is_empty() && tag == name) {
        return true;
    }
    // Outside of quotes, a tag has one `>`, at its end, and no second `<`.
    let mut quote = None;
    for (at, byte) in inner.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'<') => return false,
            (None, b'>') => return is_blank(inner.get(at + 1..).unwrap_or_default()),
            _ => {}
        }
    }
    // The tag may go on in the next line, which only a parser can tell.
    true
}
