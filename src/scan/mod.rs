//! Scans: forbidden and required patterns in source files, matched where they
//! mean something.
//!
//! A lexer cuts a file into code, comments, strings and prose; stretches of
//! test code are told apart; a rule, which is data, says where its pattern
//! counts. A pattern sees a view of the file in which everything else is
//! hidden, so it matches across lines and comments, and never inside what it
//! does not mean. Nothing here reads files.

mod baseline;
mod examples;
mod fingerprint;
mod language;
pub mod lexer;
mod matcher;
mod rule;
mod rule_set;
mod settings;
mod suppression;
pub mod test_code;
mod token_map;

pub use baseline::{Baseline, BaselineFault, write as write_baseline};
pub use examples::check_examples;
pub use language::Language;
pub use matcher::{FileMatches, Hit, MAX_HITS, MAX_LINE_BYTES, scan};
pub use rule::{
    AREA_KEYWORDS, Area, MatchMode, PathPatterns, RuleExamples, RuleFault, ScanRule, Suppressible,
    TEST_KEYWORDS, embedded, embedded_ids, embedded_sets, find_embedded, parse_keyword,
};
pub use rule_set::RuleSet;
pub use settings::{RuleOverride, ScanSettings};
pub use suppression::{Suppression, SuppressionExpiry, SuppressionTarget};
pub use token_map::{TokenKind, TokenKindSet, TokenMap};
