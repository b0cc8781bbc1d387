//! Where the list `IN_SCOPE_PATHS` of a packet is.

use std::collections::HashSet;
use std::ops::Range;

use crate::document::field::Field;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::text::{Span, Spanned};

use super::exclusion_regions::{ListRegion, Regions};

const KEY: &str = "IN_SCOPE_PATHS";

/// A list to read: the span of its label, an inline value, the block indexes of its
/// items, and all blocks that belong to it.
pub(super) struct ScopeList {
    pub declared: Span,
    pub inline: Option<Spanned<String>>,
    pub items: Vec<usize>,
    pub blocks: Range<usize>,
}

/// The lists `IN_SCOPE_PATHS` of a packet.
pub(super) struct FoundLists {
    /// The first one in the document, which counts.
    pub first: Option<ScopeList>,
    /// The labels of the other ones.
    pub repeated: Vec<Span>,
    /// Labels in sections of the work inside of the contract, which a signature does not cover.
    pub cut_out: Vec<Span>,
}

/// Where a list is declared.
enum Declaration<'t> {
    Section(&'t Section),
    Field(&'t Field),
}

impl Declaration<'_> {
    fn span(&self) -> Span {
        match self {
            Self::Section(section) => section.title.span,
            Self::Field(field) => field.label,
        }
    }
}

/// Finds the lists, in the order of the document.
pub(super) fn find_lists(text: &str, outline: &Outline, sections: &[Section], all: &[Field]) -> FoundLists {
    let scope = sections.iter().find(|section| section.key == "SCOPE");
    let is_within = |field: &Field| scope.is_none_or(|section| section.blocks.contains(&field.block));
    let fields = all.iter().filter(|field| field.key == KEY && field.is_top_level && is_within(field));
    let titled = sections.iter().enumerate().filter(|(_, section)| section.key == KEY);
    let regions = Regions::new(sections);
    let mut found: Vec<(Declaration<'_>, bool)> = titled
        .map(|(index, section)| (Declaration::Section(section), regions.above(index) == ListRegion::CutOut))
        .chain(
            fields.map(|field| {
                (Declaration::Field(field), regions.of_block(field.block) == ListRegion::CutOut)
            }),
        )
        .collect();
    found.sort_by_key(|(declaration, _)| declaration.span());
    let cut_out = found.iter().filter(|(_, is_cut)| *is_cut).map(|(list, _)| list.span()).collect();
    let mut counted = found.iter().filter(|(_, is_cut)| !is_cut).map(|(list, _)| list);
    let first = counted.next().map(|list| match list {
        Declaration::Section(section) => list_of_section(outline, section),
        Declaration::Field(field) => list_of_field(text, outline, field, all),
    });
    FoundLists { first, repeated: counted.map(Declaration::span).collect(), cut_out }
}

fn list_of_section(outline: &Outline, section: &Section) -> ScopeList {
    let blocks = section.own_blocks.clone();
    let items = blocks.clone().filter(|index| is_first_level_item(outline, *index)).collect();
    ScopeList { declared: section.title.span, inline: None, items, blocks }
}

fn list_of_field(text: &str, outline: &Outline, field: &Field, all: &[Field]) -> ScopeList {
    let inline = Some(field.value.clone()).filter(|value| !crate::document::is_placeholder(&value.value));
    let end_of = |index: usize| outline.get(index).map_or(index, |block| block.end.max(index + 1));
    let (items, blocks) = match field.item {
        Some(item) => {
            let nested: Vec<usize> = outline.items(Some(item)).collect();
            let own = field.block + 1..end_of(item);
            if nested.is_empty() && inline.is_none() {
                let siblings = following_siblings(text, outline, item, all);
                let end = siblings.last().map_or(own.end, |last| end_of(*last));
                (siblings, own.start..end)
            } else {
                (nested, own)
            }
        }
        None => {
            let items = following_list(outline, field.block);
            let end = items.last().map_or(field.block + 1, |last| end_of(*last));
            (items, field.block + 1..end)
        }
    };
    ScopeList { declared: field.label, inline, items, blocks }
}

fn is_first_level_item(outline: &Outline, index: usize) -> bool {
    let list =
        outline.get(index).filter(|block| block.kind == BlockKind::Item).and_then(|block| block.parent);
    list.and_then(|list| outline.get(list)).is_some_and(|list| list.parent.is_none())
}

/// Returns the items after `- IN_SCOPE_PATHS:` in the same list, up to the next
/// labelled item: some packets do not nest the entries.
fn following_siblings(text: &str, outline: &Outline, item: usize, all: &[Field]) -> Vec<usize> {
    let is_label = |field: &&Field| {
        let name = text.get(field.label.start..field.label.end).unwrap_or("");
        let prose = field.item.and_then(|item| outline.item_prose(item));
        prose == Some(field.block) && !name.contains(['/', '.'])
    };
    let labelled: HashSet<usize> = all.iter().filter(is_label).filter_map(|field| field.item).collect();
    outline.siblings_after(item).take_while(|index| !labelled.contains(index)).collect()
}

fn following_list(outline: &Outline, block: usize) -> Vec<usize> {
    let next = outline.get(block).map_or(block + 1, |b| b.end.max(block + 1));
    match outline.get(next) {
        Some(list) if matches!(list.kind, BlockKind::List(_)) => outline.children(Some(next)).collect(),
        _ => Vec::new(),
    }
}
