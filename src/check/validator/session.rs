//! `validator/session`: a session is of one known packet, and its key, its
//! file and itself name the same.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::{ValidatorSession, ValidatorState};
use crate::document::{DocumentBody, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, Spanned};

use super::state_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
