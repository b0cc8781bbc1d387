//! `text/…`: rules about the text of every document.

pub(super) mod characters;
pub(super) mod damage;
pub(super) mod instruction;
mod lost;
pub(super) mod reading;

use crate::document::outline::{BlockKind, Outline};
use crate::finding::Finding;
use crate::text::Span;

/// Maximum number of findings of one rule in one document.
const MAX_FINDINGS: usize = 20;

/// Keeps the first findings. The last of them has a note with the number of the
/// others.
fn cap_findings(mut findings: Vec<Finding>) -> Vec<Finding> {
    let total = findings.len();
    findings.truncate(MAX_FINDINGS);
    note_others(findings, total)
}

/// Adds a note to the last finding with the number of findings that are not in the
/// list. `total` is the number of all findings.
fn note_others(mut findings: Vec<Finding>, total: usize) -> Vec<Finding> {
    let more = total.saturating_sub(findings.len());
    if let Some(last) = findings.last_mut().filter(|_| more > 0) {
        last.notes.push(format!("The document has {more} more findings of this rule."));
    }
    findings
}

/// Returns the spans of all code blocks, which are sorted and do not overlap.
fn fence_spans(outline: &Outline) -> Vec<Span> {
    let code = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_)));
    code.map(|block| block.span).collect()
}

/// Returns whether a span is inside one of the code blocks.
fn is_fenced(fences: &[Span], span: Span) -> bool {
    let after = fences.partition_point(|fence| fence.start <= span.start);
    after.checked_sub(1).and_then(|at| fences.get(at)).is_some_and(|fence| fence.contains(span))
}
