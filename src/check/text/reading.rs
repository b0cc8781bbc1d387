//! `text/…`: documents can be read, have the right type, and are complete.

use std::sync::Arc;

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, TextCheckContext};
use crate::document::DocumentKind;
use crate::document::outline::BlockKind;
use crate::document::outline::recovery::{Recovery, is_closed_fence};
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{Source, Span, format_count};

/// `text/readable`: a governance document is UTF-8 text and is not empty.
pub(in crate::check) fn readable(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    if let Some(at) = source.not_utf8_at() {
        let line = source.line_span(source.line(at)).unwrap_or_default();
        let message = format!("the document is not valid UTF-8 at byte {at}");
        let finding = rule.finding(message, Label::text(source, line, "not valid UTF-8"));
        let (encoding, start) = (source.encoding(), Place::text(source, Span::new(0, 0)));
        return Some(
            finding.note(format!("It was read as {encoding}. Gates do not accept it.")).with_unsafe_fix(
                start,
                "",
                format!("convert the document from {encoding} to UTF-8"),
            ),
        )
        .into();
    }
    if source.text().trim_start_matches('\u{feff}').trim().is_empty() {
        return Some(rule.finding("the document is empty", Label::path(source.name(), "no text"))).into();
    }
    Vec::new().into()
}

/// `text/kind`: every document has a known type, and the type is the one that
/// belongs in its place in the repository.
pub(in crate::check) fn kind(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    let at = |text: &str| Label::text(&document.source, document.head_span(), text);
    let found = document.kind;
    if document.typed_contract().is_some_and(|contract| contract.is_broken) {
        return CheckResult::skipped("the contract cannot be read");
    }
    match input.expected {
        Some(expected) if expected != found => {
            let message =
                format!("the document is a {}, but a {} belongs here", found.as_str(), expected.as_str());
            Some(rule.finding(message, at("this title decides the type"))).into()
        }
        None if found == DocumentKind::Unknown && input.governance.is_none() => {
            let message = "the type of the document is unknown; only its text was checked";
            Some(rule.finding(message, at("not the title of a known type")).with_level(Level::Warning)).into()
        }
        _ => Vec::new().into(),
    }
}

/// `text/conflict-marker`: no document contains the markers of a merge conflict.
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
    // A single marker in a fence is an example; a pair is a conflict.
    let fences: Vec<Span> = input.outline.map(super::fence_spans).unwrap_or_default();
    let fenced = |span: Span| super::is_fenced(&fences, span);
    let paired = found.iter().any(|(_, opens)| *opens) && found.iter().any(|(_, opens)| !opens);
    let real = found.into_iter().filter(|(span, _)| paired || !fenced(*span));
    let out = real
        .map(|(span, _)| {
            rule.finding(
                "the document contains an unresolved merge conflict",
                Label::text(input.source, span, "conflict marker"),
            )
        })
        .collect();
    super::cap_findings(out).into()
}

/// `text/unclosed-fence`: every code fence in a document is closed.
pub(in crate::check) fn unclosed_fence(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON has no fences") };
    let source = input.source;
    let last = source.text().trim_end().len();
    let mut out: Vec<Finding> =
        outline.recoveries.iter().map(|recovery| report_recovery(source, recovery, rule)).collect();
    let is_recovered = |span: Span| outline.recoveries.iter().any(|recovery| recovery.span == span);
    for block in outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_))) {
        let body = source.slice(block.span);
        let opening = body.lines().next().unwrap_or("").trim();
        let Some(mark) = opening.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let width = opening.chars().take_while(|c| *c == mark).count();
        // A fence also ends with the list or quote that contains it.
        if width < 3
            || is_recovered(block.span)
            || is_closed_fence(body)
            || (block.span.end < last && block.parent.is_none())
        {
            continue;
        }
        let line = source.line_span(source.line(block.span.start)).unwrap_or(block.span);
        let span = Span::new(block.span.start.min(line.end), line.end);
        let enclosed = body.lines().skip(1).filter(|line| !line.trim().is_empty()).count();
        let has_info = opening.len() > width;
        let finding = if enclosed == 0 && has_info {
            rule.finding("the fence ends immediately after it opens", Label::text(source, span, "opens here"))
                .help(
                    "Its text is indented less than its list item, so the item and the fence end. \
                    Indent the text.",
                )
        } else if enclosed == 0 {
            rule.finding(
                "the fence opens a block instead of closing one",
                Label::text(source, span, "opens here"),
            )
            .help(
                "An earlier fence already closed the block. Use a longer fence around text \
                    that contains fences.",
            )
        } else {
            let message =
                format!("the fence is never closed; it contains {}", format_count(enclosed, "line"));
            rule.finding(message, Label::text(source, span, "opens here"))
        };
        out.push(finding);
    }
    super::cap_findings(out).into()
}

/// Reports a fence that was recovered, with a fix that indents its lines.
fn report_recovery(source: &Arc<Source>, recovery: &Recovery, rule: &Rule) -> Finding {
    let start = source.line_span(source.line(recovery.outdented.start)).map_or(0, |line| line.start);
    let span = Span::new(start, recovery.span.end);
    let indent = |line: &str| {
        let own = line.bytes().take_while(|byte| *byte == b' ').count();
        let missing = recovery.indent.saturating_sub(own);
        format!("{:missing$}{line}", "")
    };
    let lines = source.slice(span).split_inclusive('\n');
    let indented: String =
        lines.map(|line| if line.trim().is_empty() { line.to_owned() } else { indent(line) }).collect();
    rule.finding(
        "this line is indented less than the list item of its fence",
        Label::text(source, recovery.outdented, "ends the list item and its fence"),
    )
    .related(Label::text(source, recovery.opening, "the fence opens here"))
    .note("The fence was read up to its closing line. A Markdown viewer shows the text after it as code.")
    .help("Indent the lines of the fence like its first line.")
    .with_unsafe_fix(Place::text(source, span), indented, "indent the lines of the fence")
}

/// The start of a placeholder in the templates.
const FILL_MARKER: &str = "<fill";

/// Maximum number of placeholders that a finding shows.
const MAX_SHOWN_PLACEHOLDERS: usize = 8;
/// Maximum number of placeholders that are counted.
const MAX_COUNTED_PLACEHOLDERS: usize = 1_000;

/// `text/unfilled`: packets and refinements contain no unfilled `<fill…>`
/// placeholder of their template.
pub(in crate::check) fn unfilled(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON files have no placeholders") };
    if !matches!(input.kind, DocumentKind::Packet | DocumentKind::Refinement) {
        return CheckResult::skipped("the rule checks packets and refinements only");
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
    for (start, _) in source.text().match_indices(FILL_MARKER).take(MAX_COUNTED_PLACEHOLDERS) {
        let line = source.line_span(source.line(start)).unwrap_or_default();
        // A placeholder in backticks is only mentioned.
        let quoted = source.slice(Span::new(line.start, start)).matches('`').count() % 2 == 1;
        if !quoted && !is_comment(start) {
            let rest = source.slice(Span::new(start, line.end));
            spans.push(Span::new(start, rest.find('>').map_or(line.end, |end| start + end + 1)));
        }
    }
    let Some((first, others)) = spans.split_first() else { return Vec::new().into() };
    let verb = if spans.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} not filled", format_count(spans.len(), "placeholder"));
    let mut finding = rule.finding(message, Label::text(source, *first, "placeholder of the template"));
    for span in others.iter().take(MAX_SHOWN_PLACEHOLDERS - 1) {
        finding = finding.related(Label::text(source, *span, "another placeholder"));
    }
    if spans.len() > MAX_SHOWN_PLACEHOLDERS {
        finding.notes.push(format!("The document has {} more.", spans.len() - MAX_SHOWN_PLACEHOLDERS));
    }
    vec![finding].into()
}
