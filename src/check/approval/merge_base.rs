//! `approval/merge-base`: `MERGE_BASE_SHA` is a commit that the work builds on.

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, MergeBaseFact};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let span = packet.merge_base.as_ref().map_or_else(|| packet.heading_span("METADATA"), |value| value.span);
    let (message, label) = match input.merge_base {
        MergeBaseFact::Ancestor => return Vec::new().into(),
        MergeBaseFact::Absent if packet.generation.is_g2() => {
            ("the packet gives no MERGE_BASE_SHA", "`MERGE_BASE_SHA` belongs here")
        }
        MergeBaseFact::Absent => return CheckResult::skipped("packets before G2 have no MERGE_BASE_SHA"),
        MergeBaseFact::Malformed => {
            ("MERGE_BASE_SHA is no commit id", "a commit id has forty hexadecimal digits")
        }
        MergeBaseFact::Missing => {
            ("MERGE_BASE_SHA names a commit that this repository does not have", "no such commit")
        }
        MergeBaseFact::NotAncestor => {
            ("MERGE_BASE_SHA is no ancestor of the judged head", "on another line of history")
        }
    };
    Some(rule.finding(message, input.packet.label_at(span, label))).into()
}
