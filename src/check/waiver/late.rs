//! `waiver/late`: a waiver that entered inside the judged range is named.

use crate::check::Verdict;
use crate::check::input::{ChangeInput, WaiverOrigin};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.origins) {
        let introduction = match origin {
            WaiverOrigin::Entered { introduction, foreign } if foreign.is_empty() => introduction,
            WaiverOrigin::AtContract(commit) => commit,
            _ => continue,
        };
        if super::is_void(origin, input.packet.policy).is_none() && waiver.missing().is_empty() {
            let commit: String = introduction.commit.0.to_string().chars().take(12).collect();
            let message = format!(
                "the waiver `{}` entered during the work, in commit {commit} by {}",
                crate::text::one_line(waiver.name(), 80),
                crate::text::one_line(&introduction.committer, 80)
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.at(
                        super::incomplete::first_line(input, waiver.span),
                        "not there when the work began",
                    ),
                ),
            );
        }
    }
    out.into()
}
