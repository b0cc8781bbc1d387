//! `baseline/…`: the file of known findings.

use crate::check::CheckResult;
use crate::check::context::{BaselineState, SourcesCheckContext};
use crate::finding::Label;
use crate::rule::Rule;

fn configured_baseline<'a>(input: &'a SourcesCheckContext<'_>) -> Result<&'a BaselineState, CheckResult> {
    input.baseline.ok_or_else(|| CheckResult::skipped("the configuration names no baseline"))
}

/// `baseline/readable`: every line is an entry.
pub(super) fn readable(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    match configured_baseline(input) {
        Err(skipped) => skipped,
        Ok(baseline) => baseline
            .fault
            .as_ref()
            .map(|fault| {
                rule.finding(fault.message.clone(), Label::text(&fault.source, fault.span, "no entry"))
            })
            .into(),
    }
}

/// `baseline/stale`: every entry is still found.
pub(super) fn stale(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let baseline = match configured_baseline(input) {
        Err(skipped) => return skipped,
        Ok(baseline) => baseline,
    };
    let Some((list, source)) = baseline.baseline.as_ref().and_then(|list| Some((list, list.source()?)))
    else {
        return CheckResult::skipped("there is no baseline");
    };
    let gone = |id: &str, print: &str| baseline.stale.iter().any(|(a, b)| a == id && b == print);
    let Some((_, _, span)) = list.entries().find(|(id, print, _)| gone(id, print)) else {
        return Vec::new().into();
    };
    let count = crate::text::format_count(baseline.stale.len(), "entry").replace("entrys", "entries");
    let message = format!(
        "{count} of the baseline {} found no more",
        if baseline.stale.len() == 1 { "is" } else { "are" }
    );
    Some(rule.finding(message, Label::text(source, span, "the first of them"))).into()
}

/// `baseline/grown`: the judged change adds no entry.
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
    let before = |id: &str, print: &str| baseline.before.as_ref().is_some_and(|old| old.contains(id, print));
    let added: Vec<_> = list.entries().filter(|(id, print, _)| !before(id, print)).collect();
    let Some((_, _, span)) = added.first() else { return Vec::new().into() };
    let message =
        format!("the change adds {} to the baseline", crate::text::format_count(added.len(), "finding"));
    Some(rule.finding(message, Label::text(source, *span, "new in this change")).about_path(source.name()))
        .into()
}
