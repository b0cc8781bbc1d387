//! What a verdict becomes in the report: findings at the configured levels,
//! and the check's outcome.

use crate::check::{CheckResult, Registered};
use crate::config::Config;
use crate::finding::{CheckStatus, Finding, Level, RuleId};
use crate::rule::LevelSetting;
use crate::scan::ScanRule;

/// A rule that was asked: one of the registry, or one of a scan.
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

/// Whether the configuration switches a rule off.
pub(crate) fn is_disabled(config: &Config, id: &RuleId) -> bool {
    config.levels.get(id) == Some(LevelSetting::Off)
}

/// Puts findings at the levels that the configuration sets for their rule.
pub(crate) fn apply_level_overrides(config: &Config, asked: &RuleRef, findings: &mut [Finding]) {
    if let Some(LevelSetting::At(level)) = config.levels.get(asked.id()) {
        let own = asked.level();
        findings.iter_mut().filter(|finding| finding.level == own).for_each(|finding| finding.level = level);
    }
}

/// The findings of a verdict at their levels, and how the check ended.
pub(crate) fn resolve_outcome(
    config: &Config,
    asked: &RuleRef,
    verdict: CheckResult,
) -> (CheckStatus, Vec<Finding>) {
    match verdict {
        CheckResult::Skipped(why) => (CheckStatus::Skipped(why), Vec::new()),
        CheckResult::Findings(mut findings) => {
            apply_level_overrides(config, asked, &mut findings);
            (status_of(&findings), findings)
        }
    }
}

/// How a check with these findings ended.
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
