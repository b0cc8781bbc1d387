//! Recovers fences of list items whose lines are indented less than the item.
//!
//! In CommonMark a list item ends at the first line that is indented less than
//! its text, and a fence in the item ends with it. The line that closes the fence
//! for a human reader then opens a new fence, and everything up to the next fence
//! is code. Authors and readers of real documents mean the fence up to its closing
//! line (CHECKS, "Reading what people meant").
//!
//! A recovered fence is replaced by one line of HTML of the same length before
//! the text is parsed again, so that all offsets stay correct.
//!
//! Recovery must not permit anything that CommonMark does not show: gates compare
//! both readings (see [`crate::document::packet`]).

use crate::text::Span;

use super::{Block, BlockKind, Outline};

/// Maximum number of recovered fences in one document; each one costs a parse.
const MAX_RECOVERIES: usize = 32;
/// Maximum length of a document, in bytes, whose fences are recovered.
const MAX_LENGTH: usize = 1024 * 1024;
/// Maximum length of a recovered fence, in lines.
const MAX_LINES: usize = 600;
/// A processing instruction: the shortest HTML block that ends in its own line.
const MARKER: &str = "<??>";

/// A fence that is read up to the closing line that its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// From the opening fence to the end of the closing line.
    pub span: Span,
    /// The opening line, from its fence.
    pub opening: Span,
    /// The first line that is indented less than the list item.
    pub outdented: Span,
    /// Width of the indentation that the lines need, in columns.
    pub indent: usize,
}

/// Parses a text and recovers its fences.
pub(super) fn parse_recovered(text: &str) -> Outline {
    let mut outline = Outline::parse_strict(text);
    if text.len() > MAX_LENGTH {
        return outline;
    }
    let mut masked: Option<String> = None;
    let mut found: Vec<Recovery> = Vec::new();
    while found.len() < MAX_RECOVERIES {
        let start = found.last().map_or(0, |recovery| recovery.span.end);
        let Some(recovery) = find_slip(masked.as_deref().unwrap_or(text), &outline, start) else { break };
        let masked = masked.get_or_insert_with(|| text.to_owned());
        let length = recovery.span.end - recovery.span.start;
        let line = format!("{MARKER:<length$}");
        masked.replace_range(recovery.span.start..recovery.span.end, &line);
        found.push(recovery);
        outline = Outline::parse_strict(masked);
    }
    for recovery in &found {
        let block = outline.blocks.iter_mut();
        let block = block.into_iter().find(|block| {
            block.kind == BlockKind::Html
                && block.span.start <= recovery.span.start
                && block.span.end > recovery.span.start
        });
        if let Some(block) = block {
            restore_code(text, recovery, block);
        }
    }
    outline.recoveries = found;
    outline
}

/// Turns the block that stands for a recovered fence into a code block.
fn restore_code(text: &str, recovery: &Recovery, block: &mut Block) {
    let fence = text.get(recovery.opening.start..recovery.opening.end).unwrap_or("");
    block.kind = BlockKind::Code(fence.trim_start_matches(['`', '~']).trim().to_owned());
    block.span = recovery.span;
    let mut start = recovery.opening.start;
    let mut lines: Vec<Span> = Vec::new();
    for line in text.get(recovery.span.start..recovery.span.end).unwrap_or("").split_inclusive('\n') {
        lines.push(Span::new(start, start + line.len()));
        start += line.len();
    }
    lines.pop();
    lines.drain(..lines.len().min(1));
    let strip = |line: Span| {
        let body = text.get(line.start..line.end).unwrap_or("");
        let spaces = body.bytes().take(recovery.indent).take_while(|byte| *byte == b' ').count();
        Span::new(line.start + spaces, line.end)
    };
    let end = recovery.opening.end;
    block.content = match (lines.first(), lines.last()) {
        (Some(first), Some(last)) => Span::new(strip(*first).start, last.end),
        _ => Span::new(end, end),
    };
    block.masked = lines.into_iter().map(strip).collect();
}

/// A fence line: its character, the number of characters, and whether text
/// follows.
pub(crate) struct FenceLine {
    pub mark: char,
    pub width: usize,
    pub has_info: bool,
}

pub(crate) fn read_fence(line: &str) -> Option<FenceLine> {
    let body = line.trim();
    let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let width = body.chars().take_while(|c| *c == mark).count();
    let info = body.get(width..).unwrap_or("");
    let is_fence = width >= 3 && !(mark == '`' && info.contains('`'));
    is_fence.then_some(FenceLine { mark, width, has_info: !info.is_empty() })
}

/// Returns whether the last line of a code block closes its fence.
pub(crate) fn is_closed_fence(body: &str) -> bool {
    let Some(opening) = body.lines().next().and_then(read_fence) else { return true };
    let body = body.trim_end();
    // In a quote the closing line has the quote's markers.
    let closing = body.lines().last().unwrap_or("").trim_start_matches(['>', ' ', '\t']).trim_end();
    body.contains('\n')
        && closing.chars().all(|c| c == opening.mark)
        && closing.chars().count() >= opening.width
}

/// Finds the first fence at or after `from` that ends with its list item although
/// a later line was meant to close it.
fn find_slip(text: &str, outline: &Outline, from: usize) -> Option<Recovery> {
    let blocks = outline.blocks.iter().filter(|block| block.span.start >= from);
    let mut code = blocks.filter(|block| matches!(block.kind, BlockKind::Code(_)));
    code.find_map(|block| read_slip(text, outline, block))
}

fn read_slip(text: &str, outline: &Outline, block: &Block) -> Option<Recovery> {
    let item = block.parent.filter(|item| is_in_list_only(outline, *item))?;
    let body = text.get(block.span.start..block.span.end)?;
    let opening = read_fence(body.lines().next()?)?;
    if is_closed_fence(body) {
        return None;
    }
    let start = block.span.start + (body.len() - body.trim_start().len());
    let opening_end = line_end(text, start);
    // The first line after the block is not indented enough.
    let mut at = block.span.start + body.trim_end().len();
    at = line_end(text, at) + 1;
    let mut outdented: Option<Span> = None;
    for _ in 0..MAX_LINES {
        let line = text.get(at..line_end(text, at)).filter(|_| at < text.len())?;
        let span = Span::new(at, at + line.len());
        if outdented.is_none() && !line.trim().is_empty() {
            outdented = Some(span);
        }
        let closes = read_fence(line).is_some_and(|fence| {
            fence.mark == opening.mark && fence.width >= opening.width && !fence.has_info
        });
        if closes {
            let swallows = outline.blocks.iter().find(|other| {
                matches!(other.kind, BlockKind::Code(_))
                    && span.start <= other.span.start
                    && other.span.start < span.end
            })?;
            let indent = indent_of(text, outline, item);
            return is_suspicious(text, swallows, indent).then(|| Recovery {
                span: Span::new(start, span.start + line.trim_end().len()),
                opening: Span::new(start, opening_end),
                outdented: outdented.unwrap_or(span),
                indent,
            });
        }
        at = span.end + 1;
    }
    None
}

/// Returns whether all containers of a block are lists.
pub(super) fn is_in_list_only(outline: &Outline, index: usize) -> bool {
    let mut above = Some(index);
    while let Some(block) = above.and_then(|index| outline.get(index)) {
        if !matches!(block.kind, BlockKind::Item | BlockKind::List(_)) {
            return false;
        }
        above = block.parent;
    }
    true
}

/// Returns the column of an item's text: that of its first block.
fn indent_of(text: &str, outline: &Outline, item: usize) -> usize {
    let first = outline.children(Some(item)).next().and_then(|child| outline.get(child));
    let start = first.map_or(0, |block| block.span.start);
    let before = text.get(..start).unwrap_or("");
    let line = before.rfind('\n').map_or(before, |at| before.get(at + 1..).unwrap_or(""));
    line.chars().count()
}

/// Returns whether a code block is only the consequence of a slip above it: it is
/// not closed, it is empty, or it contains text that nobody puts into a fence: a
/// heading, the start of another fence, or an item of the enclosing list.
fn is_suspicious(text: &str, block: &Block, indent: usize) -> bool {
    let body = text.get(block.span.start..block.span.end).unwrap_or("");
    if !is_closed_fence(body) {
        return true;
    }
    let count = body.trim_end().lines().count();
    let mut inner = body.lines().skip(1).take(count.saturating_sub(2)).peekable();
    inner.peek().is_none()
        || inner.any(|line| {
            let plain = line.trim_start();
            let is_item = line.len() - plain.len() < indent.max(1)
                && (plain.starts_with("- ") || plain.starts_with("* "));
            is_item
                || line.starts_with("# ")
                || line.starts_with("##")
                || read_fence(line).is_some_and(|fence| fence.has_info)
        })
}

/// Returns the offset of the end of the line that contains `at`.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(text: &str) -> Vec<&str> {
        let outline = Outline::parse(text);
        let found = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Heading(_)));
        found.map(|block| text.get(block.content.start..block.content.end).unwrap_or("")).collect()
    }

    fn code(text: &str) -> Vec<&str> {
        let outline = Outline::parse(text);
        let found = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_)));
        found.map(|block| text.get(block.content.start..block.content.end).unwrap_or("")).collect()
    }

    #[test]
    fn an_outdented_line_does_not_end_the_fence_of_its_item() {
        let text = "- RUN:\n  ```bash\ncargo build\n  cargo test\n  ```\n- MAP:\n  - a\n\n## NEXT\n```\nx\n```\n## LAST\n";
        assert_eq!(headings(text), ["NEXT", "LAST"]);
        assert_eq!(code(text), ["cargo build\n  cargo test\n", "x\n"]);
        let outline = Outline::parse(text);
        let recovery = &outline.recoveries[0];
        assert_eq!(text.get(recovery.outdented.start..recovery.outdented.end), Some("cargo build"));
        assert_eq!(recovery.indent, 2);
        let strict = Outline::parse_strict(text);
        let mut strict_headings = strict.blocks.iter().filter(|block| block.kind == BlockKind::Heading(2));
        assert!(
            strict_headings.all(|block| text.get(block.content.start..block.content.end) == Some("LAST"))
        );
    }

    #[test]
    fn headings_crlf_and_outdented_closing_fences_are_recovered() {
        let text = "- E:\r\n  ```text\r\n### 2.2 X\r\n  y\r\n```\r\n\r\n## SCOPE\r\n- a\r\n";
        assert_eq!(headings(text), ["SCOPE"]);
        assert_eq!(code(text), ["### 2.2 X\r\n  y\r\n"]);
    }

    #[test]
    fn several_slips_are_recovered_and_closed_fences_are_not_touched() {
        let slip = "- A:\n  ```bash\nx\n  ```\n- B: y\n\n";
        let text = format!("{slip}## ONE\n{slip}## TWO\n```\n## no\n```\n");
        assert_eq!(headings(&text), ["ONE", "TWO"]);
        for text in [
            "- A:\n  ```\n  x\n  ```\n\n## B\n",
            "- A:\n  ```\n  x\n\n## B\n```\ncode\n```\n## C\n",
            "- A:\n  ```\n  never closed\n",
            "```\n- a\n  ```\n",
        ] {
            assert!(Outline::parse(text).recoveries.is_empty(), "{text}");
        }
    }
}
