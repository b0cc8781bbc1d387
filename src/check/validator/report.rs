//! `validator/report`: what was appended is in the packet, with its verdict.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::state_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
