//! `spec/heading`: the headings that the configuration requires are headings
//! of the specification.

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    if input.policy.spec_headings.is_empty() {
        return CheckResult::skipped("the configuration requires no headings (`spec: headings:`)");
    }
    let Some(spec) = input.spec else {
        return CheckResult::skipped("there is no specification to look into");
    };
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: Vec<Finding> = Vec::new();
    for wanted in &input.policy.spec_headings {
        let level = wanted.chars().take_while(|c| *c == '#').count();
        let title = squeezed(wanted.trim_start_matches('#'));
        let found = spec.headings().iter().any(|section| {
            let own = squeezed(&section.title.value);
            let same = own == title
                || own.strip_prefix(title.as_str()).is_some_and(|rest| rest.starts_with([' ', '.', ':']));
            same && (level == 0 || usize::from(section.level) == level)
        });
        if found {
            continue;
        }
        let message =
            format!("the specification has no heading `{}`", crate::text::to_single_line(wanted, 100));
        let finding = rule.finding(message, Label::path(spec.source.name(), "the current specification"));
        let mention = spec.source.text().find(title.as_str()).map(|at| spec.source.line(at));
        out.push(match mention {
            Some(line) => finding.help(format!("Line {line} has these words, but is no such heading.")),
            None => finding,
        });
    }
    out.into()
}
