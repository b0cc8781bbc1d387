//! `refinement/token`: an anchor's token names a place, and stands in its
//! window.

use super::{at, basis, core, line, moved, occurrences, plain, window_in};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::document::refinement::{Anchor, unescaped};
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::Source;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let spec = basis(input).ok();
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some(token) = &anchor.token else {
            let label = at(refinement, anchor.heading, "CONTEXT_TOKEN is missing");
            out.push(rule.finding("the anchor has no token", label));
            continue;
        };
        let text = plain(token);
        let shortest = input.policy.shortest_token;
        // Signs name no place: a rule across the page stands everywhere.
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if text.chars().count() < shortest || letters * 2 < shortest {
            let message = if text.chars().count() < shortest {
                format!("the token has fewer than {shortest} characters")
            } else {
                "the token is mostly signs".to_owned()
            };
            out.push(rule.finding(message, at(refinement, token.span, "too short to name a place")));
            continue;
        }
        let Some(spec) = spec.map(|spec| spec.source.as_ref()) else { continue };
        let Some((first, last)) = window_in(anchor, spec) else { continue };
        if (first..=last).any(|number| line(spec, number).contains(&text)) {
            continue;
        }
        let label = at(refinement, token.span, format!("not in lines {first} to {last}"));
        let finding = rule.finding("the token is not in the window", label);
        out.push(match found(anchor, spec, &text) {
            Found::At(window) => moved(finding, input, anchor, window),
            Found::Often(line) => {
                finding.help(format!("The token stands in several places, the first of them line {line}."))
            }
            Found::Nowhere => finding.help(format!("The token stands nowhere in {}.", spec.name())),
        });
    }
    out.into()
}

enum Found {
    At((usize, usize)),
    Often(usize),
    Nowhere,
}

/// Where the anchor's window lies now: where its excerpt stands, or else the
/// one line with its token.
fn found(anchor: &Anchor, spec: &Source, token: &str) -> Found {
    let excerpt = anchor.excerpt.as_ref().map(|excerpt| unescaped(&excerpt.value)).unwrap_or_default();
    let all: Vec<&str> = excerpt.lines().map(str::trim_end).collect();
    let (_, block) = core(&all);
    if block.iter().any(|line| line.contains(token))
        && let [only] = occurrences(spec, &block).as_slice()
    {
        return Found::At((*only, only + block.len() - 1));
    }
    let lines: Vec<usize> =
        (1..=spec.line_count()).filter(|number| line(spec, *number).contains(token)).take(2).collect();
    match lines.as_slice() {
        [] => Found::Nowhere,
        [only] => Found::At((*only, *only)),
        [first, ..] => Found::Often(*first),
    }
}
