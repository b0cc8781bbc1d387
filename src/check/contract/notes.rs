//! `contract/notes`: the running log is in order, newest first.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::ContractNote;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut out = Vec::new();
    let pairs = || contract.notes.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
    let upside_down = contract.notes.len() > 2
        && pairs().any(|(above, below)| is_newer_note(below, above))
        && !pairs().any(|(above, below)| is_newer_note(above, below));
    if let Some(first) = contract.notes.first().filter(|_| upside_down) {
        let label = label_at(contract, first.span, "the oldest, at the top");
        return Some(rule.finding("the notes stand oldest first", label)).into();
    }
    for pair in contract.notes.windows(2) {
        let [above, below] = pair else { continue };
        if is_newer_note(below, above) {
            let message = format!(
                "the note of {} stands below the older one of {}",
                contract.source.slice(below.span),
                contract.source.slice(above.span)
            );
            out.push(rule.finding(message, label_at(contract, below.span, "newer")).related(label_at(
                contract,
                above.span,
                "older, but above",
            )));
        }
    }
    out.into()
}

/// Whether a note is surely later: one without a time may be of any time of
/// its day.
fn is_newer_note(note: &ContractNote, than: &ContractNote) -> bool {
    if note.has_time && than.has_time { note.at > than.at } else { note.at.date() > than.at.date() }
}
