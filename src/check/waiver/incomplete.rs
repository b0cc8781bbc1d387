//! `waiver/incomplete`: a waiver names all that a waiver must.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let all = &input.packet.packet.waivers;
    if let Some(first) = all.first().filter(|_| all.len() > super::MAX_WAIVERS) {
        let message = format!("{} waivers are too many: none of them counts", all.len());
        let finding = rule
            .finding(message, input.packet.label_at(first_line_span(input, first.span), "the first of them"));
        return Some(finding.with_level(crate::finding::Level::Error)).into();
    }
    for waiver in all {
        let missing = waiver.missing();
        if !missing.is_empty() {
            let message = format!(
                "the waiver `{}` does not count: it has no {}",
                crate::text::to_single_line(waiver.name(), 80),
                missing.join(", no ")
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.label_at(first_line_span(input, waiver.span), "this waiver"),
                ),
            );
        } else if !super::has_subject(waiver, input) {
            let message = format!(
                "the scope of the waiver `{}` names no path and no planned command",
                crate::text::to_single_line(waiver.name(), 80)
            );
            let span = waiver.scope.as_ref().map_or(waiver.span, |scope| scope.span);
            out.push(
                rule.finding(message, input.packet.label_at(first_line_span(input, span), "covers nothing")),
            );
        }
    }
    out.into()
}

pub(super) fn first_line_span(input: &ChangeCheckContext<'_>, span: crate::text::Span) -> crate::text::Span {
    let source = &input.packet.packet.source;
    let line = source.line_span(source.line(span.start)).unwrap_or(span);
    crate::text::trim_spanned(source.text(), crate::text::Span::new(span.start, line.end.min(span.end))).span
}
