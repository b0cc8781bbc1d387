//! What a verdict becomes in the report: findings at the configured levels,
//! and the check's outcome.

use crate::check::{Registered, Verdict};
use crate::config::Config;
use crate::finding::{Finding, Level, RuleId, Status};
use crate::rule::Setting;
use crate::scan::ScanRule;

/// A rule that was asked: one of the registry, or one of a scan.
#[derive(Clone)]
pub(super) enum Asked {
    Registered(&'static Registered),
    Scan(RuleId, Level),
}

impl Asked {
    pub(super) fn scan(rule: &ScanRule) -> Self {
        Self::Scan(rule.id.clone(), rule.level)
    }

    pub(super) fn id(&self) -> &RuleId {
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
pub(super) fn is_off(config: &Config, id: &RuleId) -> bool {
    config.levels.get(id) == Some(Setting::Off)
}

/// Puts findings at the levels that the configuration sets for their rule.
pub(super) fn levelled(config: &Config, asked: &Asked, findings: &mut [Finding]) {
    if let Some(Setting::At(level)) = config.levels.get(asked.id()) {
        let own = asked.level();
        findings.iter_mut().filter(|finding| finding.level == own).for_each(|finding| finding.level = level);
    }
}

/// The findings of a verdict at their levels, and how the check ended.
pub(super) fn settled(config: &Config, asked: &Asked, verdict: Verdict) -> (Status, Vec<Finding>) {
    match verdict {
        Verdict::Skipped(why) => (Status::Skipped(why), Vec::new()),
        Verdict::Judged(mut findings) => {
            levelled(config, asked, &mut findings);
            (status_of(&findings), findings)
        }
    }
}

/// How a check with these findings ended.
pub(crate) fn status_of(findings: &[Finding]) -> Status {
    if findings.iter().any(Finding::fails) {
        return Status::Failed;
    }
    let mut waivers: Vec<String> = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .filter_map(|finding| finding.waived_by.clone())
        .collect();
    waivers.sort();
    waivers.dedup();
    if waivers.is_empty() { Status::Passed } else { Status::Waived(waivers) }
}
