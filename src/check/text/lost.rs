//! Characters that a conversion to ASCII replaced by question marks.

use std::sync::Arc;

use crate::document::outline::{BlockKind, Outline};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, Span, format_count};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 5;
/// Lengths of a run of question marks that stands for one character in UTF-8.
const RUN: std::ops::RangeInclusive<usize> = 2..=3;

/// Reports runs of question marks in front of a word or a number, such as `??11.5` for a section
/// sign. One alone can be meant.
pub(super) fn report_lost(source: &Arc<Source>, outline: &Outline, rule: &Rule) -> Option<Finding> {
    memchr::memmem::find(source.text().as_bytes(), b"??")?;
    let prose =
        outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Prose | BlockKind::Heading(_)));
    let places: Vec<Span> = prose.flat_map(|block| find_runs(source.text(), block.content)).collect();
    let (first, others) = places.split_first().filter(|(_, others)| !others.is_empty())?;
    let message = format!(
        "characters were lost: a tool wrote question marks instead ({})",
        format_count(places.len(), "place")
    );
    let label = |span: &Span| Label::text(source, *span, "a lost character");
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(rule.finding(message, label(first)), |finding, span| finding.related(label(span))))
}

/// Finds the runs in a block, outside of backticks: those in front of a word, and those behind
/// the last word that such a run began.
fn find_runs(text: &str, block: Span) -> Vec<Span> {
    let part = text.get(block.start..block.end).unwrap_or("");
    let mut out = Vec::new();
    let (mut at, mut is_code, mut is_open) = (0, false, false);
    let bytes = part.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'`' => is_code = !is_code,
            b'\n' => is_open = false,
            b'?' => {
                let length =
                    bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|byte| **byte == b'?').count());
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                let after = bytes.get(at + length);
                let starts =
                    before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'['));
                let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                let opens = starts && is_word(after);
                let closes = is_open && is_word(before) && !is_word(after);
                if !is_code && RUN.contains(&length) && (opens || closes) {
                    out.push(Span::new(block.start + at, block.start + at + length));
                    is_open = opens;
                }
                at += length;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_marks_in_front_of_words_are_lost_characters() {
        let count = |text: &str| find_runs(text, Span::new(0, text.len())).len();
        assert_eq!(count("see ??11.5 and (??2.3)"), 2);
        assert_eq!(count("do not ???catch them up???."), 2);
        for meant in ["what??? no", "a ?? b", "`??1` and `??2`", "L??", "????x", "really???\nx??", "?x"] {
            assert_eq!(count(meant), 0, "{meant}");
        }
    }
}
