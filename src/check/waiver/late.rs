//! `waiver/late`: a waiver that entered inside the judged range is named.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, WaiverOrigin};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        let introduction = match origin {
            WaiverOrigin::Entered { introduction, code_paths: foreign } if foreign.is_empty() => introduction,
            WaiverOrigin::AtContract(commit) => commit,
            _ => continue,
        };
        if super::void_reason(origin, input.packet.policy).is_none() && waiver.missing().is_empty() {
            let commit: String = introduction.commit.short();
            let message = format!(
                "the waiver `{}` entered during the work, in commit {commit} by {}",
                crate::text::to_single_line(waiver.name(), 80),
                crate::text::to_single_line(&introduction.committer, 80)
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(
                    super::incomplete::first_line_span(input, waiver.span),
                    "not there when the work began",
                ),
            ));
        }
    }
    out.into()
}
