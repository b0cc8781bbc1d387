//! `refinement/…`: the specification that a refinement names.

use super::{label_at, recorded_hash, recorded_spec};
use crate::check::CheckResult;
use crate::check::repository_documents::{RefinementCheckContext, SpecFact};
use crate::check::spec::parse_version;
use crate::digest::{OtherVersion, RecordedHash, diagnose};
use crate::document::section::Section;
use crate::document::spec::{SpecText, section_number};
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::RepoPath;

/// `refinement/spec`: the specification that was refined is known by its hash.
pub(in crate::check) fn spec(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let named = refinement.spec_file();
    let place = named.as_ref().map_or_else(|| refinement.head_span(), |spec| spec.span);
    let (path, now, then) = match input.spec {
        SpecFact::NotSearched(why) => return CheckResult::skipped(*why),
        SpecFact::Unnamed => {
            let message = "the refinement does not name the specification file";
            return Some(
                rule.finding(message, label_at(refinement, place, "`SPEC_TARGET_RESOLVED` says which")),
            )
            .into();
        }
        SpecFact::Named { path, current: now, recorded: then } => (path, now, then),
    };
    if let Some(finding) = check_pointer_target(input, path, rule) {
        return Some(finding).into();
    }
    if let (None, None) = (now, then) {
        let message = format!("the specification {path} is neither in the judged tree nor in its history");
        let finding = rule.finding(message, label_at(refinement, place, "named here"));
        // Work that is done stands on what was approved then.
        return Some(if input.is_packet_finished { finding.with_level(Level::Note) } else { finding }).into();
    }
    let Some(value) = refinement.filled_value("SPEC_TARGET_SHA1") else {
        return CheckResult::skipped("the refinement records no hash of its specification");
    };
    let Some(sha1) = recorded_hash(refinement) else {
        return CheckResult::skipped("what is recorded as the specification's hash is no SHA-1");
    };
    if now.as_ref().is_some_and(|spec| spec.sha1 == sha1) {
        return Vec::new().into();
    }
    if input.is_packet_finished && then.is_some() {
        return Vec::new().into();
    }
    if let Some((_, commit)) = then {
        let message = match now {
            Some(_) => {
                format!("{path} has changed since the refinement; its recorded version is in commit {commit}")
            }
            None => format!(
                "{path} has left the tree since the refinement; its recorded version is in commit {commit}"
            ),
        };
        let finding = rule
            .finding(message, label_at(refinement, value.span, "an older version"))
            .with_level(Level::Warning);
        return Some(finding.help(
            "Anchors are compared with the recorded version; review the refinement against the current one.",
        ))
        .into();
    }
    let current = now.as_ref().map(|spec| spec.source.text().as_bytes());
    let mistake = diagnose(&RecordedHash::Sha1(sha1), current, &[] as &[OtherVersion<'_>]);
    let message =
        format!("SPEC_TARGET_SHA1 is not the hash of {path}, nor of any version of it in this history");
    let finding = rule.finding(message, label_at(refinement, value.span, mistake.to_string()));
    let finding = match now {
        Some(spec) => finding.help(format!(
            "The file's SHA-1 is {}. If the specification changed since, the refinement must be reviewed against it again.",
            spec.sha1
        )),
        None => finding,
    };
    Some(finding).into()
}

/// A refinement of work that is still to be done is made against the
/// specification that the pointer names, or an older version of it.
fn check_pointer_target(input: &RefinementCheckContext<'_>, path: &RepoPath, rule: &Rule) -> Option<Finding> {
    let current = input.pointer_target.filter(|_| !input.is_packet_finished)?;
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let (named, wanted) = (name(&path.to_text()), name(current));
    if named == wanted {
        return None;
    }
    let place = input.refinement.spec_file().map_or_else(|| input.refinement.head_span(), |spec| spec.span);
    let shown = crate::text::to_single_line(&wanted, 80);
    let label = label_at(input.refinement, place, "named here");
    let older = parse_version(&named).zip(parse_version(&wanted)).is_some_and(|((a, _), (b, _))| a == b);
    // An older version is found by its hash, and told as such.
    if older {
        return None;
    }
    let message = format!("{path} is not the specification that the pointer names");
    Some(rule.finding(message, label).note(format!("The pointer names {shown}.")))
}

/// `refinement/anchor-section`: the section number of a `SPEC_ANCHOR` is a real
/// heading's.
pub(in crate::check) fn anchor_section(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let spec = match recorded_spec(input) {
        Ok(spec) => spec,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some(name) = &anchor.name else {
            let label = label_at(refinement, anchor.heading, "SPEC_ANCHOR is missing");
            out.push(rule.finding("the anchor does not say what it anchors", label));
            continue;
        };
        // `Spec_v01.md 2.2 Farewell`: the file comes first.
        let (file, rest) =
            name.value.split_once(".md").map_or(("", name.value.as_str()), |(file, rest)| (file, rest));
        let own = spec.source.name().file_name().to_string();
        let file = file.rsplit(['/', ' ', '`']).next().unwrap_or("");
        if !file.is_empty()
            && parse_version(&format!("{file}.md")).map(|v| v.0) != parse_version(&own).map(|v| v.0)
            && format!("{file}.md") != own
        {
            let message = format!(
                "the anchor speaks of {}.md, the refinement of {own}",
                crate::text::to_single_line(file, 80)
            );
            out.push(rule.finding(message, label_at(refinement, name.span, "another specification")));
            continue;
        }
        let rest = rest.trim_start_matches([' ', '#', '`', ':', ',']);
        let found = match section_number(rest) {
            Some(number) => spec.find_section(number).ok_or_else(|| format!("the number {number}")),
            None => find_section(spec, rest).ok_or_else(|| "what the anchor says".to_owned()),
        };
        match found {
            Err(what) => {
                let message = format!("no heading of {} has {what}", spec.source.name());
                let finding = rule.finding(message, label_at(refinement, name.span, "no such section"));
                let titles = spec.headings().iter().map(|section| section.title.value.as_str());
                out.push(match nearest_heading(titles, section_number(rest).unwrap_or("")) {
                    Some(near) => finding.help(format!("The nearest heading that is there: `{near}`.")),
                    None => finding,
                });
            }
            Ok(section) => {
                let Some((first, last)) = anchor.window() else { continue };
                let from = spec.source.line(section.span.start);
                let to = spec.source.line(section.span.end.saturating_sub(1));
                if last < from || first > to {
                    let place = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
                    let message = format!(
                        "the window lies outside of the section that the anchor names, lines {from}–{to}"
                    );
                    let finding =
                        rule.finding(message, label_at(refinement, place, format!("lines {first}–{last}")));
                    out.push(finding.with_level(Level::Warning).related(label_at(
                        refinement,
                        name.span,
                        "the section",
                    )));
                }
            }
        }
    }
    out.into()
}

/// The section whose title the anchor repeats, in whole or at its start.
fn find_section<'a>(spec: &'a SpecText, name: &str) -> Option<&'a Section> {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = squeezed(name.trim_matches(['`', '(', ')', '"']));
    if wanted.chars().count() < 4 {
        return None;
    }
    spec.headings().iter().find(|section| {
        let own = squeezed(&section.title.value);
        own.contains(&wanted) || (own.chars().count() > 3 && wanted.contains(&own))
    })
}

/// The heading whose number is the longest beginning of the wanted one.
fn nearest_heading<'a>(titles: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let above = |number: &str| wanted.strip_prefix(number).is_some_and(|rest| rest.starts_with('.'));
    let best =
        titles.filter_map(|title| Some((section_number(title)?, title))).filter(|(number, _)| above(number));
    best.max_by_key(|(number, _)| number.len()).map(|(_, title)| crate::text::to_single_line(title, 80))
}
