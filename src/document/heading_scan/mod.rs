//! Finds the top-level headings of a long document line by line, without its block
//! structure.
//!
//! [`scan_headings`] knows the parts of CommonMark that decide which lines are headings. At
//! a line for which it would need the structure (a heading in a list, an underline below text
//! that may be in a list, an HTML block with a heading in it), it gives up. A test compares it
//! with the parser.

mod lines;

use crate::text::{Span, Spanned};

use super::section::Section;

use lines::{
    Fence, content_offset, has_fence_in_item, heading_level, indent_of, is_blank, is_closing,
    is_delimiter_row, is_list_marker, is_plain_text, is_thematic_break, is_underline, item_text,
    may_start_html, opening_fence, title_range, trim_line,
};

/// A top-level heading, with the text below it up to the next heading of the same or a
/// higher level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The title as written.
    pub title: Spanned<String>,
    /// Level of the heading, 1 to 6.
    pub level: u8,
    /// Bytes from the heading to the end of its section.
    pub span: Span,
}

impl From<Section> for Heading {
    fn from(section: Section) -> Self {
        Self { title: section.title, level: section.level, span: section.span }
    }
}

/// What the line before was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Blank, a heading, the end of a fence: a text starts a paragraph.
    Nothing,
    /// A paragraph at the top level that starts at this byte. A line of `-` or `=` makes it a
    /// heading.
    Paragraph(usize),
    /// A paragraph in a list item or a quote: text continues it, and a line of `-` ends it.
    Lazy,
    /// The first line of a list item or a quote, or code.
    Container,
    /// A text behind it: it continues a paragraph there, or starts one at the top level.
    Unknown,
}

/// Returns all top-level headings in order; `None` if only a parser can tell.
#[must_use]
pub(crate) fn scan_headings(text: &str) -> Option<Vec<Heading>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.as_bytes().get(start..)?;
    // A lone carriage return ends a line, too. The parser takes the others for blanks in some places.
    let is_hidden_end = |at: usize| body.get(at) != Some(&b'\r') || body.get(at + 1) != Some(&b'\n');
    if memchr::memchr3_iter(b'\r', 0x0b, 0x0c, body).any(is_hidden_end) {
        return None;
    }
    let mut scan = Scan {
        text,
        at: start,
        before: Before::Nothing,
        item_offset: usize::MAX,
        in_html: false,
        found: Vec::new(),
    };
    let mut fence: Option<Fence> = None;
    let ends = memchr::memchr_iter(b'\n', body).map(|at| start + at + 1);
    let unended = (!text.ends_with('\n')).then_some(text.len());
    for end in ends.chain(unended) {
        let line = text.as_bytes().get(scan.at..end)?;
        match &fence {
            Some(open) => {
                if open.item_indent > 0 && !is_blank(line) && indent_of(line) < open.item_indent {
                    // The fence may be in a list item that ends here.
                    return None;
                }
                if is_closing(line, open) {
                    fence = None;
                    scan.before = Before::Nothing;
                }
            }
            // Most lines are text that starts with a letter.
            None if line.first().is_some_and(u8::is_ascii_alphabetic) => scan.add_text(0, line),
            None => fence = scan.read_line(line)?,
        }
        scan.at = end;
    }
    Some(with_ends(scan.found, text.len()))
}

/// Fills the ends of the sections.
fn with_ends(mut found: Vec<Heading>, length: usize) -> Vec<Heading> {
    // The start of the section that follows each level, from the end.
    let mut next = [length; 7];
    for heading in found.iter_mut().rev() {
        let level = usize::from(heading.level);
        heading.span.end = next.get(level).copied().unwrap_or(length);
        next.iter_mut().skip(level).for_each(|end| *end = heading.span.start);
    }
    found
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    before: Before,
    /// Minimum indentation of the content of the list items that may be open.
    item_offset: usize,
    /// Whether the line may be in an HTML block that ends at a blank line.
    in_html: bool,
    found: Vec<Heading>,
}

impl Scan<'_> {
    /// Reads a line outside of fences; returns the fence that it opens. The outer `None`
    /// gives up.
    #[expect(clippy::option_option, reason = "the outer option gives up")]
    fn read_line(&mut self, line: &[u8]) -> Option<Option<Fence>> {
        if is_blank(line) {
            (self.before, self.in_html) = (Before::Nothing, false);
            return Some(None);
        }
        let indent = indent_of(line);
        // Code, or the content of a list item: no heading, and no fence of the top level.
        if indent > 3 {
            self.before = match self.before {
                Before::Nothing => Before::Container,
                Before::Lazy if !is_plain_text(item_text(line.trim_ascii())) => Before::Unknown,
                before => before,
            };
            return Some(None);
        }
        let body = trim_line(line.get(indent..)?);
        if let Some((mark, length)) = opening_fence(body) {
            // Inside of HTML it is text.
            if self.in_html {
                return None;
            }
            self.leave_items(indent);
            let item_indent = if self.item_offset == usize::MAX { 0 } else { indent };
            return Some(Some(Fence { mark, length, item_indent }));
        }
        match *body.first()? {
            b'#' => {
                if let Some(level) = heading_level(body) {
                    self.add_heading(indent, body, level)?;
                    return Some(None);
                }
                self.add_text(indent, body);
            }
            b'<' => self.read_html(indent, body)?,
            mark @ (b'=' | b'-') if is_underline(body, mark) => self.read_underline(indent, body, mark)?,
            _ if is_thematic_break(body) => {
                if self.in_html {
                    return None;
                }
                self.before = Before::Nothing;
                self.leave_items(indent);
            }
            b'>' => {
                // The text of a line that continues a paragraph is not looked at.
                let text = body.get(1..).unwrap_or_default().trim_ascii_start();
                let is_text = matches!(self.before, Before::Nothing) && is_plain_text(text);
                self.before = if is_text { Before::Lazy } else { Before::Container };
            }
            _ if is_list_marker(body) => {
                if has_fence_in_item(body) {
                    return None;
                }
                self.item_offset = self.item_offset.min(indent + content_offset(body));
                let text = item_text(body);
                // Numbers other than 1 do not interrupt a paragraph.
                let interrupts = matches!(body, [b'-' | b'*' | b'+', ..] | [b'1', b'.' | b')', ..]);
                self.before = match self.before {
                    Before::Paragraph(_) | Before::Unknown if text.is_empty() || !interrupts => {
                        Before::Unknown
                    }
                    // Also if it continues the text of another item.
                    _ if is_plain_text(text) => Before::Lazy,
                    _ => Before::Container,
                };
            }
            _ => self.add_text(indent, body),
        }
        Some(None)
    }

    /// A block with this indentation: it ends the list items whose content is indented more.
    fn leave_items(&mut self, indent: usize) {
        if indent < self.item_offset {
            self.item_offset = usize::MAX;
        }
    }

    /// A line of text: it starts or continues a paragraph.
    fn add_text(&mut self, indent: usize, line: &[u8]) {
        if self.before == Before::Nothing {
            self.leave_items(indent);
        }
        self.before = match self.before {
            // After a blank line, an indented text can belong to a list item.
            Before::Nothing if indent == 0 && !line.starts_with(b"[") => Before::Paragraph(self.at),
            // The line below the head of a table.
            Before::Paragraph(_) | Before::Lazy if is_delimiter_row(line) => Before::Unknown,
            before @ (Before::Paragraph(_) | Before::Lazy) => before,
            _ => Before::Unknown,
        };
    }

    /// A line of `-` or `=`: it makes the paragraph before it a heading, or is a thematic break,
    /// the marker of an empty list item, or text.
    fn read_underline(&mut self, indent: usize, body: &[u8], mark: u8) -> Option<()> {
        if self.in_html {
            return None;
        }
        let is_break = is_thematic_break(body);
        if is_break {
            self.leave_items(indent);
        }
        match self.before {
            Before::Paragraph(start) => {
                let lines = self.text.get(start..self.at)?;
                let title = lines.trim_end();
                // Comments are not part of a title, and an escape can be at its end.
                if title.contains(['<', '\\']) {
                    return None;
                }
                let level = if mark == b'=' { 1 } else { 2 };
                let span = Span::new(start, start + title.len());
                let title = Spanned::new(title.to_owned(), span);
                self.found.push(Heading { title, level, span: Span::new(start, start) });
                self.before = Before::Nothing;
            }
            Before::Lazy if is_break && indent == 0 => self.before = Before::Nothing,
            // In a list item, it can be a heading, text, or an empty item.
            Before::Lazy | Before::Unknown => return None,
            Before::Nothing | Before::Container if is_break => self.before = Before::Nothing,
            // One dash is an empty list item, two are text.
            Before::Nothing | Before::Container if is_list_marker(body) => {
                self.item_offset = self.item_offset.min(indent + content_offset(body));
                self.before = Before::Container;
            }
            Before::Nothing | Before::Container => self.add_text(indent, body),
        }
        Some(())
    }

    fn add_heading(&mut self, indent: usize, body: &[u8], level: u8) -> Option<()> {
        // In an HTML block it is text; indented, it can be in a list item.
        if self.in_html || indent > 0 {
            return None;
        }
        let (from, to) = title_range(body, usize::from(level));
        let span = Span::new(self.at + from, self.at + to);
        let title = self.text.get(span.start..span.end)?;
        let span = if title.is_empty() { Span::new(self.at, self.at) } else { span };
        // Comments are not part of a title, and escapes can hide a closing sequence.
        if title.contains(['<', '\\']) {
            return None;
        }
        let title = Spanned::new(title.to_owned(), span);
        self.found.push(Heading { title, level, span: Span::new(self.at, self.at) });
        self.before = Before::Nothing;
        self.leave_items(indent);
        Some(())
    }

    /// A line that can start an HTML block.
    fn read_html(&mut self, indent: usize, body: &[u8]) -> Option<()> {
        let lower: Vec<u8> = body.iter().take(12).map(u8::to_ascii_lowercase).collect();
        let raw = ["<script", "<pre", "<style", "<textarea"];
        if raw.iter().any(|start| lower.starts_with(start.as_bytes())) {
            return None;
        }
        let end: Option<&[u8]> = if body.starts_with(b"<!--") {
            Some(b"-->")
        } else if body.starts_with(b"<?") {
            Some(b"?>")
        } else if body.starts_with(b"<!") {
            return None;
        } else {
            None
        };
        match end {
            Some(end) => {
                // Several lines would need a state of their own.
                let is_closed = memchr::memmem::find(body.get(2..)?, end).is_some();
                if !is_closed
                    || indent > 0
                    || self.in_html
                    || matches!(self.before, Before::Container | Before::Lazy | Before::Unknown)
                {
                    return None;
                }
                self.before = Before::Nothing;
            }
            None => {
                self.in_html |= may_start_html(body);
                self.add_text(indent, body);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
