//! Paths that the texts of `OUT_OF_SCOPE` exclude.

use crate::document::Fault;
use crate::document::exclusion::{parse_excluded, read_exclusion};
use crate::document::outline::Outline;
use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned, trim_spanned};

use super::items::{FieldText, TextForm, strip_box};

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
        faults.push(found.fault(
            "OUT_OF_SCOPE",
            "its path cannot be read, so it excludes nothing; write one path in backticks",
        ));
    }
    faults.extend(found.placeholder_fault("OUT_OF_SCOPE"));
    faults.extend(found.joined_fault("OUT_OF_SCOPE"));
    out.extend(entries);
}
