//! `text/…`: what holds for the text of every document.

pub(super) mod characters;
pub(super) mod instruction;
pub(super) mod reading;

use crate::finding::Finding;

/// Findings of one rule in one document that are told one by one.
const MAX_FINDINGS: usize = 20;

/// The first findings, with the number of the others as a note of the last.
fn cap_findings(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MAX_FINDINGS);
    findings.truncate(MAX_FINDINGS);
    if let Some(last) = findings.last_mut().filter(|_| more > 0) {
        last.notes.push(format!("There are {more} more of this kind in this document."));
    }
    findings
}
