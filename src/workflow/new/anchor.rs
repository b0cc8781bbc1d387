//! Anchors of a refinement, quoted from the specification.

use std::str::FromStr;

use crate::document::refinement::escape;
use crate::text::Source;
use crate::workflow::records::WorkflowError;

/// Lines of the specification, `FIRST-LAST`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRange {
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
            _ => Err("lines are given as FIRST-LAST, such as 9-11".to_owned()),
        }
    }
}

/// The shortest token that is taken, in characters.
const MIN_TOKEN_CHARS: usize = 8;
/// The longest one.
const MAX_TOKEN_CHARS: usize = 60;

/// A refinement's text with these anchors in place of the template's.
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
    let (before, own) = text.split_at(at);
    // What a template holds behind its anchors stays.
    let higher = |line: &&str| {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        (1..4).contains(&level) && line.get(level..).is_some_and(|rest| rest.starts_with(' '))
    };
    let behind: usize = own.split_inclusive('\n').take_while(|line| !higher(line)).map(str::len).sum();
    let behind = own.get(behind..).unwrap_or_default();
    let space = if behind.is_empty() { "" } else { "\n" };
    Ok(format!("{}\n\n{}\n{space}{behind}", before.trim_end(), blocks.join("\n\n")))
}

fn format_anchor(spec: &Source, number: usize, range: LineRange) -> Result<String, WorkflowError> {
    let LineRange { first, last } = range;
    if last > spec.line_count() {
        return Err(WorkflowError::refused(
            format!("{} has {} lines, so there is no line {last}", spec.name(), spec.line_count()),
            "Give lines of the specification as FIRST-LAST.",
        ));
    }
    let line = |number: usize| spec.line_span(number).map_or("", |span| spec.slice(span).trim_end());
    let lines: Vec<&str> = (first..=last).map(line).collect();
    let heading = (1..=last).rev().map(line).find(|line| line.starts_with('#'));
    let heading = heading.map_or("<fill: the section>", |line| line.trim_start_matches('#').trim());
    let token = choose_token(&lines).ok_or_else(|| {
        WorkflowError::refused(
            format!("lines {first} to {last} of {} hold no words to quote", spec.name()),
            format!("A token has at least {MIN_TOKEN_CHARS} characters; choose lines that say something."),
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

/// The longest run of back-ticks in a line.
fn longest_backtick_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Words that stand in one line: of prose rather than of a heading.
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
    // Cut at a blank.
    let end = line.char_indices().nth(MAX_TOKEN_CHARS).map_or(line.len(), |(at, _)| at);
    let cut = line.get(..end)?;
    let cut =
        cut.rfind(' ').and_then(|at| cut.get(..at)).filter(|cut| cut.len() >= MIN_TOKEN_CHARS).unwrap_or(cut);
    Some(cut.trim_end())
}
