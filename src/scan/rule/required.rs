//! Which literals a text must hold for a pattern to match at all: the search
//! for all of them at once decides which patterns are worth running.

use regex_syntax::hir::{Class, Hir, HirKind};

/// One of these must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scan) struct Required {
    pub any: Vec<Vec<u8>>,
    /// Whether capital letters do not matter.
    pub folded: bool,
}

/// Shorter literals are in every file.
const SHORTEST: usize = 3;
/// More alternatives are not worth looking for.
const MOST: usize = 40;

/// The literals that a pattern needs; `None` if it can match without any.
pub(in crate::scan) fn required(pattern: &str) -> Option<Required> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern).ok()?;
    let mut folded = false;
    let any = best(&hir, &mut folded)?;
    let any: Vec<Vec<u8>> =
        if folded { any.into_iter().map(|one| one.to_ascii_lowercase()).collect() } else { any };
    Some(Required { any, folded })
}

fn good(set: &[Vec<u8>]) -> bool {
    !set.is_empty() && set.len() <= MOST && set.iter().all(|one| one.len() >= SHORTEST)
}

/// The best set of literals of which a match must contain one.
fn best(hir: &Hir, folded: &mut bool) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]).filter(|set| good(set)),
        HirKind::Capture(capture) => best(&capture.sub, folded),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub, folded),
        HirKind::Alternation(parts) => {
            let mut out = Vec::new();
            for part in parts {
                out.extend(best(part, folded)?);
            }
            Some(out).filter(|set| good(set))
        }
        HirKind::Concat(parts) => {
            let mut candidates: Vec<Vec<Vec<u8>>> =
                parts.iter().filter_map(|part| best(part, folded)).collect();
            // Letters whose case does not matter come one by one.
            let mut run = Vec::new();
            let mut uses_case = false;
            for part in parts.iter().map(Some).chain([None]) {
                match part.and_then(letter) {
                    Some((byte, any_case)) => {
                        run.extend(byte);
                        uses_case |= any_case;
                    }
                    None => {
                        if run.len() >= SHORTEST && uses_case {
                            *folded = true;
                            candidates.push(vec![std::mem::take(&mut run)]);
                        }
                        run.clear();
                        uses_case = false;
                    }
                }
            }
            candidates.into_iter().max_by_key(|set| set.iter().map(Vec::len).min().unwrap_or(0))
        }
        _ => None,
    }
}

/// A literal, or a letter in either case.
fn letter(hir: &Hir) -> Option<(Vec<u8>, bool)> {
    match hir.kind() {
        HirKind::Literal(literal) => Some((literal.0.to_vec(), false)),
        HirKind::Class(Class::Unicode(class)) => {
            let chars: Vec<char> =
                class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(5).collect();
            let ascii: Vec<u8> = chars
                .iter()
                .filter(|c| c.is_ascii_alphabetic())
                .map(|c| c.to_ascii_lowercase() as u8)
                .collect();
            let first = *ascii.first()?;
            // Beside the two cases only signs of other alphabets that fold to
            // them, such as the Kelvin sign.
            let same = chars.len() <= 3 && ascii.iter().all(|byte| *byte == first);
            let others = chars.iter().filter(|c| c.is_ascii()).count() == ascii.len();
            (same && others).then(|| (vec![first], true))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(pattern: &str) -> Option<(Vec<String>, bool)> {
        let found = required(pattern)?;
        Some((found.any.iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect(), found.folded))
    }

    #[test]
    fn the_longest_part_that_must_be_there() {
        let one = |text: &str, folded| Some((vec![text.to_owned()], folded));
        assert_eq!(literals(r"\.\s*unwrap\s*\("), one("unwrap", false));
        assert_eq!(literals(r"(?i)\bauto_?increment\b"), one("increment", true));
        assert_eq!(
            literals(r"\b(todo|unimplemented)\s*!"),
            Some((vec!["todo".into(), "unimplemented".into()], false))
        );
        assert_eq!(literals(r"a|b"), None);
        assert_eq!(literals(r"x?\w+"), None);
    }
}
