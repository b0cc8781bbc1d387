//! `manifest/…`: ticked gates against what the tool computes.

use super::{expected_hash, has_lines, label_at, manifests_with_files, target_path, valid_window};
use crate::change::ChangedFile;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::RecordedHash;
use crate::document::manifest::{GATES, Manifest, ManifestNumber};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Span, format_count, to_single_line};

// `manifest/false-claim`, `manifest/unticked`, `manifest/unknown-gate`: the
// ten gates of COR-701 are computed, and compared with the ticked boxes.

pub(in crate::check) fn false_claim(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for manifest in &input.packet.packet.manifests {
        let file = target_path(manifest).and_then(|path| input.file(path));
        if file.is_none() {
            out.extend(check_unrelated_manifest(input, manifest, rule));
            continue;
        }
        for tick in manifest.gates.iter().filter(|tick| tick.is_ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if let Err(why) = evaluate_gate(input, manifest, file, name) {
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

/// Ticks of a manifest whose file is not part of the change: none can hold.
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
    let finding = rule.finding(message, label_at(input, first.span, "the first of them"));
    Some(match target_path(manifest) {
        Some(path) => finding.about_path(path),
        None => finding,
    })
}

pub(in crate::check) fn unticked(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (manifest, file) in manifests_with_files(input) {
        for tick in manifest.gates.iter().filter(|tick| !tick.is_ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if evaluate_gate(input, manifest, Some(file), name).is_ok() {
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

pub(in crate::check) fn unknown_gate(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let ticks = input.packet.packet.manifests.iter().flat_map(|manifest| &manifest.gates);
    let unknown = ticks.filter(|tick| !GATES.iter().any(|(name, _)| *name == tick.name));
    unknown
        .map(|tick| {
            rule.finding(
                format!("`{}` is no gate of COR-701", to_single_line(&tick.name, 60)),
                label_at(input, tick.span, "not computed"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

/// What the gates of one manifest compute to.
#[derive(Debug, Clone)]
pub struct GateClaims {
    /// The manifest's label `Target File`, which tells it from others.
    pub label: Span,
    /// The gates of COR-701 in their order; where one does not hold, why.
    pub gates: Vec<(&'static str, Result<(), &'static str>)>,
}

/// What the gates of every manifest compute to.
#[must_use]
pub fn gate_claims(input: &ChangeCheckContext<'_>) -> Vec<GateClaims> {
    let of = |manifest: &Manifest| {
        let file = target_path(manifest).and_then(|path| input.file(path));
        let gates = GATES.iter().map(|(name, _)| (*name, evaluate_gate(input, manifest, file, name)));
        GateClaims { label: manifest.label, gates: gates.collect() }
    };
    input.packet.packet.manifests.iter().map(of).collect()
}

/// Whether a gate holds, or why it does not.
fn evaluate_gate(
    input: &ChangeCheckContext<'_>,
    manifest: &Manifest,
    file: Option<&ChangedFile>,
    gate: &str,
) -> Result<(), &'static str> {
    let file = file.ok_or("the file is not part of the change")?;
    let hash = |recorded: &Option<crate::text::Spanned<RecordedHash>>, post: bool| {
        recorded.as_ref().is_some_and(|r| r.value == RecordedHash::Sha1(expected_hash(file, post)))
    };
    let hold = |condition: bool, why: &'static str| if condition { Ok(()) } else { Err(why) };
    match gate {
        "anchors_present" => hold(has_valid_lines(manifest, file), "Start and End are no lines of the file"),
        "window_matches_plan" => {
            let path = &file.change.path;
            let planned =
                super::super::scope::allows_change(&input.packet, path) || is_scope_waived(input, path);
            hold(
                planned && has_valid_lines(manifest, file),
                if planned {
                    "the window is no lines of the file"
                } else {
                    "the file is not in the packet's scope"
                },
            )
        }
        "rails_untouched_outside_window" => {
            hold(changes_inside_windows(input, file), "lines outside the window are changed")
        }
        "filename_canonical_and_openable" => {
            hold(file.change.after.is_some() || file.change.before.is_some(), "there is no such file")
        }
        "pre_sha1_captured" | "current_file_matches_preimage" => {
            hold(hash(&manifest.pre, false), "Pre-SHA1 is not the file's hash before the change")
        }
        "post_sha1_captured" => {
            hold(hash(&manifest.post, true), "Post-SHA1 is not the file's hash after the change")
        }
        "line_delta_equals_expected" => {
            let want = if has_lines(file) {
                ManifestNumber::Integer(file.line_delta())
            } else {
                ManifestNumber::NotApplicable
            };
            hold(
                manifest.delta.as_ref().is_some_and(|delta| delta.value == want),
                "the line delta is another",
            )
        }
        "all_links_resolvable" => hold(
            input
                .packet
                .packet
                .refinement_file
                .as_ref()
                .is_none_or(|r| (input.exists)(&crate::text::RepoPath::from(r.value.as_str()))),
            "the packet's refinement is not there",
        ),
        "manifest_written_and_path_returned" => hold(
            manifest.target.is_some() && manifest.pre.is_some() && manifest.post.is_some(),
            "the manifest is not complete",
        ),
        _ => Ok(()),
    }
}

/// Whether a waiver lets the scope be left for this path.
fn is_scope_waived(input: &ChangeCheckContext<'_>, path: &crate::text::RepoPath) -> bool {
    let subject = crate::finding::Subject::Path(path.clone());
    let accepted = crate::check::find_rule("scope/outside")
        .map_or(&[][..], |entry| &entry.rule.text().wording.waivable_by);
    let mut waivers = input.packet.packet.waivers.iter().enumerate();
    waivers.any(|(index, waiver)| {
        let policy = waiver.policy.as_ref().is_some_and(|policy| accepted.contains(&policy.value));
        policy
            && crate::check::waiver::is_effective(waiver, index, input)
            && crate::check::waiver::covers(waiver, &subject)
    })
}

fn has_valid_lines(manifest: &Manifest, file: &ChangedFile) -> bool {
    if has_lines(file) && !file.hunks().is_empty() {
        return valid_window(manifest, file).is_some();
    }
    let absent = |value: &Option<crate::text::Spanned<ManifestNumber>>| {
        value.as_ref().is_some_and(|v| v.value == ManifestNumber::NotApplicable)
    };
    (absent(&manifest.start) && absent(&manifest.end))
        || (has_lines(file) && valid_window(manifest, file).is_some())
}

/// Whether all windows of the file together hold every change.
fn changes_inside_windows(input: &ChangeCheckContext<'_>, file: &ChangedFile) -> bool {
    if !has_lines(file) {
        return true;
    }
    let path = &file.change.path;
    let blocks = input.packet.packet.manifests.iter().filter(|manifest| manifest.path.as_ref() == Some(path));
    let windows =
        super::values::merge_windows(blocks.filter_map(|manifest| valid_window(manifest, file)).collect());
    super::values::uncovered_hunks(file, &windows).is_empty()
}
