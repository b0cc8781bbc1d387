//! `change/range-start`: the range holds all of the packet's work.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, RangeFact};
use crate::finding::Level;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(merge_base) = &input.packet.packet.merge_base else {
        return CheckResult::skipped("the packet gives no MERGE_BASE_SHA");
    };
    let base = input.selection.base.map_or_else(|| "nothing".to_owned(), |commit| commit.short());
    let here = input.packet.label_at(merge_base.span, "the work starts here");
    let finding = match input.range_fact {
        RangeFact::NotApplicable => {
            return CheckResult::skipped("the change is no range, or MERGE_BASE_SHA is not usable");
        }
        RangeFact::Complete => return Vec::new().into(),
        RangeFact::SkipsGovernance => {
            let message = format!(
                "the range starts at {base}, after the packet's MERGE_BASE_SHA; only governance files changed before it"
            );
            rule.finding(message, here).with_level(Level::Warning)
        }
        RangeFact::OmitsWork => {
            let message = format!(
                "the range starts at {base}, which is not the packet's MERGE_BASE_SHA or before it: part of the work may be left out"
            );
            rule.finding(message, here)
        }
    };
    Some(finding).into()
}
