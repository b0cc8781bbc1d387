//! Rules on the layout of a file in which YAML parsers differ. Earlier versions
//! of this tool used libyaml; a text that libyaml refuses must not be read as
//! something else now.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use crate::text::Span;

use super::{YamlError, YamlProblem};

/// Findings of the check that the tree needs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextLayout {
    /// Start of a block scalar that ends at the end of a file without a final
    /// newline: the parser adds a newline to its last line.
    pub(super) unterminated_block: Option<usize>,
}

/// Checks tabs, scalars and document markers of a text that the parser reads.
///
/// # Errors
/// A tab that indents a line; an end marker before the document; a scalar that
/// libyaml refuses.
pub(super) fn check(text: &str) -> Result<TextLayout, YamlError> {
    check_start(text)?;
    let ranges = Ranges::of(text)?;
    check_tabs(text, &ranges.no_indentation)?;
    let unterminated = ranges.last_block.filter(|block| block.end == text.len() && !text.ends_with('\n'));
    Ok(TextLayout { unterminated_block: unterminated.map(|block| block.start) })
}

/// Checks for characters that are not printable in the sense of YAML 1.2,
/// section 5.1, and for those that are line breaks only in YAML 1.1.
///
/// # Errors
/// The first such character.
pub(super) fn check_characters(text: &str) -> Result<(), YamlError> {
    let is_allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
            && !matches!(c, '\u{2028}' | '\u{2029}')
            || c >= '\u{10000}'
    };
    match text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        None => Ok(()),
        Some((at, c)) => {
            let problem = YamlProblem::Character(u32::from(c));
            Err(YamlError::new(Span::new(at, at + c.len_utf8()), problem))
        }
    }
}

/// Checks that no `...` precedes the document.
fn check_start(text: &str) -> Result<(), YamlError> {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let Some(first) = text.lines().find(is_content) else { return Ok(()) };
    if first.strip_prefix("...").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
        let at = text.find("...").unwrap_or_default();
        return Err(YamlError::new(Span::new(at, at + 3), YamlProblem::MarkerFirst));
    }
    Ok(())
}

/// Parts of a text, in order.
#[derive(Default)]
struct Ranges {
    /// Quoted and block scalars, lists and mappings in brackets: spaces and
    /// tabs at the start of their lines are not indentation.
    no_indentation: Vec<Range<usize>>,
    last_block: Option<Range<usize>>,
}

impl Ranges {
    /// Finds the parts. After a syntax error the rest of the text has none: the
    /// parser reports the error.
    ///
    /// # Errors
    /// Scalars that libyaml refuses: a plain one in brackets that starts with
    /// `:`, and a block scalar whose text starts with a tab.
    fn of(text: &str) -> Result<Self, YamlError> {
        let mut out = Self::default();
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut brackets = 0;
        for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
            let (Some(start), Some(end)) = (span.start.byte_offset(), span.end.byte_offset()) else { break };
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    let in_brackets = text.get(start..).is_some_and(|rest| rest.starts_with(['[', '{']));
                    open.push((start, in_brackets));
                    brackets += usize::from(in_brackets);
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some((start, true)) = open.pop() {
                        brackets -= 1;
                        out.add(start..end);
                    }
                }
                Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) => {
                    out.add(start..end);
                }
                Event::Scalar(_, ScalarStyle::Plain, ..)
                    if brackets > 0 && text.get(start..end).is_some_and(|plain| plain.starts_with(':')) =>
                {
                    return Err(YamlError::new(Span::new(start, end), YamlProblem::PlainColon));
                }
                Event::Scalar(value, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                    if value.trim_start_matches(['\n', ' ']).starts_with('\t') {
                        let at =
                            text.get(start..).and_then(|rest| rest.find('\t')).map_or(start, |at| start + at);
                        return Err(YamlError::new(Span::new(at, at + 1), YamlProblem::Tab));
                    }
                    out.add(start..end);
                    out.last_block = Some(start..end);
                }
                _ => {}
            }
        }
        Ok(out)
    }

    /// Adds a part; parts inside of it are dropped.
    fn add(&mut self, range: Range<usize>) {
        while self.no_indentation.last().is_some_and(|last| last.start >= range.start) {
            self.no_indentation.pop();
        }
        self.no_indentation.push(range);
    }
}

/// Checks that no tab indents a line or follows an indicator at its start
/// (YAML 1.2, section 6.1).
fn check_tabs(text: &str, no_indentation: &[Range<usize>]) -> Result<(), YamlError> {
    let mut ranges = no_indentation.iter().peekable();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let indicators = |c: char| matches!(c, ' ' | '-' | '?' | ':' | '\t');
        let lead = line.len() - line.trim_start_matches(indicators).len();
        let tabs = line.get(..lead).unwrap_or_default().match_indices('\t').map(|(at, _)| line_start + at);
        for tab in tabs {
            while ranges.next_if(|range| range.end <= tab).is_some() {}
            if ranges.peek().is_none_or(|range| tab < range.start) {
                return Err(YamlError::new(Span::new(tab, tab + 1), YamlProblem::Tab));
            }
        }
        line_start += line.len();
    }
    Ok(())
}
