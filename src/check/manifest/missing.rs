//! `manifest/missing`: every changed file outside governance has a manifest.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

use super::{files_needing_manifest, target_path};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let declared: Vec<_> = input.packet.packet.manifests.iter().filter_map(target_path).collect();
    let without = files_needing_manifest(input).filter(|file| !declared.contains(&&file.change.path));
    without
        .map(|file| {
            let path = &file.change.path;
            let message =
                format!("{path} {}, but the packet has no manifest of it", file.change.kind().clause());
            let place = input
                .packet
                .label_at(input.packet.packet.heading_span("VALIDATION"), "the manifests stand here");
            rule.finding(message, Label::path(path, "no manifest")).related(place).about_path(path)
        })
        .collect::<Vec<_>>()
        .into()
}
