//! `validator/identity`: who acknowledges a report is known, and is not who
//! presented it.

use crate::check::CheckResult;
use crate::check::context::Policy;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{PassedGate, ValidatorSession};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::state_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
