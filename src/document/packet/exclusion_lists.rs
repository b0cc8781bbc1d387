//! The lists of paths out of scope: below a heading, behind a label, in a table or in HTML.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::document::exclusion::{
    Certainty, ExclusionLabel, exclusion_key, exclusion_title, find_exclusion_label,
};
use crate::document::field::Field;
use crate::document::outline::lazy_label::is_label;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::text::{Span, Spanned, trim_spanned};

use super::excluded::without_tags;
use super::exclusion_regions::{ListRegion, OTHER_PARTS, Regions, is_record};

/// A list of exclusions.
#[derive(Debug, Clone)]
pub(super) struct ExclusionList {
    /// Index of the block with its label or heading.
    pub block: usize,
    /// The value behind its label.
    pub inline: Option<Spanned<String>>,
    /// Whether each line of the value is read on its own.
    pub has_lines: bool,
    /// The blocks that belong to it.
    pub blocks: Vec<Range<usize>>,
    /// Whether its words can only forbid changes, also among criteria.
    pub is_clear: bool,
}

/// Reads where the packet lists paths out of scope.
pub(super) struct ExclusionReader<'t> {
    text: &'t str,
    outline: &'t Outline,
    sections: &'t [Section],
    regions: Regions<'t>,
    /// Starts of the labels of fields, by block.
    starts: HashMap<usize, Vec<usize>>,
    /// Paragraphs that begin with a label.
    labelled: HashSet<usize>,
    /// The blocks whose followers were read, and whether they had entries of their own.
    followed: HashSet<(usize, bool)>,
    /// Labels of lists that are not read.
    skipped: Vec<Span>,
}

impl<'t> ExclusionReader<'t> {
    pub(super) fn new(text: &'t str, outline: &'t Outline, sections: &'t [Section], all: &[Field]) -> Self {
        let mut starts: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut labelled = HashSet::new();
        for field in all {
            starts.entry(field.block).or_default().push(field.label.start);
            let start = outline.get(field.block).map_or(0, |block| block.content.start);
            let name = text.get(field.label.start..field.label.end).unwrap_or("");
            let before = text.get(start..field.label.start).unwrap_or("");
            // `src/a.rs: frozen` is a path.
            let is_first = !before.contains(char::is_alphanumeric) && !name.contains(['/', '.']);
            if is_first && !LIST_WORDS.contains(&field.key.as_str()) {
                labelled.insert(field.block);
            }
        }
        Self {
            text,
            outline,
            sections,
            regions: Regions::new(sections),
            starts,
            labelled,
            followed: HashSet::new(),
            skipped: Vec::new(),
        }
    }

    /// Finds all lists of exclusions, and the labels of those that are not read because a section
    /// of the work contains them.
    pub(super) fn find(mut self) -> (Vec<ExclusionList>, Vec<Span>) {
        let mut out = self.below_headings();
        let titles = self.sections.iter().enumerate().filter(|(index, section)| {
            self.regions.above(*index) == ListRegion::CutOut
                && exclusion_key(&section.key) == Some(Certainty::Clear)
        });
        self.skipped = titles.map(|(_, section)| section.title.span).collect();
        let labels = self.labels();
        self.labelled.extend(labels.iter().map(|(block, ..)| *block));
        let next: Vec<Option<usize>> =
            labels.iter().skip(1).map(|(block, ..)| Some(*block)).chain([None]).collect();
        for ((index, label, value), next) in labels.into_iter().zip(next) {
            // What follows a block belongs to its last label.
            out.push(self.list_of_label(index, label, value, next != Some(index)));
        }
        out.extend(self.in_tables());
        (out, self.skipped)
    }

    fn below_headings(&self) -> Vec<ExclusionList> {
        let is_list = |index: usize, section: &Section| {
            let above = self.regions.above(index);
            (section.key == "OUT_OF_SCOPE" && above != ListRegion::CutOut)
                || exclusion_key(&section.key).is_some_and(|certainty| above.counts(certainty, false))
        };
        let mut out = Vec::new();
        for (index, section) in self.sections.iter().enumerate().filter(|(index, s)| is_list(*index, s)) {
            let mut blocks = vec![section.own_blocks.clone()];
            let later = self.sections.iter().enumerate().skip(index + 1);
            for (other, part) in later.take_while(|(_, part)| section.blocks.contains(&part.heading)) {
                let is_other = OTHER_PARTS.contains(&part.key.as_str()) || is_record(part);
                // The sections below a title are no part of it.
                if section.level > 1 && !is_other && !is_list(other, part) {
                    blocks.push(part.own_blocks.clone());
                }
            }
            out.push(ExclusionList {
                block: section.heading,
                inline: None,
                has_lines: false,
                blocks,
                is_clear: true,
            });
        }
        out
    }

    /// Returns the labels of exclusions, each with the index of its block and its value.
    fn labels(&mut self) -> Vec<(usize, ExclusionLabel, Spanned<String>)> {
        let mut out = Vec::new();
        for (index, block) in self.outline.blocks.iter().enumerate() {
            let region = self.regions.of_block(index);
            let is_code = matches!(block.kind, BlockKind::Code(_));
            let has_code = region == ListRegion::Scope && self.regions.has_scope;
            if region == ListRegion::Records || (is_code && !has_code) {
                continue;
            }
            let lines: Vec<(String, usize)> = match block.kind {
                BlockKind::Prose => {
                    let lines = self.outline.prose_lines(self.text, index);
                    lines.into_iter().map(|line| (line.text.into_owned(), line.start)).collect()
                }
                BlockKind::Html => {
                    let html = self.text.get(block.span.start..block.span.end).unwrap_or("");
                    lines_of(&without_tags(html), block.span.start)
                }
                BlockKind::Code(_) => {
                    let content = self.text.get(block.content.start..block.content.end).unwrap_or("");
                    lines_of(content, block.content.start)
                }
                _ => continue,
            };
            let found = lines.iter().enumerate();
            let mut found: Vec<(usize, ExclusionLabel)> =
                found.filter_map(|(number, (line, _))| Some((number, find_exclusion_label(line)?))).collect();
            if region == ListRegion::CutOut && !is_code {
                let is_list =
                    |label: &ExclusionLabel| label.certainty == Certainty::Clear && !label.is_sentence;
                let labels = found.iter().filter(|(_, label)| is_list(label));
                let span = |(number, label): &(usize, ExclusionLabel)| {
                    let (_, start) = lines.get(*number)?;
                    Some(Span::new(start + label.start, start + label.end))
                };
                self.skipped.extend(labels.filter_map(span));
            }
            found.retain(|(_, label)| {
                // A sentence in code is a remark or a command.
                region.counts(label.certainty, label.is_sentence)
                    && (block.kind == BlockKind::Prose || !label.is_sentence)
            });
            if found.is_empty() {
                continue;
            }
            let fields = self.lines_of_fields(index, &lines);
            for (at, (number, label)) in found.iter().enumerate() {
                let next = found.get(at + 1).map_or(lines.len(), |(next, _)| *next);
                let field = fields.get(fields.partition_point(|field| field <= number));
                let next = field.map_or(next, |field| next.min(*field));
                let next = next_part(&lines, *number, next)
                    .filter(|_| block.kind != BlockKind::Prose)
                    .unwrap_or(next);
                let Some((first, start)) = lines.get(*number) else { continue };
                let mut value = first.get(label.value..).unwrap_or("").to_owned();
                let more = lines.get(number + 1..next).unwrap_or_default();
                value.extend(more.iter().map(|(line, _)| line.as_str()));
                let begin = start + label.value;
                let body = trim_spanned(&value, Span::new(0, value.len()));
                let span = Span::new(begin + body.span.start, begin + body.span.end);
                out.push((index, *label, Spanned::new(body.value.to_owned(), span)));
            }
        }
        out
    }

    /// Returns the numbers of the lines of a block that begin fields, in order.
    fn lines_of_fields(&self, block: usize, lines: &[(String, usize)]) -> Vec<usize> {
        let mut starts = self.starts.get(&block).into_iter().flatten().peekable();
        let mut out = Vec::new();
        for (number, (line, start)) in lines.iter().enumerate() {
            let is_own = |label: &&usize| **label < start + line.len().max(1);
            let mut begins = false;
            while let Some(label) = starts.next_if(is_own) {
                begins |= start <= label;
            }
            out.extend(begins.then_some(number));
        }
        out
    }

    fn list_of_label(
        &mut self,
        index: usize,
        label: ExclusionLabel,
        value: Spanned<String>,
        is_last: bool,
    ) -> ExclusionList {
        let outline = self.outline;
        let has_lines = outline.get(index).is_some_and(|block| block.kind != BlockKind::Prose);
        let value = Some(value).filter(|value| !crate::document::is_placeholder(&value.value));
        let is_clear = label.certainty == Certainty::Clear && !label.is_sentence && !label.is_state;
        let mut out = ExclusionList { block: index, inline: value, has_lines, blocks: Vec::new(), is_clear };
        if !is_last {
            return out;
        }
        let parent = outline.get(index).and_then(|block| block.parent);
        let item = parent.filter(|item| outline.get(*item).is_some_and(|b| b.kind == BlockKind::Item));
        let end_of = |index: usize| outline.get(index).map_or(index + 1, |block| block.end.max(index + 1));
        let mut has_own = out.inline.is_some();
        let mut last = index;
        if let Some(item) = item {
            let own = end_of(index)..end_of(item);
            has_own |= !own.is_empty();
            out.blocks.push(own);
            let is_first = outline.item_prose(item) == Some(index);
            let mut later = outline.siblings_after(item).peekable();
            if is_first && !label.is_sentence {
                while let Some(sibling) = later.next_if(|other| !self.is_labelled_item(*other)) {
                    has_own = true;
                    out.blocks.push(sibling..end_of(sibling));
                }
            }
            if later.peek().is_some() || label.is_sentence {
                return out;
            }
            last = outline.get(item).and_then(|block| block.parent).unwrap_or(item);
        }
        // Below the last item of lists in lists: what follows the outermost one. What follows
        // a block is read once.
        while self.followed.insert((last, has_own)) {
            let is_whole = self.follow(last, &mut has_own, &mut out.blocks);
            let above = outline.get(last).and_then(|block| block.parent);
            let above = above.filter(|above| is_whole && outline.siblings_after(*above).next().is_none());
            let Some(list) = above.and_then(|item| outline.get(item)).and_then(|item| item.parent) else {
                break;
            };
            last = list;
        }
        out
    }

    /// Adds the blocks behind `last` that belong to the list; returns whether all of them do.
    fn follow(&self, last: usize, has_own: &mut bool, out: &mut Vec<Range<usize>>) -> bool {
        let outline = self.outline;
        for index in outline.siblings_after(last) {
            let Some(block) = outline.get(index) else { return true };
            let text = self.text.get(block.span.start..block.span.end).unwrap_or("");
            match block.kind {
                BlockKind::Heading(_) | BlockKind::ThematicBreak => return false,
                BlockKind::Prose if self.labelled.contains(&index) || (*has_own && !continues(text)) => {
                    return false;
                }
                BlockKind::Code(_) if *has_own => return false,
                BlockKind::Html if text.contains("</details") || self.labelled.contains(&index) => {
                    return false;
                }
                BlockKind::Html => continue,
                BlockKind::List(_) => {
                    let mut items = outline.children(Some(index));
                    let labelled = items.find(|item| self.is_labelled_item(*item));
                    out.push(index..labelled.unwrap_or(block.end));
                    if labelled.is_some() {
                        return false;
                    }
                }
                _ => out.push(index..block.end.max(index + 1)),
            }
            *has_own = true;
        }
        true
    }

    fn is_labelled_item(&self, item: usize) -> bool {
        self.outline.item_prose(item).is_some_and(|prose| self.labelled.contains(&prose))
    }

    fn in_tables(&self) -> Vec<ExclusionList> {
        let outline = self.outline;
        let is_list = |cell: usize| {
            let Some(block) = outline.get(cell) else { return false };
            let text = self.text.get(block.content.start..block.content.end).unwrap_or("");
            exclusion_title(text)
                .is_some_and(|certainty| self.regions.of_block(cell).counts(certainty, false))
        };
        let list = |block: usize, cells: Vec<usize>| ExclusionList {
            block,
            inline: None,
            has_lines: false,
            blocks: cells.into_iter().map(|cell| cell..cell + 1).collect(),
            is_clear: true,
        };
        let mut out = Vec::new();
        let tables = outline.blocks.iter().enumerate().filter(|(_, block)| block.kind == BlockKind::Table);
        for (table, _) in tables {
            let rows: Vec<Vec<usize>> =
                outline.children(Some(table)).map(|row| outline.children(Some(row)).collect()).collect();
            let Some((head, body)) = rows.split_first() else { continue };
            for (column, cell) in head.iter().enumerate().filter(|(_, cell)| is_list(**cell)) {
                out.push(list(*cell, body.iter().filter_map(|row| row.get(column).copied()).collect()));
            }
            for row in &rows {
                if let Some((first, cells)) = row.split_first().filter(|(first, _)| is_list(**first)) {
                    out.push(list(*first, cells.to_vec()));
                }
            }
        }
        out
    }
}

/// Labels inside a list of exclusions that only say what kind of thing follows.
const LIST_WORDS: [&str; 10] =
    ["PATHS", "PATH", "FILES", "FILE", "FOLDERS", "FOLDER", "DIRECTORIES", "DIRECTORY", "ALSO", "AND"];

/// Returns whether a paragraph goes on with a list that has entries above it.
fn continues(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(12).flat_map(char::to_lowercase).collect();
    [
        "and ", "also", "plus ", "or ", "nor ", "as well", "further", "do not ", "don't ", "never ", "no ",
        "neither ",
    ]
    .iter()
    .any(|word| start.starts_with(word))
}

/// Returns the number of the next line of code or HTML that begins another part.
fn next_part(lines: &[(String, usize)], after: usize, end: usize) -> Option<usize> {
    let begins = |line: &str| {
        let plain = line.trim_start().trim_start_matches(['-', '*', ' ']);
        line.trim_start().starts_with('#') || is_label(plain)
    };
    (after + 1..end).find(|number| lines.get(*number).is_some_and(|(line, _)| begins(line)))
}

fn lines_of(text: &str, mut at: usize) -> Vec<(String, usize)> {
    let line = |line: &str| {
        at += line.len();
        (line.to_owned(), at - line.len())
    };
    text.split_inclusive('\n').map(line).collect()
}
