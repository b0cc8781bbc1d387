//! Reports that were pasted with a fence around them.
//!
//! A fence does not hide a report (CHECKS, "Reading what people meant"): a FAIL in it
//! counts like any other, a PASS only where its section has no other verdict.

use std::ops::Range;

use crate::document::block_ranges::BlockRanges;
use crate::document::field::normalize_key;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{Section, section_of_block};
use crate::text::{Span, Spanned, trim_spanned};

use super::reports::{VERDICT_LABELS, VERDICTS, VerdictReport, find_time, parse_verdict};

/// A labelled line of a report in a fence, with the items of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportLine {
    /// Normalized label.
    pub key: String,
    /// Span of the label.
    pub label: Span,
    /// The text behind the colon.
    pub value: Spanned<String>,
    /// The lines without a label directly below the value, each behind a newline.
    pub further: String,
    /// The items below a label without a value.
    pub items: Vec<Spanned<String>>,
}

/// Reads the labelled lines of a fence's content.
#[must_use]
pub(crate) fn read_report_lines(text: &str, content: Span) -> Vec<ReportLine> {
    let mut out: Vec<ReportLine> = Vec::new();
    let mut start = content.start;
    // Whether no empty line is between the last label and this line.
    let mut is_joined = false;
    for line in text.get(content.start..content.end).unwrap_or("").split_inclusive('\n') {
        let own = trim_spanned(text, Span::new(start, start + line.len()));
        start += line.len();
        let body = own.value.trim_start_matches(['-', '*', '#', ' ']);
        let at = own.span.end - body.len();
        is_joined &= !own.value.is_empty();
        let is_item = own.value.starts_with(['-', '*']) && !own.value.starts_with("**");
        let open = out.last_mut().filter(|line| is_item && line.value.value.is_empty());
        let label = body.split_once(':').filter(|(label, _)| is_label(label));
        match (label, open) {
            // `- 2.2: the rule` below a label is an item, `- TEST_VERDICT: PASS` a label.
            (Some((label, _)), Some(open)) if !is_constant(label) => {
                open.items.push(Spanned::new(body.to_owned(), Span::new(at, own.span.end)));
            }
            (Some((label, value)), _) => {
                is_joined = true;
                let value = value.trim().trim_matches('*').trim();
                let value_at = own.span.end - body.len() + label.len() + 1;
                out.push(ReportLine {
                    key: normalize_key(label),
                    label: Span::new(at, at + label.len()),
                    value: Spanned::new(value.to_owned(), Span::new(value_at, own.span.end)),
                    further: String::new(),
                    items: Vec::new(),
                });
            }
            (None, Some(open)) if !body.is_empty() => {
                open.items.push(Spanned::new(body.to_owned(), Span::new(at, own.span.end)));
            }
            (None, None) if is_joined && !is_item => {
                let last = out.last_mut().filter(|line| !line.value.value.is_empty());
                if let Some(last) = last {
                    last.further.push('\n');
                    last.further.push_str(body);
                }
            }
            _ => {}
        }
    }
    out
}

fn is_label(label: &str) -> bool {
    let is_text = |c: char| c.is_alphanumeric() || " _-/()*".contains(c);
    label.len() <= 80 && label.chars().any(char::is_alphabetic) && label.chars().all(is_text)
}

fn is_constant(label: &str) -> bool {
    label.contains('_') && label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The section to which reports are appended.
const CONTAINER: &str = "VALIDATION_REPORTS";

fn names_report(line: &str) -> bool {
    line.to_uppercase().contains("REPORT")
}

/// Returns whether a fence is a report: its first line names one, or is a field of one.
/// Another fence only shows a verdict, such as the output of a command.
fn is_report(body: &str) -> bool {
    let first = body.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let plain = first.trim().trim_start_matches(['-', '*', '#', ' ']);
    let label = plain.split_once(':').map(|(label, _)| label.trim_end_matches('*'));
    names_report(first)
        || label.is_some_and(|label| {
            is_constant(label) || VERDICT_LABELS.contains(&normalize_key(label).as_str())
        })
}

/// Reads the verdicts in fences of report sections.
pub(super) fn read_fenced_verdicts(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    report_blocks: &[Range<usize>],
    reports: &[VerdictReport],
) -> Vec<VerdictReport> {
    let reported = BlockRanges::new(report_blocks);
    let mut out: Vec<VerdictReport> = Vec::new();
    for (index, block) in outline.blocks.iter().enumerate() {
        if !matches!(block.kind, BlockKind::Code(_)) || !reported.contains(index) {
            continue;
        }
        let body = text.get(block.content.start..block.content.end).unwrap_or("");
        if !is_report(body) {
            continue;
        }
        // The part of the document without headings in it.
        let section = section_of_block(sections, index);
        let own = section.map_or(0..outline.blocks.len(), |own| own.own_blocks.clone());
        let first = outline.get(own.start).map_or(0, |block| block.span.start);
        let last =
            own.end.checked_sub(1).and_then(|last| outline.get(last)).map_or(first, |last| last.span.end);
        // The verdicts are sorted.
        let from = reports.partition_point(|report| report.verdict.span.start < first);
        let has_verdict = reports.get(from).is_some_and(|report| report.verdict.span.start < last);
        let lines = read_report_lines(text, block.content);
        // One line alone could be an example, unless something names it a report.
        let is_named = section.is_some_and(|own| own.key.contains("REPORT") && own.key != CONTAINER)
            || body.lines().find(|line| !line.trim().is_empty()).is_some_and(names_report);
        let may_pass = !has_verdict && (is_named || lines.len() > 1);
        for line in lines {
            if !VERDICT_LABELS.contains(&line.key.as_str()) {
                continue;
            }
            let verdict = parse_verdict(&line.value.value);
            let counts = VERDICTS.contains(&verdict.as_str()) && (verdict == "FAIL" || may_pass);
            if counts {
                let span = Span::new(line.label.start, line.value.span.end);
                let at = find_time(text, block.content.start, span.start);
                out.push(VerdictReport { verdict: Spanned::new(verdict, span), at, day: None });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_lines_have_their_items() {
        let text = "REPORT - x\nVerdict: PASS\n- TEST_VERDICT: **FAIL**\nNOT_PROVEN:\n  - 2.2: the rule\n- SPEC_VERDICT: PASS\nplain\n";
        let lines = read_report_lines(text, Span::new(0, text.len()));
        let keys: Vec<&str> = lines.iter().map(|line| line.key.as_str()).collect();
        assert_eq!(keys, ["VERDICT", "TEST_VERDICT", "NOT_PROVEN", "SPEC_VERDICT"]);
        assert_eq!(lines[1].value.value, "FAIL");
        assert_eq!(lines[2].items[0].value, "2.2: the rule");
        for line in &lines {
            let label = text.get(line.label.start..line.label.end).expect("a label");
            assert_eq!(normalize_key(label), line.key);
        }
    }

    #[test]
    fn a_fence_with_output_is_no_report() {
        for text in [
            "VALIDATION REPORT - x\nVerdict: PASS",
            "\nVerdict: PASS",
            "TEST_VERDICT: PASS",
            "- **Verdict:** PASS",
        ] {
            assert!(is_report(text), "{text}");
        }
        for text in ["test result: FAIL\nVerdict: FAIL", "$ run\nVerdict: PASS", "Result: ok", ""] {
            assert!(!is_report(text), "{text}");
        }
    }
}
