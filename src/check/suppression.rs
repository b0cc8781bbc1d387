//! `suppression/…`: comments that excuse findings of scans.

use crate::check::CheckResult;
use crate::check::context::{SourcesCheckContext, SuppressionUse};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::{SuppressionExpiry, SuppressionTarget};
use crate::text::{Span, to_single_line};

fn suppression_finding(rule: &Rule, one: &SuppressionUse, message: String, label: &str) -> Finding {
    let (start, end) = (one.suppression.span.start, one.suppression.span.end);
    let span = crate::text::trim_spanned(one.source.text(), Span::new(start, end)).span;
    rule.finding(message, Label::text(&one.source, span, label)).about_path(one.source.name())
}

fn describe_marker(one: &SuppressionUse) -> String {
    match &one.suppression.target {
        SuppressionTarget::Rules(rules) => format!("allow({})", to_single_line(&rules.join(", "), 60)),
        SuppressionTarget::Policy(policy) => format!("WAIVER [{}]", to_single_line(policy, 40)),
    }
}

fn reported_suppressions<'a>(input: &'a SourcesCheckContext<'_>) -> impl Iterator<Item = &'a SuppressionUse> {
    input.suppressions.iter().filter(|one| input.is_reported(one.source.name()))
}

/// `suppression/reason`: every comment says why.
pub(super) fn reason(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let silent = reported_suppressions(input).filter(|one| one.suppression.reason.is_empty());
    let found = silent.map(|one| {
        suppression_finding(rule, one, format!("`{}` gives no reason", describe_marker(one)), "why?")
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/expired`: none is past its day.
pub(super) fn expired(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = reported_suppressions(input).filter_map(|one| {
        let why = match &one.suppression.expires {
            SuppressionExpiry::After(day) if *day < input.today => format!("ended on {day}"),
            SuppressionExpiry::Unreadable(text) => {
                format!("ends on `{}`, which is no day", to_single_line(text, 40))
            }
            _ => return None,
        };
        Some(suppression_finding(
            rule,
            one,
            format!("`{}` {why}", describe_marker(one)),
            "excuses nothing any more",
        ))
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unused`: each excuses something.
pub(super) fn unused(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = reported_suppressions(input).filter_map(|one| {
        if let Some(unknown) = one.unknown_rules.first() {
            let message = format!("there is no scan rule `{}`", to_single_line(unknown, 60));
            return Some(suppression_finding(rule, one, message, "excuses nothing"));
        }
        (one.rules_selected && !one.is_used).then(|| {
            suppression_finding(
                rule,
                one,
                format!("`{}` excuses nothing", describe_marker(one)),
                "nothing is found here",
            )
        })
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unwaived`: where a rule wants a waiver, the packet has it.
pub(super) fn unwaived(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(waived) = input.has_waiver else {
        return CheckResult::skipped("no packet is judged, so no waiver can be missing");
    };
    let wanting = reported_suppressions(input)
        .filter(|one| one.is_new && one.is_used && !one.waiver_policies.is_empty());
    let found = wanting.filter_map(|one| {
        let covered = waived(&one.waiver_policies, one.source.name());
        (!covered).then(|| {
            let message = format!("the packet has no waiver for `{}`", describe_marker(one));
            suppression_finding(rule, one, message, "new in this change")
        })
    });
    found.collect::<Vec<_>>().into()
}
