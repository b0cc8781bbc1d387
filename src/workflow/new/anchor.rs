//! Anchors of a refinement, quoted from the specification.

use std::str::FromStr;

use crate::document::refinement::escape;
use crate::text::Source;
use crate::workflow::records::WorkflowError;

/// A range of lines in the specification, written `FIRST-LAST`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineRange {
    /// The first line.
    pub first: usize,
    /// The last line.
    pub last: usize,
}

impl FromStr for LineRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let line = |text: &str| text.trim().parse::<usize>().ok().filter(|line| *line > 0);
        match (line(first), line(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err("expected FIRST-LAST, lines from 1, such as 9-11".to_owned()),
        }
    }
}

/// Minimum length of a token, in characters.
const MIN_TOKEN_CHARS: usize = 8;
/// Maximum length of a token, in characters.
const MAX_TOKEN_CHARS: usize = 60;

/// Returns a refinement's text with these anchors instead of the template's.
///
/// # Errors
/// A range is outside the specification, or has no text for a token.
pub(super) fn insert_anchors(
    text: &str,
    spec: &Source,
    anchors: &[LineRange],
) -> Result<String, WorkflowError> {
    let blocks: Vec<String> = anchors
        .iter()
        .enumerate()
        .map(|(index, range)| format_anchor(spec, index + 1, *range))
        .collect::<Result<_, _>>()?;
    let at = text.find("#### ANCHOR").unwrap_or(text.len());
    let (before, anchors_on) = text.split_at(at);
    // A template may have sections after its anchors: keep them.
    let is_section = |line: &&str| {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        (1..4).contains(&level) && line.get(level..).is_some_and(|rest| rest.starts_with(' '))
    };
    let anchors_len: usize =
        anchors_on.split_inclusive('\n').take_while(|line| !is_section(line)).map(str::len).sum();
    let after = anchors_on.get(anchors_len..).unwrap_or_default();
    let gap = if after.is_empty() { "" } else { "\n" };
    Ok(format!("{}\n\n{}\n{gap}{after}", before.trim_end(), blocks.join("\n\n")))
}

/// Returns the Markdown text of one anchor.
fn format_anchor(spec: &Source, number: usize, range: LineRange) -> Result<String, WorkflowError> {
    let LineRange { first, last } = range;
    if last > spec.line_count() {
        return Err(WorkflowError::refused(
            format!("{} has {} lines; line {last} does not exist", spec.name(), spec.line_count()),
            "Give a range of existing lines with `--anchor FIRST-LAST`.",
        ));
    }
    let line = |number: usize| spec.line_span(number).map_or("", |span| spec.slice(span).trim_end());
    let lines: Vec<&str> = (first..=last).map(line).collect();
    let heading = (1..=last).rev().map(line).find(|line| line.starts_with('#'));
    let heading = heading.map_or("<fill: the section>", |line| line.trim_start_matches('#').trim());
    let token = choose_token(&lines).ok_or_else(|| {
        WorkflowError::refused(
            format!("lines {first} to {last} of {} have no text for a CONTEXT_TOKEN", spec.name()),
            format!("A token has at least {MIN_TOKEN_CHARS} characters; choose lines with more text."),
        )
    })?;
    let quoted: String =
        lines.iter().map(|line| format!("  {}", escape(line)).trim_end().to_owned() + "\n").collect();
    let fence = "`".repeat(lines.iter().map(|line| longest_backtick_run(line)).max().unwrap_or(0).max(2) + 1);
    Ok(format!(
        "#### ANCHOR {number}\n- SPEC_ANCHOR: {} {}\n- CONTEXT_START_LINE: {first}\n- CONTEXT_END_LINE: {last}\n- CONTEXT_TOKEN: {}\n- EXCERPT_ASCII_ESCAPED:\n  {fence}text\n{quoted}  {fence}",
        spec.name(),
        escape(heading),
        escape(token)
    ))
}

/// Returns the length of the longest run of backticks in a line.
fn longest_backtick_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Chooses the token: text of one line, of prose if possible, else of a heading.
/// Returns `None` if every line is too short.
fn choose_token<'t>(lines: &[&'t str]) -> Option<&'t str> {
    let usable = |line: &&&str| line.chars().count() >= MIN_TOKEN_CHARS;
    let plain = |line: &&&str| !line.starts_with(['#', '|', '`', '>']);
    let trimmed: Vec<&str> =
        lines.iter().map(|line| line.trim().trim_start_matches(['-', '*', ' '])).collect();
    let line = trimmed.iter().filter(usable).find(plain).or_else(|| trimmed.iter().find(usable))?;
    let line = line.trim_start_matches(['#', ' ']);
    if line.chars().count() <= MAX_TOKEN_CHARS {
        return Some(line).filter(|line| line.chars().count() >= MIN_TOKEN_CHARS);
    }
    // Cut at a space, so that no word is split.
    let end = line.char_indices().nth(MAX_TOKEN_CHARS).map_or(line.len(), |(at, _)| at);
    let cut = line.get(..end)?;
    let cut =
        cut.rfind(' ').and_then(|at| cut.get(..at)).filter(|cut| cut.len() >= MIN_TOKEN_CHARS).unwrap_or(cut);
    Some(cut.trim_end())
}
