//! Rules: what is checked, in words. A rule's file holds its text, level,
//! references and parameters; the code that checks it holds none of them.

mod levels;
mod policy_code;
mod renamed;
mod yaml;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::finding::{Finding, Label, Level, RuleId, Wording};

pub use levels::{LevelSetting, LevelSettings, parse_level};
pub use renamed::canonical_rule_id;
pub use policy_code::{PolicyCode, find_policy_code, policy_codes};
pub use yaml::{YamlError, find_span, parse_yaml, parse_yaml_document};

/// A rule of the program. Its file is embedded and read on first use, so
/// that a gate which passes reads only the few that carry parameters.
#[derive(Debug)]
pub struct Rule {
    /// `family/name`, from the file's place.
    pub id: RuleId,
    yaml: &'static str,
    text: OnceLock<RuleText>,
}

/// What a rule's file tells.
#[derive(Debug, Clone)]
pub struct RuleText {
    /// How much a finding weighs unless the configuration says otherwise.
    pub level: Level,
    /// What it says of itself.
    pub wording: Wording,
    /// Lists that the check reads, by name.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// An example of what breaks it and of what satisfies it.
    pub example: Option<Example>,
}

/// An example in a rule's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What breaks the rule.
    pub bad: String,
    /// What satisfies it.
    pub good: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleFile {
    level: RuleFileLevel,
    summary: String,
    why: String,
    remedy: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    waivable_by: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
    example: Option<Example>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuleFileLevel {
    Error,
    Warning,
    Note,
}

/// Why a rule's file is no rule.
#[derive(Debug, thiserror::Error)]
#[error("rules/{id}.yaml: {reason}")]
pub struct RuleFileError {
    /// The rule.
    pub id: String,
    /// What the parser says.
    pub reason: String,
}

impl RuleText {
    /// Reads a rule's file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown or missing keys.
    pub fn parse(id: &str, yaml: &str) -> Result<Self, RuleFileError> {
        let bad = |error: serde_yaml::Error| RuleFileError { id: id.to_owned(), reason: error.to_string() };
        let file: RuleFile = serde_yaml::from_str(yaml).map_err(bad)?;
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self {
            level: match file.level {
                RuleFileLevel::Error => Level::Error,
                RuleFileLevel::Warning => Level::Warning,
                RuleFileLevel::Note => Level::Note,
            },
            wording: Wording {
                summary: line(&file.summary),
                why: line(&file.why),
                remedy: line(&file.remedy),
                references: file.references,
                waivable_by: file.waivable_by,
            },
            parameters: file.parameters,
            example: file.example,
        })
    }

    /// What stands in for a file that cannot be read: its findings are
    /// errors. Tests prove that no embedded file needs it.
    fn placeholder_for(bad: &RuleFileError) -> Self {
        let text = bad.to_string();
        Self {
            level: Level::Error,
            wording: Wording { summary: text.clone(), why: text.clone(), remedy: text, ..Wording::default() },
            parameters: BTreeMap::new(),
            example: None,
        }
    }
}

impl Rule {
    /// A rule whose file is part of the program.
    #[must_use]
    pub const fn embedded(id: &'static str, yaml: &'static str) -> Self {
        Self { id: RuleId::from_static(id), yaml, text: OnceLock::new() }
    }

    /// The file as it stands.
    #[must_use]
    pub fn yaml(&self) -> &'static str {
        self.yaml
    }

    /// What the file tells.
    #[must_use]
    pub fn text(&self) -> &RuleText {
        self.text.get_or_init(|| {
            RuleText::parse(self.id.as_str(), self.yaml).unwrap_or_else(|bad| RuleText::placeholder_for(&bad))
        })
    }

    /// A finding of this rule, at its level.
    #[must_use]
    pub fn finding(&self, message: impl Into<String>, primary: Label) -> Finding {
        Finding::new(self.id.clone(), message, primary).with_level(self.text().level)
    }

    /// A parameter's list; empty if the file has none of that name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &[String] {
        self.text().parameters.get(name).map_or(&[], Vec::as_slice)
    }
}
