//! Profiles: how much ceremony a repository wants.
//!
//! `rules/profiles.yaml` lists for each profile the rules that do not run in it. The
//! documentation and `countersign rules` show the same file.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::finding::RuleId;

use super::parse_yaml;

const PROFILES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/profiles.yaml"));

/// How much ceremony a repository wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Profile {
    /// The scope is in the configuration; there are no packets.
    Fence,
    /// Packets with scope, test plan and done-means.
    Standard,
    /// Packets with signed refinements; a configuration without `profile:`.
    #[default]
    Full,
}

impl Profile {
    /// Names of all profiles, from the least ceremony to the most.
    pub(crate) const NAMES: [&str; 3] = ["fence", "standard", "full"];

    /// Reads a name; `None` if there is no such profile.
    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Fence, Self::Standard, Self::Full].into_iter().find(|profile| profile.as_str() == name)
    }

    /// Returns the name in configurations and reports.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fence => "fence",
            Self::Standard => "standard",
            Self::Full => "full",
        }
    }

    /// Returns whether a rule does not run in this profile.
    #[must_use]
    pub(crate) fn leaves_out(self, rule: &RuleId) -> bool {
        let text = profile_texts().iter().find(|text| text.name == self.as_str());
        text.is_some_and(|text| text.off.iter().any(|pattern| matches_rule(pattern, rule)))
    }
}

/// Returns whether a pattern is the rule's id, or `family/*` with its family.
#[must_use]
pub(crate) fn matches_rule(pattern: &str, rule: &RuleId) -> bool {
    pattern.strip_suffix("/*").map_or(pattern == rule.as_str(), |family| family == rule.family())
}

/// A profile as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileText {
    pub name: String,
    /// What the contract of the work is.
    pub contract: String,
    /// Which files it needs.
    pub needs: String,
    /// What is judged.
    pub judged: String,
    /// Rules and families that do not run.
    pub off: Vec<String>,
}

/// Returns all profiles, from the least ceremony to the most.
#[must_use]
pub(crate) fn profile_texts() -> &'static [ProfileText] {
    static PARSED: OnceLock<Vec<ProfileText>> = OnceLock::new();
    // A test proves that the embedded file can be read.
    PARSED.get_or_init(|| parse_yaml(PROFILES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lists_every_profile() {
        let texts: Vec<ProfileText> = parse_yaml(PROFILES).unwrap();
        let names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
        assert_eq!(names, Profile::NAMES);
        for name in names {
            assert_eq!(Profile::parse(name).map(Profile::as_str), Some(name));
        }
    }
}
