//! `packet/duplicate-field`: what decides a verdict is said once.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::finding::Place;
use crate::rule::Rule;
use crate::text::Span;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let faults = input.faults.iter().filter(|fault| fault.rule == rule.id.as_str());
    faults
        .map(|fault| {
            let finding = rule.finding(fault.message.clone(), input.label_at(fault.span, "said before"));
            match repeated_line(input, fault.span) {
                Some(line) => {
                    finding.with_fix(Place::text(&input.packet.source, line), "", "remove the repetition")
                }
                None => finding,
            }
        })
        .collect::<Vec<_>>()
        .into()
}

/// The whole line of a field that says again what was said, word for word.
fn repeated_line(input: &PacketCheckContext<'_>, label: Span) -> Option<Span> {
    let fields = &input.packet.fields;
    let again = fields.iter().find(|field| field.label == label)?;
    let first = fields.iter().find(|field| field.key == again.key && field.label.start < label.start)?;
    let source = &input.packet.source;
    let number = source.line(label.start);
    let line = source.line_span(number)?;
    let alone = again.value.span.is_empty() || line.contains(again.value.span);
    let bare = again.item.is_none_or(|item| input.packet.outline.items(Some(item)).next().is_none());
    let next = source.line_span(number + 1).map_or(source.text().len(), |next| next.start);
    (first.value.value == again.value.value && alone && bare && source.slice(line).contains("- "))
        .then(|| Span::new(line.start, next))
}
