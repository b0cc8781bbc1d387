//! Ends a list at a labelled line without indentation.
//!
//! In CommonMark such a line continues the paragraph of the last item ("lazy
//! continuation"), and the items after it belong to the same list. People mean that a
//! label ends the list before it (CHECKS, "Reading what people meant"):
//!
//! ```text
//! NOT_PROVEN:
//! - NONE
//! CLAUSES_REVIEWED:
//! - 2.2
//! ```
//!
//! Only labels in capitals with an underscore count. As with recovered fences, gates
//! compare both readings (see [`crate::document::packet`]).

use crate::text::Span;

use super::{Block, BlockKind, Outline};

/// Maximum length of a document, in bytes, whose labels end lists.
const MAX_LENGTH: usize = 1024 * 1024;

/// Ends lists at labelled lines. The time is linear in the number of blocks and their depth.
pub(super) fn split_lazy_labels(text: &str, outline: Outline) -> Outline {
    if text.len() > MAX_LENGTH {
        return outline;
    }
    let splits: Vec<(usize, usize)> = outline
        .blocks
        .iter()
        .enumerate()
        .filter_map(|(index, block)| Some((index, find_label(text, &outline, block)?)))
        .collect();
    if splits.is_empty() {
        return outline;
    }
    let recoveries = outline.recoveries;
    let mut rebuilt = Rebuild::new(outline.blocks);
    let mut next = splits.into_iter().peekable();
    let mut labels = Vec::new();
    for index in 0..rebuilt.old.len() {
        rebuilt.copy(index);
        if let Some((_, at)) = next.next_if(|(block, _)| *block == index) {
            labels.extend(rebuilt.split(text, index, at));
        }
    }
    Outline { blocks: rebuilt.finish(), recoveries, split_labels: labels }
}

/// Returns the offset of the first labelled line without indentation that is not the first
/// line of an item's paragraph.
fn find_label(text: &str, outline: &Outline, block: &Block) -> Option<usize> {
    let parent = block.parent.filter(|_| block.kind == BlockKind::Prose)?;
    let body = text.get(block.content.start..block.content.end)?;
    // Most paragraphs have one line.
    let mut at = block.content.start + body.find('\n')? + 1;
    let is_hidden = |at: usize| block.masked.iter().any(|span| span.start <= at && at < span.end);
    let found = loop {
        let line = text.get(at..block.content.end)?.split('\n').next()?;
        if is_label(line) && text.get(..at)?.ends_with('\n') && !is_hidden(at) {
            break at;
        }
        at += line.len() + 1;
        if at >= block.content.end {
            return None;
        }
    };
    super::recovery::is_in_list_only(outline, parent).then_some(found)
}

/// Returns whether a line begins with a label in capitals with an underscore:
/// `OUT_OF_SCOPE:`, `**NOT_PROVEN:** NONE`.
pub(crate) fn is_label(line: &str) -> bool {
    let body = line.strip_prefix("**").unwrap_or(line);
    let length =
        body.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    let (name, rest) = body.split_at(length);
    let rest = rest.strip_prefix("**").unwrap_or(rest);
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.trim_matches('_').contains('_');
    let after = rest.strip_prefix(':').map(|rest| rest.strip_prefix("**").unwrap_or(rest));
    is_name && after.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// The blocks while they are copied.
struct Rebuild {
    old: Vec<Block>,
    new: Vec<Block>,
    /// New index of each old block that was copied.
    copied: Vec<usize>,
    /// Old lists and items that a label ended.
    ended: Vec<bool>,
    /// The new list for further items of an old list that a label ended.
    continued: Vec<Option<usize>>,
}

impl Rebuild {
    fn new(old: Vec<Block>) -> Self {
        let count = old.len();
        Self {
            new: Vec::with_capacity(count + 8),
            copied: Vec::with_capacity(count),
            ended: vec![false; count],
            continued: vec![None; count],
            old,
        }
    }

    fn copy(&mut self, index: usize) {
        let Some(mut block) = self.old.get(index).cloned() else { return };
        block.parent = block.parent.and_then(|parent| self.new_parent(parent, &block));
        self.copied.push(self.new.len());
        self.new.push(block);
    }

    /// Returns the new index of a parent; `None` for the top level.
    fn new_parent(&mut self, parent: usize, child: &Block) -> Option<usize> {
        if !self.ended.get(parent).copied().unwrap_or(false) {
            return self.copied.get(parent).copied();
        }
        let kind = self.old.get(parent).map(|block| block.kind.clone())?;
        if !matches!(kind, BlockKind::List(_)) {
            return None;
        }
        if let Some(list) = self.continued.get(parent).copied().flatten() {
            if let Some(block) = self.new.get_mut(list) {
                block.span = block.span.join(child.span);
                block.content = block.span;
            }
            return Some(list);
        }
        let list = self.new.len();
        let (span, masked) = (child.span, Vec::new());
        self.new.push(Block { kind, span, content: span, parent: None, end: 0, masked });
        if let Some(continued) = self.continued.get_mut(parent) {
            *continued = Some(list);
        }
        Some(list)
    }

    /// Ends the lists of the block that was copied last at an offset. Returns the span from
    /// the start of the block to the end of the label's line.
    fn split(&mut self, text: &str, index: usize, at: usize) -> Option<Span> {
        let block = self.new.last_mut()?;
        let (start, end) = (block.span.start, block.content.end);
        let before = text.get(start..at)?.trim_end().len();
        let own_end = start + before;
        let masked = block.masked.iter().filter(|span| span.start >= at).copied().collect();
        block.masked.retain(|span| span.start < at);
        block.span.end = own_end;
        block.content.end = own_end.max(block.content.start);
        let mut above = self.old.get(index)?.parent;
        while let Some(old) = above {
            let (is_ended, list) = (self.ended.get_mut(old)?, self.continued.get_mut(old)?);
            for new in [self.copied.get(old).copied(), list.take()].into_iter().flatten() {
                if let Some(block) = self.new.get_mut(new)
                    && block.span.start < at
                {
                    block.span.end = block.span.end.min(own_end);
                    block.content.end = block.content.end.min(own_end);
                }
            }
            *is_ended = true;
            above = self.old.get(old)?.parent;
        }
        let span = Span::new(at, end);
        self.new.push(Block { kind: BlockKind::Prose, span, content: span, parent: None, end: 0, masked });
        let line = text.get(at..end)?.split('\n').next()?.trim_end();
        Some(Span::new(start, at + line.len()))
    }

    /// Computes the ends of all blocks.
    fn finish(mut self) -> Vec<Block> {
        let mut ends: Vec<usize> = (1..=self.new.len()).collect();
        for index in (0..self.new.len()).rev() {
            let own = ends.get(index).copied().unwrap_or(index + 1);
            if let Some(parent) = self.new.get(index).and_then(|block| block.parent)
                && let Some(end) = ends.get_mut(parent)
            {
                *end = own.max(*end);
            }
        }
        for (block, end) in self.new.iter_mut().zip(ends) {
            block.end = end;
        }
        self.new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each block as its depth, kind and text.
    fn shape(text: &str) -> Vec<(usize, &'static str, String)> {
        let outline = Outline::parse(text);
        let depth = |index: usize| {
            let mut above = outline.get(index).and_then(|block| block.parent);
            let mut depth = 0;
            while let Some(parent) = above {
                depth += 1;
                above = outline.get(parent).and_then(|block| block.parent);
            }
            depth
        };
        let blocks = outline.blocks.iter().enumerate();
        let shown = blocks.filter_map(|(index, block)| {
            let kind = match block.kind {
                BlockKind::Prose => "text",
                BlockKind::List(_) => "list",
                _ => return None,
            };
            let body = if kind == "text" { text.get(block.content.start..block.content.end)? } else { "" };
            Some((depth(index), kind, body.to_owned()))
        });
        shown.collect()
    }

    fn texts(text: &str) -> Vec<(usize, String)> {
        let all = shape(text).into_iter().filter(|(_, kind, _)| *kind == "text");
        all.map(|(depth, _, body)| (depth, body)).collect()
    }

    #[test]
    fn a_label_ends_the_list_before_it() {
        let own = |depth: usize, text: &str| (depth, text.to_owned());
        assert_eq!(
            texts("NOT_PROVEN:\n- NONE\nCLAUSES_REVIEWED:\n- 2.2\n- 2.3\n"),
            [
                own(0, "NOT_PROVEN:"),
                own(2, "NONE"),
                own(0, "CLAUSES_REVIEWED:"),
                own(2, "2.2"),
                own(2, "2.3")
            ]
        );
        assert_eq!(
            texts("- A:\n  - x\n  - y\nOUT_OF_SCOPE:\n  - z\n- w\nMORE_TEXT: v\nand more\n- u\n"),
            [
                own(2, "A:"),
                own(4, "x"),
                own(4, "y"),
                own(0, "OUT_OF_SCOPE:"),
                own(2, "z"),
                own(2, "w"),
                own(0, "MORE_TEXT: v\nand more"),
                own(2, "u"),
            ]
        );
        let outline = Outline::parse("- a\n- b\nOUT_OF_SCOPE:\n- c\n");
        assert_eq!(outline.split_labels.len(), 1);
        let lists: Vec<usize> =
            outline.children(None).map(|index| outline.items(None).count() + index).collect();
        assert_eq!(lists.len(), 3);
        assert_eq!(outline.items(None).count(), 3);
    }

    #[test]
    fn other_lines_continue_the_item() {
        for text in [
            "- a\nNOTE: b\n- c\n",
            "- a\n  OUT_OF_SCOPE:\n- c\n",
            "- a\nOUT_OF_SCOPE\n- c\n",
            "- a\nOut_of_scope: x\n",
            "> - a\nOUT_OF_SCOPE:\n",
            "- a\nA_B:c\n",
            "- a <!-- x\nOUT_OF_SCOPE:\n-->\n- c\n",
        ] {
            let outline = Outline::parse(text);
            assert!(outline.split_labels.is_empty(), "{text:?}");
            assert_eq!(outline, Outline::parse_strict(text), "{text:?}");
        }
        let blank = "- a\n\nOUT_OF_SCOPE:\n\n- c\n";
        assert_eq!(texts(blank), texts("- a\nOUT_OF_SCOPE:\n- c\n"));
    }

    #[test]
    fn many_labels_take_linear_time() {
        let text = "- a\nOUT_OF_SCOPE:\n".repeat(40_000);
        let start = std::time::Instant::now();
        assert_eq!(Outline::parse(&text).split_labels.len(), 40_000);
        assert!(start.elapsed().as_secs() < 20);
    }
}
