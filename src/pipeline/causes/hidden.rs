//! Findings that follow from a fence or comment that hides parts of the packet.

use std::sync::Arc;

use crate::document::hidden::{HidingBlock, find_hiding_blocks};
use crate::finding::{Finding, Label, Place, RuleId, Subject};
use crate::text::{Source, Span, line_ending};

use super::{Causes, FoldedDocument, is_problem, parts};

/// Maximum number of bytes that are searched for the subjects of findings.
const MAX_SEARCHED_BYTES: usize = 64 * 1024 * 1024;
/// Maximum number of hidden parts that a message names.
const MAX_NAMED: usize = 6;
/// Maximum number of blocks of a document whose consequences are searched.
const MAX_BLOCKS: usize = 20;
/// Number of lines between a damaged opening line of a fence and the line that was to close
/// it.
const MAX_FENCE_LINES: usize = 200;

/// The rules that report a block or a character; the first one that did is the cause.
const UNCLOSED: &str = "text/unclosed-fence";
const DAMAGED: &str = "text/hidden-character";
/// The rule about items that are not read.
const UNREAD: &str = "packet/unread-item";
/// Rules that take a line of a block for a command or an item.
const MISREAD: [&str; 2] = ["evidence/command", UNREAD];
/// Rules that miss an entry, and the label that an entry begins with.
const ENTRIES: [(&str, &str); 3] = [
    ("manifest/missing", "TARGET_FILE"),
    ("evidence/command", "COMMAND"),
    ("scope/outside", "IN_SCOPE_PATHS"),
];

pub(super) fn fold(causes: &mut Causes, document: FoldedDocument<'_>) {
    let FoldedDocument { source, outline, .. } = document;
    let may_follow = |finding: &Finding| {
        is_problem(finding)
            && (parts::section_of(finding).is_some() || finding.subject.is_some() || is_in(finding, source))
    };
    if !causes.open().any(|(_, finding)| may_follow(finding)) {
        return;
    }
    for block in find_hiding_blocks(source.text(), outline).into_iter().take(MAX_BLOCKS) {
        fold_block(causes, document, &block);
    }
    fold_damaged(causes, source);
}

/// The line that was to close a fence opens one if the line that was to open it is damaged.
fn fold_damaged(causes: &mut Causes, source: &Arc<Source>) {
    let unclosed = causes.open_indexes(|finding| finding.rule.as_str() == UNCLOSED && is_in(finding, source));
    for index in unclosed.into_iter().take(MAX_BLOCKS) {
        let opening = causes.get(index).and_then(|finding| match &finding.primary.place {
            Place::Text { span, .. } => Some(*span),
            _ => None,
        });
        let Some(cause) = opening.and_then(|opening| find_damaged(causes, source, opening)) else { continue };
        causes.explain(index, cause);
    }
    for cause in causes.open_indexes(|finding| super::fails_by(finding, DAMAGED)).into_iter().take(MAX_BLOCKS)
    {
        let place = causes.get(cause).map(|finding| finding.primary.place.clone());
        let line = place.as_ref().and_then(super::line_of);
        let follows = |finding: &Finding| {
            finding.rule.as_str() == UNREAD && super::line_of(&finding.primary.place) == line
        };
        for index in causes.open_indexes(follows) {
            causes.explain(index, cause);
        }
    }
}

/// Finds the finding about a character because of which a fence above a line did not open.
fn find_damaged(causes: &Causes, source: &Arc<Source>, opening: Span) -> Option<usize> {
    let is_bare = source.slice(opening).trim().chars().all(|c| matches!(c, '`' | '~'));
    let mut open = causes.open();
    let found = open.find(|(_, finding)| {
        is_bare && super::fails_by(finding, DAMAGED) && damages_opening(finding, source, opening)
    });
    found.map(|(index, _)| index)
}

fn is_in(finding: &Finding, source: &Arc<Source>) -> bool {
    finding.primary.place.path() == Some(source.name())
}

fn fold_block(causes: &mut Causes, document: FoldedDocument<'_>, block: &HidingBlock) {
    let source = document.source;
    let text = source.slice(block.span);
    let is_small = text.len().saturating_mul(causes.findings.len()) <= MAX_SEARCHED_BYTES;
    let names = |finding: &Finding| match &finding.subject {
        Some(Subject::Path(path)) => is_small && text.contains(path.to_text().as_ref()),
        Some(Subject::Command(command)) => is_small && text.contains(command.as_str()),
        None => false,
    };
    // An entry that a rule misses is in the block.
    let is_entry = |finding: &Finding| {
        let label = ENTRIES.iter().find(|(rule, _)| *rule == finding.rule.as_str());
        label.is_some_and(|(_, label)| block.hides(label)) && names(finding)
    };
    let mut direct = causes.open_indexes(|finding| is_problem(finding) && misses_hidden(finding, block));
    direct.extend(causes.open_indexes(|finding| is_problem(finding) && is_entry(finding)));
    if direct.is_empty() {
        return;
    }
    let hidden: Vec<String> = direct
        .iter()
        .filter_map(|index| causes.get(*index).and_then(parts::section_of))
        .filter(|section| block.hides(section))
        .map(str::to_owned)
        .collect();
    let follows = |finding: &Finding| {
        let in_section =
            parts::section_of(finding).is_some_and(|section| hidden.iter().any(|key| key == section));
        // What looks like a command, and is a part that the block hides.
        let is_no_command = block.closing.is_some()
            && MISREAD.contains(&finding.rule.as_str())
            && hides_place(block, source, &finding.primary.place);
        is_problem(finding) && (in_section || is_no_command)
    };
    let consequences = causes.open_indexes(follows);
    let cause = choose_cause(causes, source, block, &direct);
    if let Some(finding) = causes.get_mut(cause).filter(|finding| finding.rule.as_str() != DAMAGED) {
        describe(finding, document, block);
    }
    for index in direct.into_iter().chain(consequences) {
        causes.explain(index, cause);
    }
    let own = |finding: &Finding| {
        finding.rule.as_str() == UNCLOSED && starts_on_line(&finding.primary.place, source, block.opening)
    };
    for index in causes.open_indexes(own) {
        causes.explain(index, cause);
    }
}

/// Returns whether the part that a finding misses is in a block.
fn misses_hidden(finding: &Finding, block: &HidingBlock) -> bool {
    finding.missing.as_ref().is_some_and(|part| {
        block.hides(&part.section) || part.field.as_ref().is_some_and(|field| block.hides(field))
    })
}

/// Returns whether a place is among the hidden lines.
fn hides_place(block: &HidingBlock, source: &Arc<Source>, place: &Place) -> bool {
    matches!(place, Place::Text { source: own, span } if own.name() == source.name() && block.hides_span(*span))
}

fn starts_on_line(place: &Place, source: &Arc<Source>, line: Span) -> bool {
    matches!(place, Place::Text { source: own, span }
        if own.name() == source.name() && source.line(span.start) == source.line(line.start))
}

/// Returns the finding about the block itself, or else the most general one about a part that
/// it hides.
fn choose_cause(causes: &Causes, source: &Arc<Source>, block: &HidingBlock, direct: &[usize]) -> usize {
    let reported = || {
        let mut open = causes.open();
        let found = open.find(|(_, finding)| {
            finding.rule.as_str() == UNCLOSED && starts_on_line(&finding.primary.place, source, block.opening)
        });
        found.map(|(index, _)| index)
    };
    let rank = |index: &usize| {
        causes.get(*index).map(|finding| {
            let rule = finding.rule.as_str();
            (rule != "packet/section", rule != "packet/field", std::cmp::Reverse(finding.level), *index)
        })
    };
    let general = || direct.iter().copied().min_by_key(rank).unwrap_or_default();
    find_damaged(causes, source, block.opening).or_else(reported).unwrap_or_else(general)
}

/// Returns whether a finding is about a character in a line above the block that was meant to
/// open a fence.
fn damages_opening(finding: &Finding, source: &Arc<Source>, opening: Span) -> bool {
    let Place::Text { source: own, span } = &finding.primary.place else { return false };
    let number = source.line(span.start);
    let before = source.line(opening.start);
    let line = source.line_span(number).map_or("", |line| source.slice(line));
    own.name() == source.name()
        && number < before
        && before - number <= MAX_FENCE_LINES
        && (line.trim_start().starts_with("``") || line.trim_start().starts_with("~~"))
}

/// Makes a finding one about the block.
fn describe(finding: &mut Finding, document: FoldedDocument<'_>, block: &HidingBlock) {
    let source = document.source;
    let what = if block.is_comment { "comment" } else { "fence" };
    let labels = || block.parts.iter().map(|(key, _)| key);
    let all: Vec<&String> =
        if block.headings.is_empty() { labels().collect() } else { block.headings.iter().collect() };
    let names: Vec<String> = all.iter().take(MAX_NAMED).map(|key| format!("`{key}`")).collect();
    let more = if all.len() > names.len() { ", …" } else { "" };
    let first = block.parts.first().map_or(block.opening, |(_, span)| *span);
    let line = source.line(first.start);
    // What was found stays in the report.
    if finding.rule.as_str() != UNCLOSED {
        finding.notes.insert(0, super::consequence_note(finding));
    }
    finding.message = match &block.closing {
        Some(_) => {
            format!("this {what} is not closed before line {line}; it hides {}{more}", names.join(", "))
        }
        None => format!("this {what} hides {}{more}", names.join(", ")),
    };
    finding.primary = Label::text(source, block.opening, "opens here");
    finding.related = vec![Label::text(source, first, "the first hidden line")];
    (finding.missing, finding.fix) = (None, None);
    if document.checks_fences && !block.is_comment && block.closing.is_some() {
        finding.rule = RuleId::from_static(UNCLOSED);
    }
    match &block.closing {
        Some(closing) => {
            let start = source.line_span(line).map_or(first.start, |line| line.start);
            let place = Place::text(source, Span::new(start, start));
            let insert = format!("{closing}{}", line_ending(source.text()));
            let edit = finding.clone().with_unsafe_fix(
                place,
                insert,
                format!("close the {what} before line {line}"),
            );
            finding.fix = edit.fix;
        }
        None => finding.help.push(format!("If these lines are part of the packet, remove the {what}.")),
    }
}
