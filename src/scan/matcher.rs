//! Matches the rules of a scan in one file.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use regex::bytes::Regex;

use super::hit::Hit;
use super::language::Language;
use super::python_handlers::PythonLines;
use super::rule::{MatchMode, ScanRule};
use super::rule_set::{Candidates, RuleSet};
use super::suppression::Suppression;
use super::test_code::{TestFacts, contains_offset, test_ranges};
use super::token_map::{TokenKind, TokenKindSet, TokenMap};
use super::{lexer, suppression};

/// Maximum length of a line in bytes. Longer lines are generated; matches in them are
/// counted but not reported.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024;
/// Maximum number of matches of one file; further matches are only counted.
pub(crate) const MAX_HITS: usize = 50_000;

/// Matches and suppressions of one file.
#[derive(Debug, Default)]
pub(crate) struct FileMatches {
    /// Matches, in order of offset.
    pub hits: Vec<Hit>,
    /// Comments that suppress findings, in order of offset.
    pub suppressions: Vec<Suppression>,
    /// Number of matches in each line over [`MAX_LINE_BYTES`], by the offset of the line.
    pub long_lines: BTreeMap<usize, usize>,
    /// Number of matches above [`MAX_HITS`] that were dropped.
    pub truncated: usize,
}

/// A file with facts that are computed on first use.
struct LexedFile<'a> {
    text: &'a [u8],
    language: Language,
    facts: TestFacts<'a>,
    token_map: OnceCell<TokenMap>,
    test_ranges: OnceCell<Vec<Range<usize>>>,
    /// Lines over [`MAX_LINE_BYTES`].
    long_lines: OnceCell<Vec<Range<usize>>>,
    masked_texts: BTreeMap<TokenKindSet, Vec<u8>>,
    python_lines: OnceCell<PythonLines>,
}

impl LexedFile<'_> {
    fn token_map(&self) -> &TokenMap {
        self.token_map.get_or_init(|| lexer::tokenize(self.language, self.text))
    }

    fn is_test(&self, at: usize) -> bool {
        let enabled = self.facts.enabled_features;
        let ranges =
            self.test_ranges.get_or_init(|| test_ranges(self.language, self.text, self.token_map(), enabled));
        contains_offset(ranges, at)
    }

    /// Returns the start of the line at an offset, if the line is over
    /// [`MAX_LINE_BYTES`].
    fn long_line_start(&self, at: usize) -> Option<usize> {
        let long = self.long_lines.get_or_init(|| {
            let mut start = 0;
            let ends = memchr::memchr_iter(b'\n', self.text).chain([self.text.len()]);
            let lines = ends.map(|end| std::mem::replace(&mut start, end + 1)..end);
            lines.filter(|line| line.len() > MAX_LINE_BYTES).collect()
        });
        let next = long.partition_point(|line| line.start <= at);
        let line = long.get(next.checked_sub(1)?)?;
        (at <= line.end).then_some(line.start)
    }

    /// Returns whether a match is a handler of an exception that raises again.
    fn raises_again(&self, at: usize) -> bool {
        let read = || PythonLines::read(self.text, self.token_map());
        self.language == Language::Python && self.python_lines.get_or_init(read).raises_again(at)
    }

    /// Returns the text in which only tokens of some kinds are visible.
    fn masked_text(&mut self, visible: TokenKindSet) -> &[u8] {
        if !self.masked_texts.contains_key(&visible) {
            let masked = if visible == TokenKindSet::ANY {
                self.text.to_vec()
            } else {
                let mut masked = self.token_map().masked_text(self.text, visible);
                if !visible.contains(TokenKind::Code) {
                    self.token_map().show_blanks_of_code(self.text, &mut masked);
                    if visible.contains(TokenKind::Str) {
                        self.token_map().show_kinds_of_strings(self.text, &mut masked);
                    }
                }
                if self.language.has_other_line_ends() {
                    self.token_map().normalize_line_ends(&mut masked);
                }
                masked
            };
            self.masked_texts.insert(visible, masked);
        }
        self.masked_texts.get(&visible).map_or(&[], Vec::as_slice)
    }
}

/// Matches the rules with the indexes `rules` in a file. They must apply to its path
/// ([`RuleSet::applicable`]). `today` decides which suppressions have expired.
///
/// # Errors
/// A pattern cannot be compiled.
pub(crate) fn scan(
    set: &RuleSet,
    rules: &[usize],
    language: Language,
    text: &[u8],
    facts: TestFacts<'_>,
    today: Date,
) -> Result<FileMatches, String> {
    scan_candidates(set, set.candidates(language, rules, text), language, text, facts, today)
}

/// Matches the rules with the indexes `rules` without the search for literals. The result
/// is the same as that of [`scan`].
///
/// # Errors
/// As [`scan`].
pub(super) fn scan_unfiltered(
    set: &RuleSet,
    rules: &[usize],
    language: Language,
    text: &[u8],
) -> Result<FileMatches, String> {
    let candidates = Candidates { rules: rules.to_vec(), has_markers: true };
    scan_candidates(set, candidates, language, text, TestFacts::default(), Date::MIN)
}

fn scan_candidates(
    set: &RuleSet,
    candidates: Candidates,
    language: Language,
    text: &[u8],
    facts: TestFacts<'_>,
    today: Date,
) -> Result<FileMatches, String> {
    let mut out = FileMatches::default();
    if candidates.rules.is_empty() && !candidates.has_markers {
        return Ok(out);
    }
    let mut file = LexedFile {
        text,
        language,
        facts,
        token_map: OnceCell::new(),
        test_ranges: OnceCell::new(),
        long_lines: OnceCell::new(),
        masked_texts: BTreeMap::new(),
        python_lines: OnceCell::new(),
    };
    for index in candidates.rules {
        let Some(rule) = set.rules().get(index).filter(|rule| rule.tests || !facts.is_test) else { continue };
        match_rule(&mut file, rule, index, &mut out)?;
    }
    out.hits.sort_by_key(|hit| (hit.span.as_ref().map(|span| (span.start, span.end)), hit.rule));
    remove_overlaps(&mut out.hits);
    if out.hits.len() > MAX_HITS {
        out.truncated = out.hits.len() - MAX_HITS;
        out.hits.truncate(MAX_HITS);
    }
    if candidates.has_markers {
        out.suppressions = suppression::find_suppressions(text, language, file.token_map());
        suppression::apply_suppressions(set, &out.suppressions, &mut out.hits, today);
    }
    if !out.hits.is_empty() {
        let code = file.masked_text(TokenKindSet::of(&[TokenKind::Code, TokenKind::Str, TokenKind::Text]));
        super::fingerprint::set_fingerprints(set, code, language, &mut out.hits);
    }
    Ok(out)
}

/// Keeps the first of overlapping matches of the same rule: several of its patterns
/// can match the same text.
fn remove_overlaps(hits: &mut Vec<Hit>) {
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    hits.retain(|hit| {
        let Some(span) = &hit.span else { return true };
        let end = last.get(&hit.rule).copied().unwrap_or_default();
        let is_separate = span.start >= end;
        if is_separate {
            last.insert(hit.rule, span.end.max(span.start + 1));
        }
        is_separate
    });
}

/// Returns whether a match that begins with a letter follows a letter outside of ASCII, so
/// that it is the end of a longer name.
fn follows_letter(text: &[u8], start: usize) -> bool {
    let begins = text.get(start).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = text.get(start.saturating_sub(4)..start).unwrap_or_default();
    if !begins || before.last().is_none_or(|byte| *byte < 0x80) {
        return false;
    }
    let last = before.utf8_chunks().last().and_then(|chunk| chunk.valid().chars().next_back());
    last.is_some_and(char::is_alphanumeric)
}

/// Returns what a pattern matches: its group `at`, or the whole match.
fn find_parts<'a>(regex: &'a Regex, text: &'a [u8]) -> Box<dyn Iterator<Item = Range<usize>> + 'a> {
    if regex.capture_names().flatten().any(|name| name == "at") {
        let parts = regex.captures_iter(text).filter_map(|found| found.name("at").or_else(|| found.get(0)));
        return Box::new(parts.map(|found| found.range()));
    }
    Box::new(regex.find_iter(text).map(|found| found.range()))
}

/// Adds the matches of one rule to `out`.
fn match_rule(
    file: &mut LexedFile<'_>,
    rule: &ScanRule,
    index: usize,
    out: &mut FileMatches,
) -> Result<(), String> {
    let regexes = rule.regexes().map_err(|error| format!("{}: {error}", rule.id))?;
    let hit = |span, missing| Hit {
        rule: index,
        span,
        missing_pattern: missing,
        suppressed_by: None,
        fingerprint: String::new(),
        old_fingerprint: String::new(),
    };
    if rule.mode == MatchMode::Require {
        let masked = file.masked_text(rule.visible_kinds);
        let missing =
            regexes.iter().enumerate().filter(|(_, regex)| !regex.is_match(masked)).map(|(at, _)| at);
        let missing: Vec<usize> = missing.collect();
        out.hits.extend(missing.into_iter().map(|pattern| hit(None, Some(pattern))));
        return Ok(());
    }
    let mut spans = Vec::new();
    let masked = file.masked_text(rule.visible_kinds);
    for (at, (regex, pattern)) in regexes.iter().zip(&rule.patterns).enumerate() {
        let known = spans.len();
        spans.extend(find_parts(regex, masked));
        if rule.has_ascii_boundaries && pattern.contains(r"\b(?P<at>") {
            let found = spans.split_off(known);
            spans.extend(found.into_iter().filter(|span| !follows_letter(masked, span.start)));
        }
        if spans.len() > known && !rule.is_pattern_active(at, masked)? {
            spans.truncate(known);
        }
    }
    if !spans.is_empty() {
        let exceptions = rule.exceptions().map_err(|error| format!("{}: {error}", rule.id))?;
        let masked = file.masked_text(rule.visible_kinds);
        let found = exceptions.iter().flat_map(|one| find_parts(one, masked));
        let mut excepted: Vec<(usize, usize)> = found.map(|found| (found.start, found.end)).collect();
        excepted.sort_unstable();
        // For each start, the furthest end up to there.
        let mut furthest = 0;
        for (_, end) in &mut excepted {
            furthest = furthest.max(*end);
            *end = furthest;
        }
        spans.retain(|span| {
            let after = excepted.partition_point(|(start, _)| *start <= span.start);
            let end = after.checked_sub(1).and_then(|at| excepted.get(at)).map(|(_, end)| *end);
            end.is_none_or(|end| end < span.end)
        });
    }
    for span in spans {
        if rule.only_swallowing && file.raises_again(span.start) {
            continue;
        }
        if !rule.tests && file.is_test(span.start) {
            continue;
        }
        match file.long_line_start(span.start) {
            Some(start) => *out.long_lines.entry(start).or_default() += 1,
            None => out.hits.push(hit(Some(span), None)),
        }
    }
    Ok(())
}
