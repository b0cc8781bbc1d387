//! `baseline/…`: the file of known findings is valid and does not grow.

use std::collections::HashSet;

use crate::check::CheckResult;
use crate::check::context::{BaselineState, SourcesCheckContext};
use crate::finding::Label;
use crate::rule::Rule;

/// Returns the baseline of the configuration, or a skipped result.
fn configured_baseline<'a>(input: &'a SourcesCheckContext<'_>) -> Result<&'a BaselineState, CheckResult> {
    input.baseline.ok_or_else(|| CheckResult::skipped("the configuration names no baseline"))
}

/// `baseline/readable`: every line of the baseline is a valid entry.
pub(super) fn readable(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    match configured_baseline(input) {
        Err(skipped) => skipped,
        Ok(baseline) => baseline
            .fault
            .as_ref()
            .map(|fault| {
                rule.finding(
                    fault.message.clone(),
                    Label::text(&fault.source, fault.span, "not a valid entry"),
                )
            })
            .into(),
    }
}

/// `baseline/stale`: every entry of the baseline still matches a finding.
pub(super) fn stale(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let baseline = match configured_baseline(input) {
        Err(skipped) => return skipped,
        Ok(baseline) => baseline,
    };
    let Some((list, source)) = baseline.baseline.as_ref().and_then(|list| Some((list, list.source()?)))
    else {
        return CheckResult::skipped("the baseline does not exist or cannot be read");
    };
    let stale: HashSet<(&str, &str)> =
        baseline.stale.iter().map(|(rule, known)| (rule.as_str(), known.as_str())).collect();
    let Some((_, _, span)) = list.entries().find(|(id, fingerprint, _)| stale.contains(&(*id, *fingerprint)))
    else {
        return Vec::new().into();
    };
    let message = match baseline.stale.len() {
        1 => "1 entry of the baseline no longer matches a finding".to_owned(),
        count => format!("{count} entries of the baseline no longer match a finding"),
    };
    Some(rule.finding(message, Label::text(source, span, "the first stale entry"))).into()
}

/// `baseline/grown`: the judged change adds no entry to the baseline.
pub(super) fn grown(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let baseline = match configured_baseline(input) {
        Err(skipped) => return skipped,
        Ok(baseline) => baseline,
    };
    if input.changed.is_none() {
        return CheckResult::skipped("no change is judged");
    }
    let Some((list, source)) = baseline.baseline.as_ref().and_then(|list| Some((list, list.source()?)))
    else {
        return Vec::new().into();
    };
    let existed = |id: &str, fingerprint: &str| {
        baseline.before.as_ref().is_some_and(|before| before.contains(id, fingerprint))
    };
    let added: Vec<_> = list.entries().filter(|(id, fingerprint, _)| !existed(id, fingerprint)).collect();
    let Some((_, _, span)) = added.first() else { return Vec::new().into() };
    let message =
        format!("the change adds {} to the baseline", crate::text::format_count(added.len(), "finding"));
    Some(rule.finding(message, Label::text(source, *span, "new in this change")).about_path(source.name()))
        .into()
}
