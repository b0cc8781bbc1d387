//! Levels that a repository's configuration sets.

use std::collections::BTreeMap;

use crate::finding::{Level, RuleId};

use super::Profile;

/// Configured level of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LevelSetting {
    /// Findings have this level.
    At(Level),
    /// The check is skipped, and the report shows that it was.
    Off,
}

/// Configured levels of rules and families, and the profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct LevelSettings {
    /// Levels by rule id, or by `family/*`.
    pub set: BTreeMap<String, LevelSetting>,
    /// The profile, which switches rules off that have no level here.
    pub profile: Profile,
}

impl LevelSettings {
    /// Returns the level of a rule: its own, otherwise that of its family, otherwise
    /// the one of the profile; `None` if nothing sets it.
    #[must_use]
    pub(crate) fn get(&self, rule: &RuleId) -> Option<LevelSetting> {
        let own = self.set.get(rule.as_str());
        let configured = own.or_else(|| self.set.get(&format!("{}/*", rule.family()))).copied();
        configured.or_else(|| self.profile.leaves_out(rule).then_some(LevelSetting::Off))
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
