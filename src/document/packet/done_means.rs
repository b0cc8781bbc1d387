//! The criteria of `DONE_MEANS`.

use std::collections::HashSet;

use crate::document::field::Field;
use crate::document::outline::lazy_label::is_label;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::document::{Fault, is_placeholder};
use crate::text::{Spanned, trim_spanned};

use super::items::{TextForm, strip_box, texts_in};
use super::quality::{blocks_of_others, single_occurrence};

/// One criterion of `DONE_MEANS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Text of the bullet, without ticks and checkboxes.
    pub text: Spanned<String>,
    /// The enclosing bullet that ends with a colon, if there is one.
    pub group: Option<String>,
}

/// Maximum nesting depth of lists; deeper items are faults.
const MAX_LIST_DEPTH: usize = 32;

/// Reads `DONE_MEANS`. A bullet that ends with a colon and has nested bullets
/// is a group, not a criterion.
pub(super) fn read_done_means(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Vec<Criterion>, Vec<Fault>) {
    let (occurrence, repeated) = single_occurrence(sections, all, outline, "DONE_MEANS");
    let Some(criteria) = occurrence else { return (Vec::new(), repeated) };
    let (mut out, mut faults) = (Vec::new(), Vec::new());
    if let Some(value) = criteria.inline.filter(|value| !is_placeholder(&value.value)) {
        out.push(Criterion { text: value, group: None });
    }
    let others = blocks_of_others(sections, all, outline, "DONE_MEANS", &criteria.blocks);
    let mut read: HashSet<usize> = HashSet::new();
    let mut next = criteria.blocks.start;
    let mut end = criteria.blocks.end;
    while next < criteria.blocks.end {
        let Some(block) = outline.get(next) else { break };
        if others.contains(next) {
            next += 1;
        } else if block.kind == BlockKind::Item {
            if is_other_field(text, outline, next) {
                end = next;
                break;
            }
            read_criterion(text, outline, next, None, MAX_LIST_DEPTH, &mut out, &mut read);
            next = block.end.max(next + 1);
        } else if block.kind == BlockKind::Prose
            && block.parent.is_none()
            && is_label(trim_spanned(text, block.content).value)
        {
            end = next;
            break;
        } else {
            next += 1;
        }
    }
    let mut placeholders: Vec<Fault> = Vec::new();
    let mut tables: HashSet<Option<usize>> = HashSet::new();
    for found in texts_in(text, outline, criteria.blocks.start..end) {
        if others.contains(found.block) || (found.form == TextForm::Html && found.is_disclosure()) {
            continue;
        }
        if found.form == TextForm::Cell {
            // One finding for a table, at its first cell.
            let row = outline.get(found.block).and_then(|cell| cell.parent);
            if tables.insert(row.and_then(|row| outline.get(row)?.parent)) {
                faults.push(found.fault("DONE_MEANS", "it is in a table; a criterion is a list item"));
            }
        } else if let Some(fault) =
            found.placeholder_fault("DONE_MEANS").or_else(|| found.joined_fault("DONE_MEANS"))
        {
            placeholders.push(fault);
        } else if !read.contains(&found.block)
            && !found.is_empty_statement()
            && !found.is_introduction()
            && found.form != TextForm::Heading
        {
            faults.push(found.fault("DONE_MEANS", "a criterion is a list item"));
        }
    }
    // Without any criterion, the whole field is reported as not filled.
    if out.is_empty() { (out, repeated) } else { (out, [repeated, faults, placeholders].concat()) }
}

/// Returns whether an item starts another field: a label in capitals with an
/// underscore and a nested list, such as `- PRIMITIVES_EXPOSED:`.
fn is_other_field(text: &str, outline: &Outline, item: usize) -> bool {
    let Some(prose) = outline.item_prose(item).and_then(|prose| outline.get(prose)) else { return false };
    let line = trim_spanned(text, prose.content).value;
    let label = line.trim_matches('*').strip_suffix(':').unwrap_or("").trim_matches('*');
    let is_constant = label.contains('_')
        && label.len() > 4
        && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    is_constant && outline.items(Some(item)).next().is_some()
}

fn read_criterion(
    text: &str,
    outline: &Outline,
    item: usize,
    group: Option<&str>,
    depth: usize,
    out: &mut Vec<Criterion>,
    read: &mut HashSet<usize>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let nested: Vec<usize> = outline.items(Some(item)).collect();
    let prose = outline.item_prose(item);
    let Some((at, block)) = prose.and_then(|at| Some((at, outline.get(at)?))) else {
        // `- > quoted`: nested items count, other text is reported.
        nested.into_iter().for_each(|child| read_criterion(text, outline, child, group, depth, out, read));
        return;
    };
    read.insert(at);
    let line = trim_spanned(text, block.content);
    let visible: String = outline.prose_lines(text, at).into_iter().map(|line| line.text).collect();
    // Ticks, also in a damaged encoding, are decoration.
    let body = visible.trim().trim_start_matches(|c: char| !c.is_ascii() || c.is_whitespace() || c == '?');
    let plain = strip_box(body).split_whitespace().collect::<Vec<_>>().join(" ");
    if plain.trim_end_matches(['*', ' ']).ends_with(':') && !nested.is_empty() {
        for child in nested {
            read_criterion(text, outline, child, Some(&plain), depth, out, read);
        }
        return;
    }
    if !is_placeholder(&plain) {
        out.push(Criterion { text: Spanned::new(plain.clone(), line.span), group: group.map(str::to_owned) });
    }
    // Whoever maps the bullet above maps its details, too.
    for child in nested {
        read_criterion(text, outline, child, Some(&plain), depth, out, read);
    }
}
