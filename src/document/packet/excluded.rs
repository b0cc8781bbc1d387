//! Paths that the texts of `OUT_OF_SCOPE` exclude.

use std::collections::HashSet;

use crate::document::Fault;
use crate::document::outline::Outline;
use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned, trim_spanned};

use super::excluded_words::{
    find_parenthesized, find_plain_paths, forbids, is_decorated, is_encoded, looks_like_path, names_path,
};
use super::items::{FieldText, TextForm, strip_box};

/// Returns the paths in an annotation.
pub(super) fn annotation_paths(annotation: &Spanned<String>) -> Vec<ScopeEntry> {
    let words =
        annotation.value.split([' ', ',', ';', '(', ')']).map(|word| word.trim_matches(['`', '"', '\'']));
    let paths = words.filter(|word| looks_like_path(word));
    let entries = paths.map(|word| ScopeEntry::read(Spanned::new(word.to_owned(), annotation.span)));
    entries.filter(|entry| entry.pattern.is_ok()).collect()
}

/// Reads one text of `OUT_OF_SCOPE`: a path, prose with paths, or lines of code that
/// are paths.
pub(super) fn read_excluded_text(
    text: &str,
    outline: &Outline,
    found: &FieldText,
    out: &mut Vec<ScopeEntry>,
    faults: &mut Vec<Fault>,
) {
    match found.form {
        TextForm::Code => {
            let content = outline.get(found.block).map_or(found.text.span, |block| block.content);
            read_lines(text.get(content.start..content.end).unwrap_or(""), content.start, out);
        }
        TextForm::Heading => {}
        TextForm::Html if is_markup(&found.text.value) => {
            read_lines(&without_tags(&found.text.value), found.text.span.start, out);
        }
        _ => read_value(found, out, faults),
    }
}

/// Elements of HTML that packets use for their form. Other tags are placeholders.
const ELEMENTS: [&str; 18] = [
    "details", "summary", "br", "p", "div", "b", "strong", "i", "em", "code", "ul", "ol", "li", "table",
    "tr", "td", "span", "pre",
];

/// Returns whether HTML begins with an element, not with a placeholder such as `<path>`.
fn is_markup(html: &str) -> bool {
    let name = html.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
    name.is_some_and(|name| ELEMENTS.contains(&name.to_ascii_lowercase().as_str()))
}

/// Returns HTML with spaces in place of its tags and comments, and a colon behind the text of
/// an element.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or(""));
        let tag = rest.get(open..).unwrap_or("");
        let end = if tag.starts_with("<!--") {
            tag.find("-->").map(|end| end + 3)
        } else {
            tag.find('>').map(|end| end + 1)
        };
        let (tag, behind) = tag.split_at(end.unwrap_or(tag.len()));
        let closes = tag.starts_with("</") && out.ends_with(|c: char| c.is_alphanumeric());
        for (at, c) in tag.char_indices() {
            match c {
                '\n' => out.push(c),
                _ if closes && at == 0 => out.push(':'),
                _ => out.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Reads the lines of a text one by one; it begins at the offset `at`.
pub(super) fn read_lines(text: &str, mut at: usize, out: &mut Vec<ScopeEntry>) {
    for line in text.split_inclusive('\n') {
        let body = trim_spanned(line, Span::new(0, line.len()));
        let body = strip_bullet(&Spanned::new(
            body.value.to_owned(),
            Span::new(at + body.span.start, at + body.span.end),
        ));
        at += line.len();
        out.extend(parse_excluded(&body));
    }
}

/// Removes a bullet, which is text in code and HTML.
fn strip_bullet(line: &Spanned<String>) -> Spanned<String> {
    let body = ["- ", "* ", "+ "].iter().find_map(|bullet| line.value.strip_prefix(bullet));
    let body = strip_box(body.unwrap_or(&line.value));
    let start = line.span.start + line.value.len() - body.len();
    Spanned::new(body.to_owned(), Span::new(start, start + body.len()))
}

/// Reads the value behind a label, or one text of a list.
pub(super) fn read_value(found: &FieldText, out: &mut Vec<ScopeEntry>, faults: &mut Vec<Fault>) {
    let body = strip_box(&found.text.value);
    let start = found.text.span.start + found.text.value.len() - body.len();
    let body = Spanned::new(body.to_owned(), Span::new(start, start + body.len()));
    let (entries, is_unread) = read_exclusion(&body);
    if is_unread {
        faults.push(found.fault("OUT_OF_SCOPE", "its path cannot be read, so it excludes nothing"));
    }
    faults.extend(found.placeholder_fault("OUT_OF_SCOPE"));
    faults.extend(found.joined_fault("OUT_OF_SCOPE"));
    out.extend(entries);
}

/// Reads the paths that a text excludes, and whether it has a path that cannot be read.
pub(in crate::document) fn read_exclusion(body: &Spanned<String>) -> (Vec<ScopeEntry>, bool) {
    let entries = parse_excluded(body);
    // A path in a form that cannot be read excludes nothing: that must be said.
    let mut words = body.value.split_whitespace().filter(|word| is_decorated(word));
    let is_odd = |word: &str| (names_path(word) || is_encoded(word)) && !word.starts_with(['(', '`']);
    let unread = words.next().filter(|word| is_odd(word));
    let unread = unread.or_else(|| words.find(|word| forbids(&body.value) && is_odd(word)));
    // A wrong reading of an odd spelling excludes another path.
    let is_unread = unread.is_some_and(|word| entries.is_empty() || is_encoded(word));
    (entries, is_unread)
}

/// Reads the paths that a text excludes.
fn parse_excluded(own: &Spanned<String>) -> Vec<ScopeEntry> {
    // `!path` is how lists of paths exclude one.
    let plain = own.value.trim_start_matches('!');
    let start = own.span.start + own.value.len() - plain.len();
    let own = &Spanned::new(plain.to_owned(), Span::new(start, own.span.end));
    let entry = ScopeEntry::read(own.clone());
    let path = crate::document::field::strip_hint(&own.value);
    let is_path = entry.pattern.is_ok() && (path.contains(['/', '.']) || is_bare_name(path));
    let first = if is_path { vec![entry] } else { find_quoted_paths(own) };
    // `_src/a.rs_` is a path, and emphasis: both are excluded.
    let more = find_plain_paths(own, is_path);
    let mut known = HashSet::new();
    let all = first.into_iter().chain(more);
    all.filter(|entry| known.insert(entry.pattern_text())).collect()
}

/// Returns whether a whole text without slash and dot is a name of a file or folder: it is in
/// backticks, in lower case, or a known name.
fn is_bare_name(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with('`') || text.chars().all(is_name) || crate::document::waiver::is_root_name(text)
}

/// Finds the paths in backticks that a sentence excludes. Paths in parentheses
/// only explain; "changes outside `x`" excludes all other paths, not `x`.
fn find_quoted_paths(sentence: &Spanned<String>) -> Vec<ScopeEntry> {
    let parenthesized = find_parenthesized(&sentence.value);
    let inverting_words = ["outside", "outside of", "except", "except for", "other than", "beyond", "not in"];
    let mut out = Vec::new();
    let mut offset = 0;
    let mut is_inverted = false;
    for (number, piece) in sentence.value.split('`').enumerate() {
        let span = Span::new(offset, offset + piece.len());
        offset += piece.len() + 1;
        if number % 2 == 0 {
            let before = piece.trim_end().to_lowercase();
            is_inverted = inverting_words.iter().any(|word| before.ends_with(word));
            continue;
        }
        let after = sentence.value.get(span.end + 1..).unwrap_or("").trim_start();
        let after: String = after.chars().take(20).flat_map(char::to_lowercase).collect();
        let excludes_rest =
            ["not listed", "not in scope", "that is not", "other than"].iter().any(|w| after.starts_with(w));
        let is_remark = parenthesized.contains(span);
        let plain = piece.strip_prefix("./").unwrap_or(piece);
        if is_remark || is_inverted || excludes_rest || !looks_like_path(plain) {
            continue;
        }
        let at = sentence.span.start + span.end - plain.len();
        let entry = ScopeEntry::read(Spanned::new(plain.to_owned(), Span::new(at, at + plain.len())));
        out.extend(Some(entry).filter(|entry| entry.pattern.is_ok()));
    }
    out
}
