//! Levels that a repository's configuration sets.

use std::collections::BTreeMap;

use crate::finding::{Level, RuleId};

/// What the configuration says of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Findings have this level.
    At(Level),
    /// The check is skipped, and the report says so.
    Off,
}

/// Settings by rule id.
#[derive(Debug, Clone, Default)]
pub struct Levels(pub BTreeMap<String, Setting>);

impl Levels {
    /// The setting of a rule, if there is one.
    #[must_use]
    pub fn get(&self, rule: &RuleId) -> Option<Setting> {
        self.0.get(rule.as_str()).copied()
    }
}
