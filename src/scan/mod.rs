//! Scans: finds forbidden patterns and missing required patterns in source files.
//!
//! A lexer divides a file into code, comments, strings and prose, and test code is
//! detected. A rule is data; it defines in which kinds of tokens its patterns match.
//! A pattern runs on a copy of the file in which all other tokens are masked.
//! Therefore it matches across lines and comments, and never inside other tokens.
//! This module does not read files.

mod area;
mod area_kind;
mod baseline;
mod examples;
mod fingerprint;
mod hit;
mod language;
pub(crate) mod lexer;
mod matcher;
mod python_handlers;
mod rule;
mod rule_set;
mod settings;
mod suppression;
pub(crate) mod test_code;
mod token_map;

#[cfg(test)]
mod tests;

pub(crate) use area::{Areas, decides_areas};
pub(crate) use area_kind::{AREA_KINDS, Area, AreaBasis, AreaKind, TREATMENTS, Treatment};
pub(crate) use baseline::{Baseline, BaselineFault, write as write_baseline};
pub(crate) use examples::{check_examples, check_prefilter};
pub(crate) use hit::Hit;
pub(crate) use language::Language;
pub(crate) use matcher::{FileMatches, MAX_HITS, MAX_LINE_BYTES, scan};
pub(crate) use rule::{
    AREA_KEYWORDS, MatchMode, PathPatterns, RuleArea, RuleBudget, RuleFault, RuleLayer, RuleVocabulary,
    ScanRule, Suppressible, TEST_KEYWORDS, embedded, embedded_ids, embedded_sets, find_embedded,
    parse_keyword,
};
pub(crate) use rule_set::RuleSet;
pub(crate) use settings::{RuleOverride, ScanSettings};
pub(crate) use suppression::{Suppression, SuppressionExpiry, SuppressionTarget};
pub(crate) use token_map::{TokenKind, TokenKindSet};

#[cfg(test)]
pub(crate) use rule::{compare_added_rules, compare_scan_rule_file};
