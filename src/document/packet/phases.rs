//! The phases of a packet: BOOTSTRAP, SKELETON, the approval marker,
//! IMPLEMENTATION, and reports at the end.

use crate::document::label::Field;
use crate::document::manifest::Manifest;
use crate::document::outline::{Kind, Outline};
use crate::document::section::Section;
use crate::text::{Span, Spanned};

/// A phase's section.
#[derive(Debug, Clone)]
pub struct PhaseMark {
    /// Its key, e.g. `BOOTSTRAP`.
    pub key: &'static str,
    /// Its heading.
    pub heading: Span,
}

/// A validation report's verdict.
#[derive(Debug, Clone)]
pub struct VerdictReport {
    /// `PASS`, `FAIL`, `OUTDATED_ONLY` or what else is written there.
    pub verdict: Spanned<String>,
}

/// Phases of a packet and what stands in them.
#[derive(Debug, Clone, Default)]
pub struct Phases {
    /// The phases that have a section, in order of the document.
    pub marks: Vec<PhaseMark>,
    /// The line or heading `SKELETON APPROVED`, where it counts.
    pub approved: Option<Span>,
    /// Lines that read like the marker but do not count.
    pub near_markers: Vec<Span>,
    /// The first text under IMPLEMENTATION that is not the template's.
    pub implementation: Option<Span>,
    /// The first filled manifest.
    pub manifest: Option<Span>,
    /// Verdicts of appended reports.
    pub reports: Vec<VerdictReport>,
}

impl Phases {
    /// The section of a phase.
    #[must_use]
    pub fn mark(&self, key: &str) -> Option<&PhaseMark> {
        self.marks.iter().find(|mark| mark.key == key)
    }
}

const PHASES: [&str; 5] = ["BOOTSTRAP", "SKELETON", "IMPLEMENTATION", "VALIDATION", "VALIDATION_REPORTS"];
const MARKER: &str = "SKELETON APPROVED";

pub(super) fn read(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
    manifests: &[Manifest],
) -> Phases {
    let mut phases = Phases::default();
    for section in sections.iter().filter(|section| section.level <= 2) {
        if let Some(key) = PHASES.into_iter().find(|key| *key == section.key) {
            phases.marks.push(PhaseMark { key, heading: section.title.span });
        }
    }
    marker(text, outline, sections, &mut phases);
    phases.implementation = sections
        .iter()
        .find(|s| s.key == "IMPLEMENTATION")
        .and_then(|section| written(text, outline, section));
    phases.manifest = manifests.first().map(|manifest| manifest.span);
    let is_report = |key: &str| key.contains("VALIDATION_REPORT") || key.contains("AUDIT_REPORT");
    let reports: Vec<&Section> =
        sections.iter().filter(|section| section.level <= 3 && is_report(&section.key)).collect();
    let reported = |block: usize| reports.iter().any(|section| section.blocks.contains(&block));
    let verdicts =
        all.iter().filter(|field| field.key == "VERDICT" && field.is_filled() && reported(field.block));
    phases.reports = verdicts
        .map(|field| VerdictReport { verdict: field.value.clone().map(|text| first_word(&text)) })
        .collect();
    phases
}

fn first_word(text: &str) -> String {
    text.trim_matches(['*', '`', ' '])
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '_'))
        .next()
        .unwrap_or("")
        .to_owned()
}

/// The marker counts as a line of prose of its own inside SKELETON, or as the
/// heading that directly follows the SKELETON section (CHECKS, "Phase order").
fn marker(text: &str, outline: &Outline, sections: &[Section], phases: &mut Phases) {
    let skeleton = sections.iter().position(|section| section.key == "SKELETON" && section.level <= 2);
    let inside = skeleton.and_then(|at| sections.get(at)).map(|section| section.blocks.clone());
    for (index, block) in outline.blocks.iter().enumerate() {
        if block.kind != Kind::Prose || in_quote(outline, index) {
            continue;
        }
        for line in outline.prose_lines(text, index) {
            let span = Span::new(line.start, line.start + line.text.trim_end().len());
            if whole_line(text, line.start, &line.text) == MARKER {
                if inside.as_ref().is_some_and(|range| range.contains(&index)) {
                    phases.approved = phases.approved.or(Some(span));
                } else {
                    phases.near_markers.push(span);
                }
            } else if line.text.contains(MARKER) {
                phases.near_markers.push(span);
            }
        }
    }
    for (at, section) in sections.iter().enumerate() {
        if section.key != "SKELETON_APPROVED" {
            continue;
        }
        let follows = skeleton.is_some_and(|skeleton| {
            skeleton < at && sections.get(skeleton + 1..at).unwrap_or_default().iter().all(|s| s.level > 2)
        });
        if follows && section.title.value.trim() == MARKER {
            phases.approved = phases.approved.or(Some(section.title.span));
        } else {
            phases.near_markers.push(section.title.span);
        }
    }
}

/// The document's line around a piece of prose, without blanks at its end:
/// a list marker or an indentation in front of the prose is part of it.
fn whole_line<'a>(text: &'a str, start: usize, line: &str) -> &'a str {
    let from = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(from..start + line.len()).unwrap_or("").trim_end()
}

fn in_quote(outline: &Outline, index: usize) -> bool {
    let mut parent = outline.get(index).and_then(|block| block.parent);
    while let Some(block) = parent.and_then(|at| outline.get(at)) {
        if block.kind == Kind::Quote {
            return true;
        }
        parent = block.parent;
    }
    false
}

/// The first thing in a section that a template would not hold.
fn written(text: &str, outline: &Outline, section: &Section) -> Option<Span> {
    for index in section.blocks.clone() {
        let block = outline.get(index)?;
        let holds = match block.kind {
            Kind::Prose => {
                let body: String =
                    outline.prose_lines(text, index).into_iter().map(|line| line.text).collect();
                let body = body.trim();
                let instruction = body.starts_with('(') && body.ends_with(')');
                let empty_label = body.ends_with(':') && body.len() < 60;
                !instruction && !empty_label && !crate::document::is_placeholder(body)
            }
            Kind::Code(_) => {
                !text.get(block.content.start..block.content.end).unwrap_or("").trim().is_empty()
            }
            Kind::Row => true,
            _ => false,
        };
        if holds {
            return Some(if block.content.is_empty() { block.span } else { block.content });
        }
    }
    None
}
