//! Reports that validators append to a packet, and their verdicts.
//!
//! A report has a heading that names it a report, or begins with a plain line
//! `VALIDATION REPORT - WP-…` and ends at the next heading. Its quotations are
//! not fields of the packet.

use std::ops::Range;

use crate::document::block_ranges::BlockRanges;
use crate::document::denial::takes_back;
use crate::document::field::Field;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{Section, section_of_block};
use crate::text::{Span, Spanned};

/// A validation report's verdict.
#[derive(Debug, Clone)]
pub struct VerdictReport {
    /// `PASS`, `FAIL`, `OUTDATED_ONLY` or another known verdict; any other text as
    /// written, on one line.
    pub verdict: Spanned<String>,
    /// Time of the report in UTC, such as `2026-03-02T22:18:02Z`: that of the nearest entry
    /// of a list that begins with a time, or the first one between the heading of its part and
    /// the verdict.
    pub at: Option<String>,
    /// The day in the heading of its part, such as `2026-03-02`.
    pub day: Option<String>,
}

/// Maximum number of bytes above a verdict in which the time of its report is searched.
const MAX_TIME_DISTANCE: usize = 8 * 1024;

/// Returns the time of a report.
pub(super) fn find_time(text: &str, from: usize, to: usize) -> Option<String> {
    let mut start = from.max(to.saturating_sub(MAX_TIME_DISTANCE));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let part = text.get(start..to)?;
    // A report that is an entry of a list begins with its time: the nearest one counts.
    let entries = part.lines().rev().filter_map(|line| line.strip_prefix("- "));
    let entry_time = |entry: &str| {
        let entry = entry.trim_start_matches(['`', '*', '[']);
        entry.starts_with(|c: char| c.is_ascii_digit()).then(|| time_in(entry)).flatten()
    };
    entries.into_iter().find_map(entry_time).or_else(|| time_in(part))
}

/// Returns the first day in the line at a position.
pub(super) fn find_day(text: &str, at: usize) -> Option<String> {
    first_day(text.get(at..)?.lines().next()?).map(str::to_owned)
}

/// Returns the first day of a text, such as `2026-03-02`.
#[must_use]
pub(crate) fn first_day(text: &str) -> Option<&str> {
    let is_day = |at: usize| text.get(at..at + 10).filter(|day| day.parse::<jiff::civil::Date>().is_ok());
    text.match_indices("20").find_map(|(at, _)| is_day(at))
}

/// Returns the first time of a text.
fn time_in(part: &str) -> Option<String> {
    part.match_indices('T').find_map(|(at, _)| {
        let day = part.get(at.checked_sub(10)?..at)?;
        let rest = part.get(at + 1..)?;
        let end = rest.find('Z').filter(|end| (4..=12).contains(end))?;
        let time = rest.get(..end)?;
        let is_date = day.parse::<jiff::civil::Date>().is_ok();
        let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
        (is_date && is_time).then(|| format!("{day}T{time}Z"))
    })
}

/// Sections of the work, which contain no reports.
const WORK_PHASES: [&str; 4] = ["BOOTSTRAP", "SKELETON", "IMPLEMENTATION", "SCOPE"];
/// Keys of fields that contain a verdict.
pub(crate) const VERDICT_LABELS: [&str; 3] = ["VERDICT", "FINAL_VERDICT", "OVERALL_VERDICT"];
/// Verdicts of reports (FORMATS, "Validator report").
pub(super) const VERDICTS: [&str; 6] =
    ["PASS", "FAIL", "OUTDATED_ONLY", "NOT_PROVEN", "ABANDONED", "BLOCKED"];

/// Finds the blocks that belong to reports.
pub(super) fn find_report_blocks(text: &str, outline: &Outline, sections: &[Section]) -> Vec<Range<usize>> {
    let is_report = |key: &str| key.contains("VALIDATION_REPORT") || key.contains("AUDIT_REPORT");
    let in_work = |section: &Section| {
        sections
            .iter()
            .any(|outer| WORK_PHASES.contains(&outer.key.as_str()) && outer.blocks.contains(&section.heading))
    };
    let mut out: Vec<Range<usize>> = sections
        .iter()
        .filter(|section| {
            is_report(&section.key) && (section.level <= 2 || (section.level == 3 && !in_work(section)))
        })
        .map(|section| section.blocks.clone())
        .collect();
    let mut last_end = 0;
    for (index, block) in outline.blocks.iter().enumerate() {
        if block.kind != BlockKind::Prose || block.parent.is_some() {
            continue;
        }
        let body = text.get(block.content.start..block.content.end).unwrap_or("");
        let line = body.trim_start_matches(['*', '_']).trim_start();
        let begins = ["VALIDATION REPORT", "REVALIDATION REPORT"].iter().any(|start| line.starts_with(start));
        if !begins {
            continue;
        }
        let section = section_of_block(sections, index);
        if section.is_some_and(|section| in_work(section) || WORK_PHASES.contains(&section.key.as_str())) {
            continue;
        }
        let next = sections.partition_point(|section| section.heading <= index);
        let end = sections.get(next).map_or(outline.blocks.len(), |section| section.heading);
        // A further title in the same part belongs to the report before it.
        if last_end < end {
            out.push(index..end);
            last_end = end;
        }
    }
    out
}

/// Reads the verdicts of reports, in document order.
pub(super) fn read_verdicts(
    text: &str,
    all: &[Field],
    sections: &[Section],
    report_blocks: &[Range<usize>],
) -> Vec<VerdictReport> {
    let reported = BlockRanges::new(report_blocks);
    let is_reported = |block: usize| reported.contains(block);
    let from_fields =
        all.iter().filter(|field| VERDICT_LABELS.contains(&field.key.as_str()) && field.is_filled());
    let from_fields = from_fields.filter(|field| is_reported(field.block)).map(|field| {
        let start = section_of_block(sections, field.block).map_or(0, |section| section.span.start);
        (field.value.clone(), start)
    });
    let from_titles = sections.iter().filter(|section| is_reported(section.heading)).filter_map(|section| {
        let (label, value) = section.title.value.split_once(':')?;
        let named = VERDICT_LABELS.contains(&crate::document::field::normalize_key(label).as_str());
        let value = Spanned::new(value.trim().to_owned(), section.title.span);
        named.then_some((value, section.span.start))
    });
    let mut out: Vec<(Span, VerdictReport)> = from_fields
        .chain(from_titles)
        .map(|(value, start)| {
            let at = find_time(text, start, value.span.start.max(start));
            let day = find_day(text, start);
            (value.span, VerdictReport { verdict: value.map(|text| parse_verdict(&text)), at, day })
        })
        .collect();
    out.sort_by_key(|(span, _)| *span);
    out.into_iter().map(|(_, report)| report).collect()
}

/// Reads the verdict from a value. A known word counts alone, followed by a
/// tick, or followed by a remark in parentheses that does not negate it.
pub(super) fn parse_verdict(text: &str) -> String {
    let plain =
        text.lines().next().unwrap_or("").trim_matches(|c: char| c == '*' || c == '`' || c.is_whitespace());
    let plain = plain.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let end = plain.find(|c: char| !(c.is_ascii_alphabetic() || c == '_')).unwrap_or(plain.len());
    let (word, rest) = plain.split_at(end);
    let is_known = VERDICTS.iter().any(|known| word.eq_ignore_ascii_case(known));
    let remark = rest.trim_start();
    let is_negated = ["not", "un", "pending", "premature"].iter().any(|start| {
        remark.strip_prefix('(').is_some_and(|inner| inner.trim_start().to_lowercase().starts_with(start))
    });
    // A verdict other than PASS binds whatever its remark says.
    let more = text.split_once('\n').map_or("", |(_, more)| more);
    let is_taken_back = word.eq_ignore_ascii_case("PASS") && (takes_back(remark) || takes_back(more));
    let is_separated = rest.starts_with(char::is_whitespace) || !rest.is_ascii();
    let is_text = |c: char| c.is_ascii_alphanumeric() || c == '|' || c == '/';
    let has_decoration = is_separated && !remark.contains(is_text);
    let has_remark = is_separated && remark.starts_with('(') && !is_negated && !remark.contains(['|', '/']);
    if is_known && !is_taken_back && (rest.is_empty() || has_decoration || has_remark) {
        return word.to_uppercase();
    }
    crate::text::to_single_line(if is_taken_back { text.trim() } else { plain }, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_one_word() {
        for (text, verdict) in [
            ("PASS", "PASS"),
            ("PASS \u{2705}", "PASS"),
            ("\u{2705} PASS", "PASS"),
            ("PASS ???", "PASS"),
            ("**FAIL**", "FAIL"),
            ("PASS (with waivers)", "PASS"),
            ("PASS (supersedes prior FAIL)", "PASS"),
            ("OUTDATED_ONLY", "OUTDATED_ONLY"),
            ("PASS (non-blocking notes)", "PASS"),
            ("PASS (failed 0, passed 34)", "PASS"),
            ("PASS (the failure was fixed)", "PASS"),
            ("PASS\nThe error handling was reviewed.", "PASS"),
        ] {
            assert_eq!(parse_verdict(text), verdict, "{text}");
        }
        for text in [
            "PASS|FAIL|OUTDATED_ONLY",
            "PASS would be premature",
            "PASS?",
            "PASS / FAIL",
            "PASS-BUT-NOT",
            "PASS (withdrawn)",
            "PASS (1 FAIL)",
            "PASS (not yet)",
            "PASS\nbut in truth 3 tests FAIL",
            "PASS\nFAIL | PASS",
            "PASS: no",
            "PASS (FALSE)",
            "PASS (TODO)",
            "PASS for now",
            "PASS (error code 101)",
            "FAIL (Process) / PASS (Logic)",
            "PENDING",
        ] {
            assert!(!["PASS", "FAIL", "OUTDATED_ONLY"].contains(&parse_verdict(text).as_str()), "{text}");
        }
    }
}
