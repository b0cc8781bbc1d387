//! `approval/…`: the signed contract is unchanged, and the steps happened in
//! the required order.

use jiff::Timestamp;

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact, RecordAtSigning};
use crate::document::Signature;
use crate::document::gate_log::{GateLog, text_or_empty};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{format_count, to_single_line};

use super::contract_difference::{ContractBasis, compare_parts, compare_second_forms};
use super::short_commit;

/// `approval/contract`: the commit that introduced the signature changes only
/// governance files, and the contract part of the packet has not changed since
/// then.
pub(in crate::check) fn contract(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let (introduction, signed, is_in_range, code_paths) = match input.contract {
        ContractFact::Known { introduction, packet_at_signing, is_in_range, code_paths, .. } => {
            (introduction, packet_at_signing, *is_in_range, code_paths)
        }
        ContractFact::Uncommitted => {
            let span = packet.signature.as_ref().map_or_else(|| packet.head_span(), |s| s.span);
            return Some(rule.finding(
                "no commit contains the packet with this signature",
                input.packet.label_at(span, "not committed"),
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
            let message = format!("several commits introduced this signature: {}{more}", commits.join(", "));
            return Some(rule.finding(message, input.packet.label_at(span, "introduced more than once")))
                .into();
        }
        ContractFact::Unknown(why) => {
            let Some(signature) = &packet.signature else { return CheckResult::skipped(why.clone()) };
            let label = input.packet.label_at(signature.span, "the signed text is unknown");
            return Some(rule.finding(why.clone(), label)).into();
        }
    };
    let commit = short_commit(introduction);
    let mut out = Vec::new();
    // A squash merge makes one commit of approval and code. What a key signed stays
    // signed; a name in the same commit could be the coder's own entry.
    let has_key = super::ssh_signature::key_signature(input).is_some();
    if is_in_range && !code_paths.is_empty() && !has_key {
        let span = packet.signature.as_ref().map_or_else(|| packet.head_span(), |s| s.span);
        let message =
            format!("commit {commit}, which introduced the signature, changes files outside governance");
        let mut finding = rule.finding(
            message,
            input.packet.label_at(
                span,
                format!("committed by {}", crate::text::to_single_line(&introduction.committer, 80)),
            ),
        );
        for path in code_paths.iter().take(3) {
            finding = finding.related(Label::path(path, "changed by the same commit"));
        }
        finding = finding.help(
            "If this is a squash merge: approve the packet on main first, sign it with a key \
             (`countersign approve`), or merge without squashing.",
        );
        out.push(finding);
    }
    compare_parts(input, signed, &ContractBasis::Signed(&commit), rule, &mut out);
    let reported = out.len();
    compare_second_forms(input, signed, &commit, rule, &mut out);
    // A typed contract that was added after the signature is approved by the main branch.
    for state in &input.trusted.states {
        let trusted = state.packet.as_ref().filter(|_| out.len() == reported);
        let same = |packet: &&crate::document::Packet| {
            let text = |packet: &crate::document::Packet| packet.signature.clone().map(|text| text.value);
            text(packet) == text(input.packet.packet)
        };
        if let Some(trusted) = trusted.filter(same) {
            compare_second_forms(input, trusted, &state.revision, rule, &mut out);
        }
    }
    out.into()
}

/// Maximum number of commits that a finding names.
const MAX_NAMED_COMMITS: usize = 3;
/// Tolerated difference between the clocks of two machines, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 60 * 60;
/// Largest offset of local time from UTC, in seconds.
const TIME_ZONE_SECONDS: i64 = 14 * 60 * 60;

/// `approval/order`: the steps happen in this order: refinement recorded, packet
/// signed, work prepared, packet committed, code committed.
///
/// The order follows from the contents and parents of commits, and from the
/// times in the records. An author can set the time of a commit to any value,
/// so commit times are used only to contradict a record.
pub(in crate::check) fn order(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 have no records of these steps");
    }
    let mut out = check_record_order(input, rule);
    out.extend(check_record_times(input, rule));
    out.extend(check_early_code(input, rule));
    out.extend(check_earlier_signature(input, rule));
    if out.is_empty() && !matches!(input.contract, ContractFact::Known { .. }) {
        return CheckResult::skipped("the commit that introduced the signature is not known");
    }
    out.into()
}

/// Returns a finding for each record that did not exist yet in the commit that
/// introduced the signature.
fn check_record_order(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Vec<Finding> {
    let ContractFact::Known { introduction, is_in_range: true, .. } = input.contract else {
        return Vec::new();
    };
    let Some(signature) = &input.packet.packet.signature else { return Vec::new() };
    let (commit, id) = (short_commit(introduction), input.packet.id.as_str());
    let mut out = Vec::new();
    let mut add_late = |what: &str, label: Label| {
        let message = format!("{what} when commit {commit} introduced the signature");
        let here = input.packet.label_at(signature.span, "the packet's signature");
        out.push(rule.finding(message, label).related(here));
    };
    // Other rules report a record that is wrong or missing today.
    if let (Ok(refinement), RecordAtSigning::Missing) =
        (&input.refinement, &input.records_at_signing.refinement)
    {
        add_late("the refinement did not exist", Label::path(refinement.source.name(), "added later"));
    }
    if let Ok(audit) = &input.audit {
        let has_row = |audit: &crate::document::audit::Audit| {
            audit.rows.iter().any(|row| row.signature.value == signature.value && row.names_packet(id))
        };
        let existed = match &input.records_at_signing.audit {
            RecordAtSigning::Changed(signed) => has_row(signed),
            RecordAtSigning::Missing => false,
            RecordAtSigning::Unchanged | RecordAtSigning::NotLookedUp => true,
        };
        if !existed && has_row(audit) {
            add_late(
                "the audit had no row of this signature",
                Label::path(audit.source.name(), "added later"),
            );
        }
    }
    if let Ok(log) = &input.gate_log {
        for kind in ["REFINEMENT", "SIGNATURE", "PREPARE"] {
            // A SIGNATURE entry counts only if it records this signature.
            let has_entry = |log: &GateLog| {
                log.last_entry(id, kind).is_some_and(|entry| {
                    kind != "SIGNATURE" || text_or_empty(entry.signature.as_ref()) == signature.value
                })
            };
            let existed = match &input.records_at_signing.gate_log {
                RecordAtSigning::Changed(signed) => has_entry(signed),
                RecordAtSigning::Missing => false,
                RecordAtSigning::Unchanged | RecordAtSigning::NotLookedUp => true,
            };
            if let Some(entry) = log.last_entry(id, kind).filter(|_| !existed) {
                let label = Label::text(&log.source, entry.anchor_span(), "added later");
                add_late(&format!("the gate log had no {kind} entry"), label);
            }
        }
    }
    out
}

/// Returns a finding for each pair of records whose times are in the wrong
/// order.
fn check_record_times(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Vec<Finding> {
    let mut out = Vec::new();
    let id = input.packet.id.as_str();
    if let Ok(log) = &input.gate_log
        && log.is_before(id, "REFINEMENT", "SIGNATURE") == Some(false)
        && let (Some(refined), Some(signed)) =
            (log.last_entry(id, "REFINEMENT"), log.last_entry(id, "SIGNATURE"))
    {
        let message = "the refinement was recorded again after the signature";
        let here = Label::text(&log.source, refined.anchor_span(), "recorded again here");
        let there = Label::text(&log.source, signed.anchor_span(), "signed before that");
        out.push(rule.finding(message, here).related(there));
    }
    if let Ok(log) = &input.gate_log {
        let kinds = ["REFINEMENT", "SIGNATURE", "PREPARE"];
        for (before, after) in kinds.iter().zip(kinds.iter().skip(1)) {
            let (Some(first), Some(second)) = (log.last_entry(id, before), log.last_entry(id, after)) else {
                continue;
            };
            // A packet may be signed again, so compare with its earliest entry.
            let earliest = log.earliest_time(id, before);
            if let (Some(earliest), Some(time)) =
                (earliest, parse_timestamp(text_or_empty(second.timestamp.as_ref())))
                && time < earliest
            {
                let message = format!("the {after} entry is older than the {before} entry");
                let there = Label::text(&log.source, first.anchor_span(), format!("{before}: {earliest}"));
                let here = Label::text(&log.source, second.anchor_span(), format!("{after}: {time}"));
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
        let message = format!("the date of the signature is after commit {commit}, which introduced it");
        out.push(rule.finding(message, input.packet.label_at(text.span, format!("committed {committed}"))));
    }
    if let Ok(log) = &input.gate_log
        && let Some(entry) = log.last_entry(id, "PREPARE")
        && let Some(prepared) = parse_timestamp(text_or_empty(entry.timestamp.as_ref()))
        && prepared.as_second() - CLOCK_SKEW_SECONDS > committed.as_second()
    {
        let message = format!("the work was prepared after commit {commit}, which introduced the signature");
        let label = Label::text(&log.source, entry.anchor_span(), format!("committed {committed}"));
        out.push(rule.finding(message, label));
    }
    out
}

/// Returns a finding for the commits of code that do not build on the signed
/// packet.
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

/// Returns a warning for commits of code under an earlier signature: the
/// current signature approves them only afterwards, so a person must review
/// them.
fn check_earlier_signature(input: &ApprovalCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let earlier: Vec<_> =
        input.code_commits.iter().filter(|commit| commit.is_under_earlier_signature).collect();
    let (first, signature) = (earlier.last()?, input.packet.packet.signature.as_ref()?);
    let message = format!(
        "{} with code {} made under an earlier signature, which the current signature replaces",
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
    Some(finding.help("Compare the changes of these commits with the contract of the earlier signature."))
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn parse_signature_time(text: &str) -> Option<Timestamp> {
    let signature = Signature::parse(text).ok()?;
    Some(signature.at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}
