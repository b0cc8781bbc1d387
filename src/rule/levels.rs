//! Levels that a repository's configuration sets.

use std::collections::BTreeMap;

use crate::finding::{Level, RuleId};

/// Configured level of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LevelSetting {
    /// Findings have this level.
    At(Level),
    /// The check is skipped, and the report shows that it was.
    Off,
}

/// Configured levels by rule id.
#[derive(Debug, Clone, Default)]
pub(crate) struct LevelSettings(pub BTreeMap<String, LevelSetting>);

impl LevelSettings {
    /// Returns the configured level of a rule; `None` if there is none.
    #[must_use]
    pub(crate) fn get(&self, rule: &RuleId) -> Option<LevelSetting> {
        self.0.get(rule.as_str()).copied()
    }
}

/// Reads the name of a level; `None` if it is unknown.
#[must_use]
pub(crate) fn parse_level(name: &str) -> Option<Level> {
    [Level::Error, Level::Warning, Level::Note].into_iter().find(|level| level.as_str() == name)
}

impl LevelSetting {
    /// Names of all settings.
    pub(crate) const NAMES: [&str; 4] = ["error", "warning", "note", "off"];

    /// Reads a setting: the name of a level, or `off`; `None` if it is unknown.
    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == "off" { Some(Self::Off) } else { parse_level(name).map(Self::At) }
    }
}
