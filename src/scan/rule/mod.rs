//! Scan rules: what is forbidden or required, where, and how it is said. A
//! rule is a YAML file; none of it is code.

mod embedded;
mod raw;
mod required_literals;
mod valid;

use std::sync::{Arc, OnceLock};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::bytes::{Regex, RegexBuilder};

use crate::finding::{Level, RuleId, Wording};
use crate::rule::{find_span, parse_yaml};
use crate::text::{Source, Span};

use super::language::Language;
use super::token_map::TokenKindSet;

pub use embedded::{embedded, embedded_ids, embedded_sets, find_embedded};
pub(super) use required_literals::required_literals;
pub use valid::{AREA_KEYWORDS, TEST_KEYWORDS, parse_keyword};

/// Where in a repository a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Where the product's own code lies.
    Product,
    /// In every file.
    Everywhere,
}

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchMode {
    /// A match is a finding.
    Forbid,
    /// A file in which a pattern does not match is a finding.
    Require,
}

/// Whether a comment may excuse a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressible {
    /// With a reason.
    WithReason,
    /// With a reason, and in a gate with a waiver of the packet.
    WithWaiver,
    /// Never.
    Never,
}

/// Some paths of a repository.
#[derive(Debug, Clone, Default)]
pub struct PathPatterns {
    set: GlobSet,
    patterns: Vec<String>,
}

impl PathPatterns {
    /// Reads patterns: `*` stays in a folder, `**` does not, a trailing `/`
    /// means all below.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn read(texts: &[String]) -> Result<Self, (String, String)> {
        let mut set = GlobSetBuilder::new();
        for text in texts {
            let bad = |reason: &str| (text.clone(), format!("`{text}` is no pattern of paths: {reason}"));
            let inside = !text.is_empty()
                && !text.starts_with('/')
                && !text.contains('\\')
                && text.split('/').all(|name| !matches!(name, "." | ".."));
            if !inside {
                return Err(bad("patterns are relative to the repository's root"));
            }
            let whole = if text.ends_with('/') { format!("{text}**") } else { text.clone() };
            let glob = GlobBuilder::new(&whole).literal_separator(true).backslash_escape(false).build();
            set.add(glob.map_err(|error| bad(&error.kind().to_string()))?);
        }
        let set = set.build().map_err(|error| (String::new(), error.to_string()))?;
        Ok(Self { set, patterns: texts.to_vec() })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether one of the patterns matches a path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// Texts that a rule must match, and must not.
#[derive(Debug, Clone, Default)]
pub struct RuleExamples {
    /// The path that they stand for.
    pub path: String,
    /// Each of these is a finding.
    pub matching: Vec<String>,
    /// None of these is.
    pub pass: Vec<String>,
}

/// A rule of a scan.
#[derive(Debug, Clone)]
pub struct ScanRule {
    /// `scan/name`.
    pub id: RuleId,
    /// The set that it belongs to.
    pub set: String,
    /// How much a finding weighs.
    pub level: Level,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What the rule says of itself.
    pub wording: Arc<Wording>,
    /// Languages that it reads; all if there is none.
    pub languages: Vec<Language>,
    /// Where it looks.
    pub area: Area,
    /// Paths that it looks at; all if there is none.
    pub include: PathPatterns,
    /// Paths that it does not look at.
    pub exclude: PathPatterns,
    /// What is forbidden or required.
    pub patterns: Vec<String>,
    /// What is no match although a pattern matches inside of it.
    pub except: Vec<String>,
    /// What the patterns can see.
    pub visible_kinds: TokenKindSet,
    /// Whether test code counts.
    pub tests: bool,
    /// What a match means.
    pub mode: MatchMode,
    /// Whether a comment may excuse a match.
    pub suppressible: Suppressible,
    /// Proofs.
    pub examples: RuleExamples,
    compiled_patterns: OnceLock<Result<Vec<Regex>, String>>,
    compiled_exceptions: OnceLock<Result<Vec<Regex>, String>>,
}

/// A mistake in a rule's file.
#[derive(Debug, Clone)]
pub struct RuleFault {
    /// The file.
    pub source: Arc<Source>,
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// The most bytes of a compiled pattern.
const MAX_PATTERN_BYTES: usize = 4 * 1024 * 1024;

impl ScanRule {
    /// Reads a rule's file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown or missing keys, values that mean
    /// nothing, patterns that are none; each with its place.
    pub fn read(source: &Arc<Source>) -> Result<Self, RuleFault> {
        let text = source.text().trim_start_matches('\u{feff}');
        let fault = |span, message| RuleFault { source: Arc::clone(source), span, message };
        let file: raw::RawScanRule = parse_yaml(text).map_err(|bad| fault(bad.span(source), bad.message))?;
        Self::from_raw(file, source)
    }

    /// Reads a rule that is written in another document.
    ///
    /// # Errors
    /// As [`ScanRule::read`]; places are looked for in the whole document.
    pub fn from_value(value: serde_yaml::Value, source: &Arc<Source>) -> Result<Self, RuleFault> {
        let id = value.get("id").and_then(|id| id.as_str()).unwrap_or("scan:").to_owned();
        let file: raw::RawScanRule = serde_yaml::from_value(value).map_err(|error| RuleFault {
            source: Arc::clone(source),
            span: find_span(source, &id),
            message: error.to_string(),
        })?;
        Self::from_raw(file, source)
    }

    fn from_raw(file: raw::RawScanRule, source: &Arc<Source>) -> Result<Self, RuleFault> {
        let fault = |(needle, message): (String, String)| RuleFault {
            source: Arc::clone(source),
            span: find_span(source, &needle),
            message,
        };
        let rule = valid::validate_rule(file).map_err(fault)?;
        rule.check_patterns().map_err(fault)?;
        Ok(rule)
    }

    /// Whether every pattern is one, and none matches everywhere.
    fn check_patterns(&self) -> Result<(), (String, String)> {
        for pattern in self.patterns.iter().chain(&self.except) {
            let regex = compile_pattern(pattern).map_err(|reason| (first_line(pattern), reason))?;
            if regex.is_match(b"") {
                return Err((first_line(pattern), "the pattern matches where nothing stands".into()));
            }
        }
        Ok(())
    }

    /// The patterns, compiled once.
    ///
    /// # Errors
    /// A pattern that is none (rules of files are checked when read).
    pub fn regexes(&self) -> Result<&[Regex], &str> {
        let compiled = self
            .compiled_patterns
            .get_or_init(|| self.patterns.iter().map(|pattern| compile_pattern(pattern)).collect());
        compiled.as_deref().map_err(String::as_str)
    }

    /// What is no match, compiled once.
    ///
    /// # Errors
    /// As [`ScanRule::regexes`].
    pub fn exceptions(&self) -> Result<&[Regex], &str> {
        let compiled = self
            .compiled_exceptions
            .get_or_init(|| self.except.iter().map(|one| compile_pattern(one)).collect());
        compiled.as_deref().map_err(String::as_str)
    }

    /// Whether it reads a language.
    #[must_use]
    pub fn supports_language(&self, language: Language) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }

    /// Whether it looks at a path.
    #[must_use]
    pub fn applies_to_path(&self, path: &str, is_product: bool) -> bool {
        (self.area == Area::Everywhere || is_product)
            && (self.include.is_empty() || self.include.matches(path))
            && !self.exclude.matches(path)
    }

    /// Whether a name in a comment means it: its id, with or without `scan/`.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        let id = self.id.as_str();
        name == id || id.strip_prefix("scan/") == Some(name)
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).multi_line(true).build().map_err(|error| {
        let text = error.to_string();
        let last = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(&text);
        format!("the pattern cannot be read: {last}")
    })
}
