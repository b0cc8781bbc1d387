//! `text/…`: what makes a document unreadable or unfinished.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, TextCheckContext};
use crate::document::DocumentKind;
use crate::document::outline::{BlockKind, Outline};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::{Span, format_count};

/// `text/readable`: a document is UTF-8 text with something in it.
pub(in crate::check) fn readable(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    if let Some(at) = source.not_utf8_at() {
        let line = source.line_span(source.line(at)).unwrap_or_default();
        let message = format!("the document is not UTF-8: byte {at} starts no character");
        let finding = rule.finding(message, Label::text(source, line, "here"));
        let zeros = source.text().chars().filter(|c| *c == '\0').count();
        return Some(if zeros > 8 {
            finding.help("Every other byte is zero: this looks like UTF-16; save it as UTF-8.")
        } else {
            finding
        })
        .into();
    }
    if source.text().trim_start_matches('\u{feff}').trim().is_empty() {
        return Some(
            rule.finding("the document is empty", Label::path(source.name(), "nothing stands here")),
        )
        .into();
    }
    Vec::new().into()
}

/// `text/kind`: a document is what its place says it is.
pub(in crate::check) fn kind(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    let at = |text: &str| Label::text(&document.source, document.head_span(), text);
    let found = document.kind;
    match input.expected {
        Some(expected) if expected != found => {
            let message = format!("a {} lies where a {} belongs", found.as_str(), expected.as_str());
            Some(rule.finding(message, at("what it says of itself"))).into()
        }
        None if found == DocumentKind::Unknown && input.governance.is_none() => {
            let message = "this is no governance document that is known; only its text was judged";
            Some(rule.finding(message, at("no known title")).with_level(Level::Warning)).into()
        }
        _ => Vec::new().into(),
    }
}

/// `text/conflict-marker`: no half-finished merge.
pub(in crate::check) fn conflict_marker(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let text = input.source.text();
    let mut found: Vec<(Span, bool)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let marker = ["<<<<<<<", ">>>>>>>", "|||||||"].iter().position(|mark| {
            body.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        if let Some(which) = marker {
            found.push((Span::new(at, at + body.len()), which == 0));
        }
        at += line.len();
    }
    // One marker alone in a fence is an example; a pair is a conflict.
    let fences: Vec<Span> = input.outline.map(fence_spans).unwrap_or_default();
    let fenced = |span: Span| fences.iter().any(|fence| fence.contains(span));
    let paired = found.iter().any(|(_, opens)| *opens) && found.iter().any(|(_, opens)| !opens);
    let real = found.into_iter().filter(|(span, _)| paired || !fenced(*span));
    let out = real
        .map(|(span, _)| {
            rule.finding("a merge conflict was left here", Label::text(input.source, span, "conflict marker"))
        })
        .collect();
    super::cap_findings(out).into()
}

fn fence_spans(outline: &Outline) -> Vec<Span> {
    let code = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_)));
    code.map(|block| block.span).collect()
}

/// `text/unclosed-fence`: a fence that is opened is closed.
pub(in crate::check) fn unclosed_fence(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON has no fences") };
    let source = input.source;
    let last = source.text().trim_end().len();
    let mut out = Vec::new();
    for block in outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_))) {
        let body = source.slice(block.span);
        let opening = body.lines().next().unwrap_or("").trim();
        let Some(mark) = opening.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let width = opening.chars().take_while(|c| *c == mark).count();
        let closing = body.trim_end().lines().last().unwrap_or("").trim();
        let closed = body.trim_end().contains('\n')
            && closing.chars().all(|c| c == mark)
            && closing.chars().count() >= width;
        // A fence also ends with the list or quote that holds it.
        if width < 3 || closed || (block.span.end < last && block.parent.is_none()) {
            continue;
        }
        let line = source.line_span(source.line(block.span.start)).unwrap_or(block.span);
        let span = Span::new(block.span.start.min(line.end), line.end);
        let swallowed = body.lines().skip(1).filter(|line| !line.trim().is_empty()).count();
        let named = opening.len() > width;
        let finding = if swallowed == 0 && named {
            rule.finding("this fence ends at once", Label::text(source, span, "opens here"))
                .help("Its text is indented less than the list item that holds it, so the item ends, and the fence with it: indent the text.")
        } else if swallowed == 0 {
            rule.finding("this fence opens a block where one should end", Label::text(source, span, "opens here"))
                .help("A fence above ended the block before: text that holds fences needs a longer fence around it.")
        } else {
            let message =
                format!("this fence is never closed; it swallows {}", format_count(swallowed, "line"));
            rule.finding(message, Label::text(source, span, "opened here"))
        };
        out.push(finding);
    }
    super::cap_findings(out).into()
}

/// How the templates mark what is to be filled in.
const FILL_MARKER: &str = "<fill";

/// Places that are shown one by one.
const MAX_SHOWN_PLACES: usize = 8;
/// Places that are counted.
const MAX_COUNTED_PLACES: usize = 1_000;

/// `text/unfilled`: what a template asks for was written.
pub(in crate::check) fn unfilled(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
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
