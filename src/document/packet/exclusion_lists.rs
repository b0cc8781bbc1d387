//! The lists of paths out of scope: below a heading, behind a label, in a table or in HTML.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::document::field::{Field, normalize_key};
use crate::document::outline::lazy_label::is_label;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::text::{Span, Spanned, trim_spanned};

use super::excluded::without_tags;
use crate::document::exclusion::{Certainty, ExclusionLabel, exclusion_key, find_exclusion_label};

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
}

/// Beginnings of the titles of sections that record the work; they are not the contract.
const RECORDS: [&str; 17] = [
    "BOOTSTRAP",
    "SKELETON",
    "IMPLEMENTATION",
    "HYGIENE",
    "VALIDAT",
    "EVIDENCE",
    "STATUS",
    "WAIVER",
    "HANDOFF",
    "CODER",
    "REPORT",
    "REVIEW",
    "AUDIT",
    "HISTORY",
    "CHANGE",
    "MANIFEST",
    "LINEAGE",
];
/// Sections below which labels in all words count, and sentences that forbid paths.
const SCOPE_SECTIONS: [&str; 3] = ["SCOPE", "IN_SCOPE_PATHS", "OUT_OF_SCOPE"];
/// Sections that are no part of a list of exclusions, whatever their level.
const OTHER_PARTS: [&str; 7] =
    ["IN_SCOPE_PATHS", "IN_SCOPE", "SCOPE", "TEST_PLAN", "DONE_MEANS", "QUALITY_GATE", "AUTHORITY"];

/// Where a block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListRegion {
    Scope,
    Contract,
    Records,
}

impl ListRegion {
    fn counts(self, certainty: Certainty, is_sentence: bool) -> bool {
        match self {
            Self::Scope => true,
            Self::Contract => certainty == Certainty::Clear && !is_sentence,
            Self::Records => false,
        }
    }
}

fn is_record(section: &Section) -> bool {
    section.level > 1 && RECORDS.iter().any(|start| section.key.starts_with(start))
}

/// Returns the region of each section, and of its heading.
fn regions_of(sections: &[Section]) -> Vec<(ListRegion, ListRegion)> {
    let has_scope = sections.iter().any(|section| section.key == "SCOPE");
    let outside = if has_scope { ListRegion::Contract } else { ListRegion::Scope };
    let mut open: Vec<(u8, ListRegion)> = Vec::new();
    let region_of = |section: &Section| {
        open.retain(|(level, _)| *level < section.level);
        let above = open.last().map_or(outside, |(_, region)| *region);
        let own = match above {
            ListRegion::Scope if has_scope => ListRegion::Scope,
            _ if SCOPE_SECTIONS.contains(&section.key.as_str()) => ListRegion::Scope,
            _ if is_record(section) => ListRegion::Records,
            _ => above,
        };
        open.push((section.level, own));
        (own, above)
    };
    sections.iter().map(region_of).collect()
}

/// Reads where the packet lists paths out of scope.
pub(super) struct ExclusionReader<'t> {
    text: &'t str,
    outline: &'t Outline,
    sections: &'t [Section],
    /// The region of each section, and of its heading.
    regions: Vec<(ListRegion, ListRegion)>,
    /// Starts of the labels of fields, by block.
    starts: HashMap<usize, Vec<usize>>,
    /// Paragraphs that begin with a label.
    labelled: HashSet<usize>,
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
        Self { text, outline, sections, regions: regions_of(sections), starts, labelled }
    }

    /// Finds all lists of exclusions.
    pub(super) fn find(mut self) -> Vec<ExclusionList> {
        let mut out = self.below_headings();
        let labels = self.labels();
        self.labelled.extend(labels.iter().map(|(block, ..)| *block));
        out.extend(labels.into_iter().map(|(index, label, value)| self.list_of_label(index, label, value)));
        out.extend(self.in_tables());
        out
    }

    fn region(&self, block: usize) -> ListRegion {
        let after = self.sections.partition_point(|section| section.own_blocks.start <= block);
        let own = after.checked_sub(1).and_then(|at| self.regions.get(at));
        let has_scope = self.sections.iter().any(|section| section.key == "SCOPE");
        let outside = if has_scope { ListRegion::Contract } else { ListRegion::Scope };
        own.map_or(outside, |(region, _)| *region)
    }

    fn below_headings(&self) -> Vec<ExclusionList> {
        let is_list = |index: usize, section: &Section| {
            let above = self.regions.get(index).map_or(ListRegion::Contract, |(_, above)| *above);
            section.key == "OUT_OF_SCOPE"
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
            out.push(ExclusionList { block: section.heading, inline: None, has_lines: false, blocks });
        }
        out
    }

    /// Returns the labels of exclusions, each with the index of its block and its value.
    fn labels(&self) -> Vec<(usize, ExclusionLabel, Spanned<String>)> {
        let mut out = Vec::new();
        let has_scope = self.sections.iter().any(|section| section.key == "SCOPE");
        for (index, block) in self.outline.blocks.iter().enumerate() {
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
            let found: Vec<(usize, ExclusionLabel)> = lines
                .iter()
                .enumerate()
                .filter_map(|(number, (line, _))| Some((number, find_exclusion_label(line)?)))
                .filter(|(_, label)| {
                    let region = self.region(index);
                    let is_code = matches!(block.kind, BlockKind::Code(_));
                    // A sentence in code is a remark or a command.
                    region.counts(label.certainty, label.is_sentence)
                        && (block.kind == BlockKind::Prose || !label.is_sentence)
                        && (!is_code || (region == ListRegion::Scope && has_scope))
                })
                .collect();
            for (at, (number, label)) in found.iter().enumerate() {
                let next = found.get(at + 1).map_or(lines.len(), |(next, _)| *next);
                let next = self.next_field(index, &lines, *number).map_or(next, |field| field.min(next));
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

    /// Returns the number of the next line of a block that begins another field.
    fn next_field(&self, block: usize, lines: &[(String, usize)], after: usize) -> Option<usize> {
        let starts = self.starts.get(&block)?;
        let begins = |(line, start): &(String, usize)| {
            starts.iter().any(|label| *start <= *label && *label < start + line.len().max(1))
        };
        lines.iter().enumerate().skip(after + 1).find(|(_, line)| begins(line)).map(|(number, _)| number)
    }

    fn list_of_label(&self, index: usize, label: ExclusionLabel, value: Spanned<String>) -> ExclusionList {
        let outline = self.outline;
        let has_lines = outline.get(index).is_some_and(|block| block.kind != BlockKind::Prose);
        let value = Some(value).filter(|value| !crate::document::is_placeholder(&value.value));
        let parent = outline.get(index).and_then(|block| block.parent);
        let item = parent.filter(|item| outline.get(*item).is_some_and(|b| b.kind == BlockKind::Item));
        let end_of = |index: usize| outline.get(index).map_or(index + 1, |block| block.end.max(index + 1));
        let mut blocks = Vec::new();
        let mut has_own = value.is_some();
        let mut last = index;
        if let Some(item) = item {
            let own = end_of(index)..end_of(item);
            has_own |= !own.is_empty();
            blocks.push(own);
            let is_first = outline.item_prose(item) == Some(index);
            let list = outline.get(item).and_then(|block| block.parent);
            let later: Vec<usize> = self.after(item).collect();
            let unlabelled = later.iter().take_while(|other| !self.is_labelled_item(**other));
            let siblings: Vec<usize> =
                if is_first && !label.is_sentence { unlabelled.copied().collect() } else { Vec::new() };
            has_own |= !siblings.is_empty();
            blocks.extend(siblings.iter().map(|sibling| *sibling..end_of(*sibling)));
            if siblings.len() < later.len() || label.is_sentence {
                return ExclusionList { block: index, inline: value, has_lines, blocks };
            }
            last = list.unwrap_or(item);
        }
        // Below the last item of lists in lists: what follows the outermost one.
        loop {
            let is_whole = self.follow(last, &mut has_own, &mut blocks);
            let above = outline.get(last).and_then(|block| block.parent);
            let above = above.filter(|above| is_whole && self.after(*above).next().is_none());
            let Some(list) = above.and_then(|item| outline.get(item)).and_then(|item| item.parent) else {
                break;
            };
            last = list;
        }
        ExclusionList { block: index, inline: value, has_lines, blocks }
    }

    /// Returns the blocks behind a block, in the same container.
    fn after(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end_of =
            |index: usize| self.outline.get(index).map_or(usize::MAX, |block| block.end.max(index + 1));
        let parent = self.outline.get(index).and_then(|block| block.parent);
        let is_sibling =
            move |next: &usize| self.outline.get(*next).is_some_and(|block| block.parent == parent);
        let first = Some(end_of(index)).filter(is_sibling);
        std::iter::successors(first, move |index| Some(end_of(*index)).filter(is_sibling))
    }

    /// Adds the blocks behind `last` that belong to the list; returns whether all of them do.
    fn follow(&self, last: usize, has_own: &mut bool, out: &mut Vec<Range<usize>>) -> bool {
        let outline = self.outline;
        for index in self.after(last) {
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
                    let items: Vec<usize> = outline.children(Some(index)).collect();
                    let own = items.iter().take_while(|item| !self.is_labelled_item(**item));
                    let own: Vec<usize> = own.copied().collect();
                    let end = own.last().and_then(|item| outline.get(*item)).map_or(index, |item| item.end);
                    out.push(index..end);
                    if own.len() < items.len() {
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
            exclusion_key(&normalize_key(text))
                .is_some_and(|certainty| self.region(cell).counts(certainty, false))
        };
        let list = |block: usize, cells: Vec<usize>| ExclusionList {
            block,
            inline: None,
            has_lines: false,
            blocks: cells.into_iter().map(|cell| cell..cell + 1).collect(),
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
