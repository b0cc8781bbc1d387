//! `scope/excluded`: nothing is changed that `OUT_OF_SCOPE` names.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

use super::{happened, is_own};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for file in input.files.iter().filter(|file| !is_own(&input.packet, &file.change.path)) {
        let path = &file.change.path;
        if let Some(entry) = input.packet.packet.scope.outside.iter().find(|entry| entry.covers(path)) {
            let finding = rule.finding(
                format!("{path} is changed, but OUT_OF_SCOPE names it"),
                Label::path(path, happened(file)),
            );
            out.push(finding.related(input.packet.at(entry.raw.span, "out of scope")).about(path));
        }
    }
    out.into()
}
