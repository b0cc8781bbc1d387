//! `approval/contract`: what was signed is what is judged.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::change::{Hunk, compute_hunks};
use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::document::Packet;
use crate::document::packet::{ContractPart, contract_parts};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, Spanned};

use super::short_commit;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let (introduction, then, inside, foreign) = match input.contract {
        ContractFact::Known {
            introduction,
            packet_at_signing: then,
            is_in_range: inside,
            code_paths: foreign,
        } => (introduction, then, *inside, foreign),
        ContractFact::Uncommitted => {
            let span = packet.signature.as_ref().map_or_else(|| packet.head_span(), |s| s.span);
            return Some(rule.finding(
                "no commit holds the packet with this signature",
                input.packet.label_at(span, "only in this working state"),
            ))
            .into();
        }
        ContractFact::Several(found) => {
            let span = packet.signature.as_ref().map_or_else(|| packet.head_span(), |s| s.span);
            let commits: Vec<String> = found.iter().take(3).map(short_commit).collect();
            let more = match found.len().saturating_sub(3) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("commits {}{more} each brought this signature in", commits.join(", "));
            return Some(rule.finding(message, input.packet.label_at(span, "no one of them is the first")))
                .into();
        }
        ContractFact::Unknown(why) => {
            let Some(signature) = &packet.signature else { return CheckResult::skipped(why.clone()) };
            let label = input.packet.label_at(signature.span, "what was signed is not known");
            return Some(rule.finding(why.clone(), label)).into();
        }
    };
    let commit = short_commit(introduction);
    let mut out = Vec::new();
    if inside && !foreign.is_empty() {
        let span = packet.signature.as_ref().map_or_else(|| packet.head_span(), |s| s.span);
        let message =
            format!("commit {commit}, which brought the signature in, changes more than governance files");
        let mut finding = rule.finding(
            message,
            input.packet.label_at(
                span,
                format!("committed by {}", crate::text::to_single_line(&introduction.committer, 80)),
            ),
        );
        for path in foreign.iter().take(3) {
            finding = finding.related(Label::path(path, "changed by the same commit"));
        }
        out.push(finding);
    }
    compare_parts(input, then, packet, &commit, rule, &mut out);
    out.into()
}

fn compare_parts(
    input: &ApprovalCheckContext<'_>,
    then: &Packet,
    now: &Packet,
    commit: &str,
    rule: &Rule,
    out: &mut Vec<Finding>,
) {
    let (old, new) = (contract_parts(then), contract_parts(now));
    // The n-th part of a key is compared with the n-th of that key.
    let mut left: BTreeMap<&str, VecDeque<&ContractPart>> = BTreeMap::new();
    for part in &old {
        left.entry(part.key.as_str()).or_default().push_back(part);
    }
    for part in &new {
        let before = left.get_mut(part.key.as_str()).and_then(VecDeque::pop_front);
        let Some(before) = before else {
            let message =
                format!("`{}` was not there when the packet was signed in commit {commit}", part.key);
            let span = part.lines.first().map_or(part.span, |line| line.span);
            out.push(rule.finding(message, input.packet.label_at(span, "not part of what was signed")));
            continue;
        };
        if !before.has_same_text(part) {
            let message = format!("`{}` is not what was signed in commit {commit}", part.key);
            let (then, now) =
                (SignedFile { part: before, source: &then.source }, SignedFile { part, source: &now.source });
            out.push(difference_finding(rule, message, &then, &now));
        }
    }
    for gone in left.into_values().flatten() {
        let span = gone.lines.first().map_or(gone.span, |line| line.span);
        out.push(
            rule.finding(
                format!("`{}` was signed in commit {commit} and is gone", gone.key),
                input.packet.label_at(now.head_span(), "no longer in the packet"),
            )
            .related(Label::text(&then.source, span, "signed here")),
        );
    }
}

/// A part of the contract in its document.
struct SignedFile<'a> {
    part: &'a ContractPart,
    source: &'a Arc<Source>,
}

impl SignedFile<'_> {
    fn line(&self, index: usize) -> Option<&Spanned<String>> {
        self.part.lines.get(index)
    }

    /// A changed line as it is told.
    fn describe_line(&self, word: &str, index: usize) -> Option<String> {
        let line = self.line(index)?;
        let number = self.source.line(line.span.start);
        Some(format!("{word}, line {number}: {}", crate::text::to_single_line(line.value.trim(), 100)))
    }
}

/// Changes of one part that are shown in both texts.
const MAX_SHOWN_HUNKS: usize = 3;
/// Lines of a difference that are told.
const MAX_CONTRACT_DIFF_LINES: usize = 8;

/// One finding with both texts: the first changes with their places, then the
/// changed lines.
fn difference_finding(rule: &Rule, message: String, then: &SignedFile<'_>, now: &SignedFile<'_>) -> Finding {
    let hunks = compute_hunks(then.part.text().as_bytes(), now.part.text().as_bytes());
    let place = |side: &SignedFile<'_>, range: &Range<usize>, words: &str| {
        let line = side.line(range.start).filter(|_| !range.is_empty())?;
        Some(Label::text(side.source, line.span, words))
    };
    let gone = |hunk: &Hunk| {
        // What only went away is shown where it stood between its neighbours.
        let near = now.line(hunk.after.start.saturating_sub(1)).map_or(now.part.span, |line| line.span);
        let words = if hunk.after.start == 0 {
            "what stood before this is gone"
        } else {
            "what followed here is gone"
        };
        Label::text(now.source, near, words)
    };
    let mut labels = Vec::new();
    for hunk in hunks.iter().take(MAX_SHOWN_HUNKS) {
        labels.push(place(now, &hunk.after, "changed since the signature").unwrap_or_else(|| gone(hunk)));
        labels.extend(place(then, &hunk.before, "what was signed"));
    }
    let mut labels = labels.into_iter();
    let first = labels.next().unwrap_or_else(|| Label::text(now.source, now.part.span, "changed"));
    let mut finding = rule.finding(message, first);
    finding.related.extend(labels);
    let told = hunks.iter().flat_map(|hunk| {
        let signed = hunk.before.clone().filter_map(|index| then.describe_line("signed", index));
        signed.chain(hunk.after.clone().filter_map(|index| now.describe_line("now", index)))
    });
    let told: Vec<String> = told.collect();
    finding.notes.extend(told.iter().take(MAX_CONTRACT_DIFF_LINES).cloned());
    if told.len() > MAX_CONTRACT_DIFF_LINES {
        finding.notes.push(format!("… and {} more changed lines", told.len() - MAX_CONTRACT_DIFF_LINES));
    }
    finding
}
