//! `scope/protected`: what judges the work is not changed by it.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

use super::{covering, happened, protection};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for file in input.files {
        let path = &file.change.path;
        let Some(why) = protection(&input.packet, path) else { continue };
        let mut finding = rule
            .finding(
                format!("{path} is changed, and only a scope that names it literally allows that: {why}"),
                Label::path(path, happened(file)),
            )
            .about(path);
        if let Some(entry) = covering(&input.packet, path) {
            finding =
                finding.related(input.packet.at(entry.raw.span, "a pattern does not suffice for this path"));
        }
        out.push(finding);
    }
    out.into()
}
