//! Literals that a text must contain for a pattern to match. One search for
//! the literals of all patterns decides which patterns are run.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals of which a matching text contains at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scan) struct RequiredLiterals {
    pub alternatives: Vec<Vec<u8>>,
    /// Whether the case of letters is ignored.
    pub ignores_case: bool,
}

/// Minimum length of a literal in bytes: shorter ones are in every file.
const MIN_LITERAL_BYTES: usize = 3;
/// Maximum number of alternatives: a search for more takes longer than it saves.
const MAX_ALTERNATIVES: usize = 40;

/// Returns the literals that a pattern requires; `None` if it can match without any.
pub(in crate::scan) fn required_literals(pattern: &str) -> Option<RequiredLiterals> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern).ok()?;
    let mut found = best_literals(&hir)?;
    if found.ignores_case {
        found.alternatives.iter_mut().for_each(|one| one.make_ascii_lowercase());
    }
    found.alternatives.sort();
    found.alternatives.dedup();
    Some(found)
}

/// Returns the longest part of a literal that is in the text itself. In the text that
/// patterns see, comments are spaces and other tokens are the byte 1.
fn unmasked_part(literal: &[u8]) -> Vec<u8> {
    let parts = literal.split(|byte| byte.is_ascii_whitespace() || *byte == 1);
    parts.max_by_key(|part| part.len()).unwrap_or_default().to_vec()
}

impl RequiredLiterals {
    fn case_sensitive(any: Vec<Vec<u8>>) -> Option<Self> {
        let any: Vec<Vec<u8>> = any.iter().map(|literal| unmasked_part(literal)).collect();
        let good = !any.is_empty()
            && any.len() <= MAX_ALTERNATIVES
            && any.iter().all(|one| one.len() >= MIN_LITERAL_BYTES);
        good.then_some(Self { alternatives: any, ignores_case: false })
    }

    /// Returns a measure of how few texts match: case-sensitive literals before
    /// others, then longer before shorter ones.
    fn selectivity(&self) -> (bool, usize) {
        (!self.ignores_case, self.alternatives.iter().map(Vec::len).min().unwrap_or(0))
    }
}

/// Returns the most selective set of literals of which a match contains one.
fn best_literals(hir: &Hir) -> Option<RequiredLiterals> {
    match hir.kind() {
        HirKind::Literal(literal) => RequiredLiterals::case_sensitive(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => best_literals(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best_literals(&repetition.sub),
        HirKind::Alternation(parts) => {
            let all: Vec<RequiredLiterals> = parts.iter().map(best_literals).collect::<Option<_>>()?;
            let folded = all.iter().any(|one| one.ignores_case);
            let any = all.into_iter().flat_map(|one| one.alternatives).collect();
            RequiredLiterals::case_sensitive(any)
                .map(|found| RequiredLiterals { ignores_case: folded, ..found })
        }
        HirKind::Concat(parts) => {
            let mut candidates: Vec<RequiredLiterals> = parts.iter().filter_map(best_literals).collect();
            // Letters in either case are separate parts.
            let mut run = Vec::new();
            let mut folded = false;
            for part in parts.iter().map(Some).chain([None]) {
                match part.and_then(literal_or_letter) {
                    Some((bytes, any_case)) => {
                        run.extend(bytes);
                        folded |= any_case;
                    }
                    None => {
                        let whole = std::mem::take(&mut run);
                        let found = RequiredLiterals::case_sensitive(vec![whole]).filter(|_| folded);
                        candidates
                            .extend(found.map(|found| RequiredLiterals { ignores_case: true, ..found }));
                        folded = false;
                    }
                }
            }
            candidates.into_iter().max_by_key(RequiredLiterals::selectivity)
        }
        _ => None,
    }
}

/// Returns the bytes of a literal, or a letter in either case (then `true`).
fn literal_or_letter(hir: &Hir) -> Option<(Vec<u8>, bool)> {
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
            // Besides the two cases the class has only characters of other
            // alphabets that fold to them, such as the Kelvin sign.
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
        let found = required_literals(pattern)?;
        Some((
            found.alternatives.iter().map(|one| String::from_utf8_lossy(one).into_owned()).collect(),
            found.ignores_case,
        ))
    }

    #[test]
    fn the_longest_required_part_is_found() {
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
