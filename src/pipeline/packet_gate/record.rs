//! Records the results of a gate: waivers, causes, and the outcome of every check.

use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, ChangeCheckContext};
use crate::finding::{CheckOutcome, Finding, RuleId};
use crate::pipeline::causes::{self, FoldedDocument};
use crate::pipeline::outcome::{RuleRef, is_disabled, resolve_outcome};

use super::check_runner::CheckRunner;
use super::{approval_report, waivers};

impl CheckRunner<'_> {
    /// Applies waivers, summarizes the approval, and records all results.
    pub(super) fn record_results(
        &mut self,
        mut results: Vec<(RuleRef, CheckResult)>,
        approval: Option<&ApprovalCheckContext<'_>>,
        change: Option<&ChangeCheckContext<'_>>,
    ) {
        if let Some(input) = change {
            waivers::apply_to_results(self.context.request.gate, input, &mut results);
            self.verdict_remarks.extend(waivers::remarks_about_late_waivers(input, &results));
        }
        let order = results.iter().find(|(rule_ref, _)| rule_ref.id().as_str() == "approval/order");
        let in_order = match order {
            Some((_, CheckResult::Findings(findings))) => Some(!findings.iter().any(Finding::fails_gate)),
            _ => None,
        };
        self.approval = approval.map(|input| approval_report::build_approval(input, in_order));
        let document = change
            .map(|input| input.packet.packet)
            .or_else(|| approval.map(|input| input.packet.packet))
            .map(|packet| FoldedDocument {
                source: &packet.source,
                outline: &packet.outline,
                checks_fences: !is_disabled(self.config, &RuleId::from_static("text/unclosed-fence")),
            });
        self.record_folded(results, document);
    }

    /// Folds consequences into their causes, and records what is left of the results.
    fn record_folded(&mut self, results: Vec<(RuleRef, CheckResult)>, document: Option<FoldedDocument<'_>>) {
        let mut outcomes = Vec::new();
        let mut all = Vec::new();
        for (rule_ref, result) in results {
            let (status, findings) = resolve_outcome(self.config, &rule_ref, result);
            outcomes.push(CheckOutcome { rule: rule_ref.id().clone(), packet: None, status });
            all.extend(findings);
        }
        // A rule whose findings are listed as consequences has failed all the same.
        self.outcomes.extend(outcomes);
        self.findings.extend(causes::fold(all, document));
    }

    /// Records the result of a check without a packet.
    pub(super) fn record_outcome(&mut self, rule_ref: &RuleRef, result: CheckResult) {
        let (status, findings) = resolve_outcome(self.config, rule_ref, result);
        self.findings.extend(findings);
        self.outcomes.push(CheckOutcome { rule: rule_ref.id().clone(), packet: None, status });
    }
}
