//! `approval/anchors`: the refinement's anchors hold in the specification.
//!
//! An anchor is hollow when its token is short, its window is half the
//! specification, or its excerpt is not what stands there.

use crate::check::Verdict;
use crate::check::input::{ApprovalInput, SpecFact};
use crate::digest::{Candidate, Recorded, recognise};
use crate::document::refinement::{Anchor, unescaped};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, Span};

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    if super::predates_refinements(input) {
        return Verdict::skipped("packets of generation G0 have no refinement");
    }
    let Ok(refinement) = &input.refinement else { return Verdict::skipped("there is no refinement") };
    let at = |span: Span, text: &str| Label::text(&refinement.source, span, text);
    let (spec, sha1) = match input.spec {
        SpecFact::Unnamed => {
            return Some(rule.finding(
                "the refinement does not name the specification file",
                at(refinement.head(), "`SPEC_TARGET_RESOLVED` says which"),
            ))
            .into();
        }
        SpecFact::Missing(path) => {
            let label = refinement
                .spec_file()
                .map_or_else(|| at(refinement.head(), ""), |spec| at(spec.span, "named here"));
            return Some(rule.finding(format!("the specification {path} is not in the judged tree"), label))
                .into();
        }
        SpecFact::Here { source, sha1 } => (source, *sha1),
    };
    if let Some(recorded) = refinement.filled("SPEC_TARGET_SHA1") {
        let read = Recorded::read(&recorded.value);
        if read != Recorded::Sha1(sha1) {
            let mistake = recognise(&read, Some(spec.text().as_bytes()), &[] as &[Candidate<'_>]);
            let message = format!("SPEC_TARGET_SHA1 is not the hash of {}", spec.name());
            let finding = rule.finding(message, at(recorded.span, &mistake.to_string())).help(format!("The file's SHA-1 is {sha1}. If the specification changed since, the refinement must be reviewed against it again."));
            return Some(finding).into();
        }
    }
    let mut out = Vec::new();
    for anchor in &refinement.anchors {
        hollow(
            input,
            anchor,
            spec,
            rule,
            &|span, text: String| Label::text(&refinement.source, span, text),
            &mut out,
        );
    }
    out.into()
}

type At<'a> = &'a dyn Fn(Span, String) -> Label;

fn hollow(
    input: &ApprovalInput<'_>,
    anchor: &Anchor,
    spec: &Source,
    rule: &Rule,
    at: At<'_>,
    out: &mut Vec<Finding>,
) {
    let policy = input.packet.policy;
    let Some((first, last)) = anchor.window() else {
        out.push(rule.finding(
            "the anchor has no line window",
            at(anchor.heading, "CONTEXT_START_LINE and CONTEXT_END_LINE are line numbers".into()),
        ));
        return;
    };
    let window_at = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
    if first > last || last > spec.line_count() {
        out.push(rule.finding(
            format!("lines {first} to {last} are no window of {} ({} lines)", spec.name(), spec.line_count()),
            at(window_at, "outside the specification".into()),
        ));
        return;
    }
    if last - first + 1 > policy.longest_window {
        let message = format!(
            "the window has {} lines; more than {} anchor nothing",
            last - first + 1,
            policy.longest_window
        );
        out.push(rule.finding(message, at(window_at, "too long".into())));
        return;
    }
    let lines: Vec<&str> = (first..=last)
        .filter_map(|line| spec.line_span(line))
        .map(|span| spec.slice(span).trim_end())
        .collect();
    let Some(token) = &anchor.token else {
        out.push(
            rule.finding("the anchor has no token", at(anchor.heading, "CONTEXT_TOKEN is missing".into())),
        );
        return;
    };
    let plain = unescaped(&token.value);
    if plain.trim().chars().count() < policy.shortest_token {
        out.push(rule.finding(
            format!("the token has fewer than {} characters", policy.shortest_token),
            at(token.span, "too short to name a place".into()),
        ));
    } else if !lines.iter().any(|line| line.contains(plain.trim())) {
        let mut finding = rule.finding(
            "the token is not in the window",
            at(token.span, format!("not in lines {first} to {last}")),
        );
        let elsewhere = (1..=spec.line_count())
            .find(|line| spec.line_span(*line).is_some_and(|span| spec.slice(span).contains(plain.trim())));
        if let Some(line) = elsewhere {
            finding = finding.help(format!("The token now stands in line {line} of {}.", spec.name()));
        }
        out.push(finding);
    }
    excerpt(anchor, &lines, rule, at, out);
}

fn excerpt(anchor: &Anchor, window: &[&str], rule: &Rule, at: At<'_>, out: &mut Vec<Finding>) {
    let Some(excerpt) = &anchor.excerpt else {
        out.push(rule.finding(
            "the anchor has no excerpt",
            at(anchor.heading, "EXCERPT_ASCII_ESCAPED is missing".into()),
        ));
        return;
    };
    let plain = unescaped(&excerpt.value);
    let wanted: Vec<&str> = plain.lines().map(str::trim_end).collect();
    let start = wanted.iter().position(|line| !line.is_empty()).unwrap_or(wanted.len());
    let end = wanted.iter().rposition(|line| !line.is_empty()).map_or(start, |at| at + 1);
    let wanted = wanted.get(start..end).unwrap_or_default();
    let holds = !wanted.is_empty() && window.windows(wanted.len().max(1)).any(|lines| lines == wanted);
    if !holds {
        out.push(rule.finding(
            "the excerpt is not what stands in the window",
            at(excerpt.span, "not in the specification's lines".into()),
        ));
    }
}
