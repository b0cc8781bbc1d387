//! `approval/contract`: what was signed is what is judged.

use crate::check::Verdict;
use crate::check::input::{ApprovalInput, ContractFact};
use crate::document::Packet;
use crate::document::packet::{ContractPart, parts};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    let packet = input.packet.packet;
    let (introduction, then, inside, foreign) = match input.contract {
        ContractFact::Known { introduction, then, inside, foreign } => (introduction, then, *inside, foreign),
        ContractFact::Uncommitted => {
            let span = packet.signature.as_ref().map_or_else(|| packet.head(), |s| s.span);
            return Some(rule.finding(
                "no commit holds the packet with this signature",
                input.packet.at(span, "only in this working state"),
            ))
            .into();
        }
        ContractFact::Several(found) => {
            let span = packet.signature.as_ref().map_or_else(|| packet.head(), |s| s.span);
            let commits: Vec<String> = found.iter().map(short).collect();
            let message = format!("commits {} each brought this signature in", commits.join(" and "));
            return Some(rule.finding(message, input.packet.at(span, "no one of them is the first"))).into();
        }
        ContractFact::Unknown(why) => return Verdict::skipped(why.clone()),
    };
    let commit = short(introduction);
    let mut out = Vec::new();
    if inside && !foreign.is_empty() {
        let span = packet.signature.as_ref().map_or_else(|| packet.head(), |s| s.span);
        let message =
            format!("commit {commit}, which brought the signature in, changes more than governance files");
        let mut finding = rule.finding(
            message,
            input
                .packet
                .at(span, format!("committed by {}", crate::text::one_line(&introduction.committer, 80))),
        );
        for path in foreign.iter().take(3) {
            finding = finding.related(Label::path(path, "changed by the same commit"));
        }
        out.push(finding);
    }
    compare(input, then, packet, &commit, rule, &mut out);
    out.into()
}

fn short(introduction: &crate::change::Introduction) -> String {
    introduction.commit.0.to_string().chars().take(12).collect()
}

fn compare(
    input: &ApprovalInput<'_>,
    then: &Packet,
    now: &Packet,
    commit: &str,
    rule: &Rule,
    out: &mut Vec<Finding>,
) {
    let (old, new) = (parts(then), parts(now));
    for (index, part) in new.iter().enumerate() {
        // The n-th part of a key is compared with the n-th of that key.
        let nth = new.iter().take(index).filter(|other| other.key == part.key).count();
        let before = old.iter().filter(|other| other.key == part.key).nth(nth);
        if before.is_none_or(|before| before.lines != part.lines) {
            let mut finding = rule.finding(
                format!("`{}` is not what was signed in commit {commit}", part.key),
                input.packet.at(first_difference(now, part, before), "changed since the signature"),
            );
            for line in difference(before, part) {
                finding = finding.note(line);
            }
            out.push(finding);
        }
    }
    for gone in old.iter().filter(|part| !new.iter().any(|other| other.key == part.key)) {
        out.push(rule.finding(
            format!("`{}` was signed in commit {commit} and is gone", gone.key),
            input.packet.at(now.head(), "no longer in the packet"),
        ));
    }
}

/// The first line of a part that was not signed.
fn first_difference(now: &Packet, part: &ContractPart, before: Option<&ContractPart>) -> crate::text::Span {
    let known: Vec<&String> = before.map(|b| b.lines.iter().collect()).unwrap_or_default();
    let line = now.source.line(part.span.start);
    let last = now.source.line(part.span.end.saturating_sub(1));
    for number in line..=last {
        let Some(span) = now.source.line_span(number) else { continue };
        let text = now.source.slice(span).trim_end();
        let inside = crate::text::Span::new(span.start.max(part.span.start), span.end.min(part.span.end));
        if line != last && !text.is_empty() && !known.iter().any(|known| known.as_str() == text) {
            return inside;
        }
    }
    crate::text::trimmed(now.source.text(), now.source.line_span(line).unwrap_or(part.span)).span
}

/// The changed lines, old and new, at most four of each.
fn difference(before: Option<&ContractPart>, now: &ContractPart) -> Vec<String> {
    let old = before.map(|b| b.lines.as_slice()).unwrap_or_default();
    let shown = |line: &String| crate::text::one_line(line.trim(), 100);
    let gone = old
        .iter()
        .filter(|line| !now.lines.contains(line))
        .take(4)
        .map(|line| format!("signed: {}", shown(line)));
    let come = now
        .lines
        .iter()
        .filter(|line| !old.contains(line))
        .take(4)
        .map(|line| format!("now:    {}", shown(line)));
    gone.chain(come).collect()
}
