//! `manifest/false-claim`, `manifest/unticked`, `manifest/unknown-gate`: the
//! ten gates of COR-701 are computed, and compared with the ticked boxes.

use crate::change::ChangedFile;
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::digest::Recorded;
use crate::document::manifest::{GATES, Manifest, Number};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Span, counted, one_line};

use super::{at, expected, has_lines, judged, target, window};

pub(in crate::check) fn false_claim(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for manifest in &input.packet.packet.manifests {
        let file = target(manifest).and_then(|path| input.file(path));
        if file.is_none() {
            out.extend(about_nothing(input, manifest, rule));
            continue;
        }
        for tick in manifest.gates.iter().filter(|tick| tick.ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if let Err(why) = computed(input, manifest, file, name) {
                let finding = rule.finding(
                    format!("`{name}` is ticked, but {why}"),
                    at(input, tick.span, format!("{code} does not hold")),
                );
                let place = Place::text(&input.packet.packet.source, tick.mark);
                let finding = finding.fixed_by(place, " ", "untick the box");
                out.push(match target(manifest) {
                    Some(path) => finding.about(path),
                    None => finding,
                });
            }
        }
    }
    out.into()
}

/// Ticks of a manifest whose file is not part of the change: none can hold.
fn about_nothing(input: &ChangeInput<'_>, manifest: &Manifest, rule: &Rule) -> Option<Finding> {
    let ticked: Vec<_> = manifest
        .gates
        .iter()
        .filter(|tick| tick.ticked && GATES.iter().any(|(name, _)| *name == tick.name))
        .collect();
    let first = ticked.first()?;
    let message = format!(
        "{} of a manifest {} ticked, but its file is not part of the change",
        counted(ticked.len(), "gate"),
        if ticked.len() == 1 { "is" } else { "are" }
    );
    let finding = rule.finding(message, at(input, first.span, "the first of them"));
    Some(match target(manifest) {
        Some(path) => finding.about(path),
        None => finding,
    })
}

pub(in crate::check) fn unticked(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for (manifest, file) in judged(input) {
        for tick in manifest.gates.iter().filter(|tick| !tick.ticked) {
            let Some((name, code)) = GATES.iter().find(|(name, _)| *name == tick.name) else { continue };
            if computed(input, manifest, Some(file), name).is_ok() {
                let place = Place::text(&input.packet.packet.source, tick.mark);
                let finding = rule.finding(
                    format!("`{name}` holds, but its box is not ticked"),
                    at(input, tick.span, format!("{code} holds")),
                );
                out.push(finding.about(&file.change.path).fixed_by(place, "x", "tick the box"));
            }
        }
    }
    out.into()
}

pub(in crate::check) fn unknown_gate(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let ticks = input.packet.packet.manifests.iter().flat_map(|manifest| &manifest.gates);
    let unknown = ticks.filter(|tick| !GATES.iter().any(|(name, _)| *name == tick.name));
    unknown
        .map(|tick| {
            rule.finding(
                format!("`{}` is no gate of COR-701", one_line(&tick.name, 60)),
                at(input, tick.span, "not computed"),
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
pub fn gate_claims(input: &ChangeInput<'_>) -> Vec<GateClaims> {
    let of = |manifest: &Manifest| {
        let file = target(manifest).and_then(|path| input.file(path));
        let gates = GATES.iter().map(|(name, _)| (*name, computed(input, manifest, file, name)));
        GateClaims { label: manifest.label, gates: gates.collect() }
    };
    input.packet.packet.manifests.iter().map(of).collect()
}

/// Whether a gate holds, or why it does not.
fn computed(
    input: &ChangeInput<'_>,
    manifest: &Manifest,
    file: Option<&ChangedFile>,
    gate: &str,
) -> Result<(), &'static str> {
    let file = file.ok_or("the file is not part of the change")?;
    let hash = |recorded: &Option<crate::text::Spanned<Recorded>>, post: bool| {
        recorded.as_ref().is_some_and(|r| r.value == Recorded::Sha1(expected(file, post)))
    };
    let hold = |condition: bool, why: &'static str| if condition { Ok(()) } else { Err(why) };
    match gate {
        "anchors_present" => hold(in_lines(manifest, file), "Start and End are no lines of the file"),
        "window_matches_plan" => {
            let path = &file.change.path;
            let planned = super::super::scope::allows(&input.packet, path) || excused(input, path);
            hold(
                planned && in_lines(manifest, file),
                if planned {
                    "the window is no lines of the file"
                } else {
                    "the file is not in the packet's scope"
                },
            )
        }
        "rails_untouched_outside_window" => hold(rails(input, file), "lines outside the window are changed"),
        "filename_canonical_and_openable" => {
            hold(file.change.post.is_some() || file.change.pre.is_some(), "there is no such file")
        }
        "pre_sha1_captured" | "current_file_matches_preimage" => {
            hold(hash(&manifest.pre, false), "Pre-SHA1 is not the file's hash before the change")
        }
        "post_sha1_captured" => {
            hold(hash(&manifest.post, true), "Post-SHA1 is not the file's hash after the change")
        }
        "line_delta_equals_expected" => {
            let want = if has_lines(file) { Number::Is(file.line_delta()) } else { Number::NotApplicable };
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
fn excused(input: &ChangeInput<'_>, path: &crate::text::RepoPath) -> bool {
    let subject = crate::finding::Subject::Path(path.clone());
    let accepted =
        crate::check::find("scope/outside").map_or(&[][..], |entry| &entry.rule.text().wording.waivable_by);
    let mut waivers = input.packet.packet.waivers.iter().enumerate();
    waivers.any(|(index, waiver)| {
        let policy = waiver.policy.as_ref().is_some_and(|policy| accepted.contains(&policy.value));
        policy
            && crate::check::waiver::counts(waiver, index, input)
            && crate::check::waiver::covers(waiver, &subject)
    })
}

fn in_lines(manifest: &Manifest, file: &ChangedFile) -> bool {
    if has_lines(file) && !file.hunks().is_empty() {
        return window(manifest, file).is_some();
    }
    let absent = |value: &Option<crate::text::Spanned<Number>>| {
        value.as_ref().is_some_and(|v| v.value == Number::NotApplicable)
    };
    (absent(&manifest.start) && absent(&manifest.end))
        || (has_lines(file) && window(manifest, file).is_some())
}

/// Whether all windows of the file together hold every change.
fn rails(input: &ChangeInput<'_>, file: &ChangedFile) -> bool {
    if !has_lines(file) {
        return true;
    }
    let path = &file.change.path;
    let blocks = input.packet.packet.manifests.iter().filter(|manifest| manifest.path.as_ref() == Some(path));
    let windows = super::coverage::merged(blocks.filter_map(|manifest| window(manifest, file)).collect());
    super::coverage::uncovered(file, &windows).is_empty()
}
