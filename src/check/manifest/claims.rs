//! `manifest/…`: the ten gates of COR-701 are computed and compared with the
//! ticked boxes.

use super::by_path::GateFacts;
use super::{expected_hash, has_lines, label_at, manifests_with_files, target_path, valid_window};
use crate::change::ChangedFile;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::RecordedHash;
use crate::document::manifest::{GATES, Manifest, ManifestNumber};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Span, format_count, to_single_line};

/// `manifest/false-claim`: every ticked gate of a manifest holds when it is
/// computed.
pub(in crate::check) fn false_claim(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let facts = GateFacts::new(input);
    for manifest in &input.packet.packet.manifests {
        let file = target_path(manifest).and_then(|path| input.file(path));
        if file.is_none() {
            out.extend(check_unrelated_manifest(input, manifest, rule));
            continue;
        }
        for tick in manifest.gates.iter().filter(|tick| tick.is_ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if let Err(why) = evaluate_gate(&facts, manifest, file, name) {
                let finding = rule.finding(
                    format!("`{name}` is ticked, but {why}"),
                    label_at(input, tick.span, format!("{code} does not hold")),
                );
                let place = Place::text(&input.packet.packet.source, tick.mark);
                let finding = finding.with_fix(place, " ", "untick the box");
                out.push(match target_path(manifest) {
                    Some(path) => finding.about_path(path),
                    None => finding,
                });
            }
        }
    }
    out.into()
}

/// Returns a finding for the ticked gates of a manifest whose file is not part of
/// the change, so that no gate can hold.
fn check_unrelated_manifest(
    input: &ChangeCheckContext<'_>,
    manifest: &Manifest,
    rule: &Rule,
) -> Option<Finding> {
    let ticked: Vec<_> = manifest
        .gates
        .iter()
        .filter(|tick| tick.is_ticked && GATES.iter().any(|(name, _)| *name == tick.name))
        .collect();
    let first = ticked.first()?;
    let message = format!(
        "{} of a manifest {} ticked, but its file is not part of the change",
        format_count(ticked.len(), "gate"),
        if ticked.len() == 1 { "is" } else { "are" }
    );
    let finding = rule.finding(message, label_at(input, first.span, "the first ticked gate"));
    Some(match target_path(manifest) {
        Some(path) => finding.about_path(path),
        None => finding,
    })
}

/// `manifest/unticked`: every gate of a manifest that holds is ticked.
pub(in crate::check) fn unticked(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let facts = GateFacts::new(input);
    for (manifest, file) in manifests_with_files(input) {
        for tick in manifest.gates.iter().filter(|tick| !tick.is_ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if evaluate_gate(&facts, manifest, Some(file), name).is_ok() {
                let place = Place::text(&input.packet.packet.source, tick.mark);
                let finding = rule.finding(
                    format!("`{name}` holds, but its box is not ticked"),
                    label_at(input, tick.span, format!("{code} holds")),
                );
                out.push(finding.about_path(&file.change.path).with_fix(place, "x", "tick the box"));
            }
        }
    }
    out.into()
}

/// `manifest/unknown-gate`: Gates Passed lists only gates of COR-701.
pub(in crate::check) fn unknown_gate(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let ticks = input.packet.packet.manifests.iter().flat_map(|manifest| &manifest.gates);
    let unknown = ticks.filter(|tick| !GATES.iter().any(|(name, _)| *name == tick.name));
    unknown
        .map(|tick| {
            rule.finding(
                format!("`{}` is not a gate of COR-701", to_single_line(&tick.name, 60)),
                label_at(input, tick.span, "not computed"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

/// The computed results of the gates of one manifest.
#[derive(Debug, Clone)]
pub(crate) struct GateClaims {
    /// Span of the manifest's label `Target File`, which identifies it.
    pub label: Span,
    /// The gates of COR-701 in their order; an error is the reason why a gate
    /// does not hold, as a clause.
    pub gates: Vec<(&'static str, Result<(), &'static str>)>,
}

/// Computes the gates of every manifest.
#[must_use]
pub(crate) fn gate_claims(input: &ChangeCheckContext<'_>) -> Vec<GateClaims> {
    let facts = GateFacts::new(input);
    let evaluate = |manifest: &Manifest| {
        let file = target_path(manifest).and_then(|path| input.file(path));
        let gates = GATES.iter().map(|(name, _)| (*name, evaluate_gate(&facts, manifest, file, name)));
        GateClaims { label: manifest.label, gates: gates.collect() }
    };
    input.packet.packet.manifests.iter().map(evaluate).collect()
}

/// Computes whether a gate holds. The error is the reason why it does not, as a
/// clause.
fn evaluate_gate(
    facts: &GateFacts<'_>,
    manifest: &Manifest,
    file: Option<&ChangedFile>,
    gate: &str,
) -> Result<(), &'static str> {
    let input = facts.input;
    let file = file.ok_or("the file is not part of the change")?;
    let hash = |recorded: &Option<crate::text::Spanned<RecordedHash>>, post: bool| {
        recorded.as_ref().is_some_and(|r| {
            r.value == RecordedHash::Sha1(expected_hash(file, post))
                || (!post && super::values::is_empty_input_for_absent(r, file))
        })
    };
    let require = |condition: bool, why: &'static str| if condition { Ok(()) } else { Err(why) };
    match gate {
        "anchors_present" => {
            require(has_valid_lines(manifest, file), "Start and End are not line numbers of the file")
        }
        "window_matches_plan" => {
            let planned = facts.is_planned(&file.change.path);
            require(
                planned && has_valid_lines(manifest, file),
                if planned {
                    "Start and End are not line numbers of the file"
                } else {
                    "the file is not in the packet's scope"
                },
            )
        }
        "rails_untouched_outside_window" => {
            require(facts.changes_inside_windows(file), "lines outside the window are changed")
        }
        "filename_canonical_and_openable" => {
            require(file.change.after.is_some() || file.change.before.is_some(), "the file does not exist")
        }
        "pre_sha1_captured" | "current_file_matches_preimage" => {
            require(hash(&manifest.pre, false), "Pre-SHA1 is not the file's hash before the change")
        }
        "post_sha1_captured" => {
            require(hash(&manifest.post, true), "Post-SHA1 is not the file's hash after the change")
        }
        "line_delta_equals_expected" => {
            let want = if has_lines(file) {
                ManifestNumber::Integer(file.line_delta())
            } else {
                ManifestNumber::NotApplicable
            };
            require(
                manifest.delta.as_ref().is_some_and(|delta| delta.value == want),
                "Line Delta is not the counted number",
            )
        }
        "all_links_resolvable" => require(
            input
                .packet
                .packet
                .refinement_file
                .as_ref()
                .is_none_or(|r| (input.exists)(&crate::text::RepoPath::from(r.value.as_str()))),
            "the packet's refinement does not exist",
        ),
        "manifest_written_and_path_returned" => require(
            manifest.target.is_some() && manifest.pre.is_some() && manifest.post.is_some(),
            "the manifest has no Target File, Pre-SHA1 or Post-SHA1",
        ),
        _ => Ok(()),
    }
}

/// Returns whether Start and End are valid: lines of the file if it has changed
/// lines, otherwise lines or `N/A`.
fn has_valid_lines(manifest: &Manifest, file: &ChangedFile) -> bool {
    if has_lines(file) && !file.hunks().is_empty() {
        return valid_window(manifest, file).is_some();
    }
    let is_not_applicable = |value: &Option<crate::text::Spanned<ManifestNumber>>| {
        value.as_ref().is_some_and(|v| v.value == ManifestNumber::NotApplicable)
    };
    (is_not_applicable(&manifest.start) && is_not_applicable(&manifest.end))
        || (has_lines(file) && valid_window(manifest, file).is_some())
}
