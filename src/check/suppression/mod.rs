//! `suppression/…`: comments that excuse findings of scans.

use super::Verdict;
use super::input::{SourcesInput, UsedSuppression};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::{Target, Until};
use crate::text::{Span, one_line};

fn finding(rule: &Rule, one: &UsedSuppression, message: String, label: &str) -> Finding {
    let (start, end) = (one.suppression.span.start, one.suppression.span.end);
    let span = crate::text::trimmed(one.source.text(), Span::new(start, end)).span;
    rule.finding(message, Label::text(&one.source, span, label)).about(one.source.name())
}

fn name(one: &UsedSuppression) -> String {
    match &one.suppression.target {
        Target::Rules(rules) => format!("allow({})", one_line(&rules.join(", "), 60)),
        Target::Policy(policy) => format!("WAIVER [{}]", one_line(policy, 40)),
    }
}

fn told<'a>(input: &'a SourcesInput<'_>) -> impl Iterator<Item = &'a UsedSuppression> {
    input.suppressions.iter().filter(|one| input.is_told(one.source.name()))
}

/// `suppression/reason`: every comment says why.
pub(super) fn reason(input: &SourcesInput<'_>, rule: &Rule) -> Verdict {
    let silent = told(input).filter(|one| one.suppression.reason.is_empty());
    let found = silent.map(|one| finding(rule, one, format!("`{}` gives no reason", name(one)), "why?"));
    found.collect::<Vec<_>>().into()
}

/// `suppression/expired`: none is past its day.
pub(super) fn expired(input: &SourcesInput<'_>, rule: &Rule) -> Verdict {
    let found = told(input).filter_map(|one| {
        let why = match &one.suppression.until {
            Until::Day(day) if *day < input.today => format!("ended on {day}"),
            Until::Unreadable(text) => format!("ends on `{}`, which is no day", one_line(text, 40)),
            _ => return None,
        };
        Some(finding(rule, one, format!("`{}` {why}", name(one)), "excuses nothing any more"))
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unused`: each excuses something.
pub(super) fn unused(input: &SourcesInput<'_>, rule: &Rule) -> Verdict {
    let found = told(input).filter_map(|one| {
        if let Some(unknown) = one.unknown.first() {
            let message = format!("there is no scan rule `{}`", one_line(unknown, 60));
            return Some(finding(rule, one, message, "excuses nothing"));
        }
        (one.asked && !one.used)
            .then(|| finding(rule, one, format!("`{}` excuses nothing", name(one)), "nothing is found here"))
    });
    found.collect::<Vec<_>>().into()
}

/// `suppression/unwaived`: where a rule wants a waiver, the packet has it.
pub(super) fn unwaived(input: &SourcesInput<'_>, rule: &Rule) -> Verdict {
    let Some(waived) = input.waived else {
        return Verdict::skipped("no packet is judged, so no waiver can be missing");
    };
    let wanting = told(input).filter(|one| one.is_new && one.used && !one.policies.is_empty());
    let found = wanting.filter_map(|one| {
        let covered = waived(&one.policies, one.source.name());
        (!covered).then(|| {
            let message = format!("the packet has no waiver for `{}`", name(one));
            finding(rule, one, message, "new in this change")
        })
    });
    found.collect::<Vec<_>>().into()
}
