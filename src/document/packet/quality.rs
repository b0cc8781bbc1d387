//! `QUALITY_GATE`: where the test plan and the criteria of a packet are.

use std::collections::HashSet;
use std::ops::Range;

use crate::document::Fault;
use crate::document::block_ranges::BlockRanges;
use crate::document::field::Field;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{Section, section_of_block};
use crate::text::{Span, Spanned};

use super::section_names::is_own_section;

/// An occurrence of a name in the document: a section or a labelled field.
pub(super) struct FieldOccurrence {
    /// A value on the line of the label.
    pub inline: Option<Spanned<String>>,
    pub blocks: Range<usize>,
}

/// Finds the first occurrence of a name, and the labels of the other ones.
fn find_occurrences(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
) -> (Option<FieldOccurrence>, Vec<Span>) {
    let is_in_report = |field: &Field| {
        let own = section_of_block(sections, field.block);
        own.is_some_and(|section| section.key.contains("REPORT") || section.key.contains("LINEAGE"))
    };
    let is_own = |field: &&Field| field.key == key && field.is_top_level && !is_in_report(field);
    let titled = sections.iter().filter(|section| section.key == key);
    let mut found: Vec<(Span, Result<&Section, &Field>)> = titled
        .map(|section| (section.title.span, Ok(section)))
        .chain(all.iter().filter(is_own).map(|field| (field.label, Err(field))))
        .collect();
    found.sort_by_key(|(label, _)| label.start);
    let mut found = found.into_iter();
    // Only the first one counts, so that the blocks of the other ones are not looked up.
    let first = found.next().map(|(_, place)| match place {
        Ok(section) => FieldOccurrence { inline: None, blocks: section.blocks.clone() },
        Err(field) => {
            let start = field.block + 1;
            let end = match field.item.and_then(|item| outline.get(item)) {
                Some(item) => item.end,
                // A paragraph `TEST_PLAN:` has the blocks after it as its value.
                None => end_of_value(outline, &labelled_paragraphs(all), start),
            };
            FieldOccurrence { inline: Some(field.value.clone()), blocks: start..end }
        }
    });
    (first, found.map(|(label, _)| label).collect())
}

/// Returns the paragraphs outside of lists that have labels.
fn labelled_paragraphs(all: &[Field]) -> HashSet<usize> {
    all.iter().filter(|field| field.item.is_none()).map(|field| field.block).collect()
}

/// Returns the sections with the levels of the template, if all of them are one level deeper: a
/// packet whose sections are `### SCOPE` and so on.
pub(super) fn with_usual_levels(mut sections: Vec<Section>) -> Vec<Section> {
    let known = || sections.iter().filter(|section| is_own_section(&section.key));
    if known().map(|section| section.level).min() == Some(3) && !sections.iter().any(|s| s.level == 2) {
        sections.iter_mut().filter(|section| section.level > 2).for_each(|section| section.level -= 1);
    }
    sections
}

/// Labels of lists that are no part of another list.
const OWN_LABELS: [&str; 5] = ["TEST_PLAN", "DONE_MEANS", "IN_SCOPE_PATHS", "OUT_OF_SCOPE", "ROLLBACK_HINT"];

/// Returns the blocks inside of a list `key` that belong to another section or list.
pub(super) fn blocks_of_others(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
    blocks: &Range<usize>,
) -> BlockRanges {
    let is_inside = |index: usize| blocks.contains(&index);
    let below = sections.iter().filter(|section| is_inside(section.heading));
    let of_sections = below
        .filter(|section| section.key != key && is_own_section(&section.key))
        .map(|section| section.heading..section.blocks.end.max(section.heading + 1));
    let labelled = labelled_paragraphs(all);
    // All labels of a paragraph have the same blocks behind it.
    let mut last: Option<(usize, usize)> = None;
    let mut end_behind = |block: usize| match last {
        Some((known, end)) if known == block => end,
        _ => {
            let end = end_of_value(outline, &labelled, block + 1);
            last = Some((block, end));
            end
        }
    };
    let of_labels = all
        .iter()
        .filter(|field| is_inside(field.block) && field.is_top_level && field.key != key)
        .filter(|field| OWN_LABELS.contains(&field.key.as_str()))
        .map(|field| match field.item.and_then(|item| Some((item, outline.get(item)?.end))) {
            Some((item, end)) => item..end.max(item + 1),
            None => field.block..end_behind(field.block),
        });
    BlockRanges::new(&of_sections.chain(of_labels).collect::<Vec<_>>())
}

/// Returns the end of the blocks that belong to a label in a paragraph: the next
/// heading, or the next paragraph with a label.
fn end_of_value(outline: &Outline, labelled: &HashSet<usize>, start: usize) -> usize {
    let is_end = |index: usize| {
        outline.get(index).is_none_or(|block| {
            matches!(block.kind, BlockKind::Heading(_))
                || (block.kind == BlockKind::Prose && labelled.contains(&index))
        })
    };
    let mut at = start;
    while !is_end(at) {
        at = outline.get(at).map_or(at + 1, |block| block.end.max(at + 1));
    }
    at
}

/// Returns the first occurrence; every other one is a fault.
pub(super) fn single_occurrence(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
) -> (Option<FieldOccurrence>, Vec<Fault>) {
    let (first, others) = find_occurrences(sections, all, outline, key);
    let repeated = others.into_iter().map(|span| Fault {
        rule: "packet/duplicate-field",
        message: format!("{key} is given a second time"),
        span,
    });
    (first, repeated.collect())
}
