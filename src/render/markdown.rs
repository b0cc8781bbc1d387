//! The Markdown format, for the summary of a CI job.

use crate::finding::{AssistInfo, Finding, Report, StepStatus, Verdict};
use crate::text::{format_count, to_single_line};

use super::location::Location;

/// Maximum number of findings; more are only counted, because the size of a
/// summary is limited.
const MAX_ROWS: usize = 200;

/// Renders a report as Markdown.
#[must_use]
pub(super) fn render(report: &Report) -> String {
    let names: Vec<String> = report.packets().map(|packet| escape(&packet.wp_id)).collect();
    let (mark, verdict) = match report.verdict() {
        Verdict::Passed => ("✅", "passed"),
        Verdict::Failed => ("❌", "failed"),
        Verdict::NotRun => ("⚠️", "could not run"),
    };
    let name = if names.is_empty() { String::new() } else { format!(" {}", names.join(", ")) };
    let mut out = format!("## {mark} {}{name}: {verdict}\n\n", report.gate);
    if let Some(reason) = &report.not_run {
        out.push_str(&format!("Nothing was judged: {}\n", escape(reason)));
        return out;
    }
    let tally = report.tally();
    out.push_str(&format!(
        "{}, {}, {}. Checks: {} passed, {} failed, {} waived, {} skipped.\n\n",
        format_count(tally.errors, "error"),
        format_count(tally.warnings, "warning"),
        format_count(tally.notes, "note"),
        tally.passed,
        tally.failed,
        tally.waived,
        tally.skipped
    ));
    if let Some(selection) = &report.selection {
        let id = |id: &Option<String>| id.as_ref().map_or("-".to_owned(), |id| id.chars().take(12).collect());
        out.push_str(&format!(
            "Change: `{}..{}`, {} ({}).\n\n",
            id(&selection.base),
            id(&selection.head),
            format_count(selection.changed, "path"),
            escape(&selection.reason)
        ));
    }
    for warning in &report.warnings {
        out.push_str(&format!("- warning: {}\n", escape(warning)));
    }
    for step in &report.steps {
        let status = match &step.status {
            StepStatus::Passed => "passed".to_owned(),
            StepStatus::Failed => "failed".to_owned(),
            StepStatus::Skipped(reason) => format!("not run ({})", escape(reason)),
        };
        out.push_str(&format!("- step {}: {status}\n", escape(&step.name)));
    }
    if !(report.steps.is_empty() && report.warnings.is_empty()) {
        out.push('\n');
    }
    out.push_str(&render_findings(report));
    out.extend(report.run.assist.iter().map(render_assist));
    out
}

fn render_findings(report: &Report) -> String {
    if report.findings.is_empty() {
        return String::new();
    }
    let mut out = String::from("| | rule | where | what |\n|---|---|---|---|\n");
    for finding in report.findings.iter().take(MAX_ROWS) {
        out.push_str(&render_row(finding, report));
    }
    if let Some(more) = report.findings.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
        out.push_str(&format!("\n… and {more} more.\n"));
    }
    out
}

/// The remarks of a model, in a section of their own.
fn render_assist(assist: &AssistInfo) -> String {
    let mut out = format!("\n### Notes of {} (advice, no part of the verdict)\n\n", escape(&assist.model));
    for line in super::assist::remarks(assist) {
        out.push_str(&format!("- {}\n", escape(&line)));
    }
    for note in &assist.notes {
        out.push_str(&format!("- {}:{}: {}\n", escape(&note.path), note.line, escape(&note.message)));
    }
    out
}

fn render_row(finding: &Finding, report: &Report) -> String {
    let where_found = Location::for_finding(finding, report).map_or_else(String::new, |location| {
        let line = location.region.map_or_else(String::new, |region| format!(":{}", region.line));
        format!("{}{line}", escape(&location.path.to_string()))
    });
    let level = match &finding.waived_by {
        Some(waiver) => format!("waived by {}", escape(waiver)),
        None => finding.level.to_string(),
    };
    format!("| {level} | {} | {where_found} | {} |\n", finding.rule, escape(&finding.message))
}

/// Escapes text so that it cannot be markup, a link, a mention or the end of a
/// table cell.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in to_single_line(text, 400).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            ':' => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn escaped_text_is_not_markup() {
        assert_eq!(super::escape("a|b `c` <d> @e\nf"), "a\\|b \\`c\\` &lt;d&gt; &#64;e\\\\nf");
    }
}
