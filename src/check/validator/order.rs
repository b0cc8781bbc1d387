//! `validator/order`: gates are passed in their order, and the status is the
//! last of them.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{GATES, PassedGate, ValidatorSession};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::Span;

use super::state_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    for session in state.sessions.iter().chain(&state.archived) {
        let at = |span: Span, text: &str| Label::text(&state.source, span, text);
        for (index, mark) in session.gates.iter().enumerate() {
            let wanted = GATES.get(index).copied();
            if Some(mark.gate.value.as_str()) != wanted {
                let shown = crate::text::to_single_line(&mark.gate.value, 60);
                let message = match wanted {
                    Some(wanted) => format!("`{shown}` stands where `{wanted}` is next"),
                    None => format!("`{shown}` comes after the last gate"),
                };
                out.push(rule.finding(message, at(mark.gate.span, "out of order")));
                break;
            }
        }
        out.extend(check_gate_times(session, input, rule, &at));
        let reached = session.gates.last().map(|mark| &mark.gate);
        if let (Some(status), Some(reached)) = (&session.status, reached)
            && status.value != reached.value
        {
            let (status_text, gate) = (
                crate::text::to_single_line(&status.value, 60),
                crate::text::to_single_line(&reached.value, 60),
            );
            let message = format!("the status is {status_text}, but the last gate passed is {gate}");
            out.push(
                rule.finding(message, at(status.span, "the status"))
                    .related(at(reached.span, "the last gate")),
            );
        }
        if session.gates.is_empty() {
            let head = Span::new(session.span.start, session.span.start + 1);
            out.push(rule.finding("the session has passed no gate", at(head, "no `gates`")));
        }
        if let Some(first) = session.gates.first().filter(|mark| mark.verdict.is_none()) {
            out.push(
                rule.finding(
                    "the report was presented without a verdict",
                    at(first.gate.span, "no `verdict`"),
                ),
            );
        }
        for given in session.gates.iter().filter_map(|mark| mark.verdict.as_ref()) {
            if let Some(verdict) = session.verdict.as_ref().filter(|verdict| verdict.value != given.value) {
                let message = "the session's verdict is not the one of this gate";
                out.push(
                    rule.finding(message, at(given.span, "another verdict"))
                        .related(at(verdict.span, "the session")),
                );
            }
        }
    }
    out.into()
}

/// Times that cannot be read, or run backwards.
fn check_gate_times(
    session: &ValidatorSession,
    input: &DocumentCheckContext<'_>,
    rule: &Rule,
    at: &dyn Fn(Span, &str) -> Label,
) -> Vec<Finding> {
    let mut out = Vec::new();
    for stamp in session.gates.iter().filter_map(|mark| mark.at.as_ref()) {
        if input.is_future(&stamp.value) {
            out.push(rule.finding("this gate lies in the future", at(stamp.span, "not yet")));
        }
    }
    let stamp = |mark: &PassedGate| mark.at.as_ref().and_then(|at| at.value.parse::<jiff::Timestamp>().ok());
    for mark in session.gates.iter().filter(|mark| stamp(mark).is_none()) {
        let place = mark.at.as_ref().map_or(mark.gate.span, |at| at.span);
        out.push(rule.finding("the gate has no readable time", at(place, "RFC 3339 belongs here")));
    }
    for pair in session.gates.windows(2) {
        let [before, after] = pair else { continue };
        if stamp(before).zip(stamp(after)).is_some_and(|(before, after)| after < before) {
            let place = after.at.as_ref().map_or(after.gate.span, |at| at.span);
            let finding = rule.finding("this gate is older than the one before it", at(place, "older"));
            out.push(match &before.at {
                Some(stamp) => finding.related(at(stamp.span, "the gate before")),
                None => finding,
            });
        }
    }
    out
}
