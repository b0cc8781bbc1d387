//! The report of a gate: every check with its outcome, every finding, the
//! steps that ran, and, apart, what is not deterministic.

use std::collections::BTreeMap;

use super::{ApprovalSummary, Finding, Level, RuleId};
use crate::text::RepoPath;

/// How a check of a gate ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckStatus {
    /// Looked at, and nothing that fails.
    Passed,
    /// At least one error that no waiver excuses.
    Failed,
    /// Errors, all of them excused by these waivers.
    Waived(Vec<String>),
    /// Not looked at, and why.
    Skipped(String),
}

impl CheckStatus {
    /// The word for it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Waived(_) => "waived",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// One line of the report's list of checks.
#[derive(Debug, Clone)]
pub struct CheckOutcome {
    /// The rule that was checked.
    pub rule: RuleId,
    /// The packet it was checked for, where several are judged together.
    pub packet: Option<String>,
    /// How it ended.
    pub status: CheckStatus,
}

/// Which packet was judged.
#[derive(Debug, Clone)]
pub struct PacketInfo {
    /// The id that the caller gave.
    pub requested: String,
    /// The id that was judged.
    pub wp_id: String,
    /// Where the packet lies.
    pub path: RepoPath,
    /// SHA-256 of the packet's bytes.
    pub sha256: String,
    /// How it reads: `G0`, `G1`, `G2 (2026-02-01)`, …
    pub generation: String,
    /// How the id was resolved, when it was not taken literally.
    pub resolved_by: Option<String>,
    /// Who approved it, for gates that look at approval.
    pub approval: Option<ApprovalSummary>,
    /// Changed paths that were judged by it.
    pub paths: usize,
}

/// Which change was judged, and why that one.
#[derive(Debug, Clone)]
pub struct SelectionInfo {
    /// `range`, `rev`, `staged` or `worktree`.
    pub mode: &'static str,
    /// Commit id of the base; `None` before the first commit.
    pub base: Option<String>,
    /// Commit id of the head; `None` for the index and the working tree.
    pub head: Option<String>,
    /// Why this selection.
    pub reason: String,
    /// Number of changed paths.
    pub changed: usize,
    /// Where rules and configuration were read from.
    pub policy_source: String,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// Exit code 0 and, for a test runner, at least one test.
    Passed,
    /// Ended with an error that the findings tell.
    Failed,
    /// Not run, and why.
    Skipped(String),
}

/// One configured step of a gate.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Its name in the configuration.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// How it ended.
    pub status: StepStatus,
    /// Exit code, if it exited by itself.
    pub exit_code: Option<i32>,
    /// Tests that ran, for known runners.
    pub tests: Option<u64>,
    /// What is not deterministic.
    pub run: StepRun,
}

/// The part of a step that differs from run to run.
#[derive(Debug, Clone, Default)]
pub struct StepRun {
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Where the log lies.
    pub log: Option<String>,
    /// SHA-256 of the log.
    pub log_sha256: Option<String>,
    /// The last lines of the log.
    pub tail: Vec<String>,
}

/// What the packet claims of a command, and what was seen of it here.
#[derive(Debug, Clone)]
pub struct EvidenceClaim {
    /// The command, as the packet quotes it.
    pub command: String,
    /// The exit code that the packet gives.
    pub exit_code: Option<String>,
    /// The step that ran this command, if one did, and its exit code.
    pub observed: Option<(String, Option<i32>)>,
}

/// What a scan looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanInfo {
    /// Rules that were asked.
    pub rules: usize,
    /// Files that were matched.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Files that no rule looks at.
    pub skipped: usize,
    /// Files that are no text and of no known language.
    pub binary: usize,
    /// Files of no known language that are too large.
    pub large: usize,
    /// Findings that the baseline knows.
    pub baselined: usize,
    /// Findings of a change that were there before it.
    pub preexisting: usize,
    /// Findings that comments excuse.
    pub suppressed: usize,
    /// Findings beyond the number that is told.
    pub truncated: usize,
    /// The file of known findings.
    pub baseline: Option<String>,
}

impl ScanInfo {
    /// The numbers of both together; rules are the same ones.
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        self.rules = self.rules.max(other.rules);
        self.files += other.files;
        self.bytes += other.bytes;
        self.preexisting += other.preexisting;
        self.suppressed += other.suppressed;
        self.truncated += other.truncated;
        self
    }
}

/// What is not deterministic about a run.
#[derive(Debug, Clone, Default)]
pub struct RunInfo {
    /// Start as RFC 3339 UTC.
    pub started_at: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
}

/// Which documents were judged.
#[derive(Debug, Clone, Default)]
pub struct DocumentsInfo {
    /// How many of each kind, in order of the kinds; kinds without a document
    /// are left out.
    pub kinds: Vec<(&'static str, usize)>,
    /// The layout's name.
    pub layout: &'static str,
    /// Whether findings are told of named documents only.
    pub named_only: bool,
}

impl DocumentsInfo {
    /// How many documents.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kinds.iter().map(|(_, count)| count).sum()
    }
}

/// How many checks ended how, and how many findings there are of each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks whose errors are all waived.
    pub waived: usize,
    /// Checks that were not made.
    pub skipped: usize,
    /// Findings at error level that no waiver excuses.
    pub errors: usize,
    /// Findings at warning level.
    pub warnings: usize,
    /// Findings at note level.
    pub notes: usize,
}

/// The whole answer of a gate.
#[derive(Debug, Clone)]
pub struct Report {
    /// The gate's name, e.g. `post-work`.
    pub gate: &'static str,
    /// The packet, once found.
    pub packet: Option<PacketInfo>,
    /// Packets that were judged together with it.
    pub other_packets: Vec<PacketInfo>,
    /// The change, if the gate judges one.
    pub selection: Option<SelectionInfo>,
    /// The documents, if documents were judged.
    pub documents: Option<DocumentsInfo>,
    /// The source files, if they were scanned.
    pub scan: Option<ScanInfo>,
    /// Every check that the gate lists, in the gate's order.
    pub outcomes: Vec<CheckOutcome>,
    /// Every finding, in order of level and place.
    pub findings: Vec<Finding>,
    /// Every configured step: facts.
    pub steps: Vec<StepReport>,
    /// Every command of the packet's evidence: claims.
    pub claims: Vec<EvidenceClaim>,
    /// What is not deterministic.
    pub run: RunInfo,
}

impl Report {
    /// A report in which nothing has been said yet.
    #[must_use]
    pub fn new(gate: &'static str) -> Self {
        Self {
            gate,
            packet: None,
            other_packets: Vec::new(),
            selection: None,
            documents: None,
            scan: None,
            outcomes: Vec::new(),
            findings: Vec::new(),
            steps: Vec::new(),
            claims: Vec::new(),
            run: RunInfo::default(),
        }
    }

    /// The judged packets, the first one first.
    pub fn packets(&self) -> impl Iterator<Item = &PacketInfo> {
        self.packet.iter().chain(&self.other_packets)
    }

    /// Whether the gate passed: no check failed and no step failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.findings.iter().any(Finding::fails_gate)
            && !self.outcomes.iter().any(|outcome| outcome.status == CheckStatus::Failed)
            && !self.steps.iter().any(|step| step.status == StepStatus::Failed)
    }

    /// Counts for the summary.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for outcome in &self.outcomes {
            match outcome.status {
                CheckStatus::Passed => tally.passed += 1,
                CheckStatus::Failed => tally.failed += 1,
                CheckStatus::Waived(_) => tally.waived += 1,
                CheckStatus::Skipped(_) => tally.skipped += 1,
            }
        }
        for finding in &self.findings {
            match finding.level {
                Level::Error if finding.waived_by.is_some() => {}
                Level::Error => tally.errors += 1,
                Level::Warning => tally.warnings += 1,
                Level::Note => tally.notes += 1,
            }
        }
        tally
    }

    /// Puts findings in their order of output: errors first, then in the
    /// gate's order of checks (a cause before what follows from it), then by
    /// place and message.
    pub fn sort(&mut self) {
        let order: BTreeMap<&RuleId, usize> =
            self.outcomes.iter().enumerate().map(|(index, outcome)| (&outcome.rule, index)).collect();
        let rank = |finding: &Finding| order.get(&finding.rule).copied().unwrap_or(usize::MAX);
        self.findings.sort_by(|a, b| {
            b.level
                .cmp(&a.level)
                .then_with(|| rank(a).cmp(&rank(b)))
                .then_with(|| a.primary.place.sort_key().cmp(&b.primary.place.sort_key()))
                .then_with(|| a.message.cmp(&b.message))
        });
    }
}
