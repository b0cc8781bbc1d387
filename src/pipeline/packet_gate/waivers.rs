//! Waivers turn findings into waived ones; they never remove them.

use std::collections::BTreeMap;

use crate::check::context::ChangeCheckContext;
use crate::check::{find_rule, waiver, wording};
use crate::finding::{Finding, Level, Subject};
use crate::text::RepoPath;

/// Marks the findings that a waiver of the packet excuses, and says which
/// waivers excused nothing.
pub(crate) fn apply_waivers(
    input: &ChangeCheckContext<'_>,
    findings: &mut [Finding],
    policies: &[String],
) -> Vec<Finding> {
    let waivers = &input.packet.packet.waivers;
    if waivers.len() > waiver::MAX_WAIVERS {
        return Vec::new();
    }
    let counts: Vec<bool> =
        waivers.iter().enumerate().map(|(index, one)| waiver::is_effective(one, index, input)).collect();
    let counting = |index: usize| counts.get(index) == Some(&true);
    let mut used = vec![false; waivers.len()];
    let mut stacked: BTreeMap<usize, String> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Error) {
        let (Some(subject), Some(wording)) = (&finding.subject, wording(finding)) else { continue };
        let accepted = wording.waivable_by.clone();
        // One waiver has to fit as a whole: the policy of one and the scope of
        // another make none. Of several that fit, the first counts.
        let mut matching = waivers.iter().enumerate().filter(|(index, waiver)| {
            let policy = waiver.policy.as_ref().is_some_and(|policy| accepted.contains(&policy.value));
            policy && counting(*index) && waiver::covers(waiver, subject)
        });
        if let Some((index, waiver)) = matching.next() {
            finding.waived_by = waiver.id.as_ref().map(|id| id.value.clone());
            used.get_mut(index).into_iter().for_each(|used| *used = true);
            matching.for_each(|(other, _)| {
                stacked.entry(other).or_insert_with(|| waiver.name().to_owned());
            });
        }
    }
    let Some(rule) = find_rule("waiver/unused").map(|entry| &entry.rule) else { return Vec::new() };
    let idle = waivers.iter().enumerate().filter(|(index, waiver)| {
        // Policies that no rule of this gate accepts are judged elsewhere.
        let ours = waiver.policy.as_ref().is_some_and(|policy| policies.contains(&policy.value));
        ours && counting(*index) && used.get(*index) == Some(&false)
    });
    idle.map(|(index, waiver)| {
        let source = &input.packet.packet.source;
        let span = waiver.id.as_ref().map_or(waiver.span, |id| id.span);
        let line = source.line_span(source.line(span.start)).unwrap_or(span);
        let span = crate::text::trim_spanned(
            source.text(),
            crate::text::Span::new(span.start, line.end.min(span.end)),
        )
        .span;
        let name = crate::text::to_single_line(waiver.name(), 80);
        let message = match stacked.get(&index) {
            Some(other) => format!(
                "the waiver `{name}` excuses nothing that `{}` does not excuse already",
                crate::text::to_single_line(other, 80)
            ),
            None => format!("the waiver `{name}` excuses nothing in this change"),
        };
        rule.finding(message, input.packet.label_at(span, "matches no finding"))
    })
    .collect()
}

/// Whether a waiver of the packet that counts, of one of these policies,
/// covers a path.
pub(crate) fn is_waived(input: &ChangeCheckContext<'_>, policies: &[String], path: &RepoPath) -> bool {
    let subject = Subject::Path(path.clone());
    input.packet.packet.waivers.iter().enumerate().any(|(index, one)| {
        let policy = one.policy.as_ref().is_some_and(|policy| policies.contains(&policy.value));
        policy && waiver::is_effective(one, index, input) && waiver::covers(one, &subject)
    })
}
