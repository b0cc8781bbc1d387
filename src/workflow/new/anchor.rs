//! Anchors of a refinement, quoted from the specification.

use std::str::FromStr;

use crate::document::refinement::escaped;
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
const SHORTEST_TOKEN: usize = 8;
/// The longest one.
const LONGEST_TOKEN: usize = 60;

/// A refinement's text with these anchors in place of the template's.
pub(super) fn with_anchors(
    text: &str,
    spec: &Source,
    anchors: &[LineRange],
) -> Result<String, WorkflowError> {
    let blocks: Vec<String> = anchors
        .iter()
        .enumerate()
        .map(|(index, range)| anchor(spec, index + 1, *range))
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

fn anchor(spec: &Source, number: usize, range: LineRange) -> Result<String, WorkflowError> {
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
    let token = token(&lines).ok_or_else(|| {
        WorkflowError::refused(
            format!("lines {first} to {last} of {} hold no words to quote", spec.name()),
            format!("A token has at least {SHORTEST_TOKEN} characters; choose lines that say something."),
        )
    })?;
    let quoted: String =
        lines.iter().map(|line| format!("  {}", escaped(line)).trim_end().to_owned() + "\n").collect();
    let fence = "`".repeat(lines.iter().map(|line| ticks(line)).max().unwrap_or(0).max(2) + 1);
    Ok(format!(
        "#### ANCHOR {number}\n- SPEC_ANCHOR: {} {}\n- CONTEXT_START_LINE: {first}\n- CONTEXT_END_LINE: {last}\n- CONTEXT_TOKEN: {}\n- EXCERPT_ASCII_ESCAPED:\n  {fence}text\n{quoted}  {fence}",
        spec.name(),
        escaped(heading),
        escaped(token)
    ))
}

/// The longest run of back-ticks in a line.
fn ticks(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Words that stand in one line: of prose rather than of a heading.
fn token<'t>(lines: &[&'t str]) -> Option<&'t str> {
    let usable = |line: &&&str| line.chars().count() >= SHORTEST_TOKEN;
    let plain = |line: &&&str| !line.starts_with(['#', '|', '`', '>']);
    let trimmed: Vec<&str> =
        lines.iter().map(|line| line.trim().trim_start_matches(['-', '*', ' '])).collect();
    let line = trimmed.iter().filter(usable).find(plain).or_else(|| trimmed.iter().find(usable))?;
    let line = line.trim_start_matches(['#', ' ']);
    if line.chars().count() <= LONGEST_TOKEN {
        return Some(line).filter(|line| line.chars().count() >= SHORTEST_TOKEN);
    }
    // Cut at a blank.
    let end = line.char_indices().nth(LONGEST_TOKEN).map_or(line.len(), |(at, _)| at);
    let cut = line.get(..end)?;
    let cut =
        cut.rfind(' ').and_then(|at| cut.get(..at)).filter(|cut| cut.len() >= SHORTEST_TOKEN).unwrap_or(cut);
    Some(cut.trim_end())
}
