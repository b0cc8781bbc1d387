//! The report as a JSON document: `countersign.report/v1`.
//!
//! `docs/schema/report.v1.json` is generated from these types and comments. All
//! values that differ between two runs over the same state are in `run`.

mod approval;
mod assist;
mod from;

use std::collections::BTreeMap;

pub(crate) use approval::ApprovalDocument;
pub(crate) use assist::AssistDocument;

use schemars::JsonSchema;
use serde::Serialize;

/// Name and version of the format.
pub(crate) const SCHEMA: &str = "countersign.report/v1";

/// The result of a gate or of another command that checks.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "countersign.report/v1")]
pub(crate) struct ReportDocument {
    /// Always `countersign.report/v1`.
    pub schema: String,
    /// Version of the program.
    pub tool: String,
    /// The gate, e.g. `post-work`.
    pub gate: String,
    /// `passed` (exit code 0), `failed` (1) or `not_run` (2: nothing was judged).
    pub verdict: String,
    /// Reason why nothing was judged, for `not_run`.
    pub reason: Option<String>,
    /// Remarks about the configuration that do not change the verdict.
    pub warnings: Vec<String>,
    /// The packet, if it was found.
    pub packet: Option<PacketDocument>,
    /// Packets that were judged in the same run (`--also`).
    pub also: Vec<PacketDocument>,
    /// The rules that judged, and why they are trusted; for gates.
    pub policy: Option<PolicyDocument>,
    /// The judged change, for gates that judge one.
    pub selection: Option<SelectionDocument>,
    /// The judged documents, for commands that judge documents.
    pub documents: Option<DocumentsDocument>,
    /// The scanned source files, if the command scanned any.
    pub scan: Option<ScanDocument>,
    /// Counts of checks and findings.
    pub summary: SummaryDocument,
    /// Every check of the gate, in order.
    pub checks: Vec<CheckDocument>,
    /// Every finding, errors first, then by location.
    pub findings: Vec<FindingDocument>,
    /// Every configured step.
    pub steps: Vec<StepDocument>,
    /// Every command of the packet's evidence: its claimed exit code, and the
    /// exit code of the step that ran it.
    pub claims: Vec<ClaimDocument>,
    /// Values that differ from run to run.
    pub run: RunDocument,
}

/// The rules that judged, and why they are trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PolicyDocument {
    /// `fence`, `standard` or `full`.
    pub profile: String,
    /// Commit id of the trusted revision; null for an empty tree.
    pub revision: Option<String>,
    /// Why this revision is trusted, as a clause.
    pub reason: String,
    /// Where the configuration was read.
    pub source: String,
}

/// A claim of the packet's evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClaimDocument {
    /// The command, as quoted.
    pub command: String,
    /// The exit code, as the evidence claims it.
    pub claimed_exit_code: Option<String>,
    /// The step that ran this command.
    pub step: Option<String>,
    /// The exit code of that step.
    pub seen_exit_code: Option<i32>,
}

/// The judged documents.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DocumentsDocument {
    /// Number of documents by kind.
    pub kinds: std::collections::BTreeMap<String, usize>,
    /// `docs`, `.GOV`, `configured` or `none`.
    pub layout: String,
    /// True if only findings of named documents are reported.
    pub named: bool,
}

/// The scanned source files.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScanDocument {
    /// Number of rules that ran.
    pub rules: usize,
    /// Number of scanned files.
    pub files: usize,
    /// Size of the scanned files in bytes.
    pub bytes: usize,
    /// Code files by area, for the scan of a whole tree.
    pub areas: Vec<AreaDocument>,
    /// Files to which no rule applies.
    pub skipped: usize,
    /// Files of no known language that are not text.
    pub binary: usize,
    /// Files of no known language that are too large.
    pub large: usize,
    /// Path of the baseline file.
    pub baseline: Option<String>,
    /// Findings in the baseline; they are not listed.
    pub baselined: usize,
    /// Findings that existed before the change; they are not listed.
    pub preexisting: usize,
    /// Findings that comments suppress; they are not listed.
    pub suppressed: usize,
    /// Findings beyond the maximum number that is listed.
    pub truncated: usize,
    /// Matches that are no findings because they are about a subject of the product.
    pub subjects: Vec<SubjectDocument>,
}

/// Matches of a rule about a subject of the product.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SubjectDocument {
    /// Id of the rule.
    pub rule: String,
    /// The subject, or the folder of a package that is about the words of the rule.
    pub subject: String,
    /// The key in `scan: vocabulary`.
    pub vocabulary: String,
    /// Number of matches.
    pub matches: usize,
    /// Why it is a subject.
    pub reason: String,
}

/// The code files of one area.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AreaDocument {
    /// Name of the area, as in `scan: areas`.
    pub area: &'static str,
    /// The rules that apply to it: `product` (all), `tests`, `limited` or `skip`.
    pub treatment: &'static str,
    /// Number of files.
    pub files: usize,
    /// Number of files by what decided their area: `configuration`, `manifest`,
    /// `attribute`, `content` or `name`.
    pub decided_by: BTreeMap<&'static str, usize>,
}

/// The judged packet.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PacketDocument {
    /// The id that the caller gave.
    pub requested: String,
    /// The id of the judged packet.
    pub wp_id: String,
    /// Its path.
    pub path: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its format generation.
    pub generation: String,
    /// How the id was resolved; null if it was taken literally.
    pub resolved_by: Option<String>,
    /// Number of changed paths that belong to it.
    pub paths: usize,
    /// Its approval, for gates that check it. These are facts of the repository:
    /// a commit contains a name, which does not prove the identity of a person.
    pub approval: Option<ApprovalDocument>,
}

/// The judged change.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SelectionDocument {
    /// `range`, `rev`, `staged` or `worktree`.
    pub mode: String,
    /// Commit id of the base.
    pub base: Option<String>,
    /// Commit id of the head; null for the index and the working tree.
    pub head: Option<String>,
    /// Reason for this selection.
    pub reason: String,
    /// Number of changed paths.
    pub changed: usize,
    /// Untracked paths that count as no change: known caches, own report files, and files
    /// that only the ignore file of git's user ignores. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excused_untracked: Vec<String>,
    /// Description of where rules and configuration were read from.
    pub trusted: String,
}

/// Counts of checks and findings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SummaryDocument {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks whose errors are all waived.
    pub waived: usize,
    /// Checks that did not run.
    pub skipped: usize,
    /// Errors that no waiver covers.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// One check and its outcome.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CheckDocument {
    /// Id of the rule.
    pub rule: String,
    /// Id of the packet, if several packets are judged in one run.
    pub packet: Option<String>,
    /// `passed`, `failed`, `waived` or `skipped`.
    pub status: String,
    /// Reason why it was skipped.
    pub reason: Option<String>,
    /// Ids of the waivers.
    pub waivers: Vec<String>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FindingDocument {
    /// Id of the rule.
    pub rule: String,
    /// Id of the packet, if several packets are judged in one run.
    pub packet: Option<String>,
    /// `error`, `warning` or `note`.
    pub level: String,
    /// The problem.
    pub message: String,
    /// Its location.
    pub place: PlaceDocument,
    /// Related locations.
    pub related: Vec<PlaceDocument>,
    /// Additional facts.
    pub notes: Vec<String>,
    /// Help texts; the rule's remedy is last.
    pub help: Vec<String>,
    /// Reason for the rule.
    pub why: String,
    /// References to governance documents.
    pub references: Vec<String>,
    /// The changed path that it concerns, escaped.
    pub path: Option<String>,
    /// The planned command that it concerns.
    pub command: Option<String>,
    /// Id of the waiver that waives it.
    pub waived_by: Option<String>,
    /// For findings of scans: an identifier that depends on content and not on
    /// the line.
    pub fingerprint: Option<String>,
    /// A change that fixes it.
    pub fix: Option<FixDocument>,
}

/// A location with a label.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PlaceDocument {
    /// `text`, `path` or `repository`.
    pub kind: String,
    /// Path, escaped; null for the repository.
    pub path: Option<String>,
    /// The commit that the text was read from; null for the judged state.
    pub revision: Option<String>,
    /// First line, from 1.
    pub line: Option<usize>,
    /// First column in characters, from 1.
    pub column: Option<usize>,
    /// Last line, from 1.
    pub end_line: Option<usize>,
    /// One past the last column, from 1.
    pub end_column: Option<usize>,
    /// Offset of the first byte in the file's text, from 0.
    pub start: Option<usize>,
    /// Offset behind the last byte.
    pub end: Option<usize>,
    /// The label; empty without one.
    pub label: String,
}

/// A replacement of one span.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FixDocument {
    /// The span to replace.
    pub place: PlaceDocument,
    /// The new text.
    pub replacement: String,
    /// Description of the change.
    pub message: String,
    /// True if a person must review the change.
    pub is_unsafe: bool,
}

/// One step.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepDocument {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// `passed`, `failed` or `skipped`.
    pub status: String,
    /// Reason why it was skipped.
    pub reason: Option<String>,
    /// Exit code.
    pub exit_code: Option<i32>,
    /// Number of tests that ran.
    pub tests: Option<u64>,
}

/// Values that differ from run to run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunDocument {
    /// RFC 3339 UTC.
    pub started_at: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Steps that ran, by name.
    pub steps: Vec<StepRunDocument>,
    /// What the ledger knows; null if nothing is recorded.
    pub ledger: Option<LedgerDocument>,
    /// What a model remarks (`review assist`); null if none was asked. It decides nothing.
    pub assist: Option<AssistDocument>,
}

/// What the ledger knows about a run. None of it decides.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LedgerDocument {
    /// Id of the job that was recorded.
    pub job: Option<String>,
    /// Why nothing was recorded.
    pub trouble: Option<String>,
    /// Why the evidence of this run cannot be trusted.
    pub untrusted: Option<String>,
    /// Earlier runs of the packet whose evidence cannot be trusted.
    pub untrusted_jobs: Vec<UntrustedJobDocument>,
    /// Calls of models that are known for the packet.
    pub model_calls: u64,
    /// Tokens that these calls sent.
    pub tokens_sent: u64,
    /// Tokens that they received.
    pub tokens_received: u64,
    /// What the calls for the packet took more than the configuration allows; for `audit`.
    pub over_budget: Vec<String>,
}

/// A run whose evidence cannot be trusted, and that no person acknowledged.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UntrustedJobDocument {
    /// Id of the job.
    pub job: String,
    /// When it ended, RFC 3339 UTC.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// Values of a step that differ from run to run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepRunDocument {
    /// The step's name.
    pub name: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Path of its log.
    pub log: Option<String>,
    /// SHA-256 of the log.
    pub log_sha256: Option<String>,
    /// Last lines of the log, escaped.
    pub tail: Vec<String>,
}
