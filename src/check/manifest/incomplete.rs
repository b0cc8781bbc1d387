//! `manifest/incomplete`: every field of a manifest is filled, once.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::GATES;
use crate::rule::Rule;

use super::label_at;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for fault in input.packet.faults.iter().filter(|fault| fault.rule == rule.id.as_str()) {
        out.push(rule.finding(fault.message.clone(), label_at(input, fault.span, "the second time")));
    }
    for manifest in &input.packet.packet.manifests {
        let has = [
            ("Target File", manifest.target.is_some()),
            ("Start", manifest.start.is_some()),
            ("End", manifest.end.is_some()),
            ("Line Delta", manifest.delta.is_some()),
            ("Pre-SHA1", manifest.pre.is_some()),
            ("Post-SHA1", manifest.post.is_some()),
            ("Gates Passed", manifest.gates_label.is_some()),
        ];
        let missing: Vec<&str> = has.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect();
        let mut about = |message: String| {
            let finding = rule.finding(message, label_at(input, manifest.label, "in this manifest"));
            out.push(match super::target_path(manifest) {
                Some(path) => finding.about_path(path),
                None => finding,
            });
        };
        if !missing.is_empty() {
            about(format!("the manifest does not fill {}", missing.join(", ")));
        }
        if manifest.gates_label.is_some() {
            let absent: Vec<&str> = GATES
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !manifest.gates.iter().any(|tick| tick.name == *name))
                .collect();
            if !absent.is_empty() {
                about(format!("the manifest does not list the gates {}", absent.join(", ")));
            }
        }
    }
    out.into()
}
