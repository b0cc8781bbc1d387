//! The report of a gate: every check with its outcome, every finding, and the
//! steps that ran. Values that differ from run to run are in separate structs.

use std::collections::BTreeMap;

use super::area_info::AreaInfo;
use super::run_info::RunInfo;
use super::subject_info::SubjectInfo;
use super::{ApprovalSummary, Finding, Level, RuleId};
use crate::text::RepoPath;

/// Outcome of one check of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckStatus {
    /// The check found no error.
    Passed,
    /// At least one error that no waiver covers.
    Failed,
    /// All errors are covered by the waivers with these ids.
    Waived(Vec<String>),
    /// The check did not run, for this reason.
    Skipped(String),
}

impl CheckStatus {
    /// Returns the status in lower case.
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
    /// Id of the packet, if several packets are checked together.
    pub packet: Option<String>,
    /// Outcome of the check.
    pub status: CheckStatus,
}

/// The packet that a gate checks.
#[derive(Debug, Clone)]
pub struct PacketInfo {
    /// The id that the caller gave.
    pub requested: String,
    /// The id of the checked packet.
    pub wp_id: String,
    /// Path of the packet.
    pub path: RepoPath,
    /// SHA-256 of the packet's bytes.
    pub sha256: String,
    /// Format generation: `G0`, `G1`, `G2 (2026-02-01)`, …
    pub generation: String,
    /// How `requested` was resolved to `wp_id`, if they differ.
    pub resolved_by: Option<String>,
    /// Facts about its approval, for gates that check approval.
    pub approval: Option<ApprovalSummary>,
    /// Number of changed paths that are checked against it.
    pub paths: usize,
}

/// The rules that judged, and why they are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInfo {
    /// `fence`, `standard` or `full`.
    pub profile: &'static str,
    /// Commit id of the trusted revision; `None` for an empty tree.
    pub revision: Option<String>,
    /// Why this revision is trusted, as a clause.
    pub reason: String,
    /// Where the configuration was read.
    pub source: String,
}

/// The judged change, and the reason for its selection.
#[derive(Debug, Clone)]
pub struct SelectionInfo {
    /// `range`, `rev`, `staged` or `worktree`.
    pub mode: &'static str,
    /// Commit id of the base; `None` before the first commit.
    pub base: Option<String>,
    /// Commit id of the head; `None` for the index and the working tree.
    pub head: Option<String>,
    /// Reason for this selection.
    pub reason: String,
    /// Number of changed paths.
    pub changed: usize,
    /// Untracked paths that count as no change: known caches, own report files, and
    /// files that only the user of git ignores.
    pub exempted: Vec<String>,
    /// Source of rules and configuration.
    pub policy_source: String,
}

/// Outcome of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// Exit code 0 and, for a test runner, at least one test.
    Passed,
    /// Ended with an error; the findings describe it.
    Failed,
    /// Not run, for this reason.
    Skipped(String),
}

/// One configured step of a gate.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Name in the configuration.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Outcome of the step.
    pub status: StepStatus,
    /// Exit code; `None` if the process was killed or not started.
    pub exit_code: Option<i32>,
    /// Number of tests that ran, for known test runners.
    pub tests: Option<u64>,
    /// Values that differ from run to run.
    pub run: StepRun,
}

/// The part of a step that differs from run to run.
#[derive(Debug, Clone, Default)]
pub struct StepRun {
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Path of the log.
    pub log: Option<String>,
    /// SHA-256 of the log.
    pub log_sha256: Option<String>,
    /// The last lines of the log.
    pub tail: Vec<String>,
}

/// A command with the result that the packet claims and the observed result.
#[derive(Debug, Clone)]
pub struct EvidenceClaim {
    /// The command, as the packet quotes it.
    pub command: String,
    /// The exit code that the packet claims.
    pub exit_code: Option<String>,
    /// The step that ran this command, if one did, and its exit code.
    pub observed: Option<(String, Option<i32>)>,
}

/// Counts of a source scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanInfo {
    /// Rules that ran.
    pub rules: usize,
    /// Files that were matched.
    pub files: usize,
    /// Total size of these files in bytes.
    pub bytes: usize,
    /// Code files by area; empty for the scan of a change.
    pub(crate) areas: Vec<AreaInfo>,
    /// Files to which no rule applies.
    pub skipped: usize,
    /// Files that are not text and not in a known language.
    pub binary: usize,
    /// Files that are not in a known language and too large.
    pub large: usize,
    /// Findings that are in the baseline.
    pub baselined: usize,
    /// Findings that existed before the change.
    pub preexisting: usize,
    /// Findings that comments suppress.
    pub suppressed: usize,
    /// Findings beyond the maximum number that is reported.
    pub truncated: usize,
    /// Path of the baseline file.
    pub baseline: Option<String>,
    /// Matches that are about a subject of the product.
    pub(crate) subjects: Vec<SubjectInfo>,
}

impl ScanInfo {
    /// Adds the counts of two scans with the same rules.
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        self.rules = self.rules.max(other.rules);
        self.files += other.files;
        self.bytes += other.bytes;
        self.preexisting += other.preexisting;
        self.suppressed += other.suppressed;
        self.truncated += other.truncated;
        self.subjects.extend(other.subjects);
        self
    }
}

/// The documents that were checked.
#[derive(Debug, Clone, Default)]
pub struct DocumentsInfo {
    /// Number of documents of each kind, in order of the kinds; kinds without
    /// documents are left out.
    pub kinds: Vec<(&'static str, usize)>,
    /// The layout's name.
    pub layout: &'static str,
    /// Whether only findings in the named documents are reported.
    pub named_only: bool,
}

impl DocumentsInfo {
    /// Returns the number of documents.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kinds.iter().map(|(_, count)| count).sum()
    }
}

/// Number of checks by status, and of findings by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks whose errors are all waived.
    pub waived: usize,
    /// Checks that did not run.
    pub skipped: usize,
    /// Findings at error level that no waiver covers.
    pub errors: usize,
    /// Findings at warning level.
    pub warnings: usize,
    /// Findings at note level.
    pub notes: usize,
}

/// The complete result of a gate.
#[derive(Debug, Clone)]
pub struct Report {
    /// The gate's name, e.g. `post-work`.
    pub gate: &'static str,
    /// The packet; `None` if it was not found or the gate checks no packet.
    pub packet: Option<PacketInfo>,
    /// Packets that were checked together with it.
    pub other_packets: Vec<PacketInfo>,
    /// The rules that judged, for gates.
    pub policy: Option<PolicyInfo>,
    /// The change, if the gate checks one.
    pub selection: Option<SelectionInfo>,
    /// The documents, if documents were checked.
    pub documents: Option<DocumentsInfo>,
    /// Counts of the source scan, if source files were scanned.
    pub scan: Option<ScanInfo>,
    /// Every check that the gate lists, in the gate's order.
    pub outcomes: Vec<CheckOutcome>,
    /// Every finding, in the order of [`Report::sort`].
    pub findings: Vec<Finding>,
    /// Every configured step, with its observed result.
    pub steps: Vec<StepReport>,
    /// Every command of the packet's evidence, with its claimed result.
    pub claims: Vec<EvidenceClaim>,
    /// Remarks about the configuration that decide nothing, such as an old name
    /// of a rule.
    pub warnings: Vec<String>,
    /// Remarks that the verdict line shows behind `PASSED`: what the verdict does not
    /// contain, such as "tests not verified".
    pub verdict_remarks: Vec<String>,
    /// Reason why the command could not run (exit 2); `None` if it ran.
    pub not_run: Option<String>,
    /// Values that differ from run to run.
    pub run: RunInfo,
}

/// Result of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No check and no step failed (exit 0).
    Passed,
    /// A check or a step failed (exit 1).
    Failed,
    /// The command could not run (exit 2).
    NotRun,
}

impl Verdict {
    /// Returns the name in machine-readable reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotRun => "not_run",
        }
    }
}

impl Report {
    /// Creates the report of a command that could not run, with the reason.
    #[must_use]
    pub fn not_run(gate: &'static str, reason: impl Into<String>) -> Self {
        Self { not_run: Some(reason.into()), ..Self::new(gate) }
    }

    /// Returns the result of the command.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.not_run.is_some() {
            Verdict::NotRun
        } else if self.passed() {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }

    /// Creates an empty report.
    #[must_use]
    pub fn new(gate: &'static str) -> Self {
        Self {
            gate,
            packet: None,
            other_packets: Vec::new(),
            policy: None,
            selection: None,
            documents: None,
            scan: None,
            outcomes: Vec::new(),
            findings: Vec::new(),
            steps: Vec::new(),
            claims: Vec::new(),
            warnings: Vec::new(),
            verdict_remarks: Vec::new(),
            not_run: None,
            run: RunInfo::default(),
        }
    }

    /// Returns the checked packets: `packet`, then `other_packets`.
    pub fn packets(&self) -> impl Iterator<Item = &PacketInfo> {
        self.packet.iter().chain(&self.other_packets)
    }

    /// Returns whether the gate passed: no check failed and no step failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.not_run.is_none()
            && !self.findings.iter().any(Finding::fails_gate)
            && !self.outcomes.iter().any(|outcome| outcome.status == CheckStatus::Failed)
            && !self.steps.iter().any(|step| step.status == StepStatus::Failed)
    }

    /// Counts checks and findings for the summary.
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

    /// Sorts findings into their order of output: errors first, then in the
    /// gate's order of checks (a cause precedes its consequences), then by
    /// location and message.
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
