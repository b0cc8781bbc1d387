//! Rules of one scan together: which of them a file needs, found by one pass
//! over its bytes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind, packed};

use super::language::Language;
use super::rule::{MatchMode, ScanRule, required_literals};

/// Rules by index, ready to be matched.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<ScanRule>,
    literal_searches: [OnceLock<LiteralSearch>; Language::ALL.len()],
}

/// What is looked for in files of one language.
#[derive(Debug, Default)]
struct LiteralSearch {
    case_sensitive: Option<LiteralMatcher>,
    case_insensitive: Option<LiteralMatcher>,
    /// Rules whose patterns need no literal, or that require something.
    unconditional: Vec<usize>,
}

#[derive(Debug)]
struct LiteralMatcher {
    automaton: LiteralAutomaton,
    /// Rules by word.
    owners: Vec<Vec<usize>>,
}

/// A search for all words at once: with vector instructions if there are few
/// and case matters, else with an automaton.
#[derive(Debug)]
enum LiteralAutomaton {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
    /// Of many words, found wherever they overlap.
    Overlapping(AhoCorasick),
}

/// More words are looked for one by one, overlapping: to say of each pair how
/// they overlap would take longer.
const MAX_EXCLUSIVE_LITERALS: usize = 200;

impl LiteralMatcher {
    fn build(words: BTreeMap<Vec<u8>, Vec<usize>>, folded: bool) -> Option<Self> {
        if words.len() > MAX_EXCLUSIVE_LITERALS {
            let automaton = AhoCorasick::builder().ascii_case_insensitive(folded).build(words.keys()).ok()?;
            let search = LiteralAutomaton::Overlapping(automaton);
            return Some(Self { automaton: search, owners: words.into_values().collect() });
        }
        let packed = || packed::Config::new().builder().extend(words.keys()).build();
        let search = match packed().filter(|_| !folded) {
            Some(packed) => LiteralAutomaton::Packed(packed),
            None => LiteralAutomaton::Automaton(
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .ascii_case_insensitive(folded)
                    .build(words.keys())
                    .ok()?,
            ),
        };
        Some(Self { automaton: search, owners: words.into_values().collect() })
    }

    /// The words that a text holds, each as often as it does.
    fn for_each_match(&self, text: &[u8], mut seen: impl FnMut(&[usize])) {
        let mut one = |pattern: usize| self.owners.get(pattern).into_iter().for_each(|owners| seen(owners));
        match &self.automaton {
            LiteralAutomaton::Packed(packed) => {
                packed.find_iter(text).for_each(|found| one(found.pattern().as_usize()));
            }
            LiteralAutomaton::Overlapping(automaton) => {
                automaton.find_overlapping_iter(text).for_each(|found| one(found.pattern().as_usize()));
            }
            LiteralAutomaton::Automaton(automaton) => {
                automaton.find_iter(text).for_each(|found| one(found.pattern().as_usize()));
            }
        }
    }
}

/// Stands for the words that comments use to excuse a finding.
const MARKER_OWNER: usize = usize::MAX;

/// What the bytes of a file call for.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Indexes of rules, in order.
    pub rules: Vec<usize>,
    /// Whether a comment might excuse something.
    pub has_markers: bool,
}

impl RuleSet {
    /// Takes the rules of a scan.
    #[must_use]
    pub fn new(rules: Vec<ScanRule>) -> Self {
        Self { rules, literal_searches: [const { OnceLock::new() }; Language::ALL.len()] }
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[ScanRule] {
        &self.rules
    }

    /// Indexes of the rules that look at a path and read its language. `None`
    /// as the language stands for a file whose first line will tell.
    #[must_use]
    pub fn applicable(&self, path: &str, language: Option<Language>, is_product: bool) -> Vec<usize> {
        let reads = |rule: &ScanRule| language.is_none_or(|language| rule.supports_language(language));
        // What is required is required where the rule says so, nowhere else.
        let governs = |rule: &ScanRule| rule.mode == MatchMode::Forbid || !rule.include.is_empty();
        let all = self.rules.iter().enumerate();
        all.filter(|(_, rule)| reads(rule) && governs(rule) && rule.applies_to_path(path, is_product))
            .map(|(index, _)| index)
            .collect()
    }

    /// Which of some rules could match these bytes.
    pub(super) fn candidates(&self, language: Language, rules: &[usize], text: &[u8]) -> Candidates {
        let at = Language::ALL.iter().position(|one| *one == language).unwrap_or_default();
        let Some(search) = self
            .literal_searches
            .get(at)
            .map(|slot| slot.get_or_init(|| self.build_literal_search(language)))
        else {
            return Candidates::default();
        };
        let mut wanted = vec![false; self.rules.len()];
        let mut marks = false;
        for index in &search.unconditional {
            wanted.get_mut(*index).into_iter().for_each(|wanted| *wanted = true);
        }
        for words in [&search.case_sensitive, &search.case_insensitive].into_iter().flatten() {
            words.for_each_match(text, |owners| {
                for owner in owners {
                    match wanted.get_mut(*owner) {
                        Some(wanted) => *wanted = true,
                        None => marks = true,
                    }
                }
            });
        }
        let is_wanted = |index: &usize| wanted.get(*index) == Some(&true);
        Candidates { rules: rules.iter().copied().filter(is_wanted).collect(), has_markers: marks }
    }

    fn build_literal_search(&self, language: Language) -> LiteralSearch {
        let mut out = LiteralSearch::default();
        let mut plain: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut folded: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for word in [&b"countersign:"[..], b"WAIVER"] {
            plain.insert(word.to_vec(), vec![MARKER_OWNER]);
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
                let words = if need.ignores_case { &mut folded } else { &mut plain };
                for word in need.alternatives {
                    words.entry(word).or_default().push(index);
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

/// A word that contains another one, or ends as another one begins, hides it
/// from a search that never looks at a byte twice, so the rules of the hidden
/// one also belong to the other.
fn share_overlapping_owners(words: &mut BTreeMap<Vec<u8>, Vec<usize>>) {
    if words.len() > MAX_EXCLUSIVE_LITERALS {
        return;
    }
    let all: Vec<(Vec<u8>, Vec<usize>)> =
        words.iter().map(|(word, owners)| (word.clone(), owners.clone())).collect();
    let letters = |bytes: &[u8]| bytes.iter().all(|byte| crate::scan::lexer::is_word(*byte));
    for (word, owners) in words.iter_mut() {
        for (other, theirs) in all.iter().filter(|(other, _)| other != word) {
            let inside = other.len() < word.len() && memchr::memmem::find(word, other).is_some();
            // Names that share a few letters are one longer name: neither.
            let meets = (1..other.len().min(word.len())).any(|length| {
                let begin = other.get(..length).unwrap_or_default();
                word.ends_with(begin) && !(letters(begin) && letters(word) && letters(other))
            });
            if inside || meets {
                owners.extend(theirs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_word_does_not_hide_a_shorter_one() {
        let mut words = BTreeMap::from([(b"print".to_vec(), vec![1]), (b"eprintln".to_vec(), vec![2])]);
        share_overlapping_owners(&mut words);
        assert_eq!(words.get(&b"eprintln"[..]), Some(&vec![2, 1]));
        let mut words = BTreeMap::from([(b"all()".to_vec(), vec![1]), (b"().detach".to_vec(), vec![2])]);
        share_overlapping_owners(&mut words);
        assert_eq!(words.get(&b"all()"[..]), Some(&vec![1, 2]));
    }
}
