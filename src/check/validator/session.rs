//! `validator/…`: sessions of the validator state and their order.

use std::collections::BTreeMap;

use super::state_of;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{GATES, PassedGate, ValidatorSession, ValidatorState};
use crate::document::{DocumentBody, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, Spanned};

/// `validator/session`: a session is of one known packet, and its key, its
/// file and itself name the same.
pub(in crate::check) fn session(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let at = |span: Span, text: String| Label::text(&state.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    let file = input.document.file_id();
    for session in state.sessions.iter().chain(&state.archived) {
        let head = Span::new(session.span.start, session.span.start + 1);
        let named: Vec<(&str, &Spanned<String>)> = session
            .key
            .iter()
            .map(|key| ("the key", key))
            .chain(session.wp_id.iter().map(|id| ("wpId", id)))
            .collect();
        if session.wp_id.is_none() {
            out.push(rule.finding("the session has no `wpId`", at(head, "this session".into())));
        }
        for (name, id) in &named {
            if let Err(why) = WpId::parse(&id.value) {
                out.push(
                    rule.finding(format!("{name} is no work packet id: {why}"), at(id.span, "no id".into())),
                );
            }
        }
        if let [(_, key), (_, id)] = named.as_slice()
            && key.value != id.value
        {
            let shown = crate::text::to_single_line(&id.value, 80);
            out.push(rule.finding(
                format!(
                    "the session of `{}` says that it is of `{shown}`",
                    crate::text::to_single_line(&key.value, 80)
                ),
                at(id.span, "another packet".into()),
            ));
        }
        if let (Some(file), Some((_, id))) = (&file, named.last())
            && id.value != file.as_str()
        {
            let message = format!(
                "a session of `{}` in the file of `{file}`",
                crate::text::to_single_line(&id.value, 80)
            );
            out.push(rule.finding(message, at(id.span, "another packet".into())));
        }
        for (name, field, known) in [
            ("verdict", &session.verdict, &["PASS", "FAIL", "OUTDATED_ONLY"][..]),
            ("status", &session.status, &crate::document::validator_state::GATES[..]),
        ] {
            match field {
                None => out.push(
                    rule.finding(format!("the session has no `{name}`"), at(head, "this session".into())),
                ),
                Some(value) if !known.contains(&value.value.as_str()) => {
                    let message = format!("`{}` is no {name}", crate::text::to_single_line(&value.value, 60));
                    out.push(rule.finding(message, at(value.span, format!("one of {}", known.join(", ")))));
                }
                Some(_) => {}
            }
        }
    }
    out.extend(check_conflicting_sessions(input, state.sessions.iter(), rule));
    out.into()
}

/// Sessions that another state file holds with another verdict or status.
fn check_conflicting_sessions<'a>(
    input: &DocumentCheckContext<'_>,
    sessions: impl Iterator<Item = &'a ValidatorSession>,
    rule: &Rule,
) -> Vec<Finding> {
    let Some(library) = input.governance else { return Vec::new() };
    let text = |field: &Option<Spanned<String>>| field.as_ref().map(|text| text.value.clone());
    let mut out = Vec::new();
    // Each pair is told once, in the file whose path comes later.
    let mut others: BTreeMap<&str, (&ValidatorState, &ValidatorSession)> = BTreeMap::new();
    for other in library.documents.iter().filter(|other| other.path() < input.document.path()) {
        if let DocumentBody::ValidatorState(known) = &other.body {
            let named =
                known.sessions.iter().filter_map(|session| Some((session.packet()?, (known, session))));
            others.extend(named);
        }
    }
    for session in sessions {
        let found = session.packet().and_then(|id| others.get(id)).copied();
        let Some((known, same)) = found else { continue };
        if text(&same.verdict) == text(&session.verdict) && text(&same.status) == text(&session.status) {
            continue;
        }
        let place = |session: &ValidatorSession| {
            session.wp_id.as_ref().or(session.key.as_ref()).map_or(session.span, |id| id.span)
        };
        let id = crate::text::to_single_line(session.packet().unwrap_or(""), 80);
        let message = format!("two state files disagree about the session of `{id}`");
        out.push(
            rule.finding(message, Label::text(&input.document.source, place(session), "here"))
                .related(Label::text(&known.source, place(same), "and here")),
        );
    }
    out
}

/// `validator/order`: gates are passed in their order, and the status is the
/// last of them.
pub(in crate::check) fn order(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
