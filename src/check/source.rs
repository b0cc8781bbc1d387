//! `source/…`: scan rules and source files can be read.

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::Span;

/// `source/rule`: every YAML file in the folders of scan rules is a valid rule,
/// and so is every scan rule in the configuration.
pub(super) fn rule(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.faults.iter().map(|fault| {
        rule.finding(fault.message.clone(), Label::text(&fault.source, fault.span, "not a valid rule"))
    });
    found.collect::<Vec<_>>().into()
}

/// `source/unread`: every source file that a scan selects is readable and was
/// scanned completely.
pub(super) fn unread(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let reported = input.unread.iter().filter(|file| input.is_reported(&file.path));
    let found = reported.map(|file| {
        let message = format!("{} was not scanned completely: {}", file.path, file.why);
        let label = match &file.line {
            Some((source, at)) => {
                let end = source.text().get(*at..).and_then(|rest| rest.char_indices().nth(80));
                Label::text(source, Span::new(*at, *at + end.map_or(1, |(width, _)| width)), "not scanned")
            }
            None => Label::path(&file.path, "not scanned"),
        };
        rule.finding(message, label).about_path(&file.path)
    });
    found.collect::<Vec<_>>().into()
}

/// `source/unscanned`: a scan looks at product code.
pub(super) fn unscanned(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let found = input.unscanned.iter().map(|folder| {
        rule.finding(folder.message.clone(), Label::path(&folder.path, "almost nothing was scanned"))
    });
    found.collect::<Vec<_>>().into()
}
