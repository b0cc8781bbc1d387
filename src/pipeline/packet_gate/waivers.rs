//! Applies waivers: a waived finding stays in the report and is marked.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::context::{ChangeCheckContext, Gate, WaiverOrigin};
use crate::check::{CheckResult, find_rule, waiver, wording};
use crate::document::waiver::Waiver;
use crate::finding::{Finding, Level, Subject};
use crate::pipeline::outcome::RuleRef;
use crate::text::{RepoPath, to_single_line};

use super::gate_rules::rules_of_gate;

/// Marks the findings that a waiver of the packet waives. Returns findings
/// about waivers that waive nothing. `policies` are the policies that rules of
/// the gate accept.
fn apply_waivers(
    input: &ChangeCheckContext<'_>,
    findings: &mut [Finding],
    policies: &[String],
) -> Vec<Finding> {
    let waivers = &input.packet.packet.waivers;
    if waivers.len() > waiver::MAX_WAIVERS {
        return Vec::new();
    }
    let effective: Vec<bool> = waivers
        .iter()
        .enumerate()
        .map(|(index, waiver)| waiver::is_effective(waiver, index, input))
        .collect();
    let is_effective = |index: usize| effective.get(index) == Some(&true);
    let mut used = vec![false; waivers.len()];
    let mut redundant: BTreeMap<usize, String> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Error) {
        let (Some(subject), Some(wording)) = (&finding.subject, wording(finding)) else { continue };
        let accepted = wording.waivable_by.clone();
        // A waiver must match with both its policy and its scope. Of several
        // waivers that match, the first is used.
        let covers = |waiver: &Waiver| {
            let has_policy = waiver.policy.as_ref().is_some_and(|policy| accepted.contains(&policy.value));
            has_policy && waiver::covers(waiver, subject)
        };
        let all = || waivers.iter().enumerate();
        // The finding is there because the waiver does not count; a rule says why.
        let invalid = all().find(|(index, waiver)| !is_effective(*index) && covers(waiver));
        let because = invalid.map(|(_, waiver)| waiver::place_of(waiver, input));
        let mut matching = all().filter(|(index, waiver)| is_effective(*index) && covers(waiver));
        if let Some((index, waiver)) = matching.next() {
            finding.waived_by = waiver.id.as_ref().map(|id| id.value.clone());
            used.get_mut(index).into_iter().for_each(|used| *used = true);
            matching.for_each(|(other, _)| {
                redundant.entry(other).or_insert_with(|| waiver.name().to_owned());
            });
        } else if because.is_some() {
            finding.because = because;
        }
    }
    let Some(rule) = find_rule("waiver/unused").map(|entry| &entry.rule) else { return Vec::new() };
    let unused = waivers.iter().enumerate().filter(|(index, waiver)| {
        // Other rules report policies that no rule of this gate accepts.
        let is_accepted = waiver.policy.as_ref().is_some_and(|policy| policies.contains(&policy.value));
        is_accepted && is_effective(*index) && used.get(*index) == Some(&false)
    });
    unused
        .map(|(index, waiver)| {
            let source = &input.packet.packet.source;
            let span = waiver.id.as_ref().map_or(waiver.span, |id| id.span);
            let line = source.line_span(source.line(span.start)).unwrap_or(span);
            let span = crate::text::trim_spanned(
                source.text(),
                crate::text::Span::new(span.start, line.end.min(span.end)),
            )
            .span;
            let name = crate::text::to_single_line(waiver.name(), 80);
            let message = match redundant.get(&index) {
                Some(other) => format!(
                    "the waiver `{name}` is not needed: `{}` waives the same findings",
                    crate::text::to_single_line(other, 80)
                ),
                None => format!("the waiver `{name}` waives no finding of this change"),
            };
            rule.finding(message, input.packet.label_at(span, "matches no finding"))
        })
        .collect()
}

/// Returns true if an effective waiver of the packet, of one of these policies,
/// covers a path.
pub(crate) fn is_waived(input: &ChangeCheckContext<'_>, policies: &[String], path: &RepoPath) -> bool {
    let subject = Subject::Path(path.clone());
    input.packet.packet.waivers.iter().enumerate().any(|(index, waiver)| {
        let has_policy = waiver.policy.as_ref().is_some_and(|policy| policies.contains(&policy.value));
        has_policy && waiver::is_effective(waiver, index, input) && waiver::covers(waiver, &subject)
    })
}

/// Marks waived findings, and adds findings about unused waivers.
pub(crate) fn apply_to_results(
    gate: Gate,
    input: &ChangeCheckContext<'_>,
    results: &mut [(RuleRef, CheckResult)],
) {
    if input.packet.packet.waivers.is_empty() {
        return;
    }
    let mut policies: Vec<String> =
        rules_of_gate(gate).flat_map(|entry| entry.rule.text().wording.waivable_by.clone()).collect();
    policies.sort();
    policies.dedup();
    let mut all: Vec<Finding> = Vec::new();
    let mut counts = Vec::new();
    for (_, result) in results.iter_mut() {
        let taken = match result {
            CheckResult::Findings(findings) => std::mem::take(findings),
            CheckResult::Skipped(_) => Vec::new(),
        };
        counts.push(taken.len());
        all.extend(taken);
    }
    let unused = apply_waivers(input, &mut all, &policies);
    let mut all = all.into_iter();
    for ((rule_ref, result), count) in results.iter_mut().zip(counts) {
        if let CheckResult::Findings(findings) = result {
            findings.extend(all.by_ref().take(count));
            if rule_ref.id().as_str() == "waiver/unused" {
                findings.extend(unused.clone());
            }
        }
    }
}

/// Returns a remark for the verdict about every waiver that counts although it was added
/// during the work: its id, and who committed it.
pub(crate) fn remarks_about_late_waivers(
    input: &ChangeCheckContext<'_>,
    results: &[(RuleRef, CheckResult)],
) -> Vec<String> {
    let findings = results.iter().flat_map(|(_, result)| match result {
        CheckResult::Findings(findings) => findings.as_slice(),
        CheckResult::Skipped(_) => &[],
    });
    let used: BTreeSet<&str> = findings.filter_map(|finding| finding.waived_by.as_deref()).collect();
    let waivers = input.packet.packet.waivers.iter().zip(input.waiver_origins);
    waivers
        .filter_map(|(waiver, origin)| {
            let id = waiver.id.as_ref().filter(|id| used.contains(id.value.as_str()))?;
            let WaiverOrigin::Entered { introduction, .. } = origin else { return None };
            let (id, person) = (to_single_line(&id.value, 40), to_single_line(&introduction.committer, 80));
            Some(format!("waiver {id} added during the work by {person}"))
        })
        .collect()
}
