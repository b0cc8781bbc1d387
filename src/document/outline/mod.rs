//! Block structure of a Markdown document, as CommonMark sees it.
//!
//! pulldown-cmark decides whether a text is a heading, a list item, a fence or
//! an HTML block. This module turns its events into a flat pre-order list of
//! [`Block`]s with byte spans, so that readers never guess from lines. Text
//! inside fences, indented code and HTML comments is never prose.
//!
//! The module corrects known oddities of the parser: a child that ends after
//! its parent extends the parent, and a leading byte-order mark is removed
//! before parsing.

pub(crate) mod lazy_label;
pub(crate) mod recovery;

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag};

use crate::text::Span;

use lazy_label::split_lazy_labels;
use recovery::{Recovery, parse_recovered};

/// Kind of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading of level 1 to 6.
    Heading(u8),
    /// A paragraph, or the text of a tight list item.
    Prose,
    /// A fenced or indented code block with its info string.
    Code(String),
    /// A list; `true` if ordered.
    List(bool),
    /// One item of a list.
    Item,
    /// A block quote.
    Quote,
    /// A table.
    Table,
    /// One row of a table, the head included.
    Row,
    /// One cell of a row.
    Cell,
    /// A block of HTML, comments included.
    Html,
    /// A thematic break.
    ThematicBreak,
}

/// One block of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Kind of the block.
    pub kind: BlockKind,
    /// The whole block, markers included.
    pub span: Span,
    /// The text without markers: a heading's or paragraph's inline text, a
    /// code block's content. For containers the same as `span`.
    pub content: Span,
    /// Index of the containing block; `None` at the top level.
    pub parent: Option<usize>,
    /// One past the index of its last descendant.
    pub end: usize,
    /// In prose: inline HTML, mostly comments, which is not part of the text.
    /// In code: the pieces of the content, without the indentation of lists.
    pub masked: Vec<Span>,
}

/// The blocks of one document in pre-order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// All blocks; a block's descendants follow it directly.
    pub blocks: Vec<Block>,
    /// Fences that are read differently from CommonMark.
    pub recoveries: Vec<Recovery>,
    /// Labelled lines that end a list although CommonMark continues it, each with the text
    /// of the item before it.
    pub split_labels: Vec<Span>,
}

impl Outline {
    /// Parses a document as people read it: fences whose lines left their list
    /// item are recovered, and a label ends the list before it. Never fails: any text is
    /// Markdown.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        split_lazy_labels(text, parse_recovered(text))
    }

    /// Parses a document as CommonMark defines it, without recovery.
    #[must_use]
    pub fn parse_strict(text: &str) -> Self {
        let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = text.get(offset..).unwrap_or("");
        let mut builder = OutlineBuilder::default();
        for (event, range) in Parser::new_ext(body, Options::ENABLE_TABLES).into_offset_iter() {
            builder.handle_event(&event, Span::new(range.start + offset, range.end + offset));
        }
        builder.finish()
    }

    /// Returns the blocks directly below `parent` (`None`: top level).
    pub fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let (mut next, end) = match parent {
            None => (0, self.blocks.len()),
            Some(index) => (index + 1, self.blocks.get(index).map_or(0, |block| block.end)),
        };
        std::iter::from_fn(move || {
            let index = next;
            if index >= end {
                return None;
            }
            next = self.blocks.get(index)?.end.max(index + 1);
            Some(index)
        })
    }

    /// Returns a block by its index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Block> {
        self.blocks.get(index)
    }

    /// Returns the items of all lists directly below `parent`, in order.
    pub fn items(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        self.children(parent)
            .filter(|index| matches!(self.blocks.get(*index), Some(Block { kind: BlockKind::List(_), .. })))
            .flat_map(|list| self.children(Some(list)))
    }

    /// Returns the first paragraph (or tight text) of a list item.
    #[must_use]
    pub fn item_prose(&self, item: usize) -> Option<usize> {
        self.children(Some(item))
            .next()
            .filter(|index| self.blocks.get(*index).is_some_and(|b| b.kind == BlockKind::Prose))
    }

    /// Returns the lines of a block's content, with masked spans replaced by
    /// spaces.
    #[must_use]
    pub fn prose_lines<'t>(&self, text: &'t str, index: usize) -> Vec<ProseLine<'t>> {
        let Some(block) = self.blocks.get(index) else { return Vec::new() };
        let mut start = block.content.start;
        let content = text.get(block.content.start..block.content.end).unwrap_or("");
        if block.masked.is_empty() && !content.is_empty() && line_length(content) == content.len() {
            return vec![ProseLine { text: Cow::Borrowed(content), start }];
        }
        let mut lines = Vec::new();
        // The masked spans are sorted, and do not overlap.
        let mut masked = block.masked.as_slice();
        let mut rest = content;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(line_length(rest));
            rest = after;
            let span = Span::new(start, start + piece.len());
            start += piece.len();
            let before = masked.partition_point(|masked| masked.end <= span.start);
            masked = masked.get(before..).unwrap_or_default();
            let until = masked.partition_point(|masked| masked.start < span.end);
            let own = masked.get(..until).unwrap_or_default();
            lines.push(ProseLine { text: mask_spans(text, span, own), start: span.start });
        }
        lines
    }
}

/// One line of prose: its text and its offset. Inline HTML is replaced by
/// spaces of the same length, so that offsets stay correct.
#[derive(Debug, Clone)]
pub struct ProseLine<'t> {
    /// The text, line ending included.
    pub text: Cow<'t, str>,
    /// Byte offset of its first byte in the document.
    pub start: usize,
}

/// Returns the length of the first line in bytes, line ending included.
fn line_length(text: &str) -> usize {
    memchr::memchr(b'\n', text.as_bytes()).map_or(text.len(), |end| end + 1)
}

fn mask_spans<'t>(text: &'t str, span: Span, masked_spans: &[Span]) -> Cow<'t, str> {
    let line = text.get(span.start..span.end).unwrap_or("");
    if !masked_spans.iter().any(|masked| masked.start < span.end && masked.end > span.start) {
        return Cow::Borrowed(line);
    }
    let mut line = line.to_owned();
    for masked in masked_spans {
        let start = masked.start.clamp(span.start, span.end) - span.start;
        let end = masked.end.clamp(span.start, span.end) - span.start;
        if start < end && line.is_char_boundary(start) && line.is_char_boundary(end) {
            let hidden = line.get(start..end).unwrap_or("");
            let blank: String = hidden.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
            line.replace_range(start..end, &blank);
        }
    }
    Cow::Owned(line)
}

#[derive(Default)]
struct OutlineBuilder {
    blocks: Vec<Block>,
    open_blocks: Vec<usize>,
    /// Whether the innermost open block is the text of a tight item; the
    /// parser has no event for it.
    in_tight_item: bool,
    /// Depth of inline containers (emphasis, links).
    inline_depth: usize,
}

impl OutlineBuilder {
    fn handle_event(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::Start(tag) => match block_kind(tag) {
                Some(kind) => {
                    self.end_tight();
                    self.push(kind, span);
                }
                None => {
                    self.add_text(span);
                    self.inline_depth += 1;
                }
            },
            Event::End(_) if self.inline_depth > 0 => self.inline_depth -= 1,
            Event::End(_) => {
                self.end_tight();
                self.pop();
            }
            Event::Rule => {
                self.end_tight();
                self.push(BlockKind::ThematicBreak, span);
                self.pop();
            }
            Event::InlineHtml(_) => {
                self.add_text(span);
                if let Some(block) = self.innermost() {
                    block.masked.push(span);
                }
            }
            _ => self.add_text(span),
        }
    }

    fn innermost(&mut self) -> Option<&mut Block> {
        let index = *self.open_blocks.last()?;
        self.blocks.get_mut(index)
    }

    fn add_text(&mut self, span: Span) {
        if span.is_empty() {
            return;
        }
        if self
            .innermost()
            .is_none_or(|b| matches!(b.kind, BlockKind::Item | BlockKind::Quote | BlockKind::List(_)))
        {
            self.push(BlockKind::Prose, span);
            self.in_tight_item = true;
        }
        let tight = self.in_tight_item;
        if let Some(block) = self.innermost() {
            block.content = if block.content.is_empty() { span } else { block.content.join(span) };
            if tight {
                block.span = block.span.join(span);
            }
            if matches!(block.kind, BlockKind::Code(_)) {
                block.masked.push(span);
            }
        }
    }

    fn end_tight(&mut self) {
        if self.in_tight_item {
            self.in_tight_item = false;
            self.pop();
        }
    }

    fn push(&mut self, kind: BlockKind, span: Span) {
        let content = if matches!(kind, BlockKind::List(_) | BlockKind::Item | BlockKind::Quote) {
            span
        } else {
            Span::new(span.start, span.start)
        };
        self.blocks.push(Block {
            kind,
            span,
            content,
            parent: self.open_blocks.last().copied(),
            end: 0,
            masked: Vec::new(),
        });
        self.open_blocks.push(self.blocks.len() - 1);
    }

    fn pop(&mut self) {
        let Some(index) = self.open_blocks.pop() else { return };
        let end = self.blocks.len();
        let Some(block) = self.blocks.get_mut(index) else { return };
        block.end = end;
        let (span, parent) = (block.span, block.parent);
        if let Some(parent) = parent.and_then(|p| self.blocks.get_mut(p)) {
            parent.span = parent.span.join(span);
        }
    }

    fn finish(mut self) -> Outline {
        self.end_tight();
        while !self.open_blocks.is_empty() {
            self.pop();
        }
        Outline { blocks: self.blocks, ..Outline::default() }
    }
}

fn block_kind(tag: &Tag<'_>) -> Option<BlockKind> {
    Some(match tag {
        Tag::Heading { level, .. } => BlockKind::Heading(heading_level(*level)),
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => BlockKind::Code(info.trim().to_owned()),
        Tag::CodeBlock(CodeBlockKind::Indented) => BlockKind::Code(String::new()),
        Tag::List(first) => BlockKind::List(first.is_some()),
        Tag::Item => BlockKind::Item,
        Tag::BlockQuote(_) => BlockKind::Quote,
        Tag::Table(_) => BlockKind::Table,
        Tag::TableHead | Tag::TableRow => BlockKind::Row,
        Tag::TableCell => BlockKind::Cell,
        Tag::HtmlBlock => BlockKind::Html,
        Tag::Emphasis
        | Tag::Strong
        | Tag::Strikethrough
        | Tag::Superscript
        | Tag::Subscript
        | Tag::Link { .. }
        | Tag::Image { .. } => return None,
        _ => BlockKind::Prose,
    })
}

fn heading_level(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<(BlockKind, &str)> {
        let outline = Outline::parse(text);
        outline
            .blocks
            .iter()
            .map(|b| (b.kind.clone(), text.get(b.content.start..b.content.end).unwrap_or("?")))
            .collect()
    }

    #[test]
    fn tight_items_have_text_and_children() {
        let blocks = shape("\u{feff}# T\r\n\r\n- **A**: b\r\n  - c\r\n");
        let kinds: Vec<_> = blocks.iter().map(|b| b.0.clone()).collect();
        assert_eq!(
            kinds,
            [
                BlockKind::Heading(1),
                BlockKind::List(false),
                BlockKind::Item,
                BlockKind::Prose,
                BlockKind::List(false),
                BlockKind::Item,
                BlockKind::Prose
            ]
        );
        assert_eq!(blocks[3].1, "**A**: b");
        assert_eq!(blocks[6].1, "c");
    }

    #[test]
    fn fences_and_comments_contain_no_headings() {
        let text = "- a\n\n  ~~~~\n  # no\n  ~~~~\n\n<!--\n# no\n-->\n\n    # no\n\n# yes <!-- no -->\n";
        let headings = Outline::parse(text)
            .blocks
            .into_iter()
            .filter(|b| matches!(b.kind, BlockKind::Heading(_)))
            .collect::<Vec<_>>();
        assert_eq!(headings.len(), 1);
        assert_eq!(headings[0].masked.len(), 1);
    }
}
