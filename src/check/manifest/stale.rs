//! `manifest/stale`: every manifest is about a file that changed.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::rule::Rule;

use super::{at, target};

/// Findings that get a "did you mean"; comparing names costs time.
const MOST_HINTS: usize = 50;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for manifest in &input.packet.packet.manifests {
        let (Some(path), Some(declared)) = (target(manifest), &manifest.target) else { continue };
        if input.file(path).is_some() {
            continue;
        }
        let there = (input.exists)(path);
        let other = (input.elsewhere)(path);
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
        let mut finding = rule.finding(message, at(input, declared.span, label)).about(path);
        if there && other.is_none() && !input.selection.mode.is_committed() {
            let help = "If an earlier commit of this work changed it, judge the whole work instead: commit what is left and use --range MERGE_BASE_SHA..HEAD.";
            finding = finding.help(help);
        }
        if out.len() >= MOST_HINTS || path.as_bytes().len() > 400 {
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
