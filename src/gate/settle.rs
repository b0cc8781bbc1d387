//! What a verdict becomes in the report: findings at the configured levels,
//! and the check's outcome.

use crate::check::{Registered, Verdict};
use crate::config::Config;
use crate::finding::{Finding, Level, Status};
use crate::rule::Setting;

/// Whether the configuration switches a rule off.
pub(super) fn is_off(config: &Config, entry: &Registered) -> bool {
    config.levels.get(&entry.rule.id) == Some(Setting::Off)
}

/// Puts findings at the levels that the configuration sets for their rule.
pub(super) fn levelled(config: &Config, entry: &Registered, findings: &mut [Finding]) {
    if let Some(Setting::At(level)) = config.levels.get(&entry.rule.id) {
        let own = entry.rule.text().level;
        findings.iter_mut().filter(|finding| finding.level == own).for_each(|finding| finding.level = level);
    }
}

/// The findings of a verdict at their levels, and how the check ended.
pub(super) fn settled(config: &Config, entry: &Registered, verdict: Verdict) -> (Status, Vec<Finding>) {
    match verdict {
        Verdict::Skipped(why) => (Status::Skipped(why), Vec::new()),
        Verdict::Judged(mut findings) => {
            levelled(config, entry, &mut findings);
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
