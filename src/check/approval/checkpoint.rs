//! `approval/checkpoint`: packet and refinement are committed as they are.

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, CheckpointFact};
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (path, fact) in input.checkpoint {
        let message = match fact {
            CheckpointFact::Committed => continue,
            CheckpointFact::Changed => "this document differs from its committed version",
            CheckpointFact::Uncommitted => "this document is not committed",
        };
        out.push(rule.finding(message, Label::path(path, "commit it before work starts")));
    }
    out.into()
}
