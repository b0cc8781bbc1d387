//! `validator/…`: chain, identities, reports and kept state.

use std::collections::BTreeSet;

use super::state_of;
use crate::change::{ChangedFile, FileContent};
use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, Policy};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{CHAIN_START, PassedGate, ValidatorSession, ValidatorState};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, format_count, to_single_line};

/// `validator/chain`: gates that are tied to the ones before still are.
pub(in crate::check) fn chain(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let mut packets: Vec<&str> = state.all_sessions().filter_map(|session| session.packet()).collect();
    packets.sort_unstable();
    packets.dedup();
    let mut out: Vec<Finding> = Vec::new();
    let mut any = false;
    for id in packets {
        let (mut before, mut tied) = (CHAIN_START.to_owned(), false);
        let sessions = state.all_sessions().filter(|s| s.packet() == Some(id));
        for mark in sessions.flat_map(|session| &session.gates) {
            let label = |span, text: &str| Label::text(&state.source, span, text);
            match &mark.chain {
                Some(chain) if chain.value == mark.expected_chain(&before, id) => {
                    (before, tied, any) = (chain.value.clone(), true, true);
                }
                Some(chain) => {
                    any = true;
                    let message = "this gate, or one before it, was changed after it was passed";
                    out.push(
                        rule.finding(message, label(chain.span, "does not follow from what stands here")),
                    );
                    break;
                }
                // Gates of older tools are tied to nothing; they name nobody.
                None if !tied && mark.by.is_none() => {}
                None => {
                    any = true;
                    let message = "this gate is not tied to the one before";
                    out.push(rule.finding(message, label(mark.gate.span, "no `chain`")));
                    break;
                }
            }
        }
    }
    if any { out.into() } else { CheckResult::skipped("no gate of the state is tied to another") }
}

/// `validator/identity`: who acknowledges a report is known, and is not who
/// presented it.
pub(in crate::check) fn identity(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    if input.policy.identities.is_empty() {
        return CheckResult::skipped("the configuration names no identities of validators");
    }
    let mut out: Vec<Finding> = Vec::new();
    for session in &state.sessions {
        let mark = |gate: &str| session.gates.iter().find(|mark| mark.gate.value == gate);
        let label = |mark: &PassedGate, text: &str| {
            let span = mark.by.as_ref().map_or(mark.gate.span, |by| by.span);
            Label::text(&state.source, span, text)
        };
        let passed = [mark("REPORT_PRESENTED"), mark("USER_ACKNOWLEDGED")];
        for mark in passed.into_iter().flatten() {
            let known = mark.by.as_ref().and_then(|by| input.policy.find_identity(&by.value));
            if known.is_none() {
                let message =
                    format!("{} was passed by nobody that the configuration names", mark.gate.value);
                out.push(rule.finding(message, label(mark, "not one of `validator.identities`")));
            }
        }
        out.extend(presented_and_acknowledged_by_same(input.policy, session).map(
            |(presented, acknowledged)| {
                rule.finding(
                    "who presented the report has acknowledged it",
                    label(acknowledged, "the same identity"),
                )
                .related(label(presented, "presented"))
            },
        ));
    }
    out.into()
}

fn presented_and_acknowledged_by_same<'s>(
    policy: &Policy,
    session: &'s ValidatorSession,
) -> Option<(&'s PassedGate, &'s PassedGate)> {
    let mark = |gate: &str| session.gates.iter().find(|mark| mark.gate.value == gate);
    let (presented, acknowledged) = (mark("REPORT_PRESENTED")?, mark("USER_ACKNOWLEDGED")?);
    let who = |mark: &PassedGate| policy.find_identity(&mark.by.as_ref()?.value).map(str::to_owned);
    (who(presented)? == who(acknowledged)?).then_some((presented, acknowledged))
}

/// `validator/kept`: a change takes nothing out of the validator's states.
pub(in crate::check) fn kept(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let layout = input.packet.layout;
    let states: Vec<&ChangedFile> =
        input.files.iter().filter(|file| layout.is_validator_state(&file.change.path)).collect();
    if states.is_empty() {
        return CheckResult::skipped("no validator state was changed");
    }
    let read = |file: &ChangedFile, image: &Option<FileContent>| {
        let bytes = image.as_ref().map(|image| image.bytes.clone()).unwrap_or_default();
        ValidatorState::read(&Source::from_bytes(file.change.path.clone(), bytes))
    };
    // A session may move from the older file to one of its own.
    let now: Vec<ValidatorState> = states.iter().map(|file| read(file, &file.after)).collect();
    let mut out: Vec<Finding> = Vec::new();
    for file in states {
        let before = read(file, &file.before);
        let ids: BTreeSet<&str> = before.all_sessions().filter_map(|session| session.packet()).collect();
        for id in ids {
            let after: Vec<_> = now.iter().flat_map(|state| state.passed_gates(id)).collect();
            let lost = before.passed_gates(id).iter().filter(|gate| !after.contains(gate)).count();
            if lost > 0 {
                let path = &file.change.path;
                let message = format!(
                    "{path} has lost {} that `{}` had passed",
                    format_count(lost, "gate"),
                    to_single_line(id, 120)
                );
                out.push(rule.finding(message, Label::path(path, "no longer holds them")).about_path(path));
            }
        }
    }
    out.into()
}

/// `validator/report`: what was appended is in the packet, with its verdict.
pub(in crate::check) fn report(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    let first = state.sessions.iter().find_map(|session| session.wp_id.as_ref().or(session.key.as_ref()));
    if let Some(first) = first.filter(|_| library.has_no_packets_or_stubs()) {
        let label = Label::text(&state.source, first.span, "validated here");
        return Some(rule.finding("there is not one packet that could hold a report", label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for session in &state.sessions {
        let (Some(id), Some(verdict)) = (session.packet(), &session.verdict) else { continue };
        let place = session.wp_id.as_ref().or(session.key.as_ref()).map_or(session.span, |id| id.span);
        let label = |text: &str| Label::text(&state.source, place, text);
        let shown = crate::text::to_single_line(id, 80);
        let Some((document, packet)) = library.packet(id) else {
            out.push(rule.finding(format!("there is no packet of `{shown}`"), label("validated here")));
            continue;
        };
        if !session.has_reached("WP_APPENDED") {
            continue;
        }
        let reports = &packet.phases.reports;
        if reports.last().is_some_and(|report| report.verdict.value.eq_ignore_ascii_case(&verdict.value)) {
            continue;
        }
        let said = crate::text::to_single_line(&verdict.value, 40);
        let begin = format!("a report with the verdict {said} was appended to `{shown}`, but");
        let message = match reports.last() {
            Some(last) => format!("{begin} the packet's last one says {}", last.verdict.value),
            None => format!("{begin} the packet has none"),
        };
        let label = Label::text(&state.source, verdict.span, "recorded here");
        out.push(match reports.last() {
            Some(last) => rule.finding(message, label).related(Label::text(
                &packet.source,
                last.verdict.span,
                "the packet's last verdict",
            )),
            None => rule.finding(message, label).related(Label::path(document.path(), "no report here")),
        });
    }
    out.into()
}
