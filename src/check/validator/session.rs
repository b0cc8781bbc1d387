//! `validator/…`: the sessions of a validator state and the order of their gates.

use std::collections::BTreeMap;

use super::state_of;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{GATES, PassedGate, ValidatorSession, ValidatorState};
use crate::document::{DocumentBody, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, Spanned};

/// `validator/session`: the key, `wpId` and file of a validator session name the
/// same packet, its verdict and status are known, and no two files disagree about
/// it.
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
                out.push(rule.finding(
                    format!(
                        "invalid work packet id `{}` in {name}: {why}",
                        crate::text::to_single_line(&id.value, 80)
                    ),
                    at(id.span, "not a work packet id".into()),
                ));
            }
        }
        if let [(_, key), (_, id)] = named.as_slice()
            && key.value != id.value
        {
            let shown = crate::text::to_single_line(&id.value, 80);
            out.push(rule.finding(
                format!(
                    "the key of the session is `{}`, but its `wpId` is `{shown}`",
                    crate::text::to_single_line(&key.value, 80)
                ),
                at(id.span, "another packet".into()),
            ));
        }
        if let (Some(file), Some((_, id))) = (&file, named.last())
            && id.value != file.as_str()
        {
            let message = format!(
                "the session of `{}` is in the file of `{file}`",
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
                    let message = format!(
                        "invalid {name} `{}`; expected one of: {}",
                        crate::text::to_single_line(&value.value, 60),
                        known.join(", ")
                    );
                    out.push(rule.finding(message, at(value.span, format!("unknown {name}"))));
                }
                Some(_) => {}
            }
        }
    }
    out.extend(check_conflicting_sessions(input, state.sessions.iter(), rule));
    out.into()
}

/// Returns a finding for each session that another state file contains with a
/// different verdict or status.
fn check_conflicting_sessions<'a>(
    input: &DocumentCheckContext<'_>,
    sessions: impl Iterator<Item = &'a ValidatorSession>,
    rule: &Rule,
) -> Vec<Finding> {
    let Some(governance) = input.governance else { return Vec::new() };
    let text = |field: &Option<Spanned<String>>| field.as_ref().map(|text| text.value.clone());
    let mut out = Vec::new();
    // Each pair is reported once, in the file whose path sorts later.
    let mut others: BTreeMap<&str, (&ValidatorState, &ValidatorSession)> = BTreeMap::new();
    for other in governance.documents.iter().filter(|other| other.path() < input.document.path()) {
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
        let id_span = |session: &ValidatorSession| {
            session.wp_id.as_ref().or(session.key.as_ref()).map_or(session.span, |id| id.span)
        };
        let id = crate::text::to_single_line(session.packet().unwrap_or(""), 80);
        let message = format!("two state files disagree about the session of `{id}`");
        out.push(
            rule.finding(message, Label::text(&input.document.source, id_span(session), "one session"))
                .related(Label::text(&known.source, id_span(same), "the other session")),
        );
    }
    out
}

/// `validator/order`: a validator session has its gates in the defined order, with
/// valid times that do not go back and one verdict; its status is the last gate.
pub(in crate::check) fn order(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    for session in state.sessions.iter().chain(&state.archived) {
        let at = |span: Span, text: &str| Label::text(&state.source, span, text);
        let gates = gate_order(session);
        let mut is_out_of_order = false;
        for (index, passed) in session.gates.iter().enumerate() {
            let wanted = gates.get(index).copied();
            if Some(passed.gate.value.as_str()) != wanted {
                let shown = crate::text::to_single_line(&passed.gate.value, 60);
                let message = match wanted {
                    Some(wanted) => format!("the next gate must be `{wanted}`, but it is `{shown}`"),
                    None => format!("the gate `{shown}` is after the last gate"),
                };
                out.push(rule.finding(message, at(passed.gate.span, "out of order")));
                is_out_of_order = true;
                break;
            }
        }
        out.extend(check_gate_times(session, input, rule, &at));
        let reached = session.gates.last().map(|passed| &passed.gate);
        let is_any_gate =
            |status: &str| is_out_of_order && session.gates.iter().any(|passed| passed.gate.value == status);
        if let (Some(status), Some(reached)) = (&session.status, reached)
            && status.value != reached.value
            && !is_any_gate(&status.value)
        {
            let (status_text, gate) = (
                crate::text::to_single_line(&status.value, 60),
                crate::text::to_single_line(&reached.value, 60),
            );
            let message = format!("the status is {status_text}, but the last recorded gate is {gate}");
            out.push(
                rule.finding(message, at(status.span, "the status"))
                    .related(at(reached.span, "the last gate")),
            );
        }
        if session.gates.is_empty() {
            let head = Span::new(session.span.start, session.span.start + 1);
            out.push(rule.finding("the session has no recorded gate", at(head, "no `gates`")));
        }
        let presented = session.gates.iter().find(|passed| passed.gate.value == "REPORT_PRESENTED");
        let presented = presented.or(session.gates.first());
        if let Some(gate) = presented.filter(|passed| passed.verdict.is_none()) {
            let label = at(gate.gate.span, "no `verdict`");
            out.push(rule.finding("the report was presented without a verdict", label));
        }
        for given in session.gates.iter().filter_map(|passed| passed.verdict.as_ref()) {
            if let Some(verdict) = session.verdict.as_ref().filter(|verdict| verdict.value != given.value) {
                let message = "the verdict of the gate differs from the verdict of the session";
                out.push(
                    rule.finding(message, at(given.span, "the verdict of the gate"))
                        .related(at(verdict.span, "the verdict of the session")),
                );
            }
        }
    }
    out.into()
}

/// Returns the order in which a session passes its gates. A session that begins with
/// the appended report is presented and acknowledged afterwards; its commit may be
/// left out unless the verdict is PASS.
fn gate_order(session: &ValidatorSession) -> &'static [&'static str] {
    let name = |index: usize| session.gates.get(index).map(|passed| passed.gate.value.as_str());
    let passed = session.verdict.as_ref().is_some_and(|verdict| verdict.value == "PASS");
    match (name(0), name(1)) {
        (Some("WP_APPENDED"), Some("REPORT_PRESENTED")) if !passed => {
            &["WP_APPENDED", "REPORT_PRESENTED", "USER_ACKNOWLEDGED"]
        }
        (Some("WP_APPENDED"), _) => &["WP_APPENDED", "COMMITTED", "REPORT_PRESENTED", "USER_ACKNOWLEDGED"],
        _ => &GATES,
    }
}

/// Returns a finding for each time that is invalid, in the future, or earlier than
/// that of the previous gate.
fn check_gate_times(
    session: &ValidatorSession,
    input: &DocumentCheckContext<'_>,
    rule: &Rule,
    at: &dyn Fn(Span, &str) -> Label,
) -> Vec<Finding> {
    let mut out = Vec::new();
    for stamp in session.gates.iter().filter_map(|passed| passed.at.as_ref()) {
        if input.is_future(&stamp.value) {
            out.push(rule.finding(
                format!(
                    "the time of the gate is in the future: {}",
                    crate::text::to_single_line(&stamp.value, 60)
                ),
                at(stamp.span, "in the future"),
            ));
        }
    }
    let stamp =
        |passed: &PassedGate| passed.at.as_ref().and_then(|at| at.value.parse::<jiff::Timestamp>().ok());
    for passed in session.gates.iter().filter(|passed| stamp(passed).is_none()) {
        let span = passed.at.as_ref().map_or(passed.gate.span, |at| at.span);
        let message = "the gate has no valid time; expected RFC 3339, such as 2026-02-14T09:05:00Z";
        out.push(rule.finding(message, at(span, "no valid time")));
    }
    for pair in session.gates.windows(2) {
        let [before, after] = pair else { continue };
        if stamp(before).zip(stamp(after)).is_some_and(|(before, after)| after < before) {
            let span = after.at.as_ref().map_or(after.gate.span, |at| at.span);
            let finding = rule
                .finding("the time of the gate is before that of the previous gate", at(span, "this time"));
            out.push(match &before.at {
                Some(stamp) => finding.related(at(stamp.span, "the time of the previous gate")),
                None => finding,
            });
        }
    }
    out
}
