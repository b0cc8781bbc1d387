//! `scope/protected`: what judges the work is not changed by it.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

use super::{describe_change, find_covering_entry, protection_reason};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let Some(why) = protection_reason(&input.packet, path) else { continue };
        let mut finding = rule
            .finding(
                format!("{path} is changed, and only a scope that names it literally allows that: {why}"),
                Label::path(path, describe_change(file)),
            )
            .about_path(path);
        if let Some(entry) = find_covering_entry(&input.packet, path) {
            finding = finding
                .related(input.packet.label_at(entry.raw.span, "a pattern does not suffice for this path"));
        }
        out.push(finding);
    }
    out.into()
}
