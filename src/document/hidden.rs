//! Parts of a document that a code block or a comment hides.
//!
//! A fence without its closing line ends at the next fence, and the headings between them
//! are code. A reader sees them, and no check does.

use std::collections::HashSet;

use crate::text::Span;

use super::field::normalize_key;
use super::outline::recovery::{is_closed_fence, read_fence};
use super::outline::{Block, BlockKind, Outline};
use super::section::normalize_title;
use super::template::{known_headings, known_labels};

/// Maximum number of hidden parts that are listed of one block.
const MAX_PARTS: usize = 500;

/// Keys of the headings of contracts, which have no template.
const CONTRACT_HEADINGS: [&str; 3] = ["GOAL", "TASKS", "ACCEPTANCE_CRITERIA"];

/// A code block or a comment with headings or labels of a document in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HidingBlock {
    /// The whole block.
    pub span: Span,
    /// The line that opens it.
    pub opening: Span,
    /// Whether it is a comment; otherwise it is a fence.
    pub is_comment: bool,
    /// The hidden parts in order: their keys, and the lines of their headings or labels.
    pub parts: Vec<(String, Span)>,
    /// Keys of the parts that are headings.
    pub headings: Vec<String>,
    /// Text that ends the block if it is inserted before the first part; `None` if the
    /// block is closed.
    pub closing: Option<String>,
}

impl HidingBlock {
    /// Returns whether the block hides a section or a field of this key.
    pub(crate) fn hides(&self, key: &str) -> bool {
        self.parts.iter().any(|(hidden, _)| hidden == key)
    }

    /// Returns whether a span is in the block, below its first hidden part.
    pub(crate) fn hides_span(&self, span: Span) -> bool {
        let first = self.parts.first().map_or(self.span.end, |(_, span)| span.start);
        first <= span.start && span.end <= self.span.end
    }
}

/// Returns whether the document ends in a fence or comment that is not closed: what is added
/// at its end would be hidden.
pub(crate) fn ends_open(text: &str, outline: &Outline) -> bool {
    let last = outline.blocks.iter().max_by_key(|block| (block.span.end, block.span.start));
    last.is_some_and(|block| {
        let body = text.get(block.span.start..block.span.end).unwrap_or("");
        match block.kind {
            BlockKind::Html => body.trim_start().starts_with("<!--") && !body.contains("-->"),
            BlockKind::Code(_) => !is_closed_fence(body),
            _ => false,
        }
    })
}

/// Finds the blocks that hide parts of a document.
pub(crate) fn find_hiding_blocks(text: &str, outline: &Outline) -> Vec<HidingBlock> {
    let known: HashSet<&str> = known_headings().chain(known_labels()).chain(CONTRACT_HEADINGS).collect();
    let is_recovered = |span: Span| outline.recoveries.iter().any(|recovery| recovery.span == span);
    let blocks = outline.blocks.iter().filter(|block| !is_recovered(block.span));
    blocks.filter_map(|block| read_block(text, block, &known)).collect()
}

fn read_block(text: &str, block: &Block, known: &HashSet<&str>) -> Option<HidingBlock> {
    let body = text.get(block.span.start..block.span.end)?;
    let is_comment = block.kind == BlockKind::Html && body.trim_start().starts_with("<!--");
    if !is_comment && !matches!(block.kind, BlockKind::Code(_)) {
        return None;
    }
    let fence = body.lines().next().and_then(read_fence);
    if !is_comment && fence.is_none() {
        return None;
    }
    let mut parts: Vec<(String, Span)> = Vec::new();
    let mut headings: Vec<String> = Vec::new();
    let mut has_inner_opening = false;
    let mut at = block.span.start;
    let mut opening = Span::new(at, at);
    for (number, line) in body.split_inclusive('\n').enumerate() {
        let span = Span::new(at + (line.len() - line.trim_start().len()), at + line.trim_end().len());
        at += line.len();
        if number == 0 {
            opening = span;
            continue;
        }
        if let Some(key) = read_key(line.trim(), known).filter(|_| parts.len() < MAX_PARTS) {
            headings.extend(line.trim_start().starts_with('#').then(|| key.clone()));
            parts.push((key, span));
        }
        // A line with an info string opens a fence, so the block was not meant to include it.
        has_inner_opening |= !parts.is_empty() && read_fence(line).is_some_and(|fence| fence.has_info);
    }
    // A comment of a shell looks like a heading.
    let is_markdown = matches!(info_of(body).as_str(), "" | "text" | "txt" | "md" | "markdown");
    let is_program = !is_comment && !is_markdown && !has_inner_opening && is_closed_fence(body);
    if parts.is_empty() || is_program {
        return None;
    }
    let closing = if is_comment {
        (!body.contains("-->")).then(|| "-->".to_owned())
    } else {
        let is_open = has_inner_opening || !is_closed_fence(body);
        fence.filter(|_| is_open).map(|fence| fence.mark.to_string().repeat(fence.width))
    };
    Some(HidingBlock { span: block.span, opening, is_comment, parts, headings, closing })
}

/// Returns the first word after the marks of an opening line, in lower case.
fn info_of(body: &str) -> String {
    let line = body.lines().next().unwrap_or("").trim().trim_start_matches(['`', '~']);
    line.split_whitespace().next().unwrap_or("").to_lowercase()
}

/// Reads the key of a heading, or of a label of a list item, that templates have.
fn read_key(line: &str, known: &HashSet<&str>) -> Option<String> {
    let key = if line.starts_with('#') {
        normalize_title(line.trim_start_matches('#'))
    } else {
        let label = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))?;
        normalize_key(label.split_once(':')?.0.trim_matches('*'))
    };
    known.contains(key.as_str()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<(Vec<String>, Option<String>)> {
        let found = find_hiding_blocks(text, &Outline::parse(text));
        let keys = |block: HidingBlock| block.parts.into_iter().map(|(key, _)| key).collect();
        found.into_iter().map(|block| (keys(block.clone()), block.closing)).collect()
    }

    #[test]
    fn a_fence_that_ends_at_the_next_one_hides_what_is_between_them() {
        let text = "### TEST_PLAN\n```bash\npytest\n### DONE_MEANS\n- a\n### ROLLBACK_HINT\n```bash\ngit revert\n```\n";
        let parts = vec!["DONE_MEANS".to_owned(), "ROLLBACK_HINT".to_owned()];
        assert_eq!(hidden(text), [(parts, Some("```".to_owned()))]);
    }

    #[test]
    fn comments_and_closed_fences_hide_too_and_ordinary_code_hides_nothing() {
        assert_eq!(hidden("<!--\n## VALIDATION\nx\n"), [(vec!["VALIDATION".into()], Some("-->".into()))]);
        assert_eq!(hidden("~~~~\n## EVIDENCE\n~~~~\n"), [(vec!["EVIDENCE".into()], None)]);
        assert_eq!(hidden("```bash\n# Evidence\ncargo test\n```\n"), []);
        assert_eq!(hidden("```\n# comment of a shell\n- plain: item\n```\n\n    ## SCOPE\n"), []);
    }
}
