//! `manifest/…`: the manifests exist, are complete and agree with each other.

use super::by_path::ByPath;
use super::{files_needing_manifest, label_at, target_path};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::{GATES, Manifest};
use crate::finding::{Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Span};

/// `manifest/missing`: every changed file outside the governance folders has a
/// COR-701 manifest in the packet.
pub(in crate::check) fn missing(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let by_path = ByPath::new(&input.packet.packet.manifests);
    let without = files_needing_manifest(input).filter(|file| by_path.of(&file.change.path).is_empty());
    let misnamed = MisnamedManifests::new(input);
    without
        .enumerate()
        .map(|(at, file)| {
            let path = &file.change.path;
            let message =
                format!("{path} {}, but the packet has no manifest for it", file.change.kind().clause());
            let section = input.packet.packet.heading_span("VALIDATION");
            let finding = rule
                .finding(message, Label::path(path, "no manifest"))
                .related(input.packet.label_at(section, "the section of the manifests"))
                .about_path(path);
            match misnamed.meant_for(path, at) {
                Some(span) => finding.because_of(Place::text(&input.packet.packet.source, span)),
                None => finding,
            }
        })
        .collect::<Vec<_>>()
        .into()
}

/// Manifests of files that do not exist: their paths may be misspelled.
struct MisnamedManifests {
    targets: Vec<(String, Span)>,
}

impl MisnamedManifests {
    fn new(input: &ChangeCheckContext<'_>) -> Self {
        let all = input.packet.packet.manifests.iter();
        let unknown = all.filter_map(|manifest| {
            let path = target_path(manifest)?;
            let span = manifest.target.as_ref()?.span;
            let is_unknown = input.file(path).is_none() && path.as_bytes().len() <= MAX_NAME_LENGTH;
            is_unknown.then_some((path, span))
        });
        let missing = unknown.take(MAX_HINTS).filter(|(path, _)| !(input.exists)(path));
        Self { targets: missing.map(|(path, span)| (path.to_text().into_owned(), span)).collect() }
    }

    /// Returns the target that is similar to a path. `at` counts the paths from 0.
    fn meant_for(&self, path: &RepoPath, at: usize) -> Option<Span> {
        let text = path.to_text();
        if at >= MAX_HINTS || text.len() > MAX_NAME_LENGTH {
            return None;
        }
        let scored =
            self.targets.iter().map(|(target, span)| (strsim::normalized_levenshtein(target, &text), span));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
        best.filter(|(score, _)| *score > MIN_SIMILARITY).map(|(_, span)| *span)
    }
}

/// Lowest similarity (0 to 1) of a path that was probably meant.
const MIN_SIMILARITY: f64 = 0.7;
/// Maximum number of findings with a hint of a similar path, because comparing
/// paths is slow.
const MAX_HINTS: usize = 50;
/// Maximum length of a path that is compared with others, in bytes.
const MAX_NAME_LENGTH: usize = 400;
/// Maximum number of pairs of characters that are compared to find a similar path.
const MAX_COMPARED_CELLS: usize = 50_000_000;

/// `manifest/stale`: every manifest is about a file of this packet's change.
pub(in crate::check) fn stale(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let total_length: usize = input.files.iter().map(|file| file.change.path.as_bytes().len()).sum();
    let mut cells = MAX_COMPARED_CELLS;
    for manifest in &input.packet.packet.manifests {
        let (Some(path), Some(declared)) = (target_path(manifest), &manifest.target) else { continue };
        if input.file(path).is_some() {
            continue;
        }
        let exists = (input.exists)(path);
        let other = (input.other_packet_for)(path);
        let message = if let Some(other) = &other {
            format!("{path} has a manifest, but its change belongs to `{other}`")
        } else if exists {
            format!("{path} has a manifest, but the judged change does not change it")
        } else {
            format!("{path} has a manifest, but the file does not exist")
        };
        let label = if other.is_some() {
            "not part of this packet"
        } else if exists {
            "not part of the change"
        } else {
            "no such file"
        };
        let mut finding = rule.finding(message, label_at(input, declared.span, label)).about_path(path);
        if exists && other.is_none() && !input.selection.mode.is_committed() {
            let base =
                input.packet.packet.merge_base.as_ref().map_or("MERGE_BASE_SHA", |base| base.value.as_str());
            finding = finding.help(format!(
                "If an earlier commit of this work changed the file, commit the rest and judge the \
                    whole work: `countersign post-work {} --range {base}..HEAD`.",
                input.packet.id
            ));
        }
        let text = path.to_text();
        let cost = text.len().saturating_mul(total_length);
        if out.len() >= MAX_HINTS || text.len() > MAX_NAME_LENGTH || exists || cost > cells {
            out.push(finding);
            continue;
        }
        cells -= cost;
        let near = input.files.iter().map(|file| {
            (strsim::normalized_levenshtein(&file.change.path.to_text(), &text), &file.change.path)
        });
        if let Some((score, near)) = near.max_by(|a, b| a.0.total_cmp(&b.0))
            && score > MIN_SIMILARITY
        {
            finding = finding.help(format!("Did you mean {near}? Paths are compared byte for byte."));
        }
        out.push(finding);
    }
    out.into()
}

/// `manifest/incomplete`: every manifest fills its six fields once each, and
/// lists the ten gates.
pub(in crate::check) fn incomplete(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for fault in input.packet.faults.iter().filter(|fault| fault.rule == rule.id.as_str()) {
        out.push(rule.finding(fault.message.clone(), label_at(input, fault.span, "a repetition")));
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
        let mut add = |message: String| {
            let finding = rule.finding(message, label_at(input, manifest.label, "in this manifest"));
            out.push(match super::target_path(manifest) {
                Some(path) => finding.about_path(path),
                None => finding,
            });
        };
        if !missing.is_empty() {
            add(format!("missing in the manifest: {}", missing.join(", ")));
        }
        if manifest.gates_label.is_some() {
            let absent: Vec<&str> = GATES
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !manifest.gates.iter().any(|tick| tick.name == *name))
                .collect();
            if !absent.is_empty() {
                add(format!("missing in Gates Passed of the manifest: {}", absent.join(", ")));
            }
        }
    }
    out.into()
}

/// `manifest/agreement`: if a file has several manifests, they have the same
/// Pre-SHA1, Post-SHA1 and Line Delta.
pub(in crate::check) fn agreement(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let manifests = &input.packet.packet.manifests;
    let by_path = ByPath::new(manifests);
    let mut out = Vec::new();
    for manifest in manifests {
        let Some(path) = &manifest.path else { continue };
        let own = by_path.of(path);
        let Some(first) = own.first().filter(|first| !std::ptr::eq(**first, manifest)) else { continue };
        let differ: Vec<&str> = differing_fields(first, manifest);
        if !differ.is_empty() {
            let message = format!("two manifests of {path} differ in {}", differ.join(", "));
            out.push(
                rule.finding(message, label_at(input, manifest.label, "one manifest"))
                    .related(label_at(input, first.label, "the other manifest"))
                    .about_path(path),
            );
        }
    }
    out.into()
}

/// Returns the names of the fields in which two manifests differ.
fn differing_fields(a: &Manifest, b: &Manifest) -> Vec<&'static str> {
    let value =
        |x: &Option<crate::text::Spanned<crate::digest::RecordedHash>>| x.as_ref().map(|x| x.value.clone());
    let delta = |x: &Manifest| x.delta.as_ref().map(|x| x.value.clone());
    let same = [
        ("Pre-SHA1", value(&a.pre) == value(&b.pre)),
        ("Post-SHA1", value(&a.post) == value(&b.post)),
        ("Line Delta", delta(a) == delta(b)),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
