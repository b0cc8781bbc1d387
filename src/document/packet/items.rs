//! All texts of a deciding field, whatever Markdown construct holds them.
//!
//! Every item of a section that decides a verdict is read or is a finding (PRODUCT,
//! promise 3). A reader takes the forms that it knows; the rest of the texts is
//! reported at its line.

use std::ops::Range;

use crate::document::Fault;
pub(super) use crate::document::field::strip_box;
use crate::document::is_placeholder;
use crate::document::outline::{BlockKind, Outline};
use crate::text::{Span, Spanned, to_single_line};

/// Rule that reports the items that were not read.
const RULE: &str = "packet/unread-item";

/// The construct that holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextForm {
    /// The first paragraph of a list item, at any depth.
    Item,
    /// A further paragraph of a list item.
    ItemParagraph,
    /// A paragraph outside of lists.
    Paragraph,
    /// Fenced or indented code.
    Code,
    /// A cell of a table.
    Cell,
    /// HTML that is not a comment.
    Html,
    /// A heading below the heading of the field.
    Heading,
}

/// One text of a field.
#[derive(Debug, Clone)]
pub(super) struct FieldText {
    /// The text without inline comments, trimmed.
    pub text: Spanned<String>,
    /// The construct that holds it.
    pub form: TextForm,
    /// Index of its block.
    pub block: usize,
}

impl FieldText {
    /// Returns whether the text is not content: empty, an instruction of the template
    /// in parentheses, or a statement that there is nothing.
    pub(super) fn is_empty_statement(&self) -> bool {
        let text = self.text.value.trim_matches(['*', '`', '_', ' ']);
        let lower = text.trim_end_matches('.').to_lowercase();
        text.is_empty()
            || !text.chars().any(char::is_alphanumeric)
            || (text.starts_with('(') && text.ends_with(')'))
            || matches!(lower.as_str(), "none" | "n/a" | "not applicable")
    }

    /// Returns whether the text is the lines of `<details>` and a summary in plain words, and
    /// nothing else. What could be a command is no plain word.
    pub(super) fn is_disclosure(&self) -> bool {
        let mut rest = self.text.value.trim();
        let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " ,:?!()'".contains(c));
        while !rest.is_empty() {
            let Some((tag, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
                return false;
            };
            let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
            rest = match name.to_ascii_lowercase().as_str() {
                "details" => after.trim_start(),
                "summary" if tag.starts_with('/') => after.trim_start(),
                "summary" => match after.split_once("</summary>") {
                    Some((summary, after)) if is_plain(summary) => after.trim_start(),
                    _ => return false,
                },
                _ => return false,
            };
        }
        true
    }

    /// Returns whether the text introduces what follows it: it ends with a colon.
    pub(super) fn is_introduction(&self) -> bool {
        self.text.value.trim_end_matches(['*', '_', '`', ' ']).ends_with(':')
    }

    /// Reports the text.
    pub(super) fn fault(&self, field: &str, why: &str) -> Fault {
        let shown = to_single_line(&self.text.value, 60);
        Fault {
            rule: RULE,
            message: format!("`{shown}` in {field} is not read: {why}"),
            span: first_line(&self.text),
        }
    }

    /// Reports the text if the two characters `\\n` join it with further items: a script wrote
    /// them instead of a line end, and only the first item is read.
    pub(super) fn joined_fault(&self, field: &str) -> Option<Fault> {
        let mut after = self.text.value.split("\\n").skip(1).map(str::trim_start);
        let is_item =
            |rest: &str| rest.starts_with("- ") || rest.starts_with("* ") || rest.starts_with("## ");
        after.any(is_item).then(|| self.fault(field, "the characters `\\n` join several items"))
    }

    /// Reports the text if it is a placeholder of the template.
    pub(super) fn placeholder_fault(&self, field: &str) -> Option<Fault> {
        let is_reported_elsewhere = self.text.value.contains("<fill");
        (is_placeholder(&self.text.value) && !self.text.value.is_empty() && !is_reported_elsewhere)
            .then(|| self.fault(field, "it is a placeholder of the template"))
    }
}

/// Reports the texts of `WAIVERS GRANTED` that look like waivers and are not items: a line
/// with bars in a paragraph or directly below an item, and the first row of a table.
pub(super) fn find_unread_waivers(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<Fault> {
    let mut out = Vec::new();
    let mut last_table = None;
    for found in texts_in(text, outline, blocks) {
        let table = |index: usize| {
            let row = outline.get(index).and_then(|cell| cell.parent)?;
            Some((row, outline.get(row)?.parent?))
        };
        match found.form {
            TextForm::Cell => {
                // The first row is the head.
                let Some((row, table)) = table(found.block).filter(|(row, table)| *row > table + 1) else {
                    continue;
                };
                if last_table.replace(table) != Some(table) && !found.is_empty_statement() {
                    let cells = outline.children(Some(row)).filter_map(|cell| outline.get(cell));
                    let cells: Vec<&str> =
                        cells.filter_map(|cell| text.get(cell.content.start..cell.content.end)).collect();
                    let text = Spanned::new(cells.join(" | "), found.text.span);
                    out.push(FieldText { text, ..found }.fault("WAIVERS GRANTED", "a waiver is a list item"));
                }
            }
            TextForm::Paragraph | TextForm::Item => {
                let mut at = found.text.span.start;
                for (number, line) in found.text.value.split_inclusive('\n').enumerate() {
                    let body = line.trim();
                    let is_own = found.form == TextForm::Paragraph || number > 0;
                    let is_waiver = body.matches('|').count() > 1 && !body.starts_with('|');
                    // A line with an indentation continues the item above.
                    let is_below = text.get(at..).is_some_and(|rest| !rest.starts_with(char::is_whitespace));
                    if is_own && is_waiver && is_below {
                        let own = Spanned::new(body.to_owned(), Span::new(at, at + body.len()));
                        let own = FieldText { text: own, ..found.clone() };
                        out.push(own.fault("WAIVERS GRANTED", "a waiver is a list item"));
                    }
                    at += line.len();
                }
            }
            _ => {}
        }
    }
    out
}

fn first_line(text: &Spanned<String>) -> Span {
    let length = text.value.lines().next().map_or(0, str::len);
    Span::new(text.span.start, (text.span.start + length).min(text.span.end))
}

/// Returns all texts in a range of blocks, in order.
pub(super) fn texts_in(text: &str, outline: &Outline, range: Range<usize>) -> Vec<FieldText> {
    let mut out = Vec::new();
    for index in range {
        let Some(block) = outline.get(index) else { break };
        let form = match &block.kind {
            BlockKind::Prose => form_of_paragraph(outline, index, block.parent),
            BlockKind::Code(_) => TextForm::Code,
            BlockKind::Cell => TextForm::Cell,
            BlockKind::Html => TextForm::Html,
            BlockKind::Heading(_) => TextForm::Heading,
            _ => continue,
        };
        let (raw, span) = if form == TextForm::Code {
            (text.get(block.content.start..block.content.end).unwrap_or("").to_owned(), block.content)
        } else if form == TextForm::Html {
            (text.get(block.span.start..block.span.end).unwrap_or("").to_owned(), block.span)
        } else {
            (outline.prose_lines(text, index).into_iter().map(|line| line.text).collect(), block.content)
        };
        let body = raw.trim();
        if form == TextForm::Html && is_only_comments(body) {
            continue;
        }
        let at = span.start + raw.find(body).unwrap_or(0);
        out.push(FieldText {
            text: Spanned::new(body.to_owned(), Span::new(at, at + body.len())),
            form,
            block: index,
        });
    }
    out
}

fn form_of_paragraph(outline: &Outline, index: usize, parent: Option<usize>) -> TextForm {
    let mut above = parent;
    while let Some(block) = above.and_then(|index| outline.get(index)) {
        if block.kind == BlockKind::Item {
            let item = above.unwrap_or(index);
            return if outline.item_prose(item) == Some(index) {
                TextForm::Item
            } else {
                TextForm::ItemParagraph
            };
        }
        above = block.parent;
    }
    TextForm::Paragraph
}

fn is_only_comments(html: &str) -> bool {
    let mut rest = html.trim();
    while let Some(inner) = rest.strip_prefix("<!--") {
        let Some(end) = inner.find("-->") else { return true };
        rest = inner.get(end + 3..).unwrap_or("").trim();
    }
    rest.is_empty()
}

/// Returns the texts in backticks; a run of backticks ends at a run of the same length.
pub(super) fn code_spans(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let tail = rest.get(at..).unwrap_or("");
        let ticks = tail.len() - tail.trim_start_matches('`').len();
        let (fence, inner) = tail.split_at(ticks);
        let mut from = 0;
        let close = loop {
            let Some(found) = inner.get(from..).and_then(|rest| rest.find(fence)) else { break None };
            let start = from + found;
            let run = inner.get(start..).map_or(0, |rest| rest.len() - rest.trim_start_matches('`').len());
            if run == ticks {
                break Some(start);
            }
            from = start + run;
        };
        match close {
            Some(close) => {
                out.extend(inner.get(..close).filter(|span| !is_placeholder(span)));
                rest = inner.get(close + ticks..).unwrap_or("");
            }
            None => rest = inner,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_construct_gives_a_text() {
        let text =
            "- a\n\n  b\n- > c\n\nd\n\n> - e\n\n| f |\n|---|\n| g |\n\n    h\n\n<p>i</p>\n\n<!-- no -->\n";
        let outline = Outline::parse(text);
        let all = texts_in(text, &outline, 0..outline.blocks.len());
        let found: Vec<(&str, TextForm)> = all.iter().map(|t| (t.text.value.as_str(), t.form)).collect();
        assert_eq!(
            found,
            [
                ("a", TextForm::Item),
                ("b", TextForm::ItemParagraph),
                ("c", TextForm::ItemParagraph),
                ("d", TextForm::Paragraph),
                ("e", TextForm::Item),
                ("f", TextForm::Cell),
                ("g", TextForm::Cell),
                ("h", TextForm::Code),
                ("<p>i</p>", TextForm::Html),
            ]
        );
    }

    #[test]
    fn boxes_with_any_mark_are_decoration() {
        for text in ["[ ] a", "[x] a", "[v] a", "[] a", "[\u{445}] a", "a"] {
            assert_eq!(strip_box(text), "a", "{text}");
        }
        for text in ["[a](b)", "[note] a", "[x]a"] {
            assert_eq!(strip_box(text), text);
        }
    }
}
