//! `refinement/…`: the windows, tokens and excerpts of anchors.

use super::{
    anchor_spec, find_block, find_token, label_at, lines_of_editor, spec_line, trim_empty_lines,
    unescaped_value, window_in_spec, with_window_fix,
};
use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::refinement::{Anchor, escape, unescape};
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Source, line_ending};

/// Maximum length of the word behind a fence, the name of a language.
const MAX_FENCE_WORD: usize = 20;
/// Least number of letters and digits of an id that is a token.
const MIN_ID_CHARS: usize = 5;

/// `refinement/window`: every anchor has a window, which is a range of lines inside
/// the specification and not longer than the limit.
pub(in crate::check) fn window(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let longest = input.policy.max_window_lines;
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let spec = anchor_spec(input, anchor);
        let Some((first, last)) = anchor.window() else {
            let given = anchor.start.as_ref().or(anchor.end.as_ref());
            let span = given.map_or(anchor.heading, |value| value.span);
            let label =
                label_at(refinement, span, "set CONTEXT_START_LINE and CONTEXT_END_LINE to line numbers");
            out.push(rule.finding("the anchor has no window", label));
            continue;
        };
        let span = anchor.start.as_ref().map_or(anchor.heading, |start| start.span);
        let is_outside = spec.is_some_and(|spec| last > lines_of_editor(&spec.source));
        if first > last {
            let message = format!("the window ends (line {last}) before it starts (line {first})");
            out.push(rule.finding(message, label_at(refinement, span, "ends before it starts")));
        } else if let Some(spec) = spec.filter(|_| is_outside) {
            let (name, lines) = (spec.source.name(), spec.source.line_count());
            let message =
                format!("the window, lines {first} to {last}, is outside of {name}, which has {lines} lines");
            out.push(rule.finding(message, label_at(refinement, span, "outside the specification")));
        } else if last - first + 1 > longest {
            let message = format!("the window has {} lines; at most {longest} are allowed", last - first + 1);
            out.push(rule.finding(message, label_at(refinement, span, "too long")));
        }
    }
    out.into()
}

/// `refinement/token`: every anchor has a token that is long enough to identify a
/// place and that occurs in the anchor's window.
pub(in crate::check) fn token(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let spec = anchor_spec(input, anchor);
        let Some(token) = &anchor.token else {
            let label = label_at(refinement, anchor.heading, "CONTEXT_TOKEN is missing");
            out.push(rule.finding("the anchor has no token", label));
            continue;
        };
        let text = unescaped_value(token);
        let shortest = input.policy.min_token_chars;
        // A token without letters, such as a horizontal rule, identifies no place.
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        let is_short = text.chars().count() < shortest || letters * 2 < shortest;
        if is_short && !spec.is_some_and(|spec| is_unique_word(&text, spec.source.text())) {
            let message = if text.chars().count() < shortest {
                format!("the token has fewer than {shortest} characters")
            } else {
                format!("at least {} characters of the token must be letters or digits", shortest.div_ceil(2))
            };
            out.push(rule.finding(message, label_at(refinement, token.span, "does not identify a place")));
            continue;
        }
        let Some(spec) = spec.map(|spec| spec.source.as_ref()) else { continue };
        let Some((first, last)) = window_in_spec(anchor, spec) else { continue };
        if (first..=last).any(|number| spec_line(spec, number).contains(&text)) {
            continue;
        }
        let label = label_at(refinement, token.span, format!("not in lines {first} to {last}"));
        let finding = rule.finding("the token does not occur in the window", label);
        out.push(match locate_token(anchor, spec, &text) {
            TokenLocation::Unique(window) => with_window_fix(finding, input, anchor, window),
            TokenLocation::Ambiguous(line) => finding
                .help(format!("The token occurs more than once; the first occurrence is in line {line}.")),
            TokenLocation::Nowhere => finding.help(format!("The token does not occur in {}.", spec.name())),
        });
    }
    out.into()
}

/// Returns whether a text is an id such as `AP-008`, and occurs once in the specification,
/// as a whole word.
fn is_unique_word(text: &str, spec: &str) -> bool {
    let is_id = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().filter(char::is_ascii_alphanumeric).count() >= MIN_ID_CHARS;
    let is_part = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let mut found = spec.match_indices(text);
    let (Some((at, _)), None) = (found.next().filter(|_| is_id), found.next()) else { return false };
    let before = spec.get(..at).and_then(|before| before.chars().next_back());
    let after = spec.get(at + text.len()..).and_then(|after| after.chars().next());
    !before.is_some_and(is_part) && !after.is_some_and(is_part)
}

/// The location of a token in the specification; lines are counted from 1.
enum TokenLocation {
    /// The first and last line of the only possible window.
    Unique((usize, usize)),
    /// The first of several lines with the token.
    Ambiguous(usize),
    /// The token does not occur.
    Nowhere,
}

/// Finds the current location of an anchor's window: the only place of its excerpt,
/// otherwise the only line with its token.
fn locate_token(anchor: &Anchor, spec: &Source, token: &str) -> TokenLocation {
    let excerpt = anchor.excerpt.as_ref().map(|excerpt| unescape(&excerpt.value)).unwrap_or_default();
    let all: Vec<&str> = excerpt.lines().map(str::trim_end).collect();
    let (_, block) = trim_empty_lines(&all);
    if block.iter().any(|line| line.contains(token))
        && let [only] = find_block(spec, &block).as_slice()
    {
        return TokenLocation::Unique((*only, only + block.len() - 1));
    }
    let lines = find_token(spec, token);
    match lines.as_slice() {
        [] => TokenLocation::Nowhere,
        [only] => TokenLocation::Unique((*only, *only)),
        [first, ..] => TokenLocation::Ambiguous(*first),
    }
}

/// `refinement/excerpt`: every anchor has an excerpt that, after unescaping, equals
/// the lines of its window in the specification.
pub(in crate::check) fn excerpt(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    for anchor in &refinement.anchors {
        let spec = anchor_spec(input, anchor);
        let text = anchor.excerpt.as_ref().map(|excerpt| unescape(&excerpt.value));
        let Some((excerpt, text)) = anchor.excerpt.as_ref().zip(text.filter(|text| !text.trim().is_empty()))
        else {
            out.push(match &anchor.excerpt {
                Some(empty) => {
                    let line = refinement.source.line_span(refinement.source.line(empty.span.start));
                    let label = label_at(refinement, line.unwrap_or(anchor.heading), "an empty fence");
                    rule.finding("the anchor's excerpt is empty", label).help(
                        "In a list, indent the fence and all its lines like the text of the item. A \
                            line without indentation ends both.",
                    )
                }
                None => {
                    let label = label_at(refinement, anchor.heading, "EXCERPT_ASCII_ESCAPED is missing");
                    rule.finding("the anchor has no excerpt", label)
                }
            });
            continue;
        };
        let Some(spec) = spec.map(|spec| spec.source.as_ref()) else { continue };
        let Some((first, last)) = window_in_spec(anchor, spec) else { continue };
        let quoted: Vec<&str> = text.lines().map(str::trim_end).collect();
        let window: Vec<&str> = (first..=last).map(|number| spec_line(spec, number)).collect();
        if is_same_text(&quoted, &window) || (input.is_packet_finished && occurs_in(&quoted, &window)) {
            continue;
        }
        let label = label_at(refinement, excerpt.span, format!("not the text of lines {first} to {last}"));
        let finding = rule.finding("the excerpt differs from the lines of the window", label);
        out.push(explain_difference(
            finding,
            input,
            anchor,
            spec,
            (first, &window, &trim_empty_lines(&quoted).1),
        ));
    }
    out.into()
}

/// Returns whether an excerpt has the text of a window, apart from fences inside of it.
fn is_same_text(quoted: &[&str], window: &[&str]) -> bool {
    let has_fence = window.iter().any(|line| is_fence(line));
    trim_empty_lines(quoted).1 == trim_empty_lines(window).1
        || (has_fence && without_fences(quoted) == without_fences(window))
}

/// Returns whether the words of all quoted lines are whole lines of the window, in this order:
/// the excerpt then leaves lines out, or has other marks. In finished work, that is no defect.
fn occurs_in(quoted: &[&str], window: &[&str]) -> bool {
    let words = |line: &&str| -> String {
        line.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let quoted: Vec<String> = quoted.iter().map(words).filter(|line| !line.is_empty()).collect();
    let mut window = window.iter().map(words);
    !quoted.is_empty() && quoted.iter().all(|line| window.any(|other| other == *line))
}

/// Returns whether an anchor quotes the lines of its window.
pub(super) fn is_quoted(anchor: &Anchor, spec: &Source) -> bool {
    let text = anchor.excerpt.as_ref().map(|excerpt| unescape(&excerpt.value));
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return false };
    window_in_spec(anchor, spec).is_some_and(|(first, last)| {
        let quoted: Vec<&str> = text.lines().map(str::trim_end).collect();
        let window: Vec<&str> = (first..=last).map(|number| spec_line(spec, number)).collect();
        is_same_text(&quoted, &window)
    })
}

/// Returns whether a line is only a fence, with one word at most.
fn is_fence(line: &str) -> bool {
    let body = line.trim();
    let word = ["```", "~~~"].iter().find_map(|mark| body.strip_prefix(mark));
    let is_word = |word: &str| {
        word.len() <= MAX_FENCE_WORD && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-_`~".contains(c))
    };
    word.is_some_and(is_word)
}

/// Returns the lines without fences: those of the specification cannot stand in the fence
/// of the excerpt.
fn without_fences<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let rest: Vec<&str> = lines.iter().copied().filter(|line| !is_fence(line)).collect();
    trim_empty_lines(&rest).1
}

/// Adds a hint or a fix that depends on how the excerpt and the window differ.
fn explain_difference(
    finding: Finding,
    input: &RefinementCheckContext<'_>,
    anchor: &Anchor,
    spec: &Source,
    (first, window, quoted): (usize, &[&str], &[&str]),
) -> Finding {
    let inside = window.windows(quoted.len().max(1)).position(|lines| lines == quoted);
    if let Some(offset) = inside {
        let from = first + offset;
        let finding =
            finding.note(format!("The excerpt has {} of the window's {} lines.", quoted.len(), window.len()));
        return with_window_fix(finding, input, anchor, (from, from + quoted.len() - 1));
    }
    if let [only] = find_block(spec, quoted).as_slice() {
        return with_window_fix(finding, input, anchor, (*only, only + quoted.len() - 1));
    }
    let finding = with_excerpt_fix(finding, input, anchor, window);
    let (start, core) = trim_empty_lines(window);
    let differing = quoted.iter().zip(&core).position(|(quoted, line)| quoted != line);
    match differing {
        Some(at) => {
            let shown = |line: Option<&&str>| crate::text::to_single_line(line.copied().unwrap_or(""), 100);
            finding.note(format!("excerpt: {}", shown(quoted.get(at)))).note(format!(
                "line {}: {}",
                first + start + at,
                shown(core.get(at))
            ))
        }
        None => finding.note(format!(
            "The excerpt has {} lines, but the window has {}.",
            quoted.len(),
            core.len()
        )),
    }
}

/// Adds a fix that replaces the excerpt with the lines of the window. Non-ASCII
/// characters are escaped.
fn with_excerpt_fix(
    finding: Finding,
    input: &RefinementCheckContext<'_>,
    anchor: &Anchor,
    window: &[&str],
) -> Finding {
    let (Some(excerpt), source) = (&anchor.excerpt, &input.refinement.source) else { return finding };
    let old = source.slice(excerpt.span);
    let number = source.line(excerpt.span.start);
    let line = source.line_span(number).unwrap_or(excerpt.span);
    // The lines of a fence in a list are indented like the list item.
    let indent: String = source.slice(line).chars().take_while(|c| *c == ' ').collect();
    let column = excerpt.span.start - line.start;
    let ending = line_ending(source.text());
    if column > indent.len() || window.iter().any(|line| line.trim_start().starts_with("```")) {
        return finding;
    }
    let quoted = window.iter().enumerate().map(|(index, line)| {
        let lead = if index == 0 { indent.get(column..).unwrap_or("") } else { indent.as_str() };
        format!("{lead}{}", escape(line)).trim_end().to_owned()
    });
    let text = quoted.collect::<Vec<_>>().join(ending);
    let close = if old.ends_with('\n') { ending } else { "" };
    finding.with_unsafe_fix(
        Place::text(source, excerpt.span),
        format!("{text}{close}"),
        "replace the excerpt with the lines of the window",
    )
}

#[cfg(test)]
mod tests {
    use super::is_unique_word;

    #[test]
    fn an_id_identifies_a_place_if_it_occurs_once() {
        assert!(is_unique_word("AP-008", "- AP-008: paths\n- AP-009: names\n"));
        for (token, spec) in [
            ("AP-008", "AP-008 and AP-008"),
            ("AP-008", "XAP-008 only"),
            ("AP-008", "AP-0081"),
            ("paths", "the paths"),
            ("A-1", "A-1"),
            ("a 1234", "a 1234"),
        ] {
            assert!(!is_unique_word(token, spec), "{token} in {spec}");
        }
    }
}
