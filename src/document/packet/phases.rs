//! The phases of a packet: BOOTSTRAP, SKELETON, the approval marker,
//! IMPLEMENTATION, and the validation reports at the end.

use crate::document::field::Field;
use crate::document::manifest::Manifest;
use crate::document::outline::{Block, BlockKind, Outline};
use crate::document::section::Section;
use crate::text::Span;

use super::fenced_report::read_fenced_verdicts;
use super::reports;
use super::reports::VerdictReport;

/// A phase's section.
#[derive(Debug, Clone)]
pub struct PhaseSection {
    /// Key of the phase, such as `BOOTSTRAP`.
    pub key: &'static str,
    /// Span of the heading.
    pub heading: Span,
}

/// Phases of a packet and their content.
#[derive(Debug, Clone, Default)]
pub struct PacketPhases {
    /// The phases that have a section, in document order.
    pub sections: Vec<PhaseSection>,
    /// The line or heading `SKELETON APPROVED` that counts as the marker.
    pub approval_marker: Option<Span>,
    /// Lines that contain the marker's words but do not count.
    pub near_markers: Vec<Span>,
    /// The first text under IMPLEMENTATION that is not from the template.
    pub implementation: Option<Span>,
    /// The first filled manifest.
    pub manifest: Option<Span>,
    /// The first text under `VALIDATION_REPORTS` that is not from the template.
    pub report_text: Option<Span>,
    /// Verdicts of appended reports.
    pub reports: Vec<VerdictReport>,
    /// Verdicts of reports that were pasted in a fence. Documents count them; gates
    /// take no PASS from them.
    pub fenced_reports: Vec<VerdictReport>,
}

impl PacketPhases {
    /// Returns the last report of the document, pasted in a fence or not.
    #[must_use]
    pub fn last_report(&self) -> Option<&VerdictReport> {
        self.reports.iter().chain(&self.fenced_reports).max_by_key(|report| report.verdict.span.start)
    }

    /// Returns the report with the newest time, if the last one has a time and another one has
    /// a later one: reports are also appended out of order. Otherwise the last one.
    #[must_use]
    pub fn newest_report(&self) -> Option<&VerdictReport> {
        let last = self.last_report()?;
        let Some(time) = &last.at else { return Some(last) };
        let timed = self.reports.iter().chain(&self.fenced_reports).filter(|report| report.at.is_some());
        let newest = timed.max_by_key(|report| (&report.at, report.verdict.span.start));
        newest.filter(|newest| newest.at.as_ref() > Some(time)).or(Some(last))
    }

    /// Returns whether the order of the reports is known. It is not if the last one has only a
    /// day, in its heading, and another one has a time on that day or later.
    #[must_use]
    pub fn is_order_known(&self) -> bool {
        let Some(last) = self.last_report() else { return true };
        let (None, Some(day)) = (&last.at, &last.day) else { return true };
        let mut times =
            self.reports.iter().chain(&self.fenced_reports).filter_map(|report| report.at.as_ref());
        !times.any(|time| time.get(..10).is_some_and(|other| other >= day.as_str()))
    }

    /// Returns the section of a phase.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&PhaseSection> {
        self.sections.iter().find(|phase| phase.key == key)
    }
}

const PHASES: [&str; 5] = ["BOOTSTRAP", "SKELETON", "IMPLEMENTATION", "VALIDATION", "VALIDATION_REPORTS"];
const APPROVAL_MARKER: &str = "SKELETON APPROVED";

pub(super) fn read_phases(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
    manifests: &[Manifest],
    report_blocks: &[std::ops::Range<usize>],
) -> PacketPhases {
    let mut phases = PacketPhases::default();
    let in_report = |section: &&Section| {
        let outer =
            sections.iter().filter(|other| other.span.contains(section.span) && other.level < section.level);
        !outer.into_iter().any(|other| other.key.contains("REPORT") || other.key == "HISTORY")
    };
    // A phase counts at any heading level, so that a smaller heading does not
    // hide work that began too early.
    for section in sections.iter().filter(in_report) {
        if let Some(key) = PHASES.into_iter().find(|key| *key == section.key) {
            phases.sections.push(PhaseSection { key, heading: section.title.span });
        }
    }
    read_marker(text, outline, sections, &mut phases);
    let first_text_in = |key: &str| {
        let mut own = sections.iter().filter(|section| section.key == key);
        own.find_map(|section| first_filled_span(text, outline, section))
    };
    phases.implementation = first_text_in("IMPLEMENTATION");
    phases.report_text = first_text_in("VALIDATION_REPORTS");
    phases.manifest = manifests.first().map(|manifest| manifest.span);
    phases.reports = reports::read_verdicts(text, all, sections, report_blocks);
    phases.fenced_reports = read_fenced_verdicts(text, outline, sections, report_blocks, &phases.reports);
    phases
}

/// Reads the approval marker. It counts as a separate paragraph inside
/// SKELETON, or as the heading that directly follows the SKELETON section
/// (CHECKS, "Phase order").
fn read_marker(text: &str, outline: &Outline, sections: &[Section], phases: &mut PacketPhases) {
    let skeleton = sections.iter().position(|section| section.key == "SKELETON" && section.level <= 2);
    let inside = skeleton.and_then(|at| skeleton_blocks(sections, at));
    let finder = memchr::memmem::Finder::new(APPROVAL_MARKER);
    let places: Vec<usize> = finder.find_iter(text.as_bytes()).collect();
    for (index, block) in outline.blocks.iter().enumerate() {
        let may_contain = |block: &Block| {
            let first = places.partition_point(|place| *place < block.content.start);
            places.get(first).is_some_and(|place| place + APPROVAL_MARKER.len() <= block.content.end)
        };
        if block.kind != BlockKind::Prose || !may_contain(block) {
            continue;
        }
        let whole: String = outline.prose_lines(text, index).into_iter().map(|line| line.text).collect();
        let marker_span = || {
            let at = whole.find(APPROVAL_MARKER).unwrap_or(0);
            Span::new(block.content.start + at, block.content.start + at + APPROVAL_MARKER.len())
        };
        let is_alone = block.parent.is_none() && is_marker(&whole) && starts_line(text, block.content.start);
        if is_alone && inside.as_ref().is_some_and(|range| range.contains(&index)) {
            phases.approval_marker = phases.approval_marker.or(Some(marker_span()));
        } else if whole.contains(APPROVAL_MARKER) {
            phases.near_markers.push(marker_span());
        }
    }
    for (at, section) in sections.iter().enumerate() {
        if section.key != "SKELETON_APPROVED" {
            continue;
        }
        let follows = skeleton.is_some_and(|skeleton| {
            let between = sections.get(skeleton + 1..at).unwrap_or_default();
            skeleton < at && between.iter().all(|s| s.level > 2 || s.key == CLOSURE_PLAN)
        });
        if follows && section.title.value.trim() == APPROVAL_MARKER {
            phases.approval_marker = phases.approval_marker.or(Some(section.title.span));
        } else {
            phases.near_markers.push(section.title.span);
        }
    }
}

/// The section between SKELETON and IMPLEMENTATION that completes the skeleton.
const CLOSURE_PLAN: &str = "END_TO_END_CLOSURE_PLAN";

/// Returns the blocks of the skeleton at index `at`, with those of the closure plan if
/// that is the next section and IMPLEMENTATION follows it.
fn skeleton_blocks(sections: &[Section], at: usize) -> Option<std::ops::Range<usize>> {
    let skeleton = sections.get(at)?;
    let mut later = sections.iter().filter(|s| s.heading >= skeleton.blocks.end && s.level <= skeleton.level);
    let end = match (later.next(), later.next()) {
        (Some(plan), Some(next)) if plan.key == CLOSURE_PLAN && next.key == "IMPLEMENTATION" => {
            plan.blocks.end
        }
        _ => skeleton.blocks.end,
    };
    Some(skeleton.blocks.start..end)
}

/// Returns whether a paragraph is the marker: its whole first line, followed
/// only by labelled lines such as `SKELETON_APPROVED_BY: …`.
fn is_marker(paragraph: &str) -> bool {
    let mut lines = paragraph.trim_end().lines();
    let first = lines.next().is_some_and(|line| line.trim_end() == APPROVAL_MARKER);
    let labelled = |line: &str| {
        line.split_once(':').is_some_and(|(label, _)| {
            label.len() > 2 && label.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
    };
    first && lines.all(labelled)
}

/// Returns whether a byte offset is at the start of its line.
fn starts_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}

/// Returns the span of the first content in a section that is not from the
/// template.
fn first_filled_span(text: &str, outline: &Outline, section: &Section) -> Option<Span> {
    for index in section.blocks.clone() {
        let block = outline.get(index)?;
        let has_content = match block.kind {
            BlockKind::Prose => {
                let body: String =
                    outline.prose_lines(text, index).into_iter().map(|line| line.text).collect();
                let body = body.trim();
                let is_pending = body.trim_matches(['*', '-', ' ']).eq_ignore_ascii_case("status: pending");
                !is_instruction(body) && !crate::document::is_placeholder(body) && !is_pending
            }
            BlockKind::Code(_) => {
                !text.get(block.content.start..block.content.end).unwrap_or("").trim().is_empty()
            }
            BlockKind::Row => true,
            BlockKind::Html => {
                !text.get(block.span.start..block.span.end).unwrap_or("").trim_start().starts_with("<!--")
            }
            _ => false,
        };
        if has_content {
            return Some(if block.content.is_empty() { block.span } else { block.content });
        }
    }
    None
}

/// Returns whether a text is an instruction of the template: one pair of
/// parentheses around the whole text, as in
/// `(Coder fills after skeleton approval.)`.
fn is_instruction(body: &str) -> bool {
    let mut depth = 0usize;
    for (at, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at > 0 && at + c.len_utf8() == body.len();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Packet;
    use crate::text::{RepoPath, Source};

    #[test]
    fn the_newest_report_is_known_by_its_time_and_without_times_it_is_the_last_one() {
        let newest = |reports: [(&str, &str); 2]| {
            let report = |(time, verdict): (&str, &str)| {
                format!("### Validation report\n- DATE: {time}\n\n- Verdict: {verdict}\n\n")
            };
            let text: String = reports.into_iter().map(report).collect();
            let text = format!("# Task Packet: WP-1-A\n\n## VALIDATION_REPORTS\n\n{text}");
            let source: Arc<Source> = Source::from_text(RepoPath::from("WP-1-A.md"), text.as_str());
            let packet = Packet::read(&source).value;
            packet.phases.newest_report().map(|report| report.verdict.value.clone())
        };
        let (early, late) = ("2026-04-06T07:01:00Z", "2026-04-06T08:00:00Z");
        assert_eq!(newest([(late, "PASS"), (early, "FAIL")]).as_deref(), Some("PASS"));
        assert_eq!(newest([(early, "PASS"), (late, "FAIL")]).as_deref(), Some("FAIL"));
        // Without a time, its place decides.
        assert_eq!(newest([(late, "PASS"), ("today", "FAIL")]).as_deref(), Some("FAIL"));
        assert_eq!(newest([("x", "PASS"), ("y", "FAIL")]).as_deref(), Some("FAIL"));
        assert_eq!(newest([("2026-99-06T08:00:00Z", "PASS"), (early, "FAIL")]).as_deref(), Some("FAIL"));
    }
}
