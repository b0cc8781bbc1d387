//! Levels that a repository's configuration sets.

use std::collections::BTreeMap;

use crate::finding::{Level, RuleId};

/// What the configuration says of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelSetting {
    /// Findings have this level.
    At(Level),
    /// The check is skipped, and the report says so.
    Off,
}

/// Settings by rule id.
#[derive(Debug, Clone, Default)]
pub struct LevelSettings(pub BTreeMap<String, LevelSetting>);

impl LevelSettings {
    /// The setting of a rule, if there is one.
    #[must_use]
    pub fn get(&self, rule: &RuleId) -> Option<LevelSetting> {
        self.0.get(rule.as_str()).copied()
    }
}

/// A level by its word.
#[must_use]
pub fn parse_level(word: &str) -> Option<Level> {
    [Level::Error, Level::Warning, Level::Note].into_iter().find(|level| level.as_str() == word)
}

impl LevelSetting {
    /// A setting by its word: a level, or `off`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        if word == "off" { Some(Self::Off) } else { parse_level(word).map(Self::At) }
    }
}
