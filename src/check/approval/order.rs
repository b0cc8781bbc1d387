//! `approval/order`: refinement, signature, preparation, packet, code.
//!
//! The order is read from what commits hold and build on, and from the times
//! of the records; the times of commits, which anybody can set, only where
//! they contradict a record.

use jiff::Timestamp;

use crate::check::Verdict;
use crate::check::input::{ApprovalInput, ContractFact, Then};
use crate::document::Signature;
use crate::document::gate_log::{GateLog, value};
use crate::finding::{Finding, Label, Level, Moment};
use crate::rule::Rule;
use crate::text::{counted, one_line};

use super::short;

/// Commits that are named.
const MOST_NAMED: usize = 3;
/// How far the clocks of two machines may differ.
const SKEW: i64 = 60 * 60;
/// How far a signer's clock may be from UTC.
const ZONES: i64 = 14 * 60 * 60;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    if super::predates_refinements(input) {
        return Verdict::skipped("packets of generation G0 have no such records");
    }
    let mut out = records(input, rule);
    out.extend(times(input, rule));
    out.extend(early(input, rule));
    out.extend(under_earlier(input, rule));
    if out.is_empty() && !matches!(input.contract, ContractFact::Known { .. }) {
        return Verdict::skipped("no commit is known to hold what was signed");
    }
    out.into()
}

/// Records that were not there yet when the signature entered the packet.
fn records(input: &ApprovalInput<'_>, rule: &Rule) -> Vec<Finding> {
    let ContractFact::Known { introduction, inside: true, .. } = input.contract else { return Vec::new() };
    let Some(signature) = &input.packet.packet.signature else { return Vec::new() };
    let (commit, id) = (short(introduction), input.packet.id.as_str());
    let mut out = Vec::new();
    let mut late = |what: &str, label: Label| {
        let message = format!("{what} when commit {commit} brought the signature into the packet");
        let here = input.packet.at(signature.span, "the packet's signature");
        out.push(rule.finding(message, label).related(here));
    };
    // A record that is wrong or missing today is told by other rules.
    if let (Ok(refinement), Then::Missing) = (&input.refinement, &input.then.refinement) {
        late("the refinement was not there", Label::path(refinement.source.name(), "came later"));
    }
    if let Ok(audit) = &input.audit {
        let has = |audit: &crate::document::audit::Audit| {
            audit.rows.iter().any(|row| row.signature.value == signature.value && row.names(id))
        };
        let then = match &input.then.audit {
            Then::Other(then) => has(then),
            Then::Missing => false,
            Then::Same | Then::Unasked => true,
        };
        if !then && has(audit) {
            late("the audit had no row of this signature", Label::path(audit.source.name(), "written later"));
        }
    }
    if let Ok(log) = &input.gate_log {
        for kind in ["REFINEMENT", "SIGNATURE", "PREPARE"] {
            // An older signature's entry does not record this one.
            let has = |log: &GateLog| {
                log.last(id, kind)
                    .is_some_and(|entry| kind != "SIGNATURE" || value(&entry.signature) == signature.value)
            };
            let then = match &input.then.gate_log {
                Then::Other(then) => has(then),
                Then::Missing => false,
                Then::Same | Then::Unasked => true,
            };
            if let Some(entry) = log.last(id, kind).filter(|_| !then) {
                let label = Label::text(&log.source, entry.place(), "written later");
                late(&format!("the gate log had no {kind} entry"), label);
            }
        }
    }
    out
}

/// Times of the records that run backwards.
fn times(input: &ApprovalInput<'_>, rule: &Rule) -> Vec<Finding> {
    let mut out = Vec::new();
    let id = input.packet.id.as_str();
    if let Ok(log) = &input.gate_log
        && log.is_before(id, "REFINEMENT", "SIGNATURE") == Some(false)
        && let (Some(refined), Some(signed)) = (log.last(id, "REFINEMENT"), log.last(id, "SIGNATURE"))
    {
        let message = "the refinement was recorded again after the signature";
        let here = Label::text(&log.source, refined.place(), "recorded here");
        let there = Label::text(&log.source, signed.place(), "signed before");
        out.push(rule.finding(message, here).related(there));
    }
    if let Ok(log) = &input.gate_log {
        let kinds = ["REFINEMENT", "SIGNATURE", "PREPARE"];
        for (before, after) in kinds.iter().zip(kinds.iter().skip(1)) {
            let (Some(first), Some(then)) = (log.last(id, before), log.last(id, after)) else { continue };
            // A packet may be signed again: any earlier entry will do.
            let earliest = log.earliest(id, before);
            if let (Some(a), Some(b)) = (earliest, stamp(value(&then.timestamp)))
                && b < a
            {
                let message = format!("the {after} entry is older than the {before} entry");
                let there = Label::text(&log.source, first.place(), format!("{before}: {a}"));
                let here = Label::text(&log.source, then.place(), format!("{after}: {b}"));
                out.push(rule.finding(message, here).related(there));
            }
        }
    }
    let ContractFact::Known { introduction, inside: true, .. } = input.contract else { return out };
    let Some(committed) = Timestamp::from_second(introduction.time).ok() else { return out };
    let commit = short(introduction);
    if let Some(text) = &input.packet.packet.signature
        && let Some(signed) = signed_at(&text.value)
        && signed.as_second() - ZONES > committed.as_second()
    {
        let message = format!("the signature is dated after commit {commit}, which brought it in");
        out.push(rule.finding(message, input.packet.at(text.span, format!("committed {committed}"))));
    }
    if let Ok(log) = &input.gate_log
        && let Some(entry) = log.last(id, "PREPARE")
        && let Some(prepared) = stamp(value(&entry.timestamp))
        && prepared.as_second() - SKEW > committed.as_second()
    {
        let message = format!("the work was prepared after commit {commit} brought the packet in");
        let label = Label::text(&log.source, entry.place(), format!("committed {committed}"));
        out.push(rule.finding(message, label));
    }
    out
}

/// Code that does not build on the signed packet.
fn early(input: &ApprovalInput<'_>, rule: &Rule) -> Option<Finding> {
    let early: Vec<_> = input.code.iter().filter(|commit| commit.is_early).collect();
    let first = early.last()?;
    let message = match early.len() {
        1 => format!("commit {} changes code and does not build on the signed packet", short(&first.facts)),
        many => format!("{many} commits change code and do not build on the signed packet"),
    };
    let mut finding = rule.finding(message, Label::path(&first.path, "does not build on the signed packet"));
    for commit in early.iter().rev().take(MOST_NAMED) {
        let who = one_line(&commit.facts.author, 80);
        finding = finding.note(format!("commit {} by {who} changes {}", short(&commit.facts), commit.path));
    }
    if early.len() > MOST_NAMED {
        finding = finding.note(format!("… and {}", counted(early.len() - MOST_NAMED, "more commit")));
    }
    Some(finding)
}

/// Code that was written under an earlier signature: the present one approves
/// it afterwards, which somebody should look at.
fn under_earlier(input: &ApprovalInput<'_>, rule: &Rule) -> Option<Finding> {
    let earlier: Vec<_> = input.code.iter().filter(|commit| commit.is_under_earlier).collect();
    let (first, signature) = (earlier.last()?, input.packet.packet.signature.as_ref()?);
    let message = format!(
        "{} of code {} written under an earlier signature, which this one replaces",
        counted(earlier.len(), "commit"),
        if earlier.len() == 1 { "was" } else { "were" }
    );
    let mut finding = rule
        .finding(message, input.packet.at(signature.span, "signed again during the work"))
        .related(Label::path(&first.path, "changed before that"))
        .at_level(Level::Warning);
    for commit in earlier.iter().rev().take(MOST_NAMED) {
        let who = one_line(&commit.facts.author, 80);
        finding = finding.note(format!("commit {} by {who} changes {}", short(&commit.facts), commit.path));
    }
    Some(finding.help("Compare what the earlier contract allowed with what was done under it."))
}

fn stamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn signed_at(text: &str) -> Option<Timestamp> {
    let signature = Signature::parse(text).ok()?;
    Some(signature.at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// What happened when, in the order that the protocol demands.
#[must_use]
pub(crate) fn moments(input: &ApprovalInput<'_>) -> Vec<Moment> {
    let id = input.packet.id.as_str();
    let logged = |kind: &str| {
        let log = input.gate_log.as_ref().ok()?;
        Some(one_line(value(&log.last(id, kind)?.timestamp), 40)).filter(|text| !text.is_empty())
    };
    let signature = input.packet.packet.signature.as_ref();
    let at = |seconds: i64| Timestamp::from_second(seconds).ok().map(|at| at.to_string());
    let packet = match input.contract {
        ContractFact::Known { introduction, .. } => at(introduction.time),
        _ => None,
    };
    let first = input.code.iter().map(|commit| commit.facts.time).min();
    let moment = |event: &'static str, at: Option<String>| Moment { event, at };
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
