//! `evidence/requirement`: every `DONE_MEANS` bullet is mapped to lines that
//! exist.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, EvidencePathFact};
use crate::rule::Rule;
use crate::text::{format_count, to_single_line};

use super::{normalize, not_required_reason};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(why) = not_required_reason(input) {
        return CheckResult::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out = Vec::new();
    for bullet in &packet.done_means {
        let wanted = normalize(&bullet.text.value);
        let group = bullet.group.as_deref().map(normalize);
        let quoted = packet.mapping.iter().find(|requirement| {
            let quote = normalize(&requirement.quote.value);
            matches_quote(&quote, &wanted)
                || group.as_deref().is_some_and(|group| matches_quote(&quote, group))
        });
        let Some(requirement) = quoted else {
            out.push(rule.finding(
                format!("no REQUIREMENT quotes `{}`", to_single_line(&bullet.text.value, 80)),
                input.packet.label_at(bullet.text.span, "not mapped to evidence"),
            ));
            continue;
        };
        if requirement.locations.is_empty() {
            out.push(rule.finding(
                "this requirement has no EVIDENCE",
                input.packet.label_at(requirement.quote.span, "no `path:line` below it"),
            ));
        }
    }
    for location in packet.mapping.iter().flat_map(|requirement| &requirement.locations) {
        let at = |text: String| input.packet.label_at(location.raw.span, text);
        let shown = to_single_line(&location.raw.value, 100);
        match &location.target {
            None => out.push(rule.finding(format!("`{shown}` is no `path:line`"), at("not a place".into()))),
            Some((path, line)) => {
                match input.evidence_paths.get(path) {
                    Some(EvidencePathFact::Lines(lines)) if line <= lines => {}
                    Some(EvidencePathFact::Lines(lines)) => out.push(rule.finding(
                        format!("{path} has {}, so line {line} is no evidence", format_count(*lines, "line")),
                        at("beyond the end".into()),
                    )),
                    _ => out.push(rule.finding(
                        format!("{path} does not exist in the judged tree"),
                        at("no such file".into()),
                    )),
                }
            }
        }
    }
    out.into()
}

/// A quote may be the whole bullet, or its beginning if that is long enough
/// to name it.
fn matches_quote(quote: &str, bullet: &str) -> bool {
    let start = quote.trim_end_matches(['.', '…', ' ']);
    quote == bullet || (start.chars().count() >= 24 && bullet.starts_with(start))
}
