//! `QUALITY_GATE`: the test plan's commands and the criteria of `DONE_MEANS`.

use std::collections::HashSet;
use std::ops::Range;

use crate::document::field::Field;
use crate::document::outline::lazy_label::is_label;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{Section, section_of_block};
use crate::document::{Fault, is_placeholder};
use crate::text::{Span, Spanned, trim_spanned};

use super::items::{FieldText, TextForm, strip_box, texts_in};

/// One command of `TEST_PLAN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// The command line; continuation lines are joined, comment lines are skipped.
    pub text: String,
    /// Location in the packet.
    pub span: Span,
    /// Whether the packet marks the text as a command, by backticks or a fence. Other
    /// items need evidence like a command, but are not run.
    pub is_quoted: bool,
}

/// Returns a command line without a comment of the shell at its end.
#[must_use]
pub(crate) fn without_comment(line: &str) -> &str {
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open && (before != '\\' || open == '\'') => quote = None,
            (None, '\'' | '"' | '`') if before != '\\' => quote = Some(c),
            (None, '#') if before.is_whitespace() && at > 0 => {
                return line.get(..at).unwrap_or(line).trim_end();
            }
            _ => {}
        }
        before = c;
    }
    line
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
    let labelled: HashSet<usize> =
        all.iter().filter(|field| field.item.is_none()).map(|field| field.block).collect();
    let is_in_report = |field: &Field| {
        let own = section_of_block(sections, field.block);
        own.is_some_and(|section| section.key.contains("REPORT") || section.key.contains("LINEAGE"))
    };
    let from_fields = all
        .iter()
        .filter(|field| field.key == key && field.is_top_level && !is_in_report(field))
        .map(|field| {
            let start = field.block + 1;
            let end = match field.item.and_then(|item| outline.get(item)) {
                Some(item) => item.end,
                // A paragraph `TEST_PLAN:` has the blocks after it as its value.
                None => end_of_value(outline, &labelled, start),
            };
            FieldOccurrence { label: field.label, inline: Some(field.value.clone()), blocks: start..end }
        });
    let mut all: Vec<FieldOccurrence> = from_sections.chain(from_fields).collect();
    all.sort_by_key(|occurrence| occurrence.label.start);
    all
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

/// Reads `TEST_PLAN`: the lines of its code, and every item, cell and command in
/// backticks around it.
pub(super) fn read_test_plan(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Vec<PlannedCommand>, Vec<Fault>) {
    let (occurrence, repeated) = single_occurrence(sections, all, outline, "TEST_PLAN");
    let Some(plan) = occurrence else { return (Vec::new(), repeated) };
    let (mut out, mut faults) = (Vec::new(), Vec::new());
    if let Some(value) = plan.inline.filter(|value| !is_placeholder(&value.value)) {
        let inline = FieldText { text: value, form: TextForm::Item, block: plan.blocks.start };
        read_planned_text(&inline, &mut out, &mut faults);
    }
    let texts = texts_in(text, outline, plan.blocks);
    let mut placeholders: Vec<Fault> = Vec::new();
    for found in &texts {
        if found.form == TextForm::Code {
            let content = outline.get(found.block).map_or(found.text.span, |block| block.content);
            read_fenced_commands(text, content, &mut out);
        } else if found.form == TextForm::Item && is_labelled_list(found, outline) {
            // `- Backend:` with nested commands.
        } else if let Some(fault) = found.placeholder_fault("TEST_PLAN") {
            placeholders.push(fault);
        } else {
            placeholders.extend(found.joined_fault("TEST_PLAN"));
            read_planned_text(found, &mut out, &mut faults);
        }
    }
    // Without any command, the whole field is reported as not filled.
    if out.is_empty() { (out, repeated) } else { (out, [repeated, faults, placeholders].concat()) }
}

fn is_labelled_list(found: &FieldText, outline: &Outline) -> bool {
    let item = outline.get(found.block).and_then(|block| block.parent);
    found.is_introduction()
        && item.is_some_and(|item| outline.get(item).is_some_and(|b| b.end > found.block + 1))
}

/// Reads the commands of one text outside of code: those in backticks. An item or
/// cell without backticks is one command as a whole.
fn read_planned_text(found: &FieldText, out: &mut Vec<PlannedCommand>, faults: &mut Vec<Fault>) {
    let body = strip_box(&found.text.value);
    if found.is_empty_statement() || is_placeholder(body) {
        return;
    }
    let spans = code_spans(&found.text.value);
    let command = |text: &str, is_quoted: bool| PlannedCommand {
        text: text.to_owned(),
        span: found.text.span,
        is_quoted,
    };
    let commands: Vec<&str> = match spans.as_slice() {
        [only] => vec![*only],
        // A word alone is a name: ``run `cargo test` in `app` ``.
        several => several.iter().copied().filter(|span| span.trim().contains(' ')).collect(),
    };
    if !commands.is_empty() {
        out.extend(commands.into_iter().map(|text| command(text.trim(), true)));
        return;
    }
    match found.form {
        TextForm::Item | TextForm::Cell if spans.is_empty() => {
            let plain = body.split_whitespace().collect::<Vec<_>>().join(" ");
            out.push(command(plain.trim_matches('*'), false));
        }
        TextForm::Heading => {}
        TextForm::Html => faults.push(found.fault("TEST_PLAN", "it is HTML; write commands in a fence")),
        _ if found.is_introduction() => {}
        _ => faults.push(found.fault("TEST_PLAN", "it is not a command in backticks")),
    }
}

/// Returns the texts in backticks; a run of backticks ends at a run of the same length.
fn code_spans(text: &str) -> Vec<&str> {
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
            None => open = Some(PlannedCommand { text: body.to_owned(), span: line.span, is_quoted: true }),
        }
        if continued.is_none() {
            out.extend(open.take());
        }
    }
    out.extend(open);
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
    let mut read: HashSet<usize> = HashSet::new();
    let mut next = criteria.blocks.start;
    let mut end = criteria.blocks.end;
    while next < criteria.blocks.end {
        let Some(block) = outline.get(next) else { break };
        if block.kind == BlockKind::Item {
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
    // Ticks, also in a damaged encoding, are decoration.
    let body = line.value.trim_start_matches(|c: char| !c.is_ascii() || c.is_whitespace() || c == '?');
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
