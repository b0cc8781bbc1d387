//! Scan settings of a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::area_kind::{AreaKind, Treatment};
use super::rule::{PathPatterns, RuleArea, RuleFault, ScanRule};
use crate::text::Source;

/// Scan settings of a repository; the default contains no settings.
#[derive(Debug, Clone, Default)]
pub struct ScanSettings {
    /// Paths of the product's own code; if empty, package manifests decide.
    pub product: PathPatterns,
    /// Paths of test code, in addition to those detected by name and folder.
    pub tests: PathPatterns,
    /// Paths that scans skip.
    pub exclude: PathPatterns,
    /// Which rules apply to an area, where the repository changes it.
    pub(crate) treatments: BTreeMap<AreaKind, Treatment>,
    /// Paths of layers that rules need, by the name of the layer.
    pub layers: BTreeMap<String, PathPatterns>,
    /// What the product is about, by the name of a vocabulary: words that are no stand-ins there.
    pub vocabularies: BTreeMap<String, Vec<String>>,
    /// Folders of rule files.
    pub rule_folders: Vec<String>,
    /// Rules written in the configuration itself.
    pub inline_rules: Vec<(ScanRule, Arc<Source>)>,
    /// Errors of rules in the configuration that cannot be read.
    pub rule_faults: Vec<RuleFault>,
    /// Overrides of rules, by rule id.
    pub overrides: BTreeMap<String, RuleOverride>,
    /// Path of the baseline file.
    pub baseline: Option<String>,
    /// Names of the scans that `post-work` runs.
    pub gate_scans: Vec<String>,
    /// Folders of migrations; empty means every folder with the name `migrations`.
    pub migrations: Vec<String>,
    /// Names of database back ends; each must have the migrations of the others.
    pub backends: Vec<String>,
    /// Patterns of artifacts, which must not be tracked.
    pub artifacts: PathPatterns,
    /// Size in bytes above which an untracked file is reported as large.
    pub large_file_bytes: Option<u64>,
}

/// Overrides of a rule in the configuration of a repository.
#[derive(Debug, Clone, Default)]
pub struct RuleOverride {
    /// Paths that the rule applies to, instead of its own.
    pub include: Option<PathPatterns>,
    /// Paths that the rule skips, instead of its own.
    pub exclude: Option<PathPatterns>,
    /// The area in which the rule applies.
    pub area: Option<RuleArea>,
    /// Whether the rule applies to test code.
    pub tests: Option<bool>,
}

impl RuleOverride {
    /// Returns the rule with the overrides applied.
    #[must_use]
    pub fn apply(&self, mut rule: ScanRule) -> ScanRule {
        rule.include = self.include.clone().unwrap_or(rule.include);
        if let (Some(_), Some(layer)) = (&self.exclude, rule.layer.as_mut()) {
            layer.servers = PathPatterns::default();
        }
        rule.exclude = self.exclude.clone().unwrap_or(rule.exclude);
        rule.area = self.area.unwrap_or(rule.area);
        rule.tests = self.tests.unwrap_or(rule.tests);
        rule
    }
}

impl ScanSettings {
    /// Returns which rules apply to an area.
    #[must_use]
    pub(crate) fn treatment(&self, kind: AreaKind) -> Treatment {
        match kind {
            AreaKind::Excluded => Treatment::Skip,
            kind => self.treatments.get(&kind).copied().unwrap_or_else(|| kind.default_treatment()),
        }
    }
}
