//! What scans of trees and of changes have in common: the check of the
//! requested sets, and the report.

use crate::check::CheckResult;
use crate::config::Config;
use crate::finding::{CheckOutcome, Report, ScanInfo, SelectionInfo};
use crate::pipeline::error::PipelineError;
use crate::pipeline::outcome::{RuleRef, resolve_outcome};

use super::request::ScanRequest;
use super::rules::ActiveRules;

/// Fails if the request names a set of rules that does not exist.
pub(super) fn reject_unknown_sets(request: &ScanRequest, rules: &ActiveRules) -> Result<(), PipelineError> {
    match request.profile.sets.iter().find(|set| !set.is_empty() && !rules.set_names.contains(set)) {
        None => Ok(()),
        Some(set) => Err(PipelineError::UnknownRuleSet { name: set.clone(), known: rules.set_names.clone() }),
    }
}

/// Builds the report of a scan from the results of its rules.
pub(super) fn build_report(
    request: &ScanRequest,
    config: &Config,
    info: ScanInfo,
    selection: Option<SelectionInfo>,
    results: Vec<(RuleRef, CheckResult)>,
) -> Report {
    let (mut findings, mut outcomes) = (Vec::new(), Vec::new());
    for (rule_ref, result) in results {
        let (status, own) = resolve_outcome(config, &rule_ref, result);
        findings.extend(own);
        outcomes.push(CheckOutcome { rule: rule_ref.id().clone(), packet: None, status });
    }
    let mut report = Report {
        selection,
        scan: Some(info),
        outcomes,
        findings,
        warnings: config.warning_lines(),
        ..Report::new(request.profile.name)
    };
    report.sort();
    report
}
