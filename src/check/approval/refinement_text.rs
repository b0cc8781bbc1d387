//! `approval/refinement-text`: the refinement is the one that was signed.

use crate::change::compute_hunks;
use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ContractFact, RecordAtSigning};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Source, Span, to_single_line};

use super::short_commit;

/// Changed lines that are told.
const MAX_REFINEMENT_DIFF_LINES: usize = 6;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let ContractFact::Known { introduction, is_in_range: inside, .. } = input.contract else {
        return CheckResult::skipped("no commit is known to hold what was signed");
    };
    let Ok(now) = &input.refinement else { return CheckResult::skipped("there is no refinement") };
    let then = match &input.records_at_signing.refinement {
        RecordAtSigning::Changed(then) => then,
        RecordAtSigning::Unchanged => return Vec::new().into(),
        RecordAtSigning::Missing if *inside => {
            return CheckResult::skipped("`approval/order` tells that it came later");
        }
        RecordAtSigning::Missing => {
            let message = format!(
                "the refinement was not there when the packet was signed in commit {}",
                short_commit(introduction)
            );
            return Some(rule.finding(message, Label::path(now.source.name(), "came later"))).into();
        }
        RecordAtSigning::NotLookedUp => return CheckResult::skipped("it was not looked up"),
    };
    let (old, new) = (trimmed_lines(&then.source), trimmed_lines(&now.source));
    let text = |lines: &[(Span, &str)]| lines.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let hunks = compute_hunks(text(&old).as_bytes(), text(&new).as_bytes());
    let Some(first) = hunks.first() else { return Vec::new().into() };
    let message =
        format!("the refinement is not the one that was signed in commit {}", short_commit(introduction));
    let place = |source, lines: &[(Span, &str)], at: usize, words: &str| {
        lines.get(at).map(|(span, _)| Label::text(source, *span, words))
    };
    let label =
        place(&now.source, &new, first.after.start.min(new.len().saturating_sub(1)), "not what was signed")
            .unwrap_or_else(|| Label::path(now.source.name(), "empty now"));
    let mut finding = rule.finding(message, label);
    finding.related.extend(place(&then.source, &old, first.before.start, "what was signed"));
    let told: Vec<String> = hunks
        .iter()
        .flat_map(|hunk| {
            let gone = hunk.before.clone().filter_map(|at| old.get(at)).map(|(_, line)| ("signed", *line));
            gone.chain(hunk.after.clone().filter_map(|at| new.get(at)).map(|(_, line)| ("now", *line)))
        })
        .map(|(word, line)| format!("{word}: {}", to_single_line(line, 100)))
        .collect();
    finding.notes.extend(told.iter().take(MAX_REFINEMENT_DIFF_LINES).cloned());
    if told.len() > MAX_REFINEMENT_DIFF_LINES {
        finding.notes.push(format!("… and {} more changed lines", told.len() - MAX_REFINEMENT_DIFF_LINES));
    }
    Some(finding).into()
}

/// The lines with their places, without blanks at their ends and empty lines
/// behind the last.
fn trimmed_lines(source: &Source) -> Vec<(Span, &str)> {
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
