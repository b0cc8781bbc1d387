//! `change/range-start`: the range holds all of the packet's work.

use crate::check::Verdict;
use crate::check::input::{ChangeInput, RangeFact};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    match (&input.range, &input.packet.packet.merge_base) {
        (RangeFact::LeavesOut, Some(merge_base)) => {
            let base = input.selection.base.map_or_else(
                || "nothing".to_owned(),
                |commit| commit.0.to_string().chars().take(12).collect(),
            );
            let message = format!(
                "the range starts at {base}, which is not the packet's MERGE_BASE_SHA or before it: part of the work may be left out"
            );
            Some(rule.finding(message, input.packet.at(merge_base.span, "the work starts here"))).into()
        }
        (RangeFact::NotApplicable, _) | (_, None) => {
            Verdict::skipped("the change is no range, or the packet gives no usable MERGE_BASE_SHA")
        }
        _ => Vec::new().into(),
    }
}
