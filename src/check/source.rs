//! `source/…`: what a scan could not do.

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::Span;

/// `source/rule`: every rule file is one.
pub(super) fn rule(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.faults.iter().map(|fault| {
        rule.finding(fault.message.clone(), Label::text(&fault.source, fault.span, "not a rule"))
    });
    found.collect::<Vec<_>>().into()
}

/// `source/unread`: every source file was judged.
pub(super) fn unread(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let told = input.unread.iter().filter(|file| input.is_reported(&file.path));
    let found = told.map(|file| {
        let message = format!("{} was not scanned: {}", file.path, file.why);
        let label = match &file.line {
            Some((source, at)) => {
                let end = source.text().get(*at..).and_then(|rest| rest.char_indices().nth(80));
                Label::text(source, Span::new(*at, *at + end.map_or(1, |(width, _)| width)), "not judged")
            }
            None => Label::path(&file.path, "not judged"),
        };
        rule.finding(message, label).about_path(&file.path)
    });
    found.collect::<Vec<_>>().into()
}
