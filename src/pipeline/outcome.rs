//! From a check's result to the report: findings at their configured levels,
//! and the check's outcome.

use crate::check::{CheckResult, Registered};
use crate::config::Config;
use crate::finding::{CheckStatus, Finding, Level, RuleId};
use crate::rule::LevelSetting;
use crate::scan::ScanRule;

/// A rule that was run: one of the registry, or one of a scan.
#[derive(Clone)]
pub(crate) enum RuleRef {
    Registered(&'static Registered),
    Scan(RuleId, Level),
}

impl RuleRef {
    pub(crate) fn from_scan_rule(rule: &ScanRule) -> Self {
        Self::Scan(rule.id.clone(), rule.level)
    }

    pub(crate) fn id(&self) -> &RuleId {
        match self {
            Self::Registered(entry) => &entry.rule.id,
            Self::Scan(id, _) => id,
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Registered(entry) => entry.rule.text().level,
            Self::Scan(_, level) => *level,
        }
    }
}

/// Returns true if the configuration switches a rule off.
pub(crate) fn is_disabled(config: &Config, id: &RuleId) -> bool {
    config.levels.get(id) == Some(LevelSetting::Off)
}

/// Sets findings to the level that the configuration gives their rule.
/// Findings that a check reported at another level than its rule's own keep
/// theirs.
pub(crate) fn apply_level_overrides(config: &Config, rule_ref: &RuleRef, findings: &mut [Finding]) {
    if let Some(LevelSetting::At(level)) = config.levels.get(rule_ref.id()) {
        let default_level = rule_ref.level();
        findings
            .iter_mut()
            .filter(|finding| finding.level == default_level)
            .for_each(|finding| finding.level = level);
    }
}

/// Returns the status of a check and its findings at their configured levels.
pub(crate) fn resolve_outcome(
    config: &Config,
    rule_ref: &RuleRef,
    result: CheckResult,
) -> (CheckStatus, Vec<Finding>) {
    match result {
        CheckResult::Skipped(reason) => (CheckStatus::Skipped(reason), Vec::new()),
        CheckResult::Findings(mut findings) => {
            apply_level_overrides(config, rule_ref, &mut findings);
            (status_of(&findings), findings)
        }
    }
}

/// Returns the status of a check that reported these findings.
pub(crate) fn status_of(findings: &[Finding]) -> CheckStatus {
    if findings.iter().any(Finding::fails_gate) {
        return CheckStatus::Failed;
    }
    let mut waivers: Vec<String> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .filter_map(|finding| finding.waived_by.clone())
        .collect();
    waivers.sort();
    waivers.dedup();
    if waivers.is_empty() { CheckStatus::Passed } else { CheckStatus::Waived(waivers) }
}
