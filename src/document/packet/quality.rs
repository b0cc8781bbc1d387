//! `QUALITY_GATE`: the test plan's commands and the criteria of `DONE_MEANS`.

use std::ops::Range;

use crate::document::field::{Field, strip_quotes};
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::document::{Fault, is_placeholder};
use crate::text::{Span, Spanned, trim_spanned};

/// One command of `TEST_PLAN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// The command line; continuation lines are joined, comment lines are skipped.
    pub text: String,
    /// Location in the packet.
    pub span: Span,
}

impl PlannedCommand {
    /// Returns whether the line calls a gate of this program, directly or by a
    /// `just` recipe. Such a line is not run again as a step.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        let mut words = self.text.split_whitespace();
        let first = words.next().unwrap_or("");
        let second = words.next().unwrap_or("");
        let gates = ["pre-work", "post-work", "gate-check", "cor701-sha"];
        let is_own_command = matches!(first, "just" | "countersign");
        let has_several_commands = self.text.contains(['&', ';', '|', '`']) || self.text.contains("$(");
        is_own_command
            && !has_several_commands
            && (gates.contains(&second) || second.starts_with("validator-"))
    }
}

/// One criterion of `DONE_MEANS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Text of the bullet, without ticks and checkboxes.
    pub text: Spanned<String>,
    /// The enclosing bullet that ends with a colon, if there is one.
    pub group: Option<String>,
}

/// An occurrence of a name in the document: a section or a labelled field.
struct FieldOccurrence {
    label: Span,
    /// A value on the line of the label.
    inline: Option<Spanned<String>>,
    blocks: Range<usize>,
}

fn find_occurrences(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
) -> Vec<FieldOccurrence> {
    let from_sections = sections.iter().filter(|section| section.key == key).map(|section| FieldOccurrence {
        label: section.title.span,
        inline: None,
        blocks: section.blocks.clone(),
    });
    let is_in_report = |field: &Field| {
        let own = sections.iter().rfind(|section| section.own_blocks.contains(&field.block));
        own.is_some_and(|section| section.key.contains("REPORT") || section.key.contains("LINEAGE"))
    };
    let from_fields = all
        .iter()
        .filter(|field| field.key == key && field.is_top_level && !is_in_report(field))
        .map(|field| {
            let start = field.block + 1;
            let end = match field.item.and_then(|item| outline.get(item)) {
                Some(item) => item.end,
                // A paragraph `TEST_PLAN:` has the block after it as its value.
                None => outline.get(start).map_or(start, |next| next.end),
            };
            FieldOccurrence { label: field.label, inline: Some(field.value.clone()), blocks: start..end }
        });
    let mut all: Vec<FieldOccurrence> = from_sections.chain(from_fields).collect();
    all.sort_by_key(|occurrence| occurrence.label.start);
    all
}

/// Returns the first occurrence; every other one is a fault.
fn single_occurrence(
    sections: &[Section],
    all: &[Field],
    outline: &Outline,
    key: &str,
) -> (Option<FieldOccurrence>, Vec<Fault>) {
    let mut found = find_occurrences(sections, all, outline, key).into_iter();
    let first = found.next();
    let repeated = found.map(|other| Fault {
        rule: "packet/duplicate-field",
        message: format!("{key} is given a second time"),
        span: other.label,
    });
    (first, repeated.collect())
}

/// Reads `TEST_PLAN`: the lines of its code fences; if it has none, its bullets
/// that are one command in backticks.
pub(super) fn read_test_plan(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Vec<PlannedCommand>, Vec<Fault>) {
    let (occurrence, faults) = single_occurrence(sections, all, outline, "TEST_PLAN");
    let Some(plan) = occurrence else { return (Vec::new(), faults) };
    let mut out = Vec::new();
    for block in plan.blocks.clone().filter_map(|index| outline.get(index)) {
        if matches!(block.kind, BlockKind::Code(_)) {
            read_fenced_commands(text, block.content, &mut out);
        }
    }
    if out.is_empty() {
        let items =
            plan.blocks.filter_map(|index| outline.item_prose(index)).filter_map(|at| outline.get(at));
        out.extend(items.filter_map(|block| read_quoted_command(text, block.content)));
        out.extend(
            plan.inline
                .filter(|value| !is_placeholder(&value.value))
                .and_then(|value| read_quoted_command(text, value.span)),
        );
    }
    (out, faults)
}

fn read_quoted_command(text: &str, span: Span) -> Option<PlannedCommand> {
    let line = trim_spanned(text, span);
    let command = strip_quotes(line.value);
    (command.len() < line.value.len() && !is_placeholder(command))
        .then(|| PlannedCommand { text: command.to_owned(), span: line.span })
}

fn read_fenced_commands(text: &str, content: Span, out: &mut Vec<PlannedCommand>) {
    let mut start = content.start;
    let mut open: Option<PlannedCommand> = None;
    for piece in text.get(content.start..content.end).unwrap_or("").split_inclusive('\n') {
        let line = trim_spanned(text, Span::new(start, start + piece.len()));
        start += piece.len();
        let continued = line.value.strip_suffix('\\').map(str::trim_end);
        let body = continued.unwrap_or(line.value);
        match open.take() {
            Some(mut command) => {
                command.text = format!("{} {body}", command.text);
                command.span = command.span.join(line.span);
                open = Some(command);
            }
            None if line.value.is_empty() || line.value.starts_with('#') => {}
            // The template's text is not a command.
            None if line.value.starts_with('<') && is_placeholder(line.value) => {}
            None => open = Some(PlannedCommand { text: body.to_owned(), span: line.span }),
        }
        if continued.is_none() {
            out.extend(open.take());
        }
    }
    out.extend(open);
}

/// Maximum nesting depth of lists; deeper items are ignored.
const MAX_LIST_DEPTH: usize = 32;

/// Reads `DONE_MEANS`. A bullet that ends with a colon and has nested bullets
/// is a group, not a criterion.
pub(super) fn read_done_means(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Vec<Criterion>, Vec<Fault>) {
    let (occurrence, faults) = single_occurrence(sections, all, outline, "DONE_MEANS");
    let Some(criteria) = occurrence else { return (Vec::new(), faults) };
    let mut out = Vec::new();
    if let Some(value) = criteria.inline.filter(|value| !is_placeholder(&value.value)) {
        out.push(Criterion { text: value, group: None });
    }
    let mut next = criteria.blocks.start;
    while next < criteria.blocks.end {
        let Some(block) = outline.get(next) else { break };
        if block.kind == BlockKind::Item {
            if is_other_field(text, outline, next) {
                break;
            }
            read_criterion(text, outline, next, None, MAX_LIST_DEPTH, &mut out);
            next = block.end.max(next + 1);
        } else {
            next += 1;
        }
    }
    (out, faults)
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
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let Some(prose) = outline.item_prose(item).and_then(|prose| outline.get(prose)) else { return };
    let line = trim_spanned(text, prose.content);
    // Ticks, also in a damaged encoding, are decoration.
    let body = line.value.trim_start_matches(|c: char| !c.is_ascii() || c.is_whitespace() || c == '?');
    let body = ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| body.strip_prefix(mark)).unwrap_or(body);
    let plain = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let nested: Vec<usize> = outline.items(Some(item)).collect();
    if plain.trim_end_matches(['*', ' ']).ends_with(':') && !nested.is_empty() {
        nested.into_iter().for_each(|child| read_criterion(text, outline, child, Some(&plain), depth, out));
        return;
    }
    if !is_placeholder(&plain) {
        out.push(Criterion { text: Spanned::new(plain, line.span), group: group.map(str::to_owned) });
    }
}
