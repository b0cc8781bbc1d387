//! `manifest/missing`: every changed file outside governance has a manifest.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Label;
use crate::rule::Rule;

use super::{needing, target};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let declared: Vec<_> = input.packet.packet.manifests.iter().filter_map(target).collect();
    let without = needing(input).filter(|file| !declared.contains(&&file.change.path));
    without
        .map(|file| {
            let path = &file.change.path;
            let message =
                format!("{path} {}, but the packet has no manifest of it", file.change.kind().clause());
            let place =
                input.packet.at(input.packet.packet.heading("VALIDATION"), "the manifests stand here");
            rule.finding(message, Label::path(path, "no manifest")).related(place).about(path)
        })
        .collect::<Vec<_>>()
        .into()
}
