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
    /// Indexes of the rules that need each literal.
    owners: Vec<Vec<usize>>,
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
    fn build(literals: BTreeMap<Vec<u8>, Vec<usize>>, folded: bool) -> Option<Self> {
        if literals.len() > MAX_EXCLUSIVE_LITERALS {
            let automaton =
                AhoCorasick::builder().ascii_case_insensitive(folded).build(literals.keys()).ok()?;
            let search = LiteralAutomaton::Overlapping(automaton);
            return Some(Self { automaton: search, owners: literals.into_values().collect() });
        }
        let packed = || packed::Config::new().builder().extend(literals.keys()).build();
        let search = match packed().filter(|_| !folded) {
            Some(packed) => LiteralAutomaton::Packed(packed),
            None => LiteralAutomaton::Automaton(
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .ascii_case_insensitive(folded)
                    .build(literals.keys())
                    .ok()?,
            ),
        };
        Some(Self { automaton: search, owners: literals.into_values().collect() })
    }

    /// Calls `on_match` with the rules of each literal that the text contains, once per
    /// match.
    fn for_each_match(&self, text: &[u8], mut on_match: impl FnMut(&[usize])) {
        let mut report =
            |pattern: usize| self.owners.get(pattern).into_iter().for_each(|owners| on_match(owners));
        match &self.automaton {
            LiteralAutomaton::Packed(packed) => {
                packed.find_iter(text).for_each(|found| report(found.pattern().as_usize()));
            }
            LiteralAutomaton::Overlapping(automaton) => {
                automaton.find_overlapping_iter(text).for_each(|found| report(found.pattern().as_usize()));
            }
            LiteralAutomaton::Automaton(automaton) => {
                automaton.find_iter(text).for_each(|found| report(found.pattern().as_usize()));
            }
        }
    }
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
        Self { rules, literal_searches: [const { OnceLock::new() }; Language::ALL.len()] }
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
        share_overlapping_owners(&mut plain);
        share_overlapping_owners(&mut folded);
        out.case_sensitive = LiteralMatcher::build(plain, false);
        out.case_insensitive = if folded.is_empty() { None } else { LiteralMatcher::build(folded, true) };
        out
    }
}

/// A search without overlapping matches does not find a literal that is part of a
/// found one, or that begins with its end. The rules of such a literal are therefore
/// added to the owners of the other one.
fn share_overlapping_owners(literals: &mut BTreeMap<Vec<u8>, Vec<usize>>) {
    if literals.len() > MAX_EXCLUSIVE_LITERALS {
        return;
    }
    let all: Vec<(Vec<u8>, Vec<usize>)> =
        literals.iter().map(|(literal, owners)| (literal.clone(), owners.clone())).collect();
    let is_name = |bytes: &[u8]| bytes.iter().all(|byte| crate::scan::lexer::is_word(*byte));
    for (literal, owners) in literals.iter_mut() {
        for (other, other_owners) in all.iter().filter(|(other, _)| other != literal) {
            let is_inside = other.len() < literal.len() && memchr::memmem::find(literal, other).is_some();
            // Two names that share a few letters form one longer name, which is neither of them.
            let overlaps = (1..other.len().min(literal.len())).any(|length| {
                let begin = other.get(..length).unwrap_or_default();
                literal.ends_with(begin) && !(is_name(begin) && is_name(literal) && is_name(other))
            });
            if is_inside || overlaps {
                owners.extend(other_owners);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_literal_does_not_hide_a_shorter_one() {
        let mut literals = BTreeMap::from([(b"print".to_vec(), vec![1]), (b"eprintln".to_vec(), vec![2])]);
        share_overlapping_owners(&mut literals);
        assert_eq!(literals.get(&b"eprintln"[..]), Some(&vec![2, 1]));
        let mut literals = BTreeMap::from([(b"all()".to_vec(), vec![1]), (b"().detach".to_vec(), vec![2])]);
        share_overlapping_owners(&mut literals);
        assert_eq!(literals.get(&b"all()"[..]), Some(&vec![1, 2]));
    }
}
