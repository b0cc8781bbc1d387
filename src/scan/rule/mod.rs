//! Scan rules: patterns that are forbidden or required, the files they apply
//! to, and the texts of their findings. A rule is a YAML file without code.

mod budget;
mod embedded;
mod layer;
mod raw;
mod required_literals;
mod samples;
mod server_mark;
mod valid;
mod vocabulary;

use std::sync::{Arc, OnceLock};

use globset::{GlobSet, GlobSetBuilder};
use regex::bytes::{Regex, RegexBuilder};

use crate::finding::{Level, RuleId, Wording};
use crate::rule::{ValueError, ValueProblem, YamlNode, YamlProblem, canonical_rule_id, parse_yaml_tree};
use crate::text::{Source, Span, Spanned, compile_repo_glob};

use super::area_kind::Treatment;
use super::language::Language;
use super::token_map::TokenKindSet;

pub(crate) use budget::RuleBudget;
pub(crate) use layer::RuleLayer;

pub(crate) use embedded::{embedded, embedded_ids, embedded_sets, find_embedded};
pub(super) use required_literals::required_literals;
pub(super) use samples::derive_samples;
pub(crate) use valid::{AREA_KEYWORDS, TEST_KEYWORDS, parse_keyword};
pub(crate) use vocabulary::RuleVocabulary;

/// Files of a repository that a rule applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleArea {
    /// The product's own code.
    Product,
    /// Every file.
    Everywhere,
}

/// Meaning of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchMode {
    /// A match is a finding.
    Forbid,
    /// A file in which a pattern does not match is a finding.
    Require,
}

/// Whether a comment may suppress a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressible {
    /// Yes, with a reason.
    WithReason,
    /// Yes, with a reason; in a gate also with a waiver of the packet.
    WithWaiver,
    /// No.
    Never,
}

/// Patterns of paths below the root of a repository.
#[derive(Debug, Clone, Default)]
pub struct PathPatterns {
    set: GlobSet,
    patterns: Vec<String>,
}

impl PathPatterns {
    /// Reads patterns: `*` does not match `/`, `**` does, a trailing `/` means
    /// all files below.
    ///
    /// # Errors
    /// The first pattern that is not valid, with its span.
    pub fn read(texts: &[Spanned<String>]) -> Result<Self, ValueError> {
        let mut set = GlobSetBuilder::new();
        for text in texts {
            let pattern = text.value.as_str();
            let is_inside = !pattern.is_empty()
                && !pattern.starts_with('/')
                && !pattern.contains('\\')
                && pattern.split('/').all(|name| !matches!(name, "." | ".."));
            if !is_inside {
                let expected = "a pattern relative to the root of the repository";
                return Err(ValueError::form("path pattern", text, expected));
            }
            if pattern.contains(['{', '}', '?']) {
                let expected = "only the wildcards `*` and `**`; write one pattern per alternative";
                return Err(ValueError::form("path pattern", text, expected));
            }
            let whole = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern.to_owned() };
            let glob = compile_repo_glob(&whole);
            let invalid = |error: globset::Error| {
                ValueError::form("path pattern", text, &format!("a valid pattern ({})", error.kind()))
            };
            set.add(glob.map_err(invalid)?);
        }
        let span = texts.first().map(|text| text.span).unwrap_or_default();
        let too_large = |error: globset::Error| {
            ValueError::new(span, ValueProblem::Pattern(format!("the path patterns cannot be used: {error}")))
        };
        let set = set.build().map_err(too_large)?;
        Ok(Self { set, patterns: texts.iter().map(|text| text.value.clone()).collect() })
    }

    /// Whether there are no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a pattern matches a path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

/// Texts that a rule must match and texts that it must not match.
#[derive(Debug, Clone, Default)]
pub struct RuleExamples {
    /// Path at which the rule is run over them.
    pub path: String,
    /// Texts with a finding.
    pub matching: Vec<String>,
    /// Texts without a finding.
    pub pass: Vec<String>,
}

/// Bytes of a rule's file that findings about the rule point at.
#[derive(Debug, Clone, Default)]
pub struct RuleSpans {
    /// The id.
    pub id: Span,
    /// The path of the examples; the examples if the path is the default.
    pub example_path: Span,
    /// The texts in `examples: match`.
    pub matching: Vec<Span>,
    /// The texts in `examples: pass`.
    pub pass: Vec<Span>,
}

/// When a pattern of a rule counts in a file.
#[derive(Debug, Clone)]
pub(crate) struct PatternCondition {
    /// Index of the pattern.
    pub pattern: usize,
    /// A regular expression that must match somewhere in the file.
    pub requires: Option<String>,
    /// A regular expression that must not match in the file.
    pub unless: Option<String>,
    /// `requires` and `unless`, compiled.
    compiled: OnceLock<Result<[Option<Regex>; 2], String>>,
}

/// A rule of a scan.
#[derive(Debug, Clone)]
pub struct ScanRule {
    /// `scan/name`.
    pub id: RuleId,
    /// Name of the set of rules that it is part of.
    pub set: String,
    /// Level of its findings.
    pub level: Level,
    /// Message of its findings: one sentence without a full stop.
    pub message: String,
    /// Summary, reason, remedy and references.
    pub wording: Arc<Wording>,
    /// Languages that it applies to; all if empty.
    pub languages: Vec<Language>,
    /// Files that it applies to.
    pub area: RuleArea,
    /// Paths that it applies to; all if empty.
    pub include: PathPatterns,
    /// Paths that it does not apply to.
    pub exclude: PathPatterns,
    /// The layer to which its patterns belong, if it is about a layer.
    pub(crate) layer: Option<RuleLayer>,
    /// Words of its patterns that can name a subject of the product.
    pub(crate) vocabulary: Option<RuleVocabulary>,
    /// Regular expressions that are forbidden or required.
    pub patterns: Vec<String>,
    /// Patterns that count only in some files.
    pub(crate) conditions: Vec<PatternCondition>,
    /// Regular expressions whose matches are ignored, with all matches inside. A group `at`
    /// is the part that is ignored.
    pub except: Vec<String>,
    /// Whether a handler of an exception that raises again is not a finding (Python).
    pub(crate) only_swallowing: bool,
    /// Kinds of tokens that the patterns see.
    pub visible_kinds: TokenKindSet,
    /// Whether it applies to test code.
    pub tests: bool,
    /// Meaning of a match.
    pub mode: MatchMode,
    /// Whether a comment may suppress a match.
    pub suppressible: Suppressible,
    /// Whether `\b` in its patterns is a boundary of ASCII words. A search for other
    /// boundaries is many times slower in a text with other letters; the matcher checks
    /// the letter before a match.
    pub(crate) has_ascii_boundaries: bool,
    /// Texts that test the rule.
    pub examples: RuleExamples,
    /// Positions in its file.
    pub spans: RuleSpans,
    compiled_patterns: OnceLock<Result<Vec<Regex>, String>>,
    compiled_exceptions: OnceLock<Result<Vec<Regex>, String>>,
}

/// An error in a rule's file.
#[derive(Debug, Clone)]
pub struct RuleFault {
    /// The file.
    pub source: Arc<Source>,
    /// Bytes of the file that are wrong.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// Maximum size of a compiled pattern in bytes.
const MAX_PATTERN_BYTES: usize = 4 * 1024 * 1024;

impl ScanRule {
    /// Reads a rule's file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown or missing keys, invalid values or
    /// patterns; each with its span.
    pub fn read(source: &Arc<Source>) -> Result<Self, RuleFault> {
        let fault = |error: ValueError| RuleFault::new(source, error);
        let root = parse_yaml_tree(source.text()).map_err(|error| fault(error.into()))?;
        match root {
            Some(root) => Self::from_node(&root, source),
            None => Err(fault(ValueError::new(Span::default(), ValueProblem::Yaml(YamlProblem::Empty)))),
        }
    }

    /// Reads a rule that is a part of another document, `source`.
    ///
    /// # Errors
    /// As [`ScanRule::read`].
    pub fn from_node(node: &YamlNode, source: &Arc<Source>) -> Result<Self, RuleFault> {
        let file: Result<raw::RawScanRule, ValueError> = node.read().map_err(ValueError::from);
        let valid = file.and_then(|file| {
            valid::check_patterns(&file)?;
            valid::validate_rule(file, node.span)
        });
        valid.map_err(|error| RuleFault::new(source, error))
    }

    /// Reads a rule of this program, whose patterns the tests compile.
    ///
    /// # Errors
    /// As [`ScanRule::read`], apart from patterns.
    pub(super) fn read_embedded(source: &Arc<Source>) -> Result<Self, ValueError> {
        let empty = || ValueError::new(Span::default(), ValueProblem::Yaml(YamlProblem::Empty));
        let root = parse_yaml_tree(source.text())?.ok_or_else(empty)?;
        valid::validate_rule(root.read::<raw::RawScanRule>()?, root.span)
    }

    /// Returns the compiled patterns; compiles them on the first call.
    ///
    /// # Errors
    /// An invalid pattern; patterns of files are checked when they are read.
    pub fn regexes(&self) -> Result<&[Regex], &str> {
        let compiled = self
            .compiled_patterns
            .get_or_init(|| self.patterns.iter().map(|pattern| self.compile(pattern)).collect());
        compiled.as_deref().map_err(String::as_str)
    }

    /// Returns the compiled exceptions; compiles them on the first call.
    ///
    /// # Errors
    /// As [`ScanRule::regexes`].
    pub fn exceptions(&self) -> Result<&[Regex], &str> {
        let compiled = self
            .compiled_exceptions
            .get_or_init(|| self.except.iter().map(|one| self.compile(one)).collect());
        compiled.as_deref().map_err(String::as_str)
    }

    /// Returns whether a pattern counts in a file, given the text that patterns see.
    ///
    /// # Errors
    /// As [`ScanRule::regexes`].
    pub(crate) fn is_pattern_active(&self, pattern: usize, text: &[u8]) -> Result<bool, String> {
        for condition in self.conditions.iter().filter(|condition| condition.pattern == pattern) {
            let compile = |one: &Option<String>| one.as_deref().map(|one| self.compile(one)).transpose();
            let compiled = condition
                .compiled
                .get_or_init(|| Ok([compile(&condition.requires)?, compile(&condition.unless)?]));
            let [requires, unless] = compiled.as_ref().map_err(Clone::clone)?;
            let is_missing = requires.as_ref().is_some_and(|one| !one.is_match(text));
            if is_missing || unless.as_ref().is_some_and(|one| one.is_match(text)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn compile(&self, pattern: &str) -> Result<Regex, String> {
        if self.has_ascii_boundaries {
            return compile_pattern(&pattern.replace(r"\b", r"(?-u:\b)"));
        }
        compile_pattern(pattern)
    }

    /// Whether the rule applies to a language.
    #[must_use]
    pub fn supports_language(&self, language: Language) -> bool {
        // The script of a component is TypeScript or JavaScript.
        let is_script = |own: &Language| matches!(own, Language::TypeScript | Language::JavaScript);
        self.languages.is_empty()
            || self.languages.contains(&language)
            || (language.is_component() && self.languages.iter().any(is_script))
    }

    /// Whether the rule applies to a path in an area with this treatment.
    #[must_use]
    pub(crate) fn applies_to_path(&self, path: &str, treatment: Treatment) -> bool {
        let applies = match treatment {
            Treatment::Skip => false,
            Treatment::Limited => self.area == RuleArea::Everywhere,
            Treatment::Tests => self.tests,
            Treatment::Product => true,
        };
        let is_server = self.layer.as_ref().is_some_and(|layer| layer.is_server(path));
        let is_excluded = is_server || self.exclude.matches(path);
        applies && (self.include.is_empty() || self.include.matches(path)) && !is_excluded
    }

    /// Whether a name in a comment is the rule's id, with or without `scan/`,
    /// or its former id.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        let (id, name) = (self.id.as_str(), canonical_rule_id(name).unwrap_or(name));
        name == id || id.strip_prefix("scan/") == Some(name)
    }
}

impl RuleFault {
    fn new(source: &Arc<Source>, error: ValueError) -> Self {
        Self { source: Arc::clone(source), span: error.span, message: error.problem.to_string() }
    }
}

/// Checks that a pattern is a regular expression and does not match the empty text.
fn check_pattern(pattern: &Spanned<String>) -> Result<(), ValueError> {
    let problem = match compile_pattern(&pattern.value) {
        Ok(regex) if regex.is_match(b"") => "the pattern matches the empty text".to_owned(),
        Ok(_) => return Ok(()),
        Err(reason) => reason,
    };
    Err(ValueError::new(pattern.span, ValueProblem::Pattern(problem)))
}

fn compile_pattern(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).multi_line(true).build().map_err(|error| {
        let text = error.to_string();
        let last = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(&text);
        format!("invalid pattern: {last}")
    })
}

/// Compares a text, read as a scan rule's file.
#[cfg(test)]
pub(crate) fn compare_scan_rule_file(
    both: &crate::rule::oracle::BothParsers<'_>,
) -> crate::rule::oracle::Comparison {
    both.compare::<raw::RawScanRule>()
}

/// Compares the rules in `scan: add` of a configuration: if one of them is
/// refused, the earlier parser refuses them all.
#[cfg(test)]
pub(crate) fn compare_added_rules(text: &str, added: &[YamlNode]) -> crate::rule::oracle::Comparison {
    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct AddedRules {
        scan: Option<AddedRulesKey>,
    }
    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct AddedRulesKey {
        add: Option<Vec<raw::RawScanRule>>,
    }
    let before = serde_yaml::from_str::<AddedRules>(text).map_err(|error| error.to_string());
    let before = before.map(|file| file.scan.and_then(|scan| scan.add).unwrap_or_default());
    let now = added.iter().map(YamlNode::read).collect::<Result<Vec<raw::RawScanRule>, _>>();
    crate::rule::oracle::compare_results(text, &before, &now)
}
