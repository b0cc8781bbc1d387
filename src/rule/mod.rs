//! Rules as data. A rule's file holds its text, level, references and
//! parameters; the code that checks it holds none of them.

mod hint;
mod levels;
mod policy_code;
mod profile;
mod renamed;
mod value_error;
mod yaml;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::finding::{Finding, Label, Level, RuleId, Wording};
use crate::text::Spanned;

pub(crate) use hint::did_you_mean;
pub(crate) use levels::{LevelSetting, LevelSettings, parse_level};
pub(crate) use policy_code::{PolicyCode, find_policy_code, policy_codes};
pub(crate) use profile::{Profile, profile_texts};
pub(crate) use renamed::canonical_rule_id;
pub(crate) use value_error::{ValueError, ValueProblem};
pub(crate) use yaml::{YamlError, YamlMap, YamlNode, YamlProblem, parse_yaml, parse_yaml_tree};

#[cfg(test)]
pub(crate) use yaml::oracle;

/// Names of the levels that a rule may have.
pub(crate) const LEVEL_NAMES: [&str; 3] = ["error", "warning", "note"];

/// A rule of the program. Its file is embedded and parsed on first use, so
/// that a gate run without findings parses only the files with parameters.
#[derive(Debug)]
pub struct Rule {
    /// `family/name`, from the path of its file.
    pub id: RuleId,
    yaml: &'static str,
    text: OnceLock<RuleText>,
}

/// Content of a rule's file.
#[derive(Debug, Clone)]
pub struct RuleText {
    /// Level of its findings, unless the configuration sets another.
    pub level: Level,
    /// Summary, reason, remedy and references.
    pub wording: Wording,
    /// Lists that the check reads, by name.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// One text that breaks the rule and one that satisfies it.
    pub example: Option<Example>,
}

/// Example in a rule's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Text that breaks the rule.
    pub bad: String,
    /// Text that satisfies it.
    pub good: String,
}

/// A rule's file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleFile {
    level: Spanned<String>,
    summary: String,
    why: String,
    remedy: String,
    #[serde(default, rename = "fence-remedy")]
    fence_remedy: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    waivable_by: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
    example: Option<Example>,
}

/// A rule's file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("rules/{id}.yaml:{line}: {error}")]
pub struct RuleFileError {
    /// Id of the rule.
    pub id: String,
    /// Line of the error, from 1.
    pub line: usize,
    /// What is wrong.
    pub error: ValueError,
}

impl RuleText {
    /// Reads a rule's file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown or missing keys, an unknown level.
    pub fn parse(id: &str, yaml: &str) -> Result<Self, RuleFileError> {
        Self::read(yaml).map_err(|error| {
            let before = yaml.get(..error.span.start).unwrap_or(yaml);
            let line = before.matches('\n').count() + 1;
            RuleFileError { id: id.to_owned(), line, error }
        })
    }

    fn read(yaml: &str) -> Result<Self, ValueError> {
        let file: RuleFile = parse_yaml(yaml)?;
        let level = parse_level(&file.level.value)
            .ok_or_else(|| ValueError::keyword("level", &file.level, LEVEL_NAMES.to_vec()))?;
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self {
            level,
            wording: Wording {
                summary: line(&file.summary),
                why: line(&file.why),
                remedy: line(&file.remedy),
                fence_remedy: line(&file.fence_remedy),
                references: file.references,
                waivable_by: file.waivable_by,
            },
            parameters: file.parameters,
            example: file.example,
        })
    }

    /// Returns the content used for a file that cannot be read: its findings
    /// are errors. Tests show that no embedded file needs it.
    fn placeholder_for(error: &RuleFileError) -> Self {
        let text = error.to_string();
        Self {
            level: Level::Error,
            wording: Wording { summary: text.clone(), why: text.clone(), remedy: text, ..Wording::default() },
            parameters: BTreeMap::new(),
            example: None,
        }
    }
}

impl Rule {
    /// Makes a rule whose file is embedded in the program.
    #[must_use]
    pub const fn embedded(id: &'static str, yaml: &'static str) -> Self {
        Self { id: RuleId::from_static(id), yaml, text: OnceLock::new() }
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn yaml(&self) -> &'static str {
        self.yaml
    }

    /// Returns the content of the file; parses it on the first call.
    #[must_use]
    pub fn text(&self) -> &RuleText {
        self.text.get_or_init(|| {
            RuleText::parse(self.id.as_str(), self.yaml)
                .unwrap_or_else(|error| RuleText::placeholder_for(&error))
        })
    }

    /// Makes a finding of this rule, at its level.
    #[must_use]
    pub fn finding(&self, message: impl Into<String>, primary: Label) -> Finding {
        Finding::new(self.id.clone(), message, primary).with_level(self.text().level)
    }

    /// Returns the list of a parameter; empty if the file has no parameter of that name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &[String] {
        self.text().parameters.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Compares a text, read as a rule's file.
#[cfg(test)]
pub(crate) fn compare_rule_file(both: &oracle::BothParsers<'_>) -> oracle::Comparison {
    both.compare::<RuleFile>()
}
