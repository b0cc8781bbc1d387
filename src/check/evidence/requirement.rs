//! `evidence/requirement`: every `DONE_MEANS` bullet is mapped to lines that
//! exist.

use crate::check::Verdict;
use crate::check::input::{ChangeInput, PathFact};
use crate::rule::Rule;
use crate::text::{counted, one_line};

use super::{folded, not_asked};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    if let Some(why) = not_asked(input) {
        return Verdict::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out = Vec::new();
    for bullet in &packet.done_means {
        let wanted = folded(&bullet.text.value);
        let group = bullet.group.as_deref().map(folded);
        let quoted = packet.mapping.iter().find(|requirement| {
            let quote = folded(&requirement.quote.value);
            quotes(&quote, &wanted) || group.as_deref().is_some_and(|group| quotes(&quote, group))
        });
        let Some(requirement) = quoted else {
            out.push(rule.finding(
                format!("no REQUIREMENT quotes `{}`", one_line(&bullet.text.value, 80)),
                input.packet.at(bullet.text.span, "not mapped to evidence"),
            ));
            continue;
        };
        if requirement.locations.is_empty() {
            out.push(rule.finding(
                "this requirement has no EVIDENCE",
                input.packet.at(requirement.quote.span, "no `path:line` below it"),
            ));
        }
    }
    for location in packet.mapping.iter().flat_map(|requirement| &requirement.locations) {
        let at = |text: String| input.packet.at(location.raw.span, text);
        let shown = one_line(&location.raw.value, 100);
        match &location.target {
            None => out.push(rule.finding(format!("`{shown}` is no `path:line`"), at("not a place".into()))),
            Some((path, line)) => {
                match input.evidence_paths.get(path) {
                    Some(PathFact::Lines(lines)) if line <= lines => {}
                    Some(PathFact::Lines(lines)) => out.push(rule.finding(
                        format!("{path} has {}, so line {line} is no evidence", counted(*lines, "line")),
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
fn quotes(quote: &str, bullet: &str) -> bool {
    let start = quote.trim_end_matches(['.', '…', ' ']);
    quote == bullet || (start.chars().count() >= 24 && bullet.starts_with(start))
}
