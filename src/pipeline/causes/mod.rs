//! One cause gives one finding (CHECKS, "Reading what people meant").
//!
//! A finding that only follows from another one becomes a note of it. Its cause then has at
//! least its level, so that folding never lets anything pass that failed before.

mod claims;
mod hidden;
mod merge;
mod parts;
mod records;

use std::sync::Arc;

use crate::document::outline::Outline;
use crate::finding::{Finding, Fix, Level, Place, RuleId};
use crate::text::{RepoPath, Source, to_single_line};

pub(crate) use records::fold_records;

/// Maximum number of consequences that a finding lists.
const MAX_LISTED: usize = 40;

/// The findings of one packet, while consequences are folded into their causes.
pub(crate) struct Causes {
    findings: Vec<Entry>,
}

struct Entry {
    finding: Finding,
    /// Index of the cause that lists this finding.
    cause: Option<usize>,
    /// Number of consequences that are listed.
    listed: usize,
    /// Number of further consequences.
    unlisted: usize,
}

/// The document whose findings are folded.
#[derive(Clone, Copy)]
pub(crate) struct FoldedDocument<'a> {
    pub source: &'a Arc<Source>,
    pub outline: &'a Outline,
    /// Whether the rule about fences that are not closed is switched on.
    pub checks_fences: bool,
}

/// Folds the findings of one packet or document.
pub(crate) fn fold(findings: Vec<Finding>, document: Option<FoldedDocument<'_>>) -> Vec<Finding> {
    let entries = findings.into_iter().map(|finding| Entry { finding, cause: None, listed: 0, unlisted: 0 });
    let mut causes = Causes { findings: entries.collect() };
    claims::fold(&mut causes);
    if let Some(document) = document {
        hidden::fold(&mut causes, document);
    }
    parts::fold(&mut causes);
    merge::fold(&mut causes);
    causes.finish()
}

impl Causes {
    /// Returns the findings that no other one explains, with their indexes.
    fn open(&self) -> impl Iterator<Item = (usize, &Finding)> {
        let open = self.findings.iter().enumerate().filter(|(_, entry)| entry.cause.is_none());
        open.map(|(index, entry)| (index, &entry.finding))
    }

    /// Returns the indexes of open findings that satisfy a condition.
    fn open_indexes(&self, matches: impl Fn(&Finding) -> bool) -> Vec<usize> {
        self.open().filter(|(_, finding)| matches(finding)).map(|(index, _)| index).collect()
    }

    fn get(&self, index: usize) -> Option<&Finding> {
        self.findings.get(index).map(|entry| &entry.finding)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut Finding> {
        self.findings.get_mut(index).map(|entry| &mut entry.finding)
    }

    /// Makes a finding a note of its cause, or of the cause of that one. A finding that a waiver
    /// covers is neither of them: it fails nothing.
    fn explain(&mut self, consequence: usize, cause: usize) {
        let mut cause = cause;
        while let Some(above) = self.findings.get(cause).and_then(|entry| entry.cause) {
            cause = above;
        }
        let is_open = |index: usize| {
            self.findings
                .get(index)
                .is_some_and(|entry| entry.cause.is_none() && entry.finding.waived_by.is_none())
        };
        if consequence == cause || !is_open(consequence) || !is_open(cause) {
            return;
        }
        let Some(entry) = self.findings.get_mut(consequence) else { return };
        entry.cause = Some(cause);
        let level = entry.finding.level;
        let notes: Vec<String> =
            entry.finding.notes.iter().filter(|note| is_carried(note)).cloned().collect();
        let note = consequence_note(&entry.finding);
        let further = entry.unlisted;
        let rule = entry.finding.rule.clone();
        let fixes = entry.finding.fix.clone().map(|fix| (rule.clone(), fix));
        let fixes: Vec<(RuleId, Fix)> =
            fixes.into_iter().chain(std::mem::take(&mut entry.finding.further_fixes)).collect();
        let Some(entry) = self.findings.get_mut(cause) else { return };
        // Findings of one kind are fixed together.
        let is_manifest = rule.family() == "manifest" && entry.finding.rule.family() == "manifest";
        if rule == entry.finding.rule || is_manifest {
            entry.finding.further_fixes.extend(fixes);
        }
        entry.finding.level = entry.finding.level.max(level);
        entry.unlisted += further;
        for note in std::iter::once(note).chain(notes) {
            if entry.listed < MAX_LISTED {
                entry.listed += 1;
                entry.finding.notes.push(note);
            } else {
                entry.unlisted += 1;
            }
        }
    }

    fn finish(self) -> Vec<Finding> {
        let kept = self.findings.into_iter().filter(|entry| entry.cause.is_none());
        let findings = kept.map(|mut entry| {
            if entry.unlisted > 0 {
                entry.finding.notes.push(format!("{CONSEQUENCE}{} more findings.", entry.unlisted));
            }
            entry.finding
        });
        findings.collect()
    }
}

const CONSEQUENCE: &str = "This also explains: ";

/// Returns whether a note of a finding is also one of its cause.
fn is_carried(note: &str) -> bool {
    note.starts_with(CONSEQUENCE) || note.starts_with(claims::NOTE)
}

fn consequence_note(finding: &Finding) -> String {
    let line = match &finding.primary.place {
        Place::Text { source, span } => format!(" (line {})", source.line(span.start)),
        Place::Path(path) if !finding.message.contains(&path.to_string()) => format!(" ({path})"),
        _ => String::new(),
    };
    format!("{CONSEQUENCE}[{}] {}{line}.", finding.rule, to_single_line(&finding.message, 200))
}

/// Returns the file and the line of a place; line 0 of a whole file.
fn line_of(place: &Place) -> Option<(&RepoPath, usize)> {
    match place {
        Place::Text { source, span } => Some((source.name(), source.line(span.start))),
        Place::Path(path) => Some((path, 0)),
        Place::Repository => None,
    }
}

/// Returns whether a finding is about a rule of this id and fails the gate.
fn fails_by(finding: &Finding, rule: &str) -> bool {
    finding.rule.as_str() == rule && finding.fails_gate()
}

/// Returns whether a finding is more than a note.
fn is_problem(finding: &Finding) -> bool {
    finding.level > Level::Note && finding.waived_by.is_none()
}

#[cfg(test)]
mod tests;
