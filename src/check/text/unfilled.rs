//! `text/unfilled`: what a template asks for was written.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::document::DocumentKind;
use crate::document::outline::BlockKind;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Span, format_count};

/// How the templates mark what is to be filled in.
const FILL_MARKER: &str = "<fill";

/// Places that are shown one by one.
const MAX_SHOWN_PLACES: usize = 8;
/// Places that are counted.
const MAX_COUNTED_PLACES: usize = 1_000;

pub(in crate::check) fn check(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON is written by commands") };
    if !matches!(input.kind, DocumentKind::Packet | DocumentKind::Refinement) {
        return CheckResult::skipped("only packets and refinements have to be complete");
    }
    let source = input.source;
    if !source.text().contains(FILL_MARKER) {
        return Vec::new().into();
    }
    let is_comment = |at: usize| {
        let html = outline.blocks.iter().filter(|block| block.kind == BlockKind::Html);
        html.filter(|block| block.span.start <= at && at < block.span.end)
            .any(|block| source.slice(block.span).trim_start().starts_with("<!--"))
    };
    let mut spans: Vec<Span> = Vec::new();
    for (start, _) in source.text().match_indices(FILL_MARKER).take(MAX_COUNTED_PLACES) {
        let line = source.line_span(source.line(start)).unwrap_or_default();
        // In back-ticks it is spoken of.
        let quoted = source.slice(Span::new(line.start, start)).matches('`').count() % 2 == 1;
        if !quoted && !is_comment(start) {
            let rest = source.slice(Span::new(start, line.end));
            spans.push(Span::new(start, rest.find('>').map_or(line.end, |end| start + end + 1)));
        }
    }
    let Some((first, others)) = spans.split_first() else { return Vec::new().into() };
    let verb = if spans.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} still to be filled in", format_count(spans.len(), "place"));
    let mut finding = rule.finding(message, Label::text(source, *first, "the template's text"));
    for span in others.iter().take(MAX_SHOWN_PLACES - 1) {
        finding = finding.related(Label::text(source, *span, "and here"));
    }
    if spans.len() > MAX_SHOWN_PLACES {
        finding.notes.push(format!("There are {} more in this document.", spans.len() - MAX_SHOWN_PLACES));
    }
    vec![finding].into()
}
