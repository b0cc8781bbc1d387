//! The parts of a contract that differ from the signed or trusted text.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::change::{Hunk, compute_hunks};
use crate::check::context::ApprovalCheckContext;
use crate::document::Packet;
use crate::document::packet::{ContractPart, contract_parts, unsigned_paths};
use crate::document::scope_entry::ScopeEntry;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, Span, Spanned, to_single_line};

/// Adds a finding for each part of the contract that differs from the packet of a
/// trusted commit.
pub(super) fn compare_with_trusted(
    input: &ApprovalCheckContext<'_>,
    trusted: &Packet,
    revision: &str,
    rule: &Rule,
    out: &mut Vec<Finding>,
) {
    compare_parts(input, trusted, &ContractBasis::Trusted(revision), rule, out);
    compare_second_forms(input, trusted, revision, rule, out);
}

/// Pairs the parts of two versions of a contract: the n-th part with a key belongs to the n-th part
/// with that key. Returns the later parts, each with the earlier one, and the earlier parts that
/// are gone.
fn pair_parts<'a>(
    before: &'a [ContractPart],
    now: &'a [ContractPart],
) -> (Vec<(Option<&'a ContractPart>, &'a ContractPart)>, Vec<&'a ContractPart>) {
    let mut remaining: BTreeMap<&str, VecDeque<&ContractPart>> = BTreeMap::new();
    for part in before {
        remaining.entry(part.key.as_str()).or_default().push_back(part);
    }
    let mut pair =
        |part: &'a ContractPart| (remaining.get_mut(part.key.as_str()).and_then(VecDeque::pop_front), part);
    let pairs = now.iter().map(&mut pair).collect();
    (pairs, remaining.into_values().flatten().collect())
}

/// Returns the key of the first part of a contract that differs from an earlier version, and its
/// place in the later one; the head of the packet for a part that is gone.
pub(crate) fn first_difference(before: &Packet, now: &Packet) -> Option<(String, Span)> {
    let (old, new) = (contract_parts(before), contract_parts(now));
    let (pairs, removed) = pair_parts(&old, &new);
    let changed = pairs.into_iter().find(|(old, new)| old.is_none_or(|old| !old.has_same_text(new)));
    let changed = changed.map(|(_, part)| {
        let place = part.lines.first().map_or(part.span, |line| line.span);
        (part.key.clone(), place)
    });
    changed.or_else(|| Some((removed.first()?.key.clone(), now.head_span())))
}

/// The text that a contract is compared with, with the first digits of its commit.
pub(super) enum ContractBasis<'a> {
    /// The text that was signed.
    Signed(&'a str),
    /// The text of a trusted commit, for a packet without a signature.
    Trusted(&'a str),
}

impl ContractBasis<'_> {
    fn added(&self, key: &str) -> String {
        match self {
            Self::Signed(commit) => {
                format!("`{key}` was added after the packet was signed in commit {commit}")
            }
            Self::Trusted(commit) => format!("the packet is not signed, and commit {commit} has no `{key}`"),
        }
    }

    fn changed(&self, key: &str) -> String {
        match self {
            Self::Signed(commit) => {
                format!("`{key}` differs from the text that was signed in commit {commit}")
            }
            Self::Trusted(commit) => {
                format!("the packet is not signed, and `{key}` differs from commit {commit}")
            }
        }
    }

    fn removed(&self, key: &str) -> String {
        match self {
            Self::Signed(commit) => format!("`{key}` was signed in commit {commit}, but was removed since"),
            Self::Trusted(commit) => {
                format!("the packet is not signed, and `{key}` of commit {commit} was removed")
            }
        }
    }

    /// Returns a label for the text that is compared with.
    fn label(&self) -> &'static str {
        match self {
            Self::Signed(_) => "the signed text",
            Self::Trusted(_) => "the trusted text",
        }
    }
}

/// Adds a finding for each part of the contract that was added, changed or
/// removed since the signature.
pub(super) fn compare_parts(
    input: &ApprovalCheckContext<'_>,
    signed: &Packet,
    basis: &ContractBasis<'_>,
    rule: &Rule,
    out: &mut Vec<Finding>,
) {
    let current = input.packet.packet;
    let (signed_parts, current_parts) = (contract_parts(signed), contract_parts(current));
    let (pairs, removed) = pair_parts(&signed_parts, &current_parts);
    for (before, part) in pairs {
        let Some(before) = before else {
            let message = basis.added(&part.key);
            let span = part.lines.first().map_or(part.span, |line| line.span);
            out.push(rule.finding(message, input.packet.label_at(span, format!("not in {}", basis.label()))));
            continue;
        };
        if !before.has_same_text(part) {
            let message = basis.changed(&part.key);
            let (signed, current) = (
                SignedFile { part: before, source: &signed.source },
                SignedFile { part, source: &current.source },
            );
            out.push(difference_finding(rule, message, basis.label(), &signed, &current));
        }
    }
    for removed in removed {
        let span = removed.lines.first().map_or(removed.span, |line| line.span);
        out.push(
            rule.finding(
                basis.removed(&removed.key),
                input.packet.label_at(current.head_span(), "no longer in the packet"),
            )
            .related(Label::text(&signed.source, span, basis.label())),
        );
    }
    let lists = compare_unsigned_lists(signed, current);
    for entry in lists.lost.iter().take(MAX_SHOWN_HUNKS) {
        let shown = to_single_line(&entry.raw.value, 100);
        let here = input.packet.label_at(current.head_span(), "no longer excludes it");
        let finding = rule.finding(basis.removed(&format!("OUT_OF_SCOPE: {shown}")), here);
        out.push(finding.related(Label::text(&signed.source, entry.raw.span, basis.label())));
    }
    for entry in lists.new.iter().take(MAX_SHOWN_HUNKS) {
        let shown = to_single_line(&entry.raw.value, 100);
        let here = input.packet.label_at(entry.raw.span, format!("not in {}", basis.label()));
        out.push(rule.finding(basis.added(&format!("IN_SCOPE_PATHS: {shown}")), here));
    }
}

/// The paths outside of the contract's sections by which a later version of a packet allows more.
#[derive(Default)]
pub(crate) struct UnsignedDifferences<'a> {
    /// Entries of the earlier version that are not excluded any more.
    pub lost: Vec<&'a ScopeEntry>,
    /// Entries of the later version that are in scope and were not.
    pub new: Vec<&'a ScopeEntry>,
}

/// Compares the lists of paths outside of the contract's sections. A new exclusion only restricts
/// the work.
pub(crate) fn compare_unsigned_lists<'a>(signed: &'a Packet, current: &'a Packet) -> UnsignedDifferences<'a> {
    if current.sections.is_empty() {
        return UnsignedDifferences::default();
    }
    let patterns = |entries: &[ScopeEntry]| -> HashSet<String> {
        entries.iter().map(ScopeEntry::pattern_text).collect()
    };
    let excluded = patterns(&current.scope.out_of_scope);
    // An alias of the configuration changes the pattern of one of them.
    let written: HashSet<&str> =
        current.scope.out_of_scope.iter().map(|entry| entry.raw.value.as_str()).collect();
    let lost = signed.scope.unsigned_exclusions.iter().filter(|entry| {
        !excluded.contains(&entry.pattern_text()) && !written.contains(entry.raw.value.as_str())
    });
    let lost = lost.collect();
    let allowed: HashSet<&str> = signed.scope.in_scope.iter().map(|entry| entry.raw.value.as_str()).collect();
    let unsigned = unsigned_paths(current).into_iter().filter(|entry| entry.pattern.is_ok());
    let new = unsigned.filter(|entry| !allowed.contains(entry.raw.value.as_str())).collect();
    UnsignedDifferences { lost, new }
}

/// Adds a finding if the typed contract beside the packet allows more than it did in a commit,
/// or is gone. What only restricts the work needs no approval.
pub(super) fn compare_second_forms(
    input: &ApprovalCheckContext<'_>,
    approved: &Packet,
    commit: &str,
    rule: &Rule,
    out: &mut Vec<Finding>,
) {
    let current = input.packet.packet;
    let Some(before) = &approved.second_form else { return };
    let there = |text: &str| Label::text(&before.source, before.head_span(), text);
    let Some(now) = &current.second_form else {
        let message = format!("commit {commit} has a typed contract of the packet, which is missing here");
        let here = input.packet.label_at(current.head_span(), "no typed contract beside the packet");
        out.push(rule.finding(message, here).related(there("missing here")));
        return;
    };
    let patterns = |entries: &[ScopeEntry]| -> BTreeMap<String, Span> {
        let valid = entries.iter().filter(|entry| entry.pattern.is_ok());
        valid.map(|entry| (entry.pattern_text(), entry.raw.span)).collect()
    };
    let (allowed, was_allowed) = (patterns(&now.allowed), patterns(&before.allowed));
    // Without a list, the contract limits nothing.
    let is_open = !was_allowed.is_empty() && now.allowed.is_empty();
    let added: Vec<(&String, &Span)> = allowed
        .iter()
        .filter(|(path, _)| !was_allowed.is_empty() && !was_allowed.contains_key(*path))
        .collect();
    let forbidden = patterns(&now.forbidden);
    let dropped: Vec<String> =
        patterns(&before.forbidden).into_keys().filter(|path| !forbidden.contains_key(path)).collect();
    if added.is_empty() && dropped.is_empty() && !is_open {
        return;
    }
    let span = added.first().map_or_else(|| now.head_span(), |(_, span)| **span);
    let message = format!("the packet's typed contract allows more than in commit {commit}");
    let here = Label::text(&now.source, span, "allows more");
    let mut finding = rule.finding(message, here).related(there("the approved contract"));
    if is_open {
        finding.notes.push("The list of allowed paths is empty now.".to_owned());
    }
    let added: Vec<String> = added.into_iter().map(|(path, _)| path.clone()).collect();
    for (title, paths) in [("Added", added), ("No longer forbidden", dropped)] {
        if !paths.is_empty() {
            let shown = paths.iter().take(MAX_SHOWN_HUNKS).map(|path| to_single_line(path, 100));
            let more = match paths.len().saturating_sub(MAX_SHOWN_HUNKS) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            finding.notes.push(format!("{title}: {}{more}.", shown.collect::<Vec<_>>().join(", ")));
        }
    }
    out.push(finding);
}

/// A part of the contract and the document that contains it.
struct SignedFile<'a> {
    part: &'a ContractPart,
    source: &'a Arc<Source>,
}

impl SignedFile<'_> {
    fn line(&self, index: usize) -> Option<&Spanned<String>> {
        self.part.lines.get(index)
    }

    /// Describes a changed line for a note, with its line number in the document.
    fn describe_line(&self, prefix: &str, index: usize) -> Option<String> {
        let line = self.line(index)?;
        let number = self.source.line(line.span.start);
        Some(format!("{prefix}, line {number}: {}", crate::text::to_single_line(line.value.trim(), 100)))
    }
}

/// Maximum number of changes of one part that are shown with labels.
const MAX_SHOWN_HUNKS: usize = 3;
/// Maximum number of changed lines that are shown as notes.
const MAX_CONTRACT_DIFF_LINES: usize = 8;

/// Creates one finding with both texts: labels at the first changes, then the
/// changed lines as notes.
fn difference_finding(
    rule: &Rule,
    message: String,
    signed_label: &'static str,
    signed: &SignedFile<'_>,
    current: &SignedFile<'_>,
) -> Finding {
    let hunks = compute_hunks(signed.part.text().as_bytes(), current.part.text().as_bytes());
    let label = |file: &SignedFile<'_>, range: &Range<usize>, text: &str| {
        let line = file.line(range.start).filter(|_| !range.is_empty())?;
        Some(Label::text(file.source, line.span, text))
    };
    let removal_label = |hunk: &Hunk| {
        // A deletion has no line of its own: label the line next to it.
        let near =
            current.line(hunk.after.start.saturating_sub(1)).map_or(current.part.span, |line| line.span);
        let text = if hunk.after.start == 0 { "text removed before this" } else { "text removed after this" };
        Label::text(current.source, near, text)
    };
    let mut labels = Vec::new();
    for hunk in hunks.iter().take(MAX_SHOWN_HUNKS) {
        labels.push(
            label(current, &hunk.after, "changed since the signature").unwrap_or_else(|| removal_label(hunk)),
        );
        labels.extend(label(signed, &hunk.before, signed_label));
    }
    let mut labels = labels.into_iter();
    let first = labels.next().unwrap_or_else(|| Label::text(current.source, current.part.span, "changed"));
    let mut finding = rule.finding(message, first);
    finding.related.extend(labels);
    let lines = hunks.iter().flat_map(|hunk| {
        let before = hunk.before.clone().filter_map(|index| signed.describe_line("signed", index));
        before.chain(hunk.after.clone().filter_map(|index| current.describe_line("now", index)))
    });
    let lines: Vec<String> = lines.collect();
    finding.notes.extend(lines.iter().take(MAX_CONTRACT_DIFF_LINES).cloned());
    if lines.len() > MAX_CONTRACT_DIFF_LINES {
        finding.notes.push(format!("… and {} more changed lines", lines.len() - MAX_CONTRACT_DIFF_LINES));
    }
    finding
}
