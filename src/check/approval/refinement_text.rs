//! `approval/refinement-text`: the refinement is the one that was signed.

use crate::change::hunks;
use crate::check::Verdict;
use crate::check::input::{ApprovalInput, ContractFact, Then};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Source, Span, one_line};

use super::short;

/// Changed lines that are told.
const MOST_TOLD: usize = 6;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    let ContractFact::Known { introduction, inside, .. } = input.contract else {
        return Verdict::skipped("no commit is known to hold what was signed");
    };
    let Ok(now) = &input.refinement else { return Verdict::skipped("there is no refinement") };
    let then = match &input.then.refinement {
        Then::Other(then) => then,
        Then::Same => return Vec::new().into(),
        Then::Missing if *inside => return Verdict::skipped("`approval/order` tells that it came later"),
        Then::Missing => {
            let message = format!(
                "the refinement was not there when the packet was signed in commit {}",
                short(introduction)
            );
            return Some(rule.finding(message, Label::path(now.source.name(), "came later"))).into();
        }
        Then::Unasked => return Verdict::skipped("it was not looked up"),
    };
    let (old, new) = (words(&then.source), words(&now.source));
    let text = |lines: &[(Span, &str)]| lines.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let hunks = hunks(text(&old).as_bytes(), text(&new).as_bytes());
    let Some(first) = hunks.first() else { return Vec::new().into() };
    let message = format!("the refinement is not the one that was signed in commit {}", short(introduction));
    let place = |source, lines: &[(Span, &str)], at: usize, words: &str| {
        lines.get(at).map(|(span, _)| Label::text(source, *span, words))
    };
    let label =
        place(&now.source, &new, first.post.start.min(new.len().saturating_sub(1)), "not what was signed")
            .unwrap_or_else(|| Label::path(now.source.name(), "empty now"));
    let mut finding = rule.finding(message, label);
    finding.related.extend(place(&then.source, &old, first.pre.start, "what was signed"));
    let told: Vec<String> = hunks
        .iter()
        .flat_map(|hunk| {
            let gone = hunk.pre.clone().filter_map(|at| old.get(at)).map(|(_, line)| ("signed", *line));
            gone.chain(hunk.post.clone().filter_map(|at| new.get(at)).map(|(_, line)| ("now", *line)))
        })
        .map(|(word, line)| format!("{word}: {}", one_line(line, 100)))
        .collect();
    finding.notes.extend(told.iter().take(MOST_TOLD).cloned());
    if told.len() > MOST_TOLD {
        finding.notes.push(format!("… and {} more changed lines", told.len() - MOST_TOLD));
    }
    Some(finding).into()
}

/// The lines with their places, without blanks at their ends and empty lines
/// behind the last.
fn words(source: &Source) -> Vec<(Span, &str)> {
    let lines = (1..=source.line_count()).filter_map(|number| source.line_span(number));
    let mut out: Vec<(Span, &str)> = lines
        .map(|span| {
            let text = source.slice(span).trim_end_matches([' ', '\t', '\r']);
            (Span::new(span.start, span.start + text.len()), text.trim_start_matches('\u{feff}'))
        })
        .collect();
    while out.last().is_some_and(|(_, line)| line.is_empty()) {
        out.pop();
    }
    out
}
