//! `refinement/…`: a refinement is complete, agrees with itself, and its
//! anchors hold in the specification whose hash it records.

pub(super) mod anchor_section;
pub(super) mod approval;
pub(super) mod enrichment;
pub(super) mod excerpt;
pub(super) mod field;
pub(super) mod identity;
pub(super) mod section;
pub(super) mod spec;
pub(super) mod token;
pub(super) mod verdict;
pub(super) mod window;

use std::sync::Arc;

use crate::digest::{Hash20, Recorded};
use crate::document::Refinement;
use crate::document::label::Field;
use crate::document::refinement::Anchor;
use crate::document::spec::SpecText;
use crate::finding::{Finding, Label, Place};
use crate::text::{Source, Span, Spanned};

use super::Verdict;
use super::library::{RefinementInput, SpecFact};

fn at(refinement: &Refinement, span: Span, text: impl Into<String>) -> Label {
    Label::text(&refinement.source, span, text)
}

/// A label at a field's value, or at its name if it has none.
fn at_field(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    at(refinement, Refinement::place(field), text)
}

/// The hash that the refinement records, if it is one.
fn recorded(refinement: &Refinement) -> Option<Hash20> {
    let value = refinement.filled("SPEC_TARGET_SHA1")?;
    if let Recorded::Sha1(hash) = Recorded::read(&value.value) { Some(hash) } else { None }
}

/// The specification that anchors are compared with, or why there is none.
fn basis<'a>(input: &'a RefinementInput<'_>) -> Result<&'a Arc<SpecText>, Verdict> {
    let why = match input.spec {
        SpecFact::Unnamed => "the refinement names no specification",
        SpecFact::NotLookedFor(why) => why,
        SpecFact::Named { .. } => match input.spec.basis(recorded(input.refinement)) {
            Some(spec) => return Ok(spec),
            None => "the specification with the recorded hash was not found",
        },
    };
    Err(Verdict::skipped(why))
}

/// The window of an anchor that lies inside the specification.
fn window_in(anchor: &Anchor, spec: &Source) -> Option<(usize, usize)> {
    anchor.window().filter(|(first, last)| first <= last && *last <= spec.line_count())
}

/// A line of the specification without blanks at its end.
fn line(spec: &Source, number: usize) -> &str {
    spec.line_span(number).map_or("", |span| spec.slice(span).trim_end())
}

/// Text and first line of what is compared: blank lines at the ends cut off.
fn core<'t>(lines: &[&'t str]) -> (usize, Vec<&'t str>) {
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(start, |at| at + 1);
    (start, lines.get(start..end).unwrap_or_default().to_vec())
}

/// First lines at which a block of lines stands in the specification, at
/// most two: one is an address, two are none.
fn occurrences(spec: &Source, block: &[&str]) -> Vec<usize> {
    let Some(first) = block.first() else { return Vec::new() };
    let last = spec.line_count().saturating_sub(block.len()) + 1;
    let matches = |start: &usize| {
        line(spec, *start) == *first
            && block.iter().enumerate().all(|(offset, wanted)| line(spec, start + offset) == *wanted)
    };
    (1..=last).filter(matches).take(2).collect()
}

/// Says where something stands now, with a fix of the window if that is clear.
fn moved(finding: Finding, input: &RefinementInput<'_>, anchor: &Anchor, to: (usize, usize)) -> Finding {
    let Some((first, last)) = anchor.window() else { return finding };
    let lines = |(first, last): (usize, usize)| {
        if first == last { format!("line {first}") } else { format!("lines {first}–{last}") }
    };
    let by = i64::try_from(to.0).unwrap_or(0) - i64::try_from(first).unwrap_or(0);
    let same_length = to.1 - to.0 == last.saturating_sub(first);
    let distance = match by {
        _ if !same_length => String::new(),
        0 => String::new(),
        by => format!("; the specification moved by {} lines", by.unsigned_abs()),
    };
    let finding = finding.help(format!("Found at {}{distance}.", lines(to)));
    let (Some(start), Some(end)) = (&anchor.start, &anchor.end) else { return finding };
    let source = &input.refinement.source;
    if start.span.end > end.span.start {
        return finding;
    }
    let between = source.slice(Span::new(start.span.end, end.span.start));
    let place = Place::text(source, start.span.cover(end.span));
    finding.fixed_by(place, format!("{}{between}{}", to.0, to.1), format!("move the window to {}", lines(to)))
}

/// The text of a field of an anchor, unescaped and trimmed.
fn plain(value: &Spanned<String>) -> String {
    crate::document::refinement::unescaped(&value.value).trim().to_owned()
}
