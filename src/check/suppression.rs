//! `suppression/…`: comments that suppress findings of scans.

use crate::check::CheckResult;
use crate::check::context::{SourcesCheckContext, SuppressionUse};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::{SuppressionExpiry, SuppressionTarget};
use crate::text::{Span, to_single_line};

/// Creates a finding at a suppression comment.
fn suppression_finding(rule: &Rule, entry: &SuppressionUse, message: String, label: &str) -> Finding {
    let (start, end) = (entry.suppression.span.start, entry.suppression.span.end);
    let span = crate::text::trim_spanned(entry.source.text(), Span::new(start, end)).span;
    rule.finding(message, Label::text(&entry.source, span, label)).about_path(entry.source.name())
}

/// Returns the marker of a suppression comment, for messages.
fn describe_marker(entry: &SuppressionUse) -> String {
    match &entry.suppression.target {
        SuppressionTarget::Rules(rules) => format!("allow({})", to_single_line(&rules.join(", "), 60)),
        SuppressionTarget::Policy(policy) => format!("WAIVER [{}]", to_single_line(policy, 40)),
    }
}

/// Iterates over the suppression comments in files that are reported.
fn reported_suppressions<'a>(input: &'a SourcesCheckContext<'_>) -> impl Iterator<Item = &'a SuppressionUse> {
    input.suppressions.iter().filter(|entry| input.is_reported(entry.source.name()))
}

/// `suppression/reason`: every suppression comment states a reason.
pub(super) fn reason(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let without_reason = reported_suppressions(input).filter(|entry| entry.suppression.reason.is_empty());
    let found = without_reason.map(|entry| {
        suppression_finding(rule, entry, format!("`{}` gives no reason", describe_marker(entry)), "no reason")
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/expired`: the end date of every suppression comment is readable
/// and has not passed.
pub(super) fn expired(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = reported_suppressions(input).filter_map(|entry| {
        let why = match &entry.suppression.expires {
            SuppressionExpiry::After(day) if *day < input.today => format!("expired on {day}"),
            SuppressionExpiry::Unreadable(text) => {
                format!("has the invalid end date `{}`; expected YYYY-MM-DD", to_single_line(text, 40))
            }
            _ => return None,
        };
        Some(suppression_finding(
            rule,
            entry,
            format!("`{}` {why}", describe_marker(entry)),
            "no longer suppresses findings",
        ))
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unused`: every suppression comment names existing rules and
/// suppresses at least one finding.
pub(super) fn unused(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = reported_suppressions(input).filter_map(|entry| {
        if let Some(unknown) = entry.unknown_rules.first() {
            let message = format!("unknown scan rule `{}`", to_single_line(unknown, 60));
            return Some(suppression_finding(rule, entry, message, "unknown rule"));
        }
        (entry.rules_selected && !entry.is_used).then(|| {
            suppression_finding(
                rule,
                entry,
                format!("`{}` suppresses no finding", describe_marker(entry)),
                "no finding here",
            )
        })
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unwaived`: if a rule requires a waiver, every new comment that
/// suppresses its findings is covered by a waiver of the packet.
pub(super) fn unwaived(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(has_waiver) = input.has_waiver else {
        return CheckResult::skipped("no packet is judged, so no waiver is required");
    };
    let requiring_waiver = reported_suppressions(input)
        .filter(|entry| entry.is_new && entry.is_used && !entry.waiver_policies.is_empty());
    let found = requiring_waiver.filter_map(|entry| {
        let covered = has_waiver(&entry.waiver_policies, entry.source.name());
        (!covered).then(|| {
            let message = format!("no waiver of the packet covers `{}`", describe_marker(entry));
            suppression_finding(rule, entry, message, "new in this change")
        })
    });
    found.collect::<Vec<_>>().into()
}
