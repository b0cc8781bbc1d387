//! For a person: each finding with its source line and caret, then a summary.

use std::collections::HashMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Title, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};

use crate::check::context::Gate;
use crate::check::wording;
use crate::finding::{
    CheckStatus, EvidenceClaim, Finding, Label, Level, Place, Report, ScanInfo, StepReport, StepStatus,
};
use crate::text::{Source, Span, escape_hidden, format_count, is_hidden, to_single_line};

use super::packet;

/// Findings of one rule that are shown in full; the rest is counted.
const MAX_PER_RULE: usize = 25;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct HumanOptions {
    /// With colours.
    pub color: bool,
    /// Every check with its outcome.
    pub verbose: bool,
    /// Nothing but failures.
    pub quiet: bool,
}

const PASS_STYLE: Style = AnsiColor::Green.on_default().bold();
const FAIL_STYLE: Style = AnsiColor::Red.on_default().bold();
const DIM_STYLE: Style = Style::new().dimmed();

fn paint(look: HumanOptions, style: Style, text: &str) -> String {
    if look.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// The report of a gate.
#[must_use]
pub fn render(report: &Report, look: HumanOptions) -> String {
    // What documents have to say of finished work is told when asked for.
    let hidden = report.documents.is_some() && !look.verbose;
    let told: Vec<&Finding> =
        report.findings.iter().filter(|finding| !hidden || finding.level != Level::Note).collect();
    let mut out = render_findings(&told, look);
    for step in report.steps.iter().filter(|step| step.status == StepStatus::Failed) {
        out.push_str(&render_step_tail(step, look));
    }
    if look.quiet && report.passed() {
        return out;
    }
    out.push_str(&render_summary(report, look));
    out
}

/// Findings, one after the other; a rule's reason is told once.
#[must_use]
pub fn render_findings(findings: &[&Finding], look: HumanOptions) -> String {
    let mut told: HashMap<&str, usize> = HashMap::new();
    let mut out = String::new();
    for finding in findings.iter().filter(|finding| !look.quiet || finding.level == Level::Error) {
        let count = told.entry(finding.rule.as_str()).or_default();
        *count += 1;
        if *count <= MAX_PER_RULE {
            out.push_str(&render_finding(finding, look, *count == 1));
            out.push_str("\n\n");
        }
    }
    let mut more: Vec<(&str, usize)> = told.into_iter().filter(|(_, count)| *count > MAX_PER_RULE).collect();
    more.sort_unstable();
    for (rule, count) in more {
        out.push_str(&format!(
            "… and {} more findings of {rule}; --format json lists all\n\n",
            count - MAX_PER_RULE
        ));
    }
    out
}

fn render_finding(finding: &Finding, look: HumanOptions, first: bool) -> String {
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
        group = group.element(Title::NOTE.message(format!("excused by waiver {}", escape_hidden(waiver))));
    } else if let Some(rule) = rule.filter(|_| first) {
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
    if let Some(rule) = rule.filter(|_| first && finding.waived_by.is_none()) {
        group = group.element(Title::HELP.message(escape_hidden(&rule.remedy).into_owned()));
        let mut see = rule.references.clone();
        see.push(format!("countersign explain {}", finding.rule));
        let see = escape_hidden(&see.join(", ")).into_owned();
        group = group.element(Title::NOTE.with_name("see").message(see));
    }
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    // A snippet whose address was given apart has none of its own.
    text.lines().filter(|line| line.trim() != ":::").collect::<Vec<_>>().join("\n")
}

/// A mistake in a document that is not judged, such as the configuration.
#[must_use]
pub fn render_source_error(message: &str, source: &Source, span: Span, look: HumanOptions) -> String {
    let (slice, line, inside) = cut_first_line(source, span);
    let snippet = Snippet::source(slice).line_start(line).path(source.display_path());
    let annotation = AnnotationKind::Primary.span(inside.start..inside.end);
    let group = Group::with_title(Title::ERROR.primary_title(escape_hidden(message).into_owned()))
        .element(snippet.annotation(annotation));
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

fn add_location<'a>(group: Group<'a>, label: &Label, primary: bool) -> Group<'a> {
    let text = escape_hidden(&label.text).replace('\n', " ");
    match &label.place {
        Place::Text { source, span } => {
            let (slice, line, inside) = cut_first_line(source, *span);
            let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(inside.start..inside.end);
            let annotation = if text.is_empty() { annotation } else { annotation.label(text) };
            let snippet = Snippet::source(slice).line_start(line).annotation(annotation);
            // The renderer would count the columns of what is shown, which is
            // cut and escaped; the address is that of the file.
            let at = source.position(span.start);
            let is_plain = at.column == inside.start + 1;
            if is_plain {
                return group.element(snippet.path(source.display_path()));
            }
            let origin = Origin::path(source.display_path()).line(at.line).char_column(at.column);
            group.element(origin).element(snippet)
        }
        Place::Path(path) if text.is_empty() => group.element(Origin::path(path.to_string())),
        Place::Path(path) => group.element(Origin::path(format!("{path}: {text}"))),
        Place::Repository if text.is_empty() => group,
        Place::Repository => group.element(Title::NOTE.message(text)),
    }
}

/// The first line of a span, its number, and the span inside it. Long lines
/// are cut around the span.
fn cut_first_line(source: &Source, span: Span) -> (String, usize, Span) {
    let line = source.line(span.start);
    let whole = source.line_span(line).unwrap_or_default();
    let text = source.slice(whole);
    let start = span.start.clamp(whole.start, whole.end) - whole.start;
    let end = span.end.clamp(whole.start + start, whole.end) - whole.start;
    let most = 240;
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (boundary(start), boundary(end));
    let (from, to) = if text.len() <= most {
        (0, text.len())
    } else {
        let from = boundary(start.saturating_sub(40));
        (from, boundary((from + most).min(text.len())))
    };
    let end = end.min(to);
    let piece = |from: usize, to: usize| escape(text.get(from..to).unwrap_or(""));
    let (before, inside, after) = (piece(from, start), piece(start, end), piece(end, to));
    let span = Span::new(before.len(), before.len() + inside.len());
    (format!("{before}{inside}{after}"), line, span)
}

/// A piece of a source line as it may be printed: what is not seen, or would
/// move a terminal's cursor, is written as an escape.
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

fn render_step_tail(step: &StepReport, look: HumanOptions) -> String {
    let mut out = format!("last lines of step `{}`:\n", step.name);
    for line in &step.run.tail {
        out.push_str(&paint(look, DIM_STYLE, &format!("  | {line}")));
        out.push('\n');
    }
    out.push('\n');
    out
}

/// What was judged, and how it ended.
pub(super) fn render_summary(report: &Report, look: HumanOptions) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| out.push_str(&format!("  {name:<9}{text}\n"));
    for packet in report.packets() {
        for (name, text) in packet::packet_lines(packet, !report.other_packets.is_empty(), look.verbose) {
            line(name, text);
        }
    }
    if let Some(selection) = &report.selection {
        let id = |id: &Option<String>, none: &str| {
            id.as_ref().map_or_else(|| none.to_owned(), |id| id.chars().take(12).collect())
        };
        let head = match selection.mode {
            "staged" => "the index",
            "worktree" => "the working tree",
            _ => "nothing",
        };
        let paths = format_count(selection.changed, "path");
        line(
            "change",
            format!(
                "{}..{}, {paths}: {}",
                id(&selection.base, "nothing"),
                id(&selection.head, head),
                escape_hidden(&selection.reason)
            ),
        );
        line("rules", escape_hidden(&selection.policy_source).into_owned());
    }
    if let Some(documents) = &report.documents {
        let kinds: Vec<String> =
            documents.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let named = if documents.named_only { "named: " } else { "" };
        line(
            "judged",
            format!("{named}{} ({})", format_count(documents.count(), "document"), kinds.join(", ")),
        );
    }
    if let Some(scan) = &report.scan {
        for (name, text) in scan_lines(scan) {
            line(name, text);
        }
    }
    let tally = report.tally();
    line(
        "checks",
        format!(
            "{} passed, {} failed, {} waived, {} skipped",
            tally.passed, tally.failed, tally.waived, tally.skipped
        ),
    );
    line(
        "findings",
        format!(
            "{}, {}, {}",
            format_count(tally.errors, "error"),
            format_count(tally.warnings, "warning"),
            match tally.notes {
                0 => "0 notes".to_owned(),
                notes if report.documents.is_some() && !look.verbose => {
                    format!("{} (--verbose shows them)", format_count(notes, "note"))
                }
                notes => format_count(notes, "note"),
            }
        ),
    );
    let mendable = |is_unsafe: bool| {
        let fixes = report.findings.iter().filter(|finding| finding.waived_by.is_none());
        fixes.filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.is_unsafe == is_unsafe).count()
    };
    match (mendable(false), mendable(true)) {
        (0, 0) => {}
        (0, more) => {
            line("fixable", format!("{more} with `countersign fix --unsafe --diff`, to be looked at"));
        }
        (safe, 0) => line("fixable", format!("{safe} with `countersign fix`")),
        (safe, more) => line("fixable", format!("{safe} with `countersign fix`, {more} more with --unsafe")),
    }
    for step in &report.steps {
        line("step", step_line(step));
    }
    for claim in report
        .claims
        .iter()
        .filter(|claim| look.verbose || claim.observed.is_some() || report.gate == Gate::Audit.as_str())
    {
        line("claim", claim_line(claim));
    }
    if look.verbose {
        for outcome in &report.outcomes {
            let text = match &outcome.status {
                CheckStatus::Skipped(why) => format!("skipped: {}", escape_hidden(why)),
                CheckStatus::Waived(ids) => format!("waived by {}", escape_hidden(&ids.join(", "))),
                status => status.as_str().to_owned(),
            };
            let packet = outcome.packet.as_ref().map_or_else(String::new, |packet| format!(" ({packet})"));
            line("check", format!("{:<32}{text}{packet}", outcome.rule.as_str()));
        }
    }
    let names: Vec<&str> = report.packets().map(|packet| packet.wp_id.as_str()).collect();
    let name = if names.is_empty() { String::new() } else { format!(" {}", names.join(", ")) };
    let verdict =
        if report.passed() { paint(look, PASS_STYLE, "PASSED") } else { paint(look, FAIL_STYLE, "FAILED") };
    format!("{}{name}: {verdict}\n{out}", report.gate)
}

/// What a scan looked at, and what it left out.
fn scan_lines(scan: &ScanInfo) -> Vec<(&'static str, String)> {
    let mut out = vec![(
        "scanned",
        format!(
            "{} ({}) with {}",
            format_count(scan.files, "file"),
            format_bytes(scan.bytes),
            format_count(scan.rules, "rule")
        ),
    )];
    let counts = [
        (scan.preexisting, "were there before the change"),
        (scan.baselined, "known by the baseline"),
        (scan.suppressed, "excused by comments"),
        (scan.truncated, "beyond the number that is told"),
    ];
    let known: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !known.is_empty() {
        out.push(("counted", known.join(", ")));
    }
    let left = [(scan.binary, "binary"), (scan.large, "too large")];
    let left: Vec<String> =
        left.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !left.is_empty() {
        out.push(("left out", format!("files of no known language: {}", left.join(", "))));
    }
    out
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for reading")]
fn format_bytes(count: usize) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..1_000_000 => format!("{:.0} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// A pasted exit code is a claim; one that was seen here is a fact.
fn claim_line(claim: &EvidenceClaim) -> String {
    let claimed = claim.exit_code.as_deref().unwrap_or("none");
    let seen = match &claim.observed {
        Some((step, Some(code))) => format!("step {step} ended with {code}"),
        Some((step, None)) => format!("step {step} did not end by itself"),
        None => "not run here".to_owned(),
    };
    to_single_line(&format!("{}: exit code {claimed} is claimed; {seen}", claim.command), 200)
}

fn step_line(step: &StepReport) -> String {
    let tests = step
        .tests
        .and_then(|tests| usize::try_from(tests).ok())
        .map_or_else(String::new, |tests| format!(", {}", format_count(tests, "test")));
    match &step.status {
        StepStatus::Skipped(why) => format!("{}: not run ({})", step.name, escape_hidden(why)),
        StepStatus::Passed => format!("{}: passed{tests} ({:.1} s)", step.name, step_seconds(step)),
        StepStatus::Failed => format!("{}: failed{tests} ({:.1} s)", step.name, step_seconds(step)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds for reading")]
fn step_seconds(step: &StepReport) -> f64 {
    step.run.milliseconds as f64 / 1000.0
}
