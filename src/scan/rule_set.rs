//! The rules of one scan. One pass over the bytes of a file finds the rules that can
//! match in it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind, packed};

use super::area::Treatment;
use super::language::Language;
use super::rule::{MatchMode, ScanRule, required_literals};

/// Rules by index, with a literal search for each language.
#[derive(Debug)]
pub(crate) struct RuleSet {
    rules: Vec<ScanRule>,
    has_old_fingerprints: bool,
    literal_searches: [OnceLock<LiteralSearch>; Language::ALL.len()],
}

/// The literals that are searched in files of one language.
#[derive(Debug, Default)]
struct LiteralSearch {
    case_sensitive: Option<LiteralMatcher>,
    case_insensitive: Option<LiteralMatcher>,
    /// Rules that are always matched: a pattern has no required literal, or the rule
    /// requires patterns.
    unconditional: Vec<usize>,
}

/// A search for literals, with the rules that need them.
#[derive(Debug)]
struct LiteralMatcher {
    automaton: LiteralAutomaton,
    /// For each literal, in order: the literal, and the rules that need it.
    literals: Vec<(Vec<u8>, Vec<usize>)>,
    /// For each literal, what a search without overlaps passes over after it.
    hidden: Vec<Vec<HiddenLiteral>>,
    ignores_case: bool,
}

/// A literal that can begin inside of another one, or at the same offset. A search
/// without overlaps does not report it there.
#[derive(Debug, Clone, Copy)]
struct HiddenLiteral {
    /// Index of the hidden literal.
    literal: usize,
    /// Its offset in the found one, in bytes.
    offset: usize,
}

/// A search for all literals at once: with vector instructions for few case-sensitive
/// literals, otherwise with an automaton.
#[derive(Debug)]
enum LiteralAutomaton {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// For many literals; overlapping matches are found.
    Overlapping(AhoCorasick),
}

/// Above this number of literals, overlapping matches are searched. For fewer literals,
/// the overlaps of each pair are computed in advance, which is quadratic.
const MAX_EXCLUSIVE_LITERALS: usize = 200;

impl LiteralMatcher {
    /// Builds the search. `None` if there are no literals, or too many for the automaton.
    fn build(literals: BTreeMap<Vec<u8>, Vec<usize>>, ignores_case: bool) -> Option<Self> {
        let needles: Vec<&Vec<u8>> = literals.keys().collect();
        let (automaton, hidden) = if literals.len() > MAX_EXCLUSIVE_LITERALS {
            let automaton =
                AhoCorasick::builder().ascii_case_insensitive(ignores_case).build(&needles).ok()?;
            (LiteralAutomaton::Overlapping(automaton), Vec::new())
        } else {
            let packed = || packed::Config::new().builder().extend(&needles).build();
            let search = match packed().filter(|_| !ignores_case) {
                Some(packed) => LiteralAutomaton::Packed(packed),
                None => LiteralAutomaton::Automaton(
                    AhoCorasick::builder()
                        .match_kind(MatchKind::LeftmostFirst)
                        .ascii_case_insensitive(ignores_case)
                        .build(&needles)
                        .ok()?,
                ),
            };
            (search, find_hidden_literals(&needles))
        };
        Some(Self { automaton, literals: literals.into_iter().collect(), hidden, ignores_case })
    }

    /// Calls `on_match` with the rules of each literal that the text contains, once per
    /// match.
    fn for_each_match(&self, text: &[u8], mut on_match: impl FnMut(&[usize])) {
        let mut report = |literal: usize| {
            self.literals.get(literal).into_iter().for_each(|(_, owners)| on_match(owners));
        };
        match &self.automaton {
            LiteralAutomaton::Packed(packed) => {
                packed.find_iter(text).for_each(|found| {
                    report(found.pattern().as_usize());
                    self.for_each_hidden(text, found.pattern().as_usize(), found.start(), &mut report);
                });
            }
            LiteralAutomaton::Overlapping(automaton) => {
                automaton.find_overlapping_iter(text).for_each(|found| report(found.pattern().as_usize()));
            }
            LiteralAutomaton::Automaton(automaton) => {
                automaton.find_iter(text).for_each(|found| {
                    report(found.pattern().as_usize());
                    self.for_each_hidden(text, found.pattern().as_usize(), found.start(), &mut report);
                });
            }
        }
    }

    /// Calls `report` with the literals that begin in a found one, which begins at `start`.
    fn for_each_hidden(&self, text: &[u8], found: usize, start: usize, report: &mut impl FnMut(usize)) {
        for hidden in self.hidden.get(found).into_iter().flatten() {
            let Some((literal, _)) = self.literals.get(hidden.literal) else { continue };
            let begin = start + hidden.offset;
            let Some(own) = text.get(begin..begin + literal.len()) else { continue };
            if own == literal || (self.ignores_case && own.eq_ignore_ascii_case(literal)) {
                report(hidden.literal);
            }
        }
    }
}

/// Returns, for each literal, the others that can begin in it: those that it contains, and
/// those whose begin is its end.
fn find_hidden_literals(literals: &[&Vec<u8>]) -> Vec<Vec<HiddenLiteral>> {
    let hidden_in = |found: &Vec<u8>| {
        let mut out = Vec::new();
        for (index, other) in literals.iter().enumerate().filter(|(_, other)| **other != found) {
            for offset in 0..found.len() {
                let rest = found.get(offset..).unwrap_or_default();
                let shared = rest.len().min(other.len());
                if rest.get(..shared) == other.get(..shared) {
                    out.push(HiddenLiteral { literal: index, offset });
                }
            }
        }
        out
    };
    literals.iter().map(|literal| hidden_in(literal)).collect()
}

/// Owner of the literals of suppression comments; not the index of a rule.
const MARKER_OWNER: usize = usize::MAX;

/// The rules that can match in a file.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Indexes of rules, in order.
    pub rules: Vec<usize>,
    /// Whether the file may contain suppression comments.
    pub has_markers: bool,
}

impl RuleSet {
    /// Creates a set from the rules of a scan.
    #[must_use]
    pub(crate) fn new(rules: Vec<ScanRule>) -> Self {
        let literal_searches = [const { OnceLock::new() }; Language::ALL.len()];
        Self { rules, has_old_fingerprints: false, literal_searches }
    }

    /// Sets whether matches also get the fingerprints of version 1, for a baseline of that
    /// version.
    #[must_use]
    pub(crate) fn with_old_fingerprints(self, has_old_fingerprints: bool) -> Self {
        Self { has_old_fingerprints, ..self }
    }

    pub(super) fn has_old_fingerprints(&self) -> bool {
        self.has_old_fingerprints
    }

    /// Returns the rules, in order.
    #[must_use]
    pub(crate) fn rules(&self) -> &[ScanRule] {
        &self.rules
    }

    /// Returns the indexes of the rules that apply to a path and support its language.
    /// `None`: language unknown until the shebang line is read.
    #[must_use]
    pub(crate) fn applicable(
        &self,
        path: &str,
        language: Option<Language>,
        treatment: Treatment,
    ) -> Vec<usize> {
        let supports = |rule: &ScanRule| language.is_none_or(|language| rule.supports_language(language));
        // A rule that requires patterns applies only to the paths that it includes.
        let is_in_scope = |rule: &ScanRule| rule.mode == MatchMode::Forbid || !rule.include.is_empty();
        let all = self.rules.iter().enumerate();
        all.filter(|(_, rule)| supports(rule) && is_in_scope(rule) && rule.applies_to_path(path, treatment))
            .map(|(index, _)| index)
            .collect()
    }

    /// Returns those of `rules` that can match in these bytes.
    pub(super) fn candidates(&self, language: Language, rules: &[usize], text: &[u8]) -> Candidates {
        let at = Language::ALL.iter().position(|one| *one == language).unwrap_or_default();
        let Some(search) = self
            .literal_searches
            .get(at)
            .map(|slot| slot.get_or_init(|| self.build_literal_search(language)))
        else {
            return Candidates::default();
        };
        let mut is_candidate = vec![false; self.rules.len()];
        let mut has_markers = false;
        for index in &search.unconditional {
            is_candidate.get_mut(*index).into_iter().for_each(|slot| *slot = true);
        }
        for matcher in [&search.case_sensitive, &search.case_insensitive].into_iter().flatten() {
            matcher.for_each_match(text, |owners| {
                for owner in owners {
                    match is_candidate.get_mut(*owner) {
                        Some(slot) => *slot = true,
                        None => has_markers = true,
                    }
                }
            });
        }
        let selected = |index: &usize| is_candidate.get(*index) == Some(&true);
        Candidates { rules: rules.iter().copied().filter(selected).collect(), has_markers }
    }

    fn build_literal_search(&self, language: Language) -> LiteralSearch {
        let mut out = LiteralSearch::default();
        let mut plain: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut folded: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for literal in [&b"countersign:"[..], b"WAIVER"] {
            plain.insert(literal.to_vec(), vec![MARKER_OWNER]);
        }
        for (index, rule) in
            self.rules.iter().enumerate().filter(|(_, rule)| rule.supports_language(language))
        {
            let needs: Option<Vec<_>> =
                rule.patterns.iter().map(|pattern| required_literals(pattern)).collect();
            let Some(needs) = needs.filter(|_| rule.mode == MatchMode::Forbid) else {
                out.unconditional.push(index);
                continue;
            };
            for need in needs {
                let literals = if need.ignores_case { &mut folded } else { &mut plain };
                for literal in need.alternatives {
                    literals.entry(literal).or_default().push(index);
                }
            }
        }
        add_folding_letters(&mut plain, &folded);
        out.case_sensitive = LiteralMatcher::build(plain, false);
        out.case_insensitive = if folded.is_empty() { None } else { LiteralMatcher::build(folded, true) };
        out
    }
}

/// Outside of ASCII, two letters are equal to `k` and `s` if case is ignored: the Kelvin
/// sign and the long s. A search that ignores the case of ASCII does not find them, so a
/// text with one of them can match every rule that ignores case.
fn add_folding_letters(plain: &mut BTreeMap<Vec<u8>, Vec<usize>>, folded: &BTreeMap<Vec<u8>, Vec<usize>>) {
    for (letter, ascii) in [("\u{212a}", b'k'), ("\u{17f}", b's')] {
        let owners: Vec<usize> = folded
            .iter()
            .filter(|(literal, _)| literal.contains(&ascii))
            .flat_map(|(_, owners)| owners.iter().copied())
            .collect();
        if !owners.is_empty() {
            plain.entry(letter.as_bytes().to_vec()).or_default().extend(owners);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(literals: &[&str], text: &str, ignores_case: bool) -> Vec<usize> {
        let owners = literals.iter().enumerate().map(|(index, one)| (one.as_bytes().to_vec(), vec![index]));
        let matcher = LiteralMatcher::build(owners.collect(), ignores_case).expect("literals");
        let mut out = Vec::new();
        matcher.for_each_match(text.as_bytes(), |owners| out.extend(owners));
        out.sort_unstable();
        out.dedup();
        out
    }

    #[test]
    fn no_literal_hides_another() {
        for ignores_case in [false, true] {
            assert_eq!(found(&["print", "eprintln"], "eprintln!", ignores_case), [0, 1]);
            assert_eq!(found(&["now", "now_v"], "Uuid::now_v7()", ignores_case), [0, 1]);
            assert_eq!(found(&["now", "now_v"], "Utc::now()", ignores_case), [0]);
            assert_eq!(found(&["unwrap", "wrapper"], "unwrapper", ignores_case), [0, 1]);
            assert_eq!(found(&["all()", "().detach"], "all().detach", ignores_case), [0, 1]);
        }
        assert_eq!(found(&["now", "now_v"], "NOW_V", true), [0, 1]);
    }
}
