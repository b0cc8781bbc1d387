//! `refinement/…`: the specification that a refinement names, and its sections.

use super::anchor::is_quoted;
use super::titles::{find_section, is_same_title, nearest_heading, plain_title};
use super::{anchor_spec, label_at, recorded_hash, recorded_spec};
use crate::check::CheckResult;
use crate::check::repository_documents::{RefinementCheckContext, SpecFact};
use crate::check::spec::parse_version;
use crate::digest::{OtherVersion, RecordedHash, diagnose};
use crate::document::Refinement;
use crate::document::heading_scan::Heading;
use crate::document::refinement::Anchor;
use crate::document::spec::{SpecText, section_number};
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::{RepoPath, Source};

/// Number of lines of a window in which the name of the anchor is searched.
const MAX_TITLE_LINES: usize = 200;

/// `refinement/spec`: a refinement names the specification of the pointer, or an
/// older version of it, and `SPEC_TARGET_SHA1` is its hash in the judged tree or in
/// history.
pub(in crate::check) fn spec(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let named = refinement.spec_file();
    let span = named.as_ref().map_or_else(|| refinement.head_span(), |spec| spec.span);
    let (path, current, recorded) = match input.spec {
        SpecFact::NotSearched(why) => return CheckResult::skipped(*why),
        SpecFact::Unnamed => {
            let message = "the refinement does not name the file of the specification";
            return Some(rule.finding(message, label_at(refinement, span, "fill SPEC_TARGET_RESOLVED")))
                .into();
        }
        SpecFact::Named { path, current, recorded, .. } => (path, current, recorded),
    };
    if let Some(finding) = check_pointer_target(input, path, rule) {
        return Some(finding).into();
    }
    if let (None, None) = (current, recorded) {
        let message = match recorded_hash(refinement) {
            Some(_) => format!(
                "neither the judged tree nor its history has a version of {path} with the recorded hash"
            ),
            None => format!("the specification {path} is not in the judged tree"),
        };
        let finding = rule.finding(message, label_at(refinement, span, "named here"));
        // Finished work was approved against the specification of its time.
        return Some(if input.is_packet_finished { finding.with_level(Level::Note) } else { finding }).into();
    }
    let Some(value) = refinement.filled_value("SPEC_TARGET_SHA1") else {
        return CheckResult::skipped("the refinement has no SPEC_TARGET_SHA1");
    };
    let Some(sha1) = recorded_hash(refinement) else {
        return CheckResult::skipped("SPEC_TARGET_SHA1 is not a SHA-1");
    };
    if current.as_ref().is_some_and(|spec| spec.sha1 == sha1) {
        return Vec::new().into();
    }
    let is_same_text = recorded
        .as_ref()
        .zip(current.as_ref())
        .is_some_and(|((spec, _), current)| spec.source.text().lines().eq(current.source.text().lines()));
    if is_same_text || (input.is_packet_finished && recorded.is_some()) {
        return Vec::new().into();
    }
    if let Some((spec, commit)) = recorded {
        let message = match current {
            None if spec.source.name() != path => {
                format!(
                    "{path} does not exist; the recorded version is {} in commit {commit}",
                    spec.source.name()
                )
            }
            Some(_) => {
                format!("{path} has changed since the refinement; the recorded version is in commit {commit}")
            }
            None => {
                format!("{path} was removed since the refinement; the recorded version is in commit {commit}")
            }
        };
        let finding = rule
            .finding(message, label_at(refinement, value.span, "an older version"))
            .with_level(Level::Warning);
        return Some(finding.help(
            "Anchors are compared with the recorded version. Review the refinement against the \
                current version.",
        ))
        .into();
    }
    let bytes = current.as_ref().map(|spec| spec.source.text().as_bytes());
    let mismatch = diagnose(&RecordedHash::Sha1(sha1), bytes, &[] as &[OtherVersion<'_>]);
    let message =
        format!("SPEC_TARGET_SHA1 is not the hash of {path} or of an earlier version in the history");
    let finding = rule.finding(message, label_at(refinement, value.span, mismatch.to_string()));
    let finding = match current {
        Some(spec) => finding.help(format!(
            "The SHA-1 of the file is {}. If the specification has changed since, review the \
                refinement against the current text.",
            spec.sha1
        )),
        None => finding,
    };
    Some(finding).into()
}

/// Returns a finding if the refinement of an open packet names another
/// specification than the pointer. An older version is allowed here, because its
/// hash is checked.
fn check_pointer_target(input: &RefinementCheckContext<'_>, path: &RepoPath, rule: &Rule) -> Option<Finding> {
    let current = input.pointer_target.filter(|_| !input.is_packet_finished)?;
    let name = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let (named, wanted) = (name(&path.to_text()), name(current));
    if named == wanted {
        return None;
    }
    let span = input.refinement.spec_file().map_or_else(|| input.refinement.head_span(), |spec| spec.span);
    let shown = crate::text::to_single_line(&wanted, 80);
    let label = label_at(input.refinement, span, "named here");
    let is_same_spec =
        parse_version(&named).zip(parse_version(&wanted)).is_some_and(|((a, _), (b, _))| a == b);
    if is_same_spec {
        return None;
    }
    let message = format!("{path} is not the specification that the pointer names");
    Some(rule.finding(message, label).note(format!("The pointer names `{shown}`.")))
}

/// `refinement/anchor-section`: every anchor names, by number or title, a heading of
/// the refinement's specification, and the anchor's window overlaps that section.
pub(in crate::check) fn anchor_section(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    if let Err(skipped) = recorded_spec(input) {
        return skipped;
    }
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let Some((name, plain)) = anchor.name.as_ref().zip(anchor.plain_name()) else {
            let label = label_at(refinement, anchor.heading, "no SPEC_ANCHOR");
            out.push(rule.finding("the anchor has no SPEC_ANCHOR", label));
            continue;
        };
        // `Spec_v01.md 2.2 Farewell`: the file name is before the section.
        let (file, rest) = plain.split_once(".md").unwrap_or(("", plain.as_str()));
        let Some(spec) = anchor_spec(input, anchor) else {
            let module = anchor.module().map(|path| path.to_string()).unwrap_or_default();
            let message = format!("the module {module} of the specification does not exist");
            out.push(rule.finding(message, label_at(refinement, name.span, "no such module")));
            continue;
        };
        let own = spec.source.name().file_name().to_string();
        let file = file.rsplit(['/', ' ', '`']).next().unwrap_or("");
        if !file.is_empty()
            && parse_version(&format!("{file}.md")).map(|v| v.0) != parse_version(&own).map(|v| v.0)
            && format!("{file}.md") != own
        {
            let message = format!(
                "the anchor names {}.md, but the refinement names {own}",
                crate::text::to_single_line(file, 80)
            );
            out.push(rule.finding(message, label_at(refinement, name.span, "a different specification")));
            continue;
        }
        let rest = strip_line_number(rest).trim_start_matches([' ', '#', '`', ':', ',']);
        if rest.is_empty() {
            // A file with a line is a position; the window and the excerpt decide.
            continue;
        }
        // In finished work, a title can be in own words: the window decides.
        let is_title = section_number(rest).is_none();
        let has_own_words = is_title && find_section(spec, rest).is_none();
        if is_title && input.is_packet_finished && (has_own_words || is_quoted(anchor, &spec.source)) {
            continue;
        }
        // Of several sections with one number, the one at the window is meant.
        let is_at_window = |section: &&Heading| -> bool {
            anchor.window().is_some_and(|(first, last)| {
                let (from, to) = section_lines(spec, section);
                last >= from && first <= to
            })
        };
        let found = match section_number(rest) {
            Some(number) => {
                let all = || spec.find_sections(number);
                let found = all().find(is_at_window).or_else(|| all().next());
                if found.is_none() && spec.has_fenced_section(number) {
                    // Long fences of the specification contain whole chapters.
                    continue;
                }
                found.ok_or_else(|| format!("the number {number}"))
            }
            None => find_section(spec, rest)
                .ok_or_else(|| format!("the title `{}`", crate::text::to_single_line(rest, 80))),
        };
        // A bold line or an id can be the title of a part, too.
        let has_own_title = |section: &&Heading| {
            let number = section_number(rest).unwrap_or_default();
            !is_same_title(&section.title.value, &plain_title(rest, number))
        };
        let may_be_bold = section_number(rest).is_none() || found.as_ref().map_or(true, has_own_title);
        let is_found = matches!(&found, Ok(section) if is_at_window(section));
        if !is_found && is_meant_elsewhere(spec, anchor, rest, &is_at_window) {
            continue;
        }
        if may_be_bold && !is_found && is_named_in_window(spec, anchor, rest) {
            continue;
        }
        match found {
            Err(what) => {
                let message = format!("no heading of {} has {what}", spec.source.name());
                let finding = rule.finding(message, label_at(refinement, name.span, "no such section"));
                let titles = spec.headings().iter().map(|section| section.title.value.as_str());
                out.push(match nearest_heading(titles, section_number(rest).unwrap_or("")) {
                    Some(near) => finding.help(format!("The most similar heading is `{near}`.")),
                    None => finding,
                });
            }
            Ok(section) => {
                let (from, to) = section_lines(spec, section);
                let to =
                    section_number(rest).map_or(to, |number| to.max(end_of_number(spec, section, number)));
                let finding = check_place(refinement, anchor, (from, to), rule);
                let there = label_at(refinement, name.span, "the named section");
                out.extend(finding.map(|finding| finding.related(there)));
            }
        }
    }
    out.into()
}

/// Returns a finding if the window of an anchor is outside of the lines of its section.
fn check_place(
    refinement: &Refinement,
    anchor: &Anchor,
    (from, to): (usize, usize),
    rule: &Rule,
) -> Option<Finding> {
    let (first, last) = anchor.window().filter(|(first, last)| *last < from || *first > to)?;
    let span = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
    let message = format!("the window is outside of the section that the anchor names, lines {from}–{to}");
    let label = label_at(refinement, span, format!("lines {first}–{last}"));
    Some(rule.finding(message, label).with_level(Level::Warning))
}

/// Returns whether the section that an anchor names is at its window after all: it has another
/// number there, or is in a long fence.
fn is_meant_elsewhere(
    spec: &SpecText,
    anchor: &Anchor,
    name: &str,
    is_at_window: &dyn Fn(&&Heading) -> bool,
) -> bool {
    let Some(number) = section_number(name) else { return false };
    let title = plain_title(name, number);
    let mut titled = spec.headings().iter().filter(|own| is_same_title(&own.title.value, &title));
    titled.any(|own| is_at_window(&own)) || is_below_number(&spec.source, anchor, number)
}

/// Returns whether the nearest line above a window that looks like a heading with a number has
/// this number.
fn is_below_number(spec: &Source, anchor: &Anchor, number: &str) -> bool {
    let Some((first, _)) = anchor.window() else { return false };
    let lines = (first.saturating_sub(MAX_LINES_ABOVE).max(1)..=first).rev();
    let number_of = |line: usize| {
        let text = spec.line_span(line).map(|span| spec.slice(span).trim())?;
        let title = text.trim_start_matches('#');
        (title.len() < text.len()).then(|| section_number(title)).flatten()
    };
    lines.into_iter().find_map(number_of) == Some(number)
}

/// Maximum number of lines above a window in which a heading is searched.
const MAX_LINES_ABOVE: usize = 400;

/// Returns the first and last line of a section, counted from 1.
fn section_lines(spec: &SpecText, section: &Heading) -> (usize, usize) {
    (spec.source.line(section.span.start), spec.source.line(section.span.end.saturating_sub(1)))
}

/// Returns the last line of a numbered section: the one before the next heading with a
/// number that is not below it. Headings without a number are parts of the section.
fn end_of_number(spec: &SpecText, section: &Heading, number: &str) -> usize {
    let below = format!("{number}.");
    let mut later = spec.headings().iter().filter(|other| other.title.span.start > section.title.span.start);
    let next = later.find(|other| {
        section_number(&other.title.value).is_some_and(|other| other != number && !other.starts_with(&below))
            || (other.level < section.level && section_number(&other.title.value).is_none())
    });
    match next {
        Some(next) => spec.source.line(next.title.span.start).saturating_sub(1),
        None => spec.source.line_count(),
    }
}

/// Returns whether a line of an anchor's window begins with the name of the anchor, apart
/// from marks.
fn is_named_in_window(spec: &SpecText, anchor: &Anchor, name: &str) -> bool {
    let normalize = |text: &str| {
        let plain = text.replace(['*', '`'], "").replace(". ", " ");
        plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    };
    // A remark in parentheses is no part of the title.
    let name = name.split_once(" (").map_or(name, |(name, _)| name);
    let wanted = normalize(name.trim_matches(|c: char| !c.is_alphanumeric()));
    let Some((first, last)) = anchor.window().filter(|_| wanted.chars().count() >= 4) else { return false };
    let last = last.min(first.saturating_add(MAX_TITLE_LINES));
    let above = first.saturating_sub(MAX_TITLE_LINES).max(1);
    (above..=last).filter_map(|line| Some((line, spec.source.line_span(line)?))).any(|(number, span)| {
        let line = spec.source.slice(span).trim_start_matches(|c: char| !c.is_alphanumeric());
        let line = normalize(line);
        // Above the window, only a line of its own is a title.
        let is_title = line.trim_end_matches(|c: char| !c.is_alphanumeric()) == wanted;
        let after = line.strip_prefix(&wanted).map(|rest| rest.chars().next());
        let begins = after.is_some_and(|next| next.is_none_or(|c| " :*`)]},;—".contains(c)));
        if number < first { is_title } else { begins }
    })
}

/// Removes a position after a file name: `:9`, `:9-11`, `#L9`, `#L9-L11`.
fn strip_line_number(text: &str) -> &str {
    let Some(rest) = text.strip_prefix(':').or_else(|| text.strip_prefix("#L")) else { return text };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || "-:L".contains(c))).unwrap_or(rest.len());
    let (position, after) = rest.split_at(end);
    let is_position = position.starts_with(|c: char| c.is_ascii_digit())
        && !after.starts_with(|c: char| c.is_alphanumeric() || c == '.');
    if is_position { after } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_in_a_long_fence_is_known_by_the_nearest_heading_above_the_window() {
        let lines = "# Spec\n\n````text\n### 6.5 Closing\n\n#### Criteria\n\nAll is clean.\n\n### 6.6 Later\n\nMore.\n````\n";
        let spec = Source::from_text(RepoPath::from("S.md"), lines);
        let is_below = |line: usize, number: &str| {
            let text = format!(
                "## TECHNICAL_REFINEMENT\n\n### SPEC_ANCHORS\n\n#### ANCHOR 1\n- SPEC_ANCHOR: S.md 6.5 Closing\n\
                 - CONTEXT_START_LINE: {line}\n- CONTEXT_END_LINE: {line}\n"
            );
            let refinement = Refinement::read(&Source::from_text(RepoPath::from("WP-1-A.md"), text.as_str()));
            is_below_number(&spec, &refinement.anchors[0], number)
        };
        assert!(is_below(8, "6.5"));
        // Another section is between the heading and the window.
        assert!(!is_below(12, "6.5") && is_below(12, "6.6"));
        assert!(!is_below(2, "6.5"));
    }
}
