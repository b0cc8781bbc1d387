//! Which question is asked, and which rules answer it.

use crate::check::{Check, Registered};
use crate::finding::{CheckOutcome, CheckStatus, DocumentsInfo, Report};

/// A question about documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentQuery {
    /// `check`: everything about documents.
    Check,
    /// `governance-check`: everything, working trees included.
    Governance,
    /// `task-board-check`
    Board,
    /// `task-packet-claim-check`
    Claims,
    /// `wp-activation-traceability-check`
    Activation,
    /// `worktree-concurrency-check`
    Concurrency,
    /// `spec-current-check`
    SpecCurrent,
    /// `validator-spec-regression`
    SpecRegression,
    /// `validator-packet-complete`: one packet with its refinement.
    PacketComplete(String),
    /// `validator-phase-gate`: the phase's name; empty for all.
    PhaseGate(String),
}

/// Rules of packets that only ask whether work may start on them.
const START_ONLY_RULES: [&str; 2] = ["packet/active", "packet/workable"];

impl DocumentQuery {
    /// The command's name.
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

    /// The question that a command's name stands for; `of` is its packet or
    /// phase, for commands that ask about one.
    #[must_use]
    pub fn from_command(command: &str, of: &str) -> Option<Self> {
        let all = [
            Self::Check,
            Self::Governance,
            Self::Board,
            Self::Claims,
            Self::Activation,
            Self::Concurrency,
            Self::SpecCurrent,
            Self::SpecRegression,
            Self::PacketComplete(of.to_owned()),
            Self::PhaseGate(of.to_owned()),
        ];
        all.into_iter().find(|inquiry| inquiry.as_str() == command)
    }

    /// The packet that is asked about, if it is one.
    #[must_use]
    pub fn packet(&self) -> Option<&str> {
        if let Self::PacketComplete(id) = self { Some(id) } else { None }
    }

    /// The phase that is asked about.
    #[must_use]
    pub fn phase(&self) -> Option<&str> {
        if let Self::PhaseGate(phase) = self { Some(phase) } else { None }
    }

    /// Why a report that found nothing is no answer, if it is none: nothing was
    /// there to be judged, or the rule that decides could not look.
    #[must_use]
    pub fn inconclusive_reason(&self, report: &Report) -> Option<String> {
        if !report.passed() || !report.findings.is_empty() {
            return None;
        }
        let reason = |outcome: &CheckOutcome| match &outcome.status {
            CheckStatus::Skipped(why) => Some(why.clone()),
            _ => None,
        };
        if *self == Self::SpecRegression {
            let heading = report.outcomes.iter().find(|outcome| outcome.rule.as_str() == "spec/heading");
            return heading.and_then(reason);
        }
        let documents = report.documents.as_ref().map_or(0, DocumentsInfo::count);
        let mut reasons: Vec<String> = Vec::new();
        for outcome in &report.outcomes {
            match reason(outcome) {
                None if documents > 0 => return None,
                Some(why) if !reasons.contains(&why) => reasons.push(why),
                _ => {}
            }
        }
        if documents == 0 {
            return Some(
                "no governance documents were found here: there is neither a `.GOV` nor a `docs` layout, and \
                 countersign.yaml names none; name documents or folders to check them"
                    .to_owned(),
            );
        }
        Some(reasons.join("; "))
    }

    /// Whether a rule answers the question.
    #[must_use]
    pub fn includes_rule(&self, entry: &Registered) -> bool {
        let id = entry.rule.id.as_str();
        let family = entry.rule.id.family();
        let about_documents = match entry.check {
            Check::Text(_) | Check::Refinement(_) | Check::Document(..) | Check::Repository(_) => true,
            Check::Packet(_) => !START_ONLY_RULES.contains(&id),
            _ => false,
        };
        let whole = about_documents && family != "phase-close";
        match self {
            Self::Check => whole && family != "concurrency",
            Self::Governance => whole,
            Self::Board => family == "board",
            Self::Claims => matches!(id, "packet/claim" | "packet/status" | "packet/duplicate-field"),
            Self::Activation => family == "traceability",
            Self::Concurrency => family == "concurrency",
            Self::SpecCurrent => matches!(id, "spec/pointer" | "spec/newest"),
            Self::SpecRegression => matches!(id, "spec/pointer" | "spec/heading"),
            Self::PhaseGate(_) => family == "phase-close",
            Self::PacketComplete(_) => {
                let of_packet =
                    matches!(family, "packet" | "scope" | "phase" | "refinement" | "text" | "link")
                        || id == "audit/agreement";
                matches!(entry.check, Check::Search(_)) || (about_documents && of_packet)
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
        for inquiry in &all {
            assert!(
                registered_rules().iter().any(|entry| inquiry.includes_rule(entry)),
                "{}",
                inquiry.as_str()
            );
        }
        for entry in registered_rules()
            .iter()
            .filter(|entry| matches!(entry.check, Check::Document(..) | Check::Repository(_)))
        {
            assert!(all.iter().any(|inquiry| inquiry.includes_rule(entry)), "{}", entry.rule.id);
            assert!(
                DocumentQuery::Governance.includes_rule(entry) || entry.rule.id.family() == "phase-close",
                "{}",
                entry.rule.id
            );
        }
    }
}
