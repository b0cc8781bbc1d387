//! `refinement/token`: an anchor's token names a place, and stands in its
//! window.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::refinement::{Anchor, unescape};
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::Source;

use super::{
    find_block, label_at, recorded_spec, spec_line, trim_empty_lines, unescaped_value, window_in_spec,
    with_window_fix,
};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let spec = recorded_spec(input).ok();
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some(token) = &anchor.token else {
            let label = label_at(refinement, anchor.heading, "CONTEXT_TOKEN is missing");
            out.push(rule.finding("the anchor has no token", label));
            continue;
        };
        let text = unescaped_value(token);
        let shortest = input.policy.min_token_chars;
        // Signs name no place: a rule across the page stands everywhere.
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if text.chars().count() < shortest || letters * 2 < shortest {
            let message = if text.chars().count() < shortest {
                format!("the token has fewer than {shortest} characters")
            } else {
                "the token is mostly signs".to_owned()
            };
            out.push(rule.finding(message, label_at(refinement, token.span, "too short to name a place")));
            continue;
        }
        let Some(spec) = spec.map(|spec| spec.source.as_ref()) else { continue };
        let Some((first, last)) = window_in_spec(anchor, spec) else { continue };
        if (first..=last).any(|number| spec_line(spec, number).contains(&text)) {
            continue;
        }
        let label = label_at(refinement, token.span, format!("not in lines {first} to {last}"));
        let finding = rule.finding("the token is not in the window", label);
        out.push(match locate_token(anchor, spec, &text) {
            TokenLocation::Unique(window) => with_window_fix(finding, input, anchor, window),
            TokenLocation::Ambiguous(line) => {
                finding.help(format!("The token stands in several places, the first of them line {line}."))
            }
            TokenLocation::Nowhere => finding.help(format!("The token stands nowhere in {}.", spec.name())),
        });
    }
    out.into()
}

enum TokenLocation {
    Unique((usize, usize)),
    Ambiguous(usize),
    Nowhere,
}

/// Where the anchor's window lies now: where its excerpt stands, or else the
/// one line with its token.
fn locate_token(anchor: &Anchor, spec: &Source, token: &str) -> TokenLocation {
    let excerpt = anchor.excerpt.as_ref().map(|excerpt| unescape(&excerpt.value)).unwrap_or_default();
    let all: Vec<&str> = excerpt.lines().map(str::trim_end).collect();
    let (_, block) = trim_empty_lines(&all);
    if block.iter().any(|line| line.contains(token))
        && let [only] = find_block(spec, &block).as_slice()
    {
        return TokenLocation::Unique((*only, only + block.len() - 1));
    }
    let lines: Vec<usize> =
        (1..=spec.line_count()).filter(|number| spec_line(spec, *number).contains(token)).take(2).collect();
    match lines.as_slice() {
        [] => TokenLocation::Nowhere,
        [only] => TokenLocation::Unique((*only, *only)),
        [first, ..] => TokenLocation::Ambiguous(*first),
    }
}
