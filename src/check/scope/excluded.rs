//! `scope/excluded`: nothing is changed that `OUT_OF_SCOPE` names.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

use super::{describe_change, is_own_governance};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for file in input.files.iter().filter(|file| !is_own_governance(&input.packet, &file.change.path)) {
        let path = &file.change.path;
        if let Some(entry) = input.packet.packet.scope.out_of_scope.iter().find(|entry| entry.covers(path)) {
            let finding = rule.finding(
                format!("{path} is changed, but OUT_OF_SCOPE names it"),
                Label::path(path, describe_change(file)),
            );
            out.push(finding.related(input.packet.label_at(entry.raw.span, "out of scope")).about_path(path));
        }
    }
    out.into()
}
