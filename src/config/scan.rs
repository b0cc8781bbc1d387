//! Settings of scans, validated.

use std::sync::Arc;

use crate::rule::{ValueError, ValueProblem, YamlNode};
use crate::scan::{
    AREA_KEYWORDS, AREA_KINDS, PathPatterns, RuleBudget, RuleFault, RuleOverride, ScanRule, ScanSettings,
    TEST_KEYWORDS, TREATMENTS, parse_keyword,
};
use crate::text::{Source, Span, Spanned};

use super::layout::validate_path;
use super::raw::{self, Text};

/// Build products and secrets that no repository should track.
const DEFAULT_ARTIFACTS: [&str; 14] = [
    "**/node_modules/**",
    "**/target/debug/**",
    "**/target/release/**",
    "**/__pycache__/**",
    "**/.venv/**",
    "**/*.pyc",
    "**/*.class",
    "**/*.o",
    "**/*.rlib",
    "**/.DS_Store",
    "**/Thumbs.db",
    "**/.env",
    "**/.env.local",
    "**/*.log",
];

pub(super) fn default_artifacts() -> PathPatterns {
    static PATTERNS: std::sync::OnceLock<PathPatterns> = std::sync::OnceLock::new();
    let read = || {
        let patterns = DEFAULT_ARTIFACTS.map(|pattern| Spanned::new(pattern.to_owned(), Span::default()));
        PathPatterns::read(&patterns).unwrap_or_default()
    };
    PATTERNS.get_or_init(read).clone()
}

/// Validates the key `scan`. `added` are the values of `scan.add`: an error in
/// one of them becomes a rule fault, which a scan reports.
pub(super) fn validate_scan(
    raw: raw::RawScan,
    added: &[YamlNode],
    source: &Arc<Source>,
) -> Result<ScanSettings, ValueError> {
    let patterns = |given: Option<Vec<Text>>| PathPatterns::read(&given.unwrap_or_default());
    let folders = |given: Vec<Text>| {
        given.iter().map(|text| validate_path(text, "folder")).collect::<Result<Vec<_>, _>>()
    };
    let rule_folders = raw.rules.map_or_else(Vec::new, |rules| rules.value.into_list(rules.span));
    let mut out = ScanSettings {
        product: patterns(raw.product)?,
        tests: patterns(raw.tests)?,
        exclude: patterns(raw.exclude)?,
        rule_folders: folders(rule_folders)?,
        baseline: raw.baseline.as_ref().map(|text| validate_path(text, "file")).transpose()?,
        gate_scans: raw.gate.unwrap_or_default(),
        migrations: folders(raw.migrations.unwrap_or_default())?,
        backends: raw.backends.unwrap_or_default(),
        artifacts: match raw.artifacts {
            Some(given) => PathPatterns::read(&given)?,
            None => default_artifacts(),
        },
        large_file_bytes: raw.large,
        ..ScanSettings::default()
    };
    let mut budget = RuleBudget::default();
    for node in added {
        match ScanRule::from_node(node, source) {
            Ok(rule) => {
                if let Err(message) = budget.add(&rule) {
                    let span = rule.spans.id;
                    out.rule_faults.push(RuleFault { source: Arc::clone(source), span, message });
                    break;
                }
                if out.inline_rules.iter().any(|(other, _)| other.id == rule.id) {
                    let (id, rest) = (rule.id.to_string(), "`scan.add` has another rule with this id");
                    return Err(ValueError::new(rule.spans.id, ValueProblem::DuplicateRule { id, rest }));
                }
                out.inline_rules.push((rule, Arc::clone(source)));
            }
            Err(fault) => out.rule_faults.push(fault),
        }
    }
    for (area, treatment) in raw.areas.0 {
        let kind = parse_keyword("area", Some(&area), &AREA_KINDS)?;
        out.treatments.insert(kind, parse_keyword("treatment of an area", Some(&treatment), &TREATMENTS)?);
    }
    for (name, paths) in raw.layers.0 {
        out.layers.insert(name.value, PathPatterns::read(&paths)?);
    }
    for (name, subjects) in raw.vocabulary.0 {
        let subjects = subjects.iter().map(read_subject).collect::<Result<_, _>>()?;
        out.vocabularies.insert(name.value, subjects);
    }
    for (id, change) in raw.overrides.0 {
        let read = |given: Option<Vec<Text>>| given.map(|texts| PathPatterns::read(&texts)).transpose();
        let change = RuleOverride {
            include: read(change.include)?,
            exclude: read(change.exclude)?,
            area: change.area.map(|area| parse_keyword("area", Some(&area), &AREA_KEYWORDS)).transpose()?,
            tests: change
                .tests
                .map(|tests| parse_keyword("value of `tests`", Some(&tests), &TEST_KEYWORDS))
                .transpose()?,
        };
        out.overrides.insert(id.value, change);
    }
    Ok(out)
}

/// Reads a subject of a vocabulary: one or two words in small letters.
fn read_subject(text: &Text) -> Result<String, ValueError> {
    let words: Vec<&str> = text.value.split(' ').collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if words.len() <= 2 && words.iter().all(is_word) {
        return Ok(text.value.clone());
    }
    Err(ValueError::form("subject", text, "one or two words in small letters, such as `mock server`"))
}
