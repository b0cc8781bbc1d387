//! `fence/…` and `config/…`: the rules of a run, and whether they can be trusted.

use crate::check::CheckResult;
use crate::check::context::TrustCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

/// `fence/soft`: the coder cannot move the revision that the rules come from.
pub(super) fn soft(input: &TrustCheckContext, rule: &Rule) -> CheckResult {
    let Some(reason) = input.soft_reason else { return Vec::new().into() };
    let label = Label::path(&RepoPath::from("countersign.yaml"), "a commit can change these rules");
    Some(rule.finding(format!("the rules come from {reason}"), label)).into()
}

/// `config/readable`: the judged change leaves a configuration that can be used.
pub(super) fn readable(input: &TrustCheckContext, rule: &Rule) -> CheckResult {
    let finding = |(label, problem): &(Label, String)| {
        rule.finding(format!("the configuration of the judged tree cannot be used: {problem}"), label.clone())
    };
    input.config_fault.as_ref().map(finding).into()
}
