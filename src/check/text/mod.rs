//! `text/…`: rules about the text of every document.

pub(super) mod characters;
pub(super) mod instruction;
pub(super) mod reading;

use crate::finding::Finding;

/// Maximum number of findings of one rule in one document.
const MAX_FINDINGS: usize = 20;

/// Keeps the first findings. The last of them has a note with the number of the
/// others.
fn cap_findings(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MAX_FINDINGS);
    findings.truncate(MAX_FINDINGS);
    if let Some(last) = findings.last_mut().filter(|_| more > 0) {
        last.notes.push(format!("The document has {more} more findings of this rule."));
    }
    findings
}
