//! Findings that follow from a missing section, from a missing field that another rule
//! reports too, or from a place with a finding of its own.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::text::RepoPath;

use super::{Causes, fails_by, is_problem, line_of};

/// The section without which a rule can only report that something is not there.
const SECTIONS: [(&str, &str); 6] = [
    ("manifest/missing", "VALIDATION"),
    ("scope/no-entry", "SCOPE"),
    ("scope/outside", "SCOPE"),
    ("evidence/command", "EVIDENCE"),
    ("evidence/requirement", "EVIDENCE_MAPPING"),
    ("packet/verdict", "VALIDATION_REPORTS"),
];

/// Rules whose errors explain findings of other rules about the same packet.
const EXPLAINED: [(&str, &[&str]); 5] = [
    ("scope/no-entry", &["scope/outside"]),
    ("approval/signature-format", &["approval/signature-agreement"]),
    ("approval/refinement", &["refinement/approval", "refinement/verdict"]),
    ("text/conflict-marker", &["packet/duplicate-field"]),
    ("packet/claim", &["packet/unclaimed"]),
];

/// Returns the section that a finding depends on.
pub(super) fn section_of(finding: &Finding) -> Option<&str> {
    let of_rule =
        || SECTIONS.iter().find(|(rule, _)| *rule == finding.rule.as_str()).map(|(_, section)| *section);
    finding.missing.as_ref().map(|part| part.section.as_str()).or_else(of_rule)
}

pub(super) fn fold(causes: &mut Causes) {
    fold_sections(causes);
    fold_fields(causes);
    fold_places(causes);
    for (rule, consequences) in EXPLAINED {
        let first = causes.open().find(|(_, finding)| fails_by(finding, rule)).map(|(index, _)| index);
        let Some(cause) = first else { continue };
        for index in causes.open_indexes(|finding| consequences.contains(&finding.rule.as_str())) {
            causes.explain(index, cause);
        }
    }
}

/// A missing section explains everything that is missing in it.
fn fold_sections(causes: &mut Causes) {
    let is_section = |finding: &Finding| {
        fails_by(finding, "packet/section")
            && finding.missing.as_ref().is_some_and(|part| part.field.is_none())
    };
    for cause in causes.open_indexes(is_section) {
        let Some(section) = causes.get(cause).and_then(section_of).map(str::to_owned) else { continue };
        let follows = |finding: &Finding| {
            section_of(finding) == Some(section.as_str()) && finding.rule.as_str() != "packet/section"
        };
        for index in causes.open_indexes(follows) {
            causes.explain(index, cause);
        }
    }
}

/// Of several findings about one missing field, the one with a fix is kept, or the one of the
/// more specific rule.
fn fold_fields(causes: &mut Causes) {
    let mut groups: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, finding) in causes.open().filter(|(_, finding)| is_problem(finding)) {
        if let Some((part, field)) =
            finding.missing.as_ref().and_then(|part| Some((part, part.field.as_ref()?)))
        {
            groups.entry((part.section.clone(), field.clone())).or_default().push(index);
        }
    }
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let rank = |index: &usize| {
            causes.get(*index).map(|finding| {
                let is_general = finding.rule.as_str() == "packet/field";
                (finding.fix.is_none(), std::cmp::Reverse(finding.level), is_general, *index)
            })
        };
        let Some(cause) = group.iter().copied().min_by_key(rank) else { continue };
        for index in group {
            causes.explain(index, cause);
        }
    }
}

/// A finding explains those that name its line as their reason. If it is milder, it is listed
/// as a remark of the first of them.
fn fold_places(causes: &mut Causes) {
    let mut lines: HashMap<(RepoPath, usize), usize> = HashMap::new();
    let is_own = |finding: &Finding| {
        finding.because.as_ref().is_none_or(|place| line_of(place) == line_of(&finding.primary.place))
    };
    for (index, finding) in causes.open().filter(|(_, finding)| is_problem(finding)) {
        if let Some((path, line)) = line_of(&finding.primary.place).filter(|_| is_own(finding)) {
            lines.entry((path.clone(), line)).or_insert(index);
        }
    }
    for index in causes.open_indexes(|finding| finding.because.is_some()) {
        let reason = causes.get(index).and_then(|finding| line_of(finding.because.as_ref()?));
        let cause = reason.and_then(|(path, line)| lines.get(&(path.clone(), line))).copied();
        let level = |index: usize| causes.get(index).map(|finding| finding.level);
        match cause {
            Some(cause) if level(cause) < level(index) => causes.explain(cause, index),
            // A void waiver and what it was to excuse are two faults.
            Some(cause) if causes.get(cause).is_some_and(is_waiver_error) && !is_own_line(causes, index) => {}
            Some(cause) => causes.explain(index, cause),
            None => {}
        }
    }
}

fn is_waiver_error(finding: &Finding) -> bool {
    finding.rule.family() == "waiver" && finding.fails_gate()
}

/// Returns whether a finding names its own line as its reason.
fn is_own_line(causes: &Causes, index: usize) -> bool {
    causes.get(index).is_some_and(|finding| {
        finding.because.as_ref().is_some_and(|place| line_of(place) == line_of(&finding.primary.place))
    })
}
