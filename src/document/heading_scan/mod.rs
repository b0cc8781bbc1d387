//! Finds the top-level headings of a long document line by line, without its block
//! structure.
//!
//! [`scan_headings`] knows the parts of CommonMark that decide which lines are headings. At
//! a line for which it would need the structure (a heading in a list, a setext heading, an
//! HTML block with a heading in it), it gives up. A test compares it with the parser.

mod lines;

use crate::text::{Span, Spanned};

use super::section::Section;

use lines::{
    Fence, has_fence_in_item, heading_level, indent_of, is_blank, is_closing, is_list_marker,
    is_thematic_break, is_underline, may_start_html, opening_fence, title_range, trim_line,
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
    /// A paragraph at the top level, which a line of `-` or `=` makes a heading.
    Paragraph,
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
    let mut scan = Scan { text, at: start, before: Before::Nothing, in_html: false, found: Vec::new() };
    let mut fence: Option<Fence> = None;
    let ends = memchr::memchr_iter(b'\n', body).map(|at| start + at + 1);
    let unended = (!text.ends_with('\n')).then_some(text.len());
    for end in ends.chain(unended) {
        let line = text.as_bytes().get(scan.at..end)?;
        match &fence {
            Some(open) => {
                if open.indent > 0 && !is_blank(line) && indent_of(line) < open.indent {
                    // The fence may be in a list item that ends here.
                    return None;
                }
                if is_closing(line, open) {
                    fence = None;
                    scan.before = Before::Nothing;
                }
            }
            // Most lines are text that starts with a letter.
            None if line.first().is_some_and(u8::is_ascii_alphabetic) => scan.add_text(0),
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
            if self.before == Before::Nothing {
                self.before = Before::Container;
            }
            return Some(None);
        }
        let body = trim_line(line.get(indent..)?);
        if let Some((mark, length)) = opening_fence(body) {
            // Inside of HTML it is text.
            if self.in_html {
                return None;
            }
            return Some(Some(Fence { mark, length, indent }));
        }
        match *body.first()? {
            b'#' => {
                if let Some(level) = heading_level(body) {
                    self.add_heading(indent, body, level)?;
                    return Some(None);
                }
                self.add_text(indent);
            }
            b'<' => self.read_html(indent, body)?,
            b'=' if is_underline(body, b'=') => {
                if self.is_text_before() || self.in_html {
                    return None;
                }
                self.add_text(indent);
            }
            _ if is_thematic_break(body) => {
                if self.in_html || (is_underline(body, b'-') && self.is_text_before()) {
                    return None;
                }
                self.before = Before::Nothing;
            }
            b'-' if is_underline(body, b'-') => {
                if self.is_text_before() || self.in_html {
                    return None;
                }
                // One dash is an empty list item, two are text.
                if is_list_marker(body) {
                    self.before = Before::Container;
                } else {
                    self.add_text(indent);
                }
            }
            b'>' => self.before = Before::Container,
            _ if is_list_marker(body) => {
                if has_fence_in_item(body) {
                    return None;
                }
                // Some markers do not interrupt a paragraph.
                self.before = if self.is_text_before() { Before::Unknown } else { Before::Container };
            }
            _ => self.add_text(indent),
        }
        Some(None)
    }

    /// Returns whether a line of `-` or `=` may make the text before it a heading.
    fn is_text_before(&self) -> bool {
        matches!(self.before, Before::Paragraph | Before::Unknown)
    }

    /// A line of text: it starts or continues a paragraph.
    fn add_text(&mut self, indent: usize) {
        // After a blank line, an indented text can belong to a list item.
        self.before = match self.before {
            Before::Nothing | Before::Paragraph if indent == 0 => Before::Paragraph,
            Before::Paragraph => Before::Paragraph,
            _ => Before::Unknown,
        };
    }

    fn add_heading(&mut self, indent: usize, body: &[u8], level: u8) -> Option<()> {
        // In an HTML block it is text; indented, it can be in a list item.
        if self.in_html || indent > 0 {
            return None;
        }
        let (from, to) = title_range(body, usize::from(level));
        let span = Span::new(self.at + from, self.at + to);
        let title = self.text.get(span.start..span.end)?;
        // Comments are not part of a title, and escapes can hide a closing sequence.
        if title.contains(['<', '\\']) || title.is_empty() {
            return None;
        }
        let title = Spanned::new(title.to_owned(), span);
        self.found.push(Heading { title, level, span: Span::new(self.at, self.at) });
        self.before = Before::Nothing;
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
                    || matches!(self.before, Before::Container | Before::Unknown)
                {
                    return None;
                }
                self.before = Before::Nothing;
            }
            None => {
                self.in_html |= may_start_html(body);
                self.add_text(indent);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::outline::Outline;
    use crate::document::section::read_sections;

    fn parsed(text: &str) -> Vec<Heading> {
        read_sections(text, &Outline::parse_strict(text)).into_iter().map(Heading::from).collect()
    }

    const PIECES: &[&str] = &[
        "# One",
        "## 2.1 Two ##",
        "### a `b` *c*",
        "#no",
        "####### seven",
        "#",
        "  # indented",
        "text",
        "more text",
        "",
        "",
        "",
        "- item",
        "* item",
        "1. one",
        "10) ten",
        "  in item",
        "    code",
        "\tcode",
        "```",
        "```rust",
        "~~~",
        "  ```",
        "    ```",
        "`````",
        "```a`b",
        "> quote",
        "> ```",
        "> # x",
        "---",
        "- - -",
        "***",
        "===",
        "--",
        "=",
        "| a | b |",
        "|---|---|",
        "<div>",
        "</div>",
        "<!-- c -->",
        "<!-- open",
        "end -->",
        "<?x?>",
        "<http://a.b>",
        "<a id=\"x\"></a>",
        "<a id=\"x\">",
        "<a title=\"<b>\">",
        "<a title='>'> text",
        "<a b'c> <d e'>",
        "<<< START",
        "<content>",
        "</content>",
        "<b>bold</b> text",
        "<p>text</p>",
        "<H2>two</h2>",
        "</td",
        "<hr/>",
        "<pa>x",
        "<a",
        "<a =>",
        "[a]: /url",
        "- ```",
        "- # in list",
        "-",
        "- <div>",
        "- > q",
        "\\# no",
        "# a \\#",
        "# a <b>",
        "*a*",
        "_b_",
        "+ plus",
        "  - nested",
        "    - deep",
        "   three",
        "# x\r",
        "text\r",
        "``",
        "~~",
        "1.no",
        "1234567890. no",
        "-no",
        "<pre>",
        "</pre>",
        "##\ttab",
        "## end #",
        "# a#",
    ];

    #[test]
    fn the_scan_agrees_with_the_parser_or_gives_up() {
        let mut state: u64 = 20_261_129;
        let mut next = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % limit
        };
        let mut compared = 0;
        for _ in 0..60_000 {
            let lines: Vec<&str> = (0..=next(9)).map(|_| PIECES[next(PIECES.len())]).collect();
            let text = format!("{}\n", lines.join("\n"));
            if let Some(found) = scan_headings(&text) {
                compared += usize::from(!found.is_empty());
                assert_eq!(found, parsed(&text), "{text:?}");
            }
        }
        assert!(compared > 3_000, "only {compared} documents with headings were compared");
    }

    #[test]
    fn ordinary_documents_need_no_parser() {
        let text = "\u{feff}# A\n\ntext\n## 1 B ##\n\n- item\n  more\n\n```rust\n# not\n```\n### C\n| a |\n|---|\n\n---\n\n## 2 D\r\n> q\n";
        let found = scan_headings(text).expect("ordinary");
        assert_eq!(found, parsed(text));
        assert_eq!(found.len(), 4);
        for text in [
            "a\n===\n",
            "- a\n\n  # b\n",
            "<div>\n# a\n</div>\n",
            "<!-- a\n# b\n-->\n",
            "- ```\n# a\n  ```\n",
        ] {
            assert!(scan_headings(text).is_none(), "{text:?}");
        }
    }
}
