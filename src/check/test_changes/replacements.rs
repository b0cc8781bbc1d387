//! Which tests that are gone have a replacement: another test that uses the same names and
//! has room for their assertions.
//!
//! The words of a test are the identifiers of its code. A word that few tests have weighs
//! more than one that many have, so that the idioms of a test suite make no two tests alike.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::TestFunction;

/// Share of the weight of its words that a replacement must have.
const LEAST_SHARE: f64 = 0.35;
/// Share of the weight of its words that a replacement with a similar name must have.
const LEAST_SHARE_OF_ALIKE_NAMES: f64 = 0.15;
/// Share of a test that was renamed.
const RENAME_SHARE: f64 = 0.45;
/// Share of a test whose copy is part of another test.
const COPY_SHARE: f64 = 0.9;
/// Number of lines of a case in a table.
const LINES_OF_A_CASE: usize = 2;
/// Number of tests whose assertions a loop or a table of cases can take over.
const CASES_OF_A_TABLE: usize = 10;
/// Maximum number of pairs of tests that are compared; the rest count as not replaced.
const MAX_PAIRS: usize = 200_000;
/// Maximum number of words that are searched in all pairs. A test that is not compared was
/// not replaced.
const MAX_COMPARED_WORDS: usize = 10_000_000;

/// A test that can replace others.
pub(super) struct Candidate<'a> {
    test: &'a TestFunction,
    /// Number of assertions that it gained.
    gained: usize,
    /// Whether it can replace only tests with its own name, because it was moved.
    is_moved: bool,
    /// Whether the base has no test with this name.
    is_new: bool,
}

impl<'a> Candidate<'a> {
    /// Returns the candidate for a test after the change; `before` is the test of the same
    /// file and name before it, `known` whether any test of the base has the name. `None`
    /// if the test did not grow.
    pub(super) fn new(test: &'a TestFunction, before: Option<&TestFunction>, known: bool) -> Option<Self> {
        let Some(before) = before else {
            let gained = test.assertions;
            return test.has_calls.then_some(Self { test, gained, is_moved: known, is_new: !known });
        };
        let assertions = test.assertions.saturating_sub(before.assertions);
        // New rows of a table have no assertions of their own.
        let rows = if test.has_cases { test.lines.saturating_sub(before.lines) / LINES_OF_A_CASE } else { 0 };
        let gained = assertions.max(rows);
        (gained > 0).then_some(Self { test, gained, is_moved: false, is_new: false })
    }

    /// Returns for how many assertions there is room. Assertions in a new table hold for
    /// each of its cases, and those that a test gained can say more than the old ones.
    fn room(&self) -> usize {
        if self.test.has_cases && self.is_new {
            return self.gained.max(1).saturating_mul(self.test.lines.max(CASES_OF_A_TABLE));
        }
        if self.is_new { self.gained.max(1) } else { self.gained + self.gained.div_ceil(2) }
    }

    /// Returns how many assertions of a test count: a renamed test may have fewer than
    /// before, and a longer copy of a test has all of its assertions.
    fn needs(&self, test: &TestFunction, share: f64, left: usize) -> Option<usize> {
        let needed = test.assertions.max(1);
        let is_untouched = left == self.room();
        let is_rename = self.is_new && is_untouched && share >= RENAME_SHARE && self.test.assertions > 0;
        let is_copy = is_untouched && share >= COPY_SHARE && self.test.assertions >= needed;
        (needed <= left || is_rename || is_copy).then_some(needed.min(left)).filter(|needed| *needed > 0)
    }
}

/// Returns for each test that is gone whether a candidate replaces it. The assertions of a
/// candidate are counted once. `all` are the tests before and after the change.
pub(super) fn find_replaced<'b>(
    gone: &[&TestFunction],
    candidates: &[Candidate<'b>],
    all: impl Iterator<Item = &'b TestFunction>,
) -> Vec<bool> {
    let mut tests_with: BTreeMap<u64, u32> = BTreeMap::new();
    for word in all.flat_map(|test| &test.all_words) {
        *tests_with.entry(*word).or_default() += 1;
    }
    let weight = |word: &u64| 1.0 / f64::from(tests_with.get(word).copied().unwrap_or(1));
    // Pairs of a test and a candidate that are alike, the most similar ones first.
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    let compared = gone.iter().enumerate().take(MAX_PAIRS / candidates.len().max(1));
    let mut words = 0_usize;
    for (index, test) in compared {
        // Each word of a test is searched in each candidate.
        words = words.saturating_add(test.words.len().saturating_mul(candidates.len()));
        if words > MAX_COMPARED_WORDS {
            break;
        }
        let total: f64 = test.words.iter().map(weight).sum();
        for (other, candidate) in candidates.iter().enumerate() {
            let shared =
                test.words.iter().filter(|word| candidate.test.all_words.binary_search(word).is_ok());
            let share = if total > 0.0 { shared.map(weight).sum::<f64>() / total } else { 0.0 };
            let share = with_names(share, &test.name, &candidate.test.name);
            let may_replace = !candidate.is_moved || candidate.test.name == test.name;
            if share >= LEAST_SHARE && may_replace {
                pairs.push((share, index, other));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut left: Vec<usize> = candidates.iter().map(Candidate::room).collect();
    let mut is_replaced = vec![false; gone.len()];
    for (share, index, other) in pairs {
        let (Some(test), Some(candidate)) = (gone.get(index), candidates.get(other)) else { continue };
        let (Some(left), Some(done)) = (left.get_mut(other), is_replaced.get_mut(index)) else { continue };
        if let Some(needed) = candidate.needs(test, share, *left).filter(|_| !*done) {
            *left -= needed;
            *done = true;
        }
    }
    is_replaced
}

/// Returns the share of two tests whose names are alike, too.
fn with_names(share: f64, name: &str, other: &str) -> f64 {
    let (a, b) = (words_of_name(name), words_of_name(other));
    let common = a.intersection(&b).count();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let of_name = count(common) / count(a.len().max(1));
    if share >= LEAST_SHARE_OF_ALIKE_NAMES && common > 1 && of_name >= 0.6 {
        share.max(f64::midpoint(share, of_name))
    } else {
        share
    }
}

/// Splits the name of a test at its punctuation and capital letters.
fn words_of_name(name: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in name.chars().chain([' ']) {
        if !c.is_alphanumeric() || (after_lower && c.is_uppercase()) {
            if !matches!(word.as_str(), "" | "test" | "should" | "it" | "the" | "a" | "to" | "is") {
                out.insert(std::mem::take(&mut word));
            }
            word.clear();
        }
        after_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    out
}
