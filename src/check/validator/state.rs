//! `validator/…`: the chain, identities, reports and completeness of validator
//! states.

use std::collections::{BTreeMap, BTreeSet};

use super::state_of;
use crate::change::{ChangedFile, FileContent};
use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, Policy};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{CHAIN_START, PassedGate, ValidatorSession, ValidatorState};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, format_count, to_single_line};

/// `validator/chain`: the `chain` hashes of a packet's validator gates match what
/// the gates record, and no later gate is without one.
pub(in crate::check) fn chain(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let mut packets: Vec<&str> = state.all_sessions().filter_map(|session| session.packet()).collect();
    packets.sort_unstable();
    packets.dedup();
    let mut out: Vec<Finding> = Vec::new();
    let mut has_chain = false;
    for id in packets {
        let (mut before, mut is_chained) = (CHAIN_START.to_owned(), false);
        let sessions = state.all_sessions().filter(|s| s.packet() == Some(id));
        for gate in sessions.flat_map(|session| &session.gates) {
            let label = |span, text: &str| Label::text(&state.source, span, text);
            match &gate.chain {
                Some(chain) if chain.value == gate.expected_chain(&before, id) => {
                    (before, is_chained, has_chain) = (chain.value.clone(), true, true);
                }
                Some(chain) => {
                    has_chain = true;
                    let message = format!(
                        "the chain hash of `{}` is wrong: this gate, or one before it, was edited later",
                        to_single_line(&gate.gate.value, 60)
                    );
                    out.push(rule.finding(message, label(chain.span, "does not match the recorded values")));
                    break;
                }
                // Gates of older tools have neither a chain hash nor an identity.
                None if !is_chained && gate.by.is_none() => {}
                None => {
                    has_chain = true;
                    let message =
                        format!("the gate `{}` has no `chain` hash", to_single_line(&gate.gate.value, 60));
                    out.push(rule.finding(message, label(gate.gate.span, "no `chain`")));
                    break;
                }
            }
        }
    }
    if has_chain { out.into() } else { CheckResult::skipped("no gate of the state has a `chain` hash") }
}

/// `validator/identity`: if `validator.identities` is configured, each report is
/// presented and acknowledged by two different identities from that list. If
/// `roles: reviewer:` is configured, a reviewer presents it.
pub(in crate::check) fn identity(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let has_identities = !input.policy.identities.is_empty();
    if !has_identities && input.policy.roles.reviewer.is_empty() {
        return CheckResult::skipped(
            "the configuration has no `validator: identities:` and no `roles: reviewer:`",
        );
    }
    let mut out: Vec<Finding> = Vec::new();
    for session in &state.sessions {
        let label = |gate: &PassedGate, text: &str| {
            let span = gate.by.as_ref().map_or(gate.gate.span, |by| by.span);
            Label::text(&state.source, span, text)
        };
        let presented = find_gate(session, "REPORT_PRESENTED");
        let presenter = |gate: &PassedGate| gate.by.as_ref().map_or(String::new(), |by| by.value.clone());
        if let Some(gate) = presented.filter(|gate| !input.policy.roles.may_review(&presenter(gate))) {
            let message = format!(
                "`{}` presented the report, but is not a reviewer",
                to_single_line(&presenter(gate), 80)
            );
            let reviewers = to_single_line(&input.policy.roles.reviewer.join(", "), 120);
            let finding = rule.finding(message, label(gate, "not a reviewer"));
            out.push(finding.note(format!("`roles: reviewer:` of the configuration names {reviewers}.")));
        }
        if !has_identities {
            continue;
        }
        let checked = [presented, find_gate(session, "USER_ACKNOWLEDGED")];
        for gate in checked.into_iter().flatten() {
            let known = gate.by.as_ref().and_then(|by| input.policy.find_identity(&by.value));
            if known.is_none() {
                let message = match &gate.by {
                    Some(by) => format!(
                        "the identity `{}` of {} is not in `validator.identities`",
                        to_single_line(&by.value, 80),
                        gate.gate.value
                    ),
                    None => format!("{} has no identity", gate.gate.value),
                };
                out.push(rule.finding(message, label(gate, "expected one of `validator.identities`")));
            }
        }
        out.extend(presented_and_acknowledged_by_same(input.policy, session).map(
            |(presented, acknowledged)| {
                rule.finding(
                    "the same identity presented and acknowledged the report",
                    label(acknowledged, "acknowledged"),
                )
                .related(label(presented, "presented"))
            },
        ));
    }
    out.into()
}

/// Finds the first gate of a session with a name.
fn find_gate<'s>(session: &'s ValidatorSession, name: &str) -> Option<&'s PassedGate> {
    session.gates.iter().find(|gate| gate.gate.value == name)
}

/// Returns the gates `REPORT_PRESENTED` and `USER_ACKNOWLEDGED` if both have the
/// same known identity.
fn presented_and_acknowledged_by_same<'s>(
    policy: &Policy,
    session: &'s ValidatorSession,
) -> Option<(&'s PassedGate, &'s PassedGate)> {
    let presented = find_gate(session, "REPORT_PRESENTED")?;
    let acknowledged = find_gate(session, "USER_ACKNOWLEDGED")?;
    let identity = |gate: &PassedGate| policy.find_identity(&gate.by.as_ref()?.value).map(str::to_owned);
    (identity(presented)? == identity(acknowledged)?).then_some((presented, acknowledged))
}

/// `validator/kept`: a change removes no recorded gate from the validator states.
pub(in crate::check) fn kept(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let layout = input.packet.layout;
    let states: Vec<&ChangedFile> =
        input.files.iter().filter(|file| layout.is_validator_state(&file.change.path)).collect();
    if states.is_empty() {
        return CheckResult::skipped("the change contains no validator state");
    }
    let read = |file: &ChangedFile, content: &Option<FileContent>| {
        let bytes = content.as_ref().map(|content| content.bytes.clone()).unwrap_or_default();
        ValidatorState::read(&Source::from_bytes(file.change.path.clone(), bytes))
    };
    // A session may move to another state file, so all files are searched.
    let current: Vec<ValidatorState> = states.iter().map(|file| read(file, &file.after)).collect();
    let mut kept: BTreeMap<&str, BTreeSet<[&str; 5]>> = BTreeMap::new();
    for (id, gates) in current.iter().flat_map(ValidatorState::all_passed_gates) {
        kept.entry(id).or_default().extend(gates);
    }
    let mut out: Vec<Finding> = Vec::new();
    for file in states {
        let before = read(file, &file.before);
        for (id, gates) in before.all_passed_gates() {
            let is_kept = |gate: &[&str; 5]| kept.get(id).is_some_and(|all| all.contains(gate));
            let lost = gates.iter().filter(|gate| !is_kept(gate)).count();
            if lost > 0 {
                let path = &file.change.path;
                let message = format!(
                    "{path} no longer contains {} that `{}` had passed",
                    format_count(lost, "gate"),
                    to_single_line(id, 120)
                );
                out.push(
                    rule.finding(message, Label::path(path, "recorded gates were removed")).about_path(path),
                );
            }
        }
    }
    out.into()
}

/// `validator/report`: the packet of every validator session exists, and after the
/// gate `WP_APPENDED` its last report has the session's verdict.
pub(in crate::check) fn report(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    let first = state.sessions.iter().find_map(|session| session.wp_id.as_ref().or(session.key.as_ref()));
    if let Some(first) = first.filter(|_| governance.has_no_packets_or_stubs()) {
        let label = Label::text(&state.source, first.span, "the packet of the session");
        let message = "the repository has no packet and no stub, so no report exists";
        return Some(rule.finding(message, label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for session in &state.sessions {
        let (Some(id), Some(verdict)) = (session.packet(), &session.verdict) else { continue };
        let span = session.wp_id.as_ref().or(session.key.as_ref()).map_or(session.span, |id| id.span);
        let label = |text: &str| Label::text(&state.source, span, text);
        let shown = crate::text::to_single_line(id, 80);
        let Some((document, packet)) = governance.packet(id) else {
            out.push(
                rule.finding(
                    format!("the packet `{shown}` does not exist"),
                    label("the packet of the session"),
                ),
            );
            continue;
        };
        if !session.has_reached("WP_APPENDED") {
            continue;
        }
        let last = packet.phases.last_report();
        if last.is_some_and(|report| report.verdict.value.eq_ignore_ascii_case(&verdict.value)) {
            continue;
        }
        let expected = to_single_line(&verdict.value, 40);
        let start = format!("the session appended a report with the verdict {expected} to `{shown}`, but");
        let message = match last {
            Some(last) => format!("{start} the last report has the verdict {}", last.verdict.value),
            None => format!("{start} the packet contains no report"),
        };
        let label = Label::text(&state.source, verdict.span, "recorded here");
        out.push(match last {
            Some(last) => rule.finding(message, label).related(Label::text(
                &packet.source,
                last.verdict.span,
                "the packet's last verdict",
            )),
            None => {
                rule.finding(message, label).related(Label::path(document.path(), "no report in this packet"))
            }
        });
    }
    out.into()
}
