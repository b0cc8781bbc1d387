//! `manifest/stale`: every manifest is about a file that changed.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::rule::Rule;

use super::{label_at, target_path};

/// Findings that get a "did you mean"; comparing names costs time.
const MAX_HINTS: usize = 50;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for manifest in &input.packet.packet.manifests {
        let (Some(path), Some(declared)) = (target_path(manifest), &manifest.target) else { continue };
        if input.file(path).is_some() {
            continue;
        }
        let there = (input.exists)(path);
        let other = (input.other_packet_for)(path);
        let message = if let Some(other) = &other {
            format!("{path} has a manifest, but its change belongs to `{other}`")
        } else if there {
            format!("{path} has a manifest, but the judged change does not touch it")
        } else {
            format!("{path} has a manifest, but there is no such file")
        };
        let label = if other.is_some() {
            "not part of this packet"
        } else if there {
            "not part of the change"
        } else {
            "no such file"
        };
        let mut finding = rule.finding(message, label_at(input, declared.span, label)).about_path(path);
        if there && other.is_none() && !input.selection.mode.is_committed() {
            let help = "If an earlier commit of this work changed it, judge the whole work instead: commit what is left and use --range MERGE_BASE_SHA..HEAD.";
            finding = finding.help(help);
        }
        if out.len() >= MAX_HINTS || path.as_bytes().len() > 400 {
            out.push(finding);
            continue;
        }
        let near = input.files.iter().map(|file| {
            (strsim::normalized_levenshtein(&file.change.path.to_text(), &path.to_text()), &file.change.path)
        });
        if let Some((score, near)) = near.max_by(|a, b| a.0.total_cmp(&b.0))
            && !there
            && score > 0.7
        {
            finding =
                finding.help(format!("Did you mean {near}? A path equals its declaration byte for byte."));
        }
        out.push(finding);
    }
    out.into()
}
