//! The human format: each finding with its source line and a caret, then a
//! summary.

use std::collections::BTreeMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Title, Origin, Renderer, Snippet};

use crate::check::wording;
use crate::finding::{Finding, Label, Level, Place, Report, StepReport, StepStatus};
use crate::text::{Source, Span, escape_hidden, is_hidden};

use super::remedy::remedy;
pub use super::style::HumanOptions;
use super::style::{DIM_STYLE, FAIL_STYLE, paint};
use super::summary::render_summary;

/// Maximum number of findings of one rule that are shown; more are only
/// counted.
const MAX_PER_RULE: usize = 25;

/// Maximum length of a shown source line, in bytes.
const MAX_LINE_BYTES: usize = 240;

/// Renders a report.
#[must_use]
pub(crate) fn render(report: &Report, options: HumanOptions) -> String {
    if let Some(reason) = &report.not_run {
        let verdict = paint(options, FAIL_STYLE, "NOT RUN");
        return format!("error: {}\n\n{}: {verdict}\n", escape_hidden(reason), report.gate);
    }
    // Notes about finished packets are shown with `--verbose`.
    let hides_notes = report.documents.is_some() && !options.verbose;
    let shown: Vec<&Finding> =
        report.findings.iter().filter(|finding| !hides_notes || finding.level != Level::Note).collect();
    let mut out = render_findings(&shown, options);
    for step in report.steps.iter().filter(|step| step.status == StepStatus::Failed) {
        out.push_str(&render_step_tail(step, options));
    }
    if options.quiet && report.passed() {
        return out;
    }
    out.push_str(&render_summary(report, options));
    out.extend(report.run.assist.iter().map(super::assist::render_human));
    out
}

/// Renders findings, one after the other. The reason of a rule is shown with
/// its first finding only.
#[must_use]
pub(crate) fn render_findings(findings: &[&Finding], options: HumanOptions) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::new();
    for finding in findings.iter().filter(|finding| !options.quiet || finding.level == Level::Error) {
        let count = counts.entry(finding.rule.as_str()).or_default();
        *count += 1;
        if *count <= MAX_PER_RULE {
            out.push_str(&render_finding(finding, options, *count == 1));
            out.push_str("\n\n");
        }
    }
    for (rule, count) in counts {
        if let Some(more) = count.checked_sub(MAX_PER_RULE).filter(|more| *more > 0) {
            out.push_str(&format!("… and {more} more findings of {rule}; --format json lists all\n\n"));
        }
    }
    out
}

fn render_finding(finding: &Finding, options: HumanOptions, is_first: bool) -> String {
    let level = match finding.level {
        _ if finding.waived_by.is_some() => Title::INFO.with_name("waived"),
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Note => Title::NOTE,
    };
    let message = escape_hidden(&finding.message).into_owned();
    let mut group = Group::with_title(level.primary_title(message).id(finding.rule.to_string()));
    group = add_location(group, &finding.primary, true);
    for label in &finding.related {
        group = add_location(group, label, false);
    }
    let rule = wording(finding);
    if let Some(waiver) = &finding.waived_by {
        group = group.element(Title::NOTE.message(format!("waived by {}", escape_hidden(waiver))));
    } else if let Some(rule) = rule.filter(|_| is_first) {
        group = group.element(Title::NOTE.with_name("why").message(escape_hidden(&rule.why).into_owned()));
    }
    if let Some(packet) = &finding.packet {
        group = group.element(Title::NOTE.with_name("packet").message(escape_hidden(packet).into_owned()));
    }
    for note in &finding.notes {
        group = group.element(Title::NOTE.message(escape_hidden(note).into_owned()));
    }
    for help in &finding.help {
        group = group.element(Title::HELP.message(escape_hidden(help).into_owned()));
    }
    if let Some(rule) = rule.filter(|_| is_first && finding.waived_by.is_none()) {
        let remedy = remedy(finding).unwrap_or_default();
        group = group.element(Title::HELP.message(escape_hidden(&remedy).into_owned()));
        let mut references = rule.references.clone();
        references.push(format!("countersign explain {}", finding.rule));
        let references = escape_hidden(&references.join(", ")).into_owned();
        group = group.element(Title::NOTE.with_name("see").message(references));
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    // A snippet after a separate location has an empty location of its own.
    text.lines().filter(|line| line.trim() != ":::").collect::<Vec<_>>().join("\n")
}

/// Renders an error in a document that is not judged, such as the
/// configuration.
#[must_use]
pub(crate) fn render_source_error(
    message: &str,
    source: &Source,
    span: Span,
    options: HumanOptions,
) -> String {
    let (slice, line, inside) = cut_first_line(source, span);
    let snippet = Snippet::source(slice).line_start(line).path(source.display_path());
    let annotation = AnnotationKind::Primary.span(inside.start..inside.end);
    let group = Group::with_title(Title::ERROR.primary_title(escape_hidden(message).into_owned()))
        .element(snippet.annotation(annotation));
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

fn add_location<'a>(group: Group<'a>, label: &Label, is_primary: bool) -> Group<'a> {
    let text = escape_hidden(&label.text).replace('\n', " ");
    match &label.place {
        Place::Text { source, span } => {
            let (slice, line, inside) = cut_first_line(source, *span);
            let kind = if is_primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(inside.start..inside.end);
            let annotation = if text.is_empty() { annotation } else { annotation.label(text) };
            let snippet = Snippet::source(slice).line_start(line).annotation(annotation);
            // The renderer counts columns of the shown text, which is cut and
            // escaped. If they differ, the location is a separate element.
            let start = source.position(span.start);
            if start.column == inside.start + 1 {
                return group.element(snippet.path(source.display_path()));
            }
            let origin = Origin::path(source.display_path()).line(start.line).char_column(start.column);
            group.element(origin).element(snippet)
        }
        Place::Path(path) if text.is_empty() => group.element(Origin::path(path.to_string())),
        Place::Path(path) => group.element(Origin::path(format!("{path}: {text}"))),
        Place::Repository if text.is_empty() => group,
        Place::Repository => group.element(Title::NOTE.message(text)),
    }
}

/// Returns the first line of a span, its number from 1, and the span inside it.
/// Long lines are cut around the span.
fn cut_first_line(source: &Source, span: Span) -> (String, usize, Span) {
    let line = source.line(span.start);
    let whole = source.line_span(line).unwrap_or_default();
    let text = source.slice(whole);
    let start = span.start.clamp(whole.start, whole.end) - whole.start;
    let end = span.end.clamp(whole.start + start, whole.end) - whole.start;
    let boundary = |mut offset: usize| {
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let (start, end) = (boundary(start), boundary(end));
    let (from, to) = if text.len() <= MAX_LINE_BYTES {
        (0, text.len())
    } else {
        let from = boundary(start.saturating_sub(40));
        (from, boundary((from + MAX_LINE_BYTES).min(text.len())))
    };
    let end = end.min(to);
    let piece = |from: usize, to: usize| escape(text.get(from..to).unwrap_or(""));
    let (before, inside, after) = (piece(from, start), piece(start, end), piece(end, to));
    let span = Span::new(before.len(), before.len() + inside.len());
    (format!("{before}{inside}{after}"), line, span)
}

/// Escapes hidden characters, and control characters that could move the cursor
/// of a terminal.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c != '\t' && (c.is_control() || is_hidden(c)) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}

fn render_step_tail(step: &StepReport, options: HumanOptions) -> String {
    let mut out = format!("last lines of step `{}`:\n", step.name);
    for line in &step.run.tail {
        out.push_str(&paint(options, DIM_STYLE, &format!("  | {line}")));
        out.push('\n');
    }
    out.push('\n');
    out
}
