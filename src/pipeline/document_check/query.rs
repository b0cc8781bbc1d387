//! The commands that check documents, and the rules of each.

use crate::check::{Check, Registered};
use crate::finding::{CheckOutcome, CheckStatus, DocumentsInfo, Report};

/// A command that checks documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentQuery {
    /// `check`: all rules about documents.
    Check,
    /// `governance-check`: all rules about documents and working trees.
    Governance,
    /// `task-board-check`.
    Board,
    /// `task-packet-claim-check`.
    Claims,
    /// `wp-activation-traceability-check`.
    Activation,
    /// `worktree-concurrency-check`.
    Concurrency,
    /// `spec-current-check`.
    SpecCurrent,
    /// `validator-spec-regression`.
    SpecRegression,
    /// `validator-packet-complete`: one packet with its refinement.
    PacketComplete(String),
    /// `validator-phase-gate`: the name of the phase; empty for all phases.
    PhaseGate(String),
}

/// Rules of packets that matter only before work starts.
const START_ONLY_RULES: [&str; 2] = ["packet/active", "packet/workable"];

impl DocumentQuery {
    /// Returns the command's name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Governance => "governance-check",
            Self::Board => "task-board-check",
            Self::Claims => "task-packet-claim-check",
            Self::Activation => "wp-activation-traceability-check",
            Self::Concurrency => "worktree-concurrency-check",
            Self::SpecCurrent => "spec-current-check",
            Self::SpecRegression => "validator-spec-regression",
            Self::PacketComplete(_) => "validator-packet-complete",
            Self::PhaseGate(_) => "validator-phase-gate",
        }
    }

    /// Returns the query of the command with this name. `subject` is the packet
    /// or the phase, for commands that check one.
    #[must_use]
    pub fn from_command(command: &str, subject: &str) -> Option<Self> {
        let all = [
            Self::Check,
            Self::Governance,
            Self::Board,
            Self::Claims,
            Self::Activation,
            Self::Concurrency,
            Self::SpecCurrent,
            Self::SpecRegression,
            Self::PacketComplete(subject.to_owned()),
            Self::PhaseGate(subject.to_owned()),
        ];
        all.into_iter().find(|query| query.as_str() == command)
    }

    /// Returns the id of the packet to check, if the command checks one.
    #[must_use]
    pub fn packet(&self) -> Option<&str> {
        if let Self::PacketComplete(id) = self { Some(id) } else { None }
    }

    /// Returns the phase to check, if the command checks phases.
    #[must_use]
    pub fn phase(&self) -> Option<&str> {
        if let Self::PhaseGate(phase) = self { Some(phase) } else { None }
    }

    /// Returns the reason why a report without findings is inconclusive: there
    /// were no documents to check, or the rule that decides was skipped. `None`
    /// if the report has findings or is conclusive.
    #[must_use]
    pub fn inconclusive_reason(&self, report: &Report) -> Option<String> {
        if !report.passed() || !report.findings.is_empty() {
            return None;
        }
        let skip_reason = |outcome: &CheckOutcome| match &outcome.status {
            CheckStatus::Skipped(reason) => Some(reason.clone()),
            _ => None,
        };
        if *self == Self::SpecRegression {
            let heading = report.outcomes.iter().find(|outcome| outcome.rule.as_str() == "spec/heading");
            return heading.and_then(skip_reason);
        }
        let documents = report.documents.as_ref().map_or(0, DocumentsInfo::count);
        let mut reasons: Vec<String> = Vec::new();
        for outcome in &report.outcomes {
            match skip_reason(outcome) {
                None if documents > 0 => return None,
                Some(reason) if !reasons.contains(&reason) => reasons.push(reason),
                _ => {}
            }
        }
        if documents == 0 {
            return Some(
                "no governance documents were found, neither in `.GOV` nor in `docs`, and \
                 countersign.yaml names no other place with `layout`; `countersign init` creates them, and \
                 `countersign check PATH` checks files and folders elsewhere"
                    .to_owned(),
            );
        }
        Some(reasons.join("; "))
    }

    /// Returns true if the command runs a rule.
    #[must_use]
    pub fn includes_rule(&self, entry: &Registered) -> bool {
        let id = entry.rule.id.as_str();
        let family = entry.rule.id.family();
        let about_documents = match entry.check {
            Check::Text(_) | Check::Refinement(_) | Check::Document(..) | Check::Repository(_) => true,
            Check::Packet(_) => !START_ONLY_RULES.contains(&id),
            _ => false,
        };
        let is_general = about_documents && family != "phase-close";
        match self {
            Self::Check => is_general && family != "concurrency",
            Self::Governance => is_general,
            Self::Board => family == "board",
            Self::Claims => matches!(id, "packet/claim" | "packet/status" | "packet/duplicate-field"),
            Self::Activation => family == "traceability",
            Self::Concurrency => family == "concurrency",
            Self::SpecCurrent => matches!(id, "spec/pointer" | "spec/newest"),
            Self::SpecRegression => matches!(id, "spec/pointer" | "spec/heading"),
            Self::PhaseGate(_) => family == "phase-close",
            Self::PacketComplete(_) => {
                let about_packet =
                    matches!(family, "packet" | "scope" | "phase" | "refinement" | "text" | "link")
                        || matches!(id, "audit/agreement" | "manifest/unknown-version");
                matches!(entry.check, Check::Search(_)) || (about_documents && about_packet)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::registered_rules;

    #[test]
    fn every_query_has_rules_and_every_document_rule_a_query() {
        let all = [
            DocumentQuery::Check,
            DocumentQuery::Board,
            DocumentQuery::Claims,
            DocumentQuery::Activation,
            DocumentQuery::Concurrency,
            DocumentQuery::SpecCurrent,
            DocumentQuery::SpecRegression,
            DocumentQuery::PacketComplete(String::new()),
            DocumentQuery::PhaseGate(String::new()),
        ];
        for query in &all {
            assert!(registered_rules().iter().any(|entry| query.includes_rule(entry)), "{}", query.as_str());
        }
        for entry in registered_rules()
            .iter()
            .filter(|entry| matches!(entry.check, Check::Document(..) | Check::Repository(_)))
        {
            assert!(all.iter().any(|query| query.includes_rule(entry)), "{}", entry.rule.id);
            assert!(
                DocumentQuery::Governance.includes_rule(entry) || entry.rule.id.family() == "phase-close",
                "{}",
                entry.rule.id
            );
        }
    }
}
