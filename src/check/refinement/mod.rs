//! `refinement/…`: a refinement is complete and consistent, and its anchors agree
//! with the specification whose hash it records.

pub(super) mod anchor;
pub(super) mod content;
pub(super) mod spec;
mod titles;
pub(super) mod verdict;

use std::sync::Arc;

use crate::check::CheckResult;
use crate::check::repository_documents::{RefinementCheckContext, SpecFact};
use crate::digest::{Hash20, RecordedHash};
use crate::document::Refinement;
use crate::document::field::Field;
use crate::document::refinement::Anchor;
use crate::document::spec::SpecText;
use crate::finding::{Finding, Label, Place};
use crate::text::{RepoPath, Source, Span, Spanned};

fn label_at(refinement: &Refinement, span: Span, text: impl Into<String>) -> Label {
    Label::text(&refinement.source, span, text)
}

/// Creates a label at a field's value, or at its name if the value is empty.
fn label_at_field(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    label_at(refinement, Refinement::field_span(field), text)
}

/// Returns the hash that the refinement records; `None` if it is missing or invalid.
fn recorded_hash(refinement: &Refinement) -> Option<Hash20> {
    let value = refinement.filled_value("SPEC_TARGET_SHA1")?;
    if let RecordedHash::Sha1(hash) = RecordedHash::read(&value.value) { Some(hash) } else { None }
}

/// Returns the specification that anchors are compared with, or a skipped result.
fn recorded_spec<'a>(input: &'a RefinementCheckContext<'_>) -> Result<&'a Arc<SpecText>, CheckResult> {
    let why = match input.spec {
        SpecFact::Unnamed => "the refinement names no specification",
        SpecFact::NotSearched(why) => why,
        SpecFact::Named { .. } => match input.spec.recorded_text(recorded_hash(input.refinement)) {
            Some(spec) => return Ok(spec),
            None => "the specification with the recorded hash was not found",
        },
    };
    Err(CheckResult::skipped(why))
}

/// Returns the text that an anchor is compared with: the specification, or the module
/// that the anchor names if the specification is a bundle. `None` if it was not found.
fn anchor_spec<'a>(input: &'a RefinementCheckContext<'_>, anchor: &Anchor) -> Option<&'a Arc<SpecText>> {
    let spec = recorded_spec(input).ok()?;
    let SpecFact::Named { path, modules, .. } = input.spec else { return Some(spec) };
    match anchor.module().filter(|_| is_bundle(path)) {
        Some(module) => modules.get(&module),
        None => Some(spec),
    }
}

/// Returns whether the file of a specification is the list of a bundle's modules.
#[must_use]
pub(crate) fn is_bundle(path: &RepoPath) -> bool {
    path.as_bytes().to_ascii_lowercase().ends_with(b".json")
}

/// Returns the window of an anchor as its first and last line, counted from 1;
/// `None` if it is not inside the specification.
fn window_in_spec(anchor: &Anchor, spec: &Source) -> Option<(usize, usize)> {
    let lines = lines_of_editor(spec);
    let window = anchor.window().filter(|(first, last)| first <= last && *last <= lines);
    window.map(|(first, last)| (first, last.min(spec.line_count())))
}

/// Returns the number of lines as editors show them: after the last newline, there is an
/// empty line.
fn lines_of_editor(spec: &Source) -> usize {
    spec.line_count() + usize::from(spec.text().ends_with('\n'))
}

/// Returns a line of the specification, counted from 1, without trailing
/// whitespace.
fn spec_line(spec: &Source, number: usize) -> &str {
    spec.line_span(number).map_or("", |span| spec.slice(span).trim_end())
}

/// Removes empty lines at both ends. Returns the index of the first kept line and
/// the kept lines.
fn trim_empty_lines<'t>(lines: &[&'t str]) -> (usize, Vec<&'t str>) {
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(start, |at| at + 1);
    (start, lines.get(start..end).unwrap_or_default().to_vec())
}

/// Returns the line numbers at which a block of lines starts in the specification,
/// at most two, because two already mean that the location is ambiguous.
fn find_block(spec: &Source, block: &[&str]) -> Vec<usize> {
    let Some(first) = block.first().filter(|first| !first.is_empty()) else { return Vec::new() };
    let last = spec.line_count().saturating_sub(block.len()) + 1;
    let matches = |start: &usize| {
        block.iter().enumerate().all(|(offset, wanted)| spec_line(spec, start + offset) == *wanted)
    };
    let text = spec.text().as_bytes();
    let is_line_start = |at: &usize| at.checked_sub(1).is_none_or(|before| text.get(before) == Some(&b'\n'));
    let starts = memchr::memmem::find_iter(text, first.as_bytes()).filter(is_line_start);
    let lines = starts.map(|at| spec.line(at)).take_while(|line| *line <= last);
    lines.filter(matches).take(2).collect()
}

/// Returns the line numbers of the first two lines that contain a token.
fn find_token(spec: &Source, token: &str) -> Vec<usize> {
    let found = memchr::memmem::find_iter(spec.text().as_bytes(), token.as_bytes());
    let mut lines: Vec<usize> = Vec::new();
    for line in found.map(|at| spec.line(at)) {
        if lines.last() != Some(&line) && spec_line(spec, line).contains(token) {
            lines.push(line);
        }
        if lines.len() == 2 {
            break;
        }
    }
    lines
}

/// Adds a hint with the found lines, and a fix that moves the window to them.
fn with_window_fix(
    finding: Finding,
    input: &RefinementCheckContext<'_>,
    anchor: &Anchor,
    to: (usize, usize),
) -> Finding {
    let Some((first, last)) = anchor.window() else { return finding };
    let lines = |(first, last): (usize, usize)| {
        if first == last { format!("line {first}") } else { format!("lines {first}–{last}") }
    };
    let offset = i64::try_from(to.0).unwrap_or(0) - i64::try_from(first).unwrap_or(0);
    let same_length = to.1 - to.0 == last.saturating_sub(first);
    let distance = match offset {
        _ if !same_length => String::new(),
        0 => String::new(),
        offset => format!("; the text moved by {} lines", offset.unsigned_abs()),
    };
    let finding = finding.help(format!("The text is now in {}{distance}.", lines(to)));
    let (Some(start), Some(end)) = (&anchor.start, &anchor.end) else { return finding };
    let source = &input.refinement.source;
    if start.span.end > end.span.start {
        return finding;
    }
    let between = source.slice(Span::new(start.span.end, end.span.start));
    let place = Place::text(source, start.span.join(end.span));
    finding.with_fix(place, format!("{}{between}{}", to.0, to.1), format!("move the window to {}", lines(to)))
}

/// Returns the text of an anchor's field, unescaped and trimmed.
fn unescaped_value(value: &Spanned<String>) -> String {
    crate::document::refinement::unescape(&value.value).trim().to_owned()
}

/// Returns whether a text contains some words whole: `project` is no word of `projection-surface`.
fn contains_words(text: &str, words: &str) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + words.len()..));
        is_end(before.and_then(|before| before.chars().next_back()))
            && is_end(after.and_then(|after| after.chars().next()))
    })
}
