//! `approval/…`: the signed contract is unchanged, and the protocol's order was kept.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::short_commit;
use crate::change::{Hunk, compute_hunks};
use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact, RecordAtSigning};
use crate::document::gate_log::{GateLog, text_or_empty};
use crate::document::packet::{ContractPart, contract_parts};
use crate::document::{Packet, Signature};
use crate::finding::{Finding, Label, Level, TimelineEvent};
use crate::rule::Rule;
use crate::text::{Source, Spanned, format_count, to_single_line};
use jiff::Timestamp;

/// `approval/contract`: what was signed is what is judged.
pub(in crate::check) fn contract(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// Commits that are named.
const MAX_NAMED_COMMITS: usize = 3;
/// How far the clocks of two machines may differ.
const CLOCK_SKEW_SECONDS: i64 = 60 * 60;
/// How far a signer's clock may be from UTC.
const TIME_ZONE_SECONDS: i64 = 14 * 60 * 60;

/// `approval/order`: refinement, signature, preparation, packet, code.
///
/// The order is read from what commits hold and build on, and from the times
/// of the records; the times of commits, which anybody can set, only where
/// they contradict a record.
pub(in crate::check) fn order(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 have no such records");
    }
    let mut out = check_record_order(input, rule);
    out.extend(check_record_times(input, rule));
    out.extend(check_early_code(input, rule));
    out.extend(check_earlier_signature(input, rule));
    if out.is_empty() && !matches!(input.contract, ContractFact::Known { .. }) {
        return CheckResult::skipped("no commit is known to hold what was signed");
    }
    out.into()
}

/// Records that were not there yet when the signature entered the packet.
fn check_record_order(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Vec<Finding> {
    let ContractFact::Known { introduction, is_in_range: true, .. } = input.contract else {
        return Vec::new();
    };
    let Some(signature) = &input.packet.packet.signature else { return Vec::new() };
    let (commit, id) = (short_commit(introduction), input.packet.id.as_str());
    let mut out = Vec::new();
    let mut late = |what: &str, label: Label| {
        let message = format!("{what} when commit {commit} brought the signature into the packet");
        let here = input.packet.label_at(signature.span, "the packet's signature");
        out.push(rule.finding(message, label).related(here));
    };
    // A record that is wrong or missing today is told by other rules.
    if let (Ok(refinement), RecordAtSigning::Missing) =
        (&input.refinement, &input.records_at_signing.refinement)
    {
        late("the refinement was not there", Label::path(refinement.source.name(), "came later"));
    }
    if let Ok(audit) = &input.audit {
        let has = |audit: &crate::document::audit::Audit| {
            audit.rows.iter().any(|row| row.signature.value == signature.value && row.names_packet(id))
        };
        let then = match &input.records_at_signing.audit {
            RecordAtSigning::Changed(then) => has(then),
            RecordAtSigning::Missing => false,
            RecordAtSigning::Unchanged | RecordAtSigning::NotLookedUp => true,
        };
        if !then && has(audit) {
            late("the audit had no row of this signature", Label::path(audit.source.name(), "written later"));
        }
    }
    if let Ok(log) = &input.gate_log {
        for kind in ["REFINEMENT", "SIGNATURE", "PREPARE"] {
            // An older signature's entry does not record this one.
            let has = |log: &GateLog| {
                log.last_entry(id, kind).is_some_and(|entry| {
                    kind != "SIGNATURE" || text_or_empty(&entry.signature) == signature.value
                })
            };
            let then = match &input.records_at_signing.gate_log {
                RecordAtSigning::Changed(then) => has(then),
                RecordAtSigning::Missing => false,
                RecordAtSigning::Unchanged | RecordAtSigning::NotLookedUp => true,
            };
            if let Some(entry) = log.last_entry(id, kind).filter(|_| !then) {
                let label = Label::text(&log.source, entry.anchor_span(), "written later");
                late(&format!("the gate log had no {kind} entry"), label);
            }
        }
    }
    out
}

/// Times of the records that run backwards.
fn check_record_times(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Vec<Finding> {
    let mut out = Vec::new();
    let id = input.packet.id.as_str();
    if let Ok(log) = &input.gate_log
        && log.is_before(id, "REFINEMENT", "SIGNATURE") == Some(false)
        && let (Some(refined), Some(signed)) =
            (log.last_entry(id, "REFINEMENT"), log.last_entry(id, "SIGNATURE"))
    {
        let message = "the refinement was recorded again after the signature";
        let here = Label::text(&log.source, refined.anchor_span(), "recorded here");
        let there = Label::text(&log.source, signed.anchor_span(), "signed before");
        out.push(rule.finding(message, here).related(there));
    }
    if let Ok(log) = &input.gate_log {
        let kinds = ["REFINEMENT", "SIGNATURE", "PREPARE"];
        for (before, after) in kinds.iter().zip(kinds.iter().skip(1)) {
            let (Some(first), Some(then)) = (log.last_entry(id, before), log.last_entry(id, after)) else {
                continue;
            };
            // A packet may be signed again: any earlier entry will do.
            let earliest = log.earliest_time(id, before);
            if let (Some(a), Some(b)) = (earliest, parse_timestamp(text_or_empty(&then.timestamp)))
                && b < a
            {
                let message = format!("the {after} entry is older than the {before} entry");
                let there = Label::text(&log.source, first.anchor_span(), format!("{before}: {a}"));
                let here = Label::text(&log.source, then.anchor_span(), format!("{after}: {b}"));
                out.push(rule.finding(message, here).related(there));
            }
        }
    }
    let ContractFact::Known { introduction, is_in_range: true, .. } = input.contract else { return out };
    let Some(committed) = Timestamp::from_second(introduction.time).ok() else { return out };
    let commit = short_commit(introduction);
    if let Some(text) = &input.packet.packet.signature
        && let Some(signed) = parse_signature_time(&text.value)
        && signed.as_second() - TIME_ZONE_SECONDS > committed.as_second()
    {
        let message = format!("the signature is dated after commit {commit}, which brought it in");
        out.push(rule.finding(message, input.packet.label_at(text.span, format!("committed {committed}"))));
    }
    if let Ok(log) = &input.gate_log
        && let Some(entry) = log.last_entry(id, "PREPARE")
        && let Some(prepared) = parse_timestamp(text_or_empty(&entry.timestamp))
        && prepared.as_second() - CLOCK_SKEW_SECONDS > committed.as_second()
    {
        let message = format!("the work was prepared after commit {commit} brought the packet in");
        let label = Label::text(&log.source, entry.anchor_span(), format!("committed {committed}"));
        out.push(rule.finding(message, label));
    }
    out
}

/// Code that does not build on the signed packet.
fn check_early_code(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let early: Vec<_> = input.code_commits.iter().filter(|commit| commit.precedes_signing).collect();
    let first = early.last()?;
    let message = match early.len() {
        1 => format!(
            "commit {} changes code and does not build on the signed packet",
            short_commit(&first.facts)
        ),
        many => format!("{many} commits change code and do not build on the signed packet"),
    };
    let mut finding = rule.finding(message, Label::path(&first.path, "does not build on the signed packet"));
    for commit in early.iter().rev().take(MAX_NAMED_COMMITS) {
        let who = to_single_line(&commit.facts.author, 80);
        finding =
            finding.note(format!("commit {} by {who} changes {}", short_commit(&commit.facts), commit.path));
    }
    if early.len() > MAX_NAMED_COMMITS {
        finding =
            finding.note(format!("… and {}", format_count(early.len() - MAX_NAMED_COMMITS, "more commit")));
    }
    Some(finding)
}

/// Code that was written under an earlier signature: the present one approves
/// it afterwards, which somebody should look at.
fn check_earlier_signature(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let earlier: Vec<_> =
        input.code_commits.iter().filter(|commit| commit.is_under_earlier_signature).collect();
    let (first, signature) = (earlier.last()?, input.packet.packet.signature.as_ref()?);
    let message = format!(
        "{} of code {} written under an earlier signature, which this one replaces",
        format_count(earlier.len(), "commit"),
        if earlier.len() == 1 { "was" } else { "were" }
    );
    let mut finding = rule
        .finding(message, input.packet.label_at(signature.span, "signed again during the work"))
        .related(Label::path(&first.path, "changed before that"))
        .with_level(Level::Warning);
    for commit in earlier.iter().rev().take(MAX_NAMED_COMMITS) {
        let who = to_single_line(&commit.facts.author, 80);
        finding =
            finding.note(format!("commit {} by {who} changes {}", short_commit(&commit.facts), commit.path));
    }
    Some(finding.help("Compare what the earlier contract allowed with what was done under it."))
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn parse_signature_time(text: &str) -> Option<Timestamp> {
    let signature = Signature::parse(text).ok()?;
    Some(signature.at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// What happened when, in the order that the protocol demands.
#[must_use]
pub(crate) fn timeline(input: &ApprovalCheckContext<'_>) -> Vec<TimelineEvent> {
    let id = input.packet.id.as_str();
    let logged = |kind: &str| {
        let log = input.gate_log.as_ref().ok()?;
        Some(to_single_line(text_or_empty(&log.last_entry(id, kind)?.timestamp), 40))
            .filter(|text| !text.is_empty())
    };
    let signature = input.packet.packet.signature.as_ref();
    let at = |seconds: i64| Timestamp::from_second(seconds).ok().map(|at| at.to_string());
    let packet = match input.contract {
        ContractFact::Known { introduction, .. } => at(introduction.time),
        _ => None,
    };
    let first = input.code_commits.iter().map(|commit| commit.facts.time).min();
    let moment = |event: &'static str, at: Option<String>| TimelineEvent { event, at };
    vec![
        moment("refinement recorded", logged("REFINEMENT")),
        moment(
            "signature",
            signature.and_then(|text| Signature::parse(&text.value).ok()).map(|s| s.at.to_string()),
        ),
        moment("signature recorded", logged("SIGNATURE")),
        moment("work prepared", logged("PREPARE")),
        moment("packet committed", packet),
        moment("first code committed", first.and_then(at)),
    ]
}
