//! Adds the results of steps to the report of a gate.

use crate::check::{CheckResult, find_rule};
use crate::config::Config;
use crate::finding::{Finding, Report, StepReport, StepStatus};
use crate::pipeline::outcome::{RuleRef, is_disabled, resolve_outcome};

/// The rules about steps.
const STEP_RULES: [&str; 9] = [
    "step/failed",
    "step/flaky",
    "step/no-tests",
    "step/unknown-tests",
    "step/not-verified",
    "step/edited-tree",
    "step/edited-repository",
    "step/new-file",
    "step/other-tree",
];

/// Results of the steps of a gate.
#[derive(Default)]
pub(super) struct StepResults {
    pub steps: Vec<StepReport>,
    pub findings: Vec<Finding>,
}

/// Adds the results of the steps to the report, with the levels of the configuration.
pub(super) fn merge_steps(report: &mut Report, results: StepResults, config: &Config) {
    let skip_reason = results.steps.iter().find_map(|step| match &step.status {
        StepStatus::Skipped(reason) => Some(reason.clone()),
        _ => None,
    });
    let any_ran = results.steps.iter().any(|step| !matches!(step.status, StepStatus::Skipped(_)));
    let mut findings = Vec::new();
    for outcome in &mut report.outcomes {
        let Some(entry) =
            find_rule(outcome.rule.as_str()).filter(|_| STEP_RULES.contains(&outcome.rule.as_str()))
        else {
            continue;
        };
        if is_disabled(config, &outcome.rule) {
            continue;
        }
        let own: Vec<Finding> =
            results.findings.iter().filter(|finding| finding.rule == outcome.rule).cloned().collect();
        let result = if !own.is_empty() || any_ran {
            CheckResult::Findings(own)
        } else if let Some(reason) = &skip_reason {
            CheckResult::Skipped(reason.clone())
        } else {
            CheckResult::skipped("the gate has no steps")
        };
        let (status, own) = resolve_outcome(config, &RuleRef::Registered(entry), result);
        outcome.status = status;
        findings.extend(own);
    }
    for claim in &mut report.claims {
        let words: Vec<&str> = claim.command.split_whitespace().collect();
        let starts_with_claim = |step: &&StepReport| {
            !words.is_empty()
                && step.argv.iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
        };
        let mut ran = results.steps.iter().filter(|step| !matches!(step.status, StepStatus::Skipped(_)));
        let observed = ran.find(starts_with_claim);
        claim.observed = observed.map(|step| (step.name.clone(), step.exit_code));
    }
    let is_unverified =
        |finding: &Finding| matches!(finding.rule.as_str(), "step/not-verified" | "step/unknown-tests");
    if findings.iter().any(is_unverified) {
        report.verdict_remarks.push("tests not verified".to_owned());
    }
    report.findings.extend(findings);
    report.steps = results.steps;
}
