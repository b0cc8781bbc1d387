//! One file against the rules that look at it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use super::language::Language;
use super::rule::{MatchMode, ScanRule};
use super::rule_set::RuleSet;
use super::suppression::Suppression;
use super::test_code::{contains_offset, test_ranges};
use super::token_map::{TokenKind, TokenKindSet, TokenMap};
use super::{lexer, suppression};

/// Longer lines are generated; what matches in them is not judged.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// More matches of one file are only counted.
pub const MAX_HITS: usize = 50_000;

/// A place where a rule's pattern matches, or (without a span) a required
/// pattern that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Index of the rule.
    pub rule: usize,
    /// Where in the file.
    pub span: Option<Range<usize>>,
    /// Of a rule that requires: the pattern that is missing, by its index.
    pub missing_pattern: Option<usize>,
    /// Index of the comment that excuses it.
    pub suppressed_by: Option<usize>,
    /// A name of what matched that outlives moves and other layout.
    pub fingerprint: String,
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct FileMatches {
    /// Matches, in order of place.
    pub hits: Vec<Hit>,
    /// Comments that excuse, in order of place.
    pub suppressions: Vec<Suppression>,
    /// Matches that lie in lines too long to judge: where the line starts, and
    /// how many.
    pub long_lines: BTreeMap<usize, usize>,
    /// Matches beyond [`MOST_HITS`].
    pub truncated: usize,
}

/// A file with what is known of it, read as far as somebody asks.
struct LexedFile<'a> {
    text: &'a [u8],
    language: Language,
    token_map: OnceCell<TokenMap>,
    test_ranges: OnceCell<Vec<Range<usize>>>,
    /// Lines that are too long to judge.
    long_lines: OnceCell<Vec<Range<usize>>>,
    masked_texts: BTreeMap<TokenKindSet, Vec<u8>>,
}

impl LexedFile<'_> {
    fn token_map(&self) -> &TokenMap {
        self.token_map.get_or_init(|| lexer::tokenize(self.language, self.text))
    }

    fn is_test(&self, at: usize) -> bool {
        let ranges = self.test_ranges.get_or_init(|| test_ranges(self.language, self.text, self.token_map()));
        contains_offset(ranges, at)
    }

    /// Where the line of an offset starts, if it is too long to judge.
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

    /// The text as far as some kinds show it.
    fn masked_text(&mut self, shown: TokenKindSet) -> &[u8] {
        if !self.masked_texts.contains_key(&shown) {
            let view = if shown == TokenKindSet::ANY {
                self.text.to_vec()
            } else {
                self.token_map().masked_text(self.text, shown)
            };
            self.masked_texts.insert(shown, view);
        }
        self.masked_texts.get(&shown).map_or(&[], Vec::as_slice)
    }
}

/// Matches a file. `rules` are those that look at it
/// ([`RuleSet::applicable`]); `is_test` says that all of it is test code; `today`
/// decides which excuses have ended.
///
/// # Errors
/// A pattern that cannot be compiled.
pub fn scan(
    set: &RuleSet,
    rules: &[usize],
    language: Language,
    text: &[u8],
    is_test: bool,
    today: Date,
) -> Result<FileMatches, String> {
    let candidates = set.candidates(language, rules, text);
    let mut out = FileMatches::default();
    if candidates.rules.is_empty() && !candidates.has_markers {
        return Ok(out);
    }
    let (regions, tests, long, views) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), BTreeMap::new());
    let mut file = LexedFile {
        text,
        language,
        token_map: regions,
        test_ranges: tests,
        long_lines: long,
        masked_texts: views,
    };
    for index in candidates.rules {
        let Some(rule) = set.rules().get(index).filter(|rule| rule.tests || !is_test) else { continue };
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

/// Leaves one of the matches of a rule that overlap: several of its patterns
/// may see the same.
fn remove_overlaps(hits: &mut Vec<Hit>) {
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    hits.retain(|hit| {
        let Some(span) = &hit.span else { return true };
        let end = last.get(&hit.rule).copied().unwrap_or_default();
        let free = span.start >= end;
        if free {
            last.insert(hit.rule, span.end.max(span.start + 1));
        }
        free
    });
}

fn match_rule(
    file: &mut LexedFile<'_>,
    rule: &ScanRule,
    index: usize,
    out: &mut FileMatches,
) -> Result<(), String> {
    let regexes = rule.regexes().map_err(|why| format!("{}: {why}", rule.id))?;
    let hit = |span, missing| Hit {
        rule: index,
        span,
        missing_pattern: missing,
        suppressed_by: None,
        fingerprint: String::new(),
    };
    if rule.mode == MatchMode::Require {
        let view = file.masked_text(rule.visible_kinds);
        let missing = regexes.iter().enumerate().filter(|(_, regex)| !regex.is_match(view)).map(|(at, _)| at);
        let missing: Vec<usize> = missing.collect();
        out.hits.extend(missing.into_iter().map(|pattern| hit(None, Some(pattern))));
        return Ok(());
    }
    let mut spans = Vec::new();
    let view = file.masked_text(rule.visible_kinds);
    for regex in regexes {
        let named = regex.capture_names().flatten().any(|name| name == "at");
        if named {
            let all = regex.captures_iter(view).filter_map(|found| found.name("at").or_else(|| found.get(0)));
            spans.extend(all.map(|found| found.range()));
        } else {
            spans.extend(regex.find_iter(view).map(|found| found.range()));
        }
    }
    if !spans.is_empty() {
        let exceptions = rule.exceptions().map_err(|why| format!("{}: {why}", rule.id))?;
        let view = file.masked_text(rule.visible_kinds);
        for found in exceptions.iter().flat_map(|one| one.find_iter(view)) {
            spans.retain(|span| !(found.start() <= span.start && span.end <= found.end()));
        }
    }
    for span in spans {
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

/// The line that holds an offset, without its end.
pub(super) fn line_range(text: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', text.get(..at).unwrap_or_default()).map_or(0, |found| found + 1);
    let end =
        memchr::memchr(b'\n', text.get(at..).unwrap_or_default()).map_or(text.len(), |found| at + found);
    start..end
}
