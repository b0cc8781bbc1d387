//! The report as scripts read it: `countersign.report/v1`.
//!
//! `docs/schema/report.v1.json` is generated from these types. Everything
//! that differs between two runs over the same state is in `run`.

mod approval;
mod from;

pub use approval::ApprovalDocument;

use schemars::JsonSchema;
use serde::Serialize;

/// Name and version of the format.
pub const SCHEMA: &str = "countersign.report/v1";

/// The answer of a gate.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "countersign.report/v1")]
pub struct ReportDocument {
    /// Always `countersign.report/v1`.
    pub schema: String,
    /// Version of the program.
    pub tool: String,
    /// The gate, e.g. `post-work`.
    pub gate: String,
    /// `passed` or `failed`; the exit code is 0 or 1.
    pub verdict: String,
    /// The packet, once found.
    pub packet: Option<PacketDocument>,
    /// Packets that were judged together with it (`--also`).
    pub also: Vec<PacketDocument>,
    /// The judged change, for gates that judge one.
    pub selection: Option<SelectionDocument>,
    /// The judged documents, for commands that judge documents.
    pub documents: Option<DocumentsDocument>,
    /// The scanned source files, where some were scanned.
    pub scan: Option<ScanDocument>,
    /// Counts.
    pub summary: SummaryDocument,
    /// Every check that the gate lists, in order.
    pub checks: Vec<CheckDocument>,
    /// Every finding, errors first, then by place.
    pub findings: Vec<FindingDocument>,
    /// Every configured step.
    pub steps: Vec<StepDocument>,
    /// Every command of the packet's evidence: what it claims, and what was
    /// seen of it here.
    pub claims: Vec<ClaimDocument>,
    /// What differs from run to run.
    pub run: RunDocument,
}

/// A claim of the packet's evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClaimDocument {
    /// The command, as quoted.
    pub command: String,
    /// The exit code, as pasted.
    pub claimed_exit_code: Option<String>,
    /// The step that ran this command here.
    pub step: Option<String>,
    /// The exit code that was seen.
    pub seen_exit_code: Option<i32>,
}

/// The judged documents.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentsDocument {
    /// How many of each kind.
    pub kinds: std::collections::BTreeMap<String, usize>,
    /// `docs`, `.GOV`, `configured` or `none`.
    pub layout: String,
    /// Whether findings are told of named documents only.
    pub named: bool,
}

/// The scanned source files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScanDocument {
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
    /// The file of known findings.
    pub baseline: Option<String>,
    /// Findings that the baseline knows; they are not listed.
    pub baselined: usize,
    /// Findings that were there before the change; they are not listed.
    pub preexisting: usize,
    /// Findings that comments excuse; they are not listed.
    pub suppressed: usize,
    /// Findings beyond the number that is listed.
    pub truncated: usize,
}

/// The judged packet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PacketDocument {
    /// The id that the caller gave.
    pub requested: String,
    /// The id that was judged.
    pub wp_id: String,
    /// Its path.
    pub path: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Which shape it has.
    pub generation: String,
    /// How the id was resolved, when not literally.
    pub resolved_by: Option<String>,
    /// Changed paths that were judged by it.
    pub paths: usize,
    /// Who approved it, for gates that look at approval. Facts of the
    /// repository: a commit shows a name, not a person.
    pub approval: Option<ApprovalDocument>,
}

/// The judged change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SelectionDocument {
    /// `range`, `rev`, `staged` or `worktree`.
    pub mode: String,
    /// Commit id of the base.
    pub base: Option<String>,
    /// Commit id of the head; null for the index and the working tree.
    pub head: Option<String>,
    /// Why this selection.
    pub reason: String,
    /// Number of changed paths.
    pub changed: usize,
    /// Where the configuration was read from.
    pub trusted: String,
}

/// Counts of checks and findings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryDocument {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks whose errors are all waived.
    pub waived: usize,
    /// Checks that were not made.
    pub skipped: usize,
    /// Errors that no waiver excuses.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// One check and how it ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckDocument {
    /// The rule.
    pub rule: String,
    /// The packet, where several are judged together.
    pub packet: Option<String>,
    /// `passed`, `failed`, `waived` or `skipped`.
    pub status: String,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// Ids of the waivers.
    pub waivers: Vec<String>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingDocument {
    /// The rule.
    pub rule: String,
    /// The packet, where several are judged together.
    pub packet: Option<String>,
    /// `error`, `warning` or `note`.
    pub level: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub place: PlaceDocument,
    /// Other places.
    pub related: Vec<PlaceDocument>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do, the rule's remedy last.
    pub help: Vec<String>,
    /// Why the rule exists.
    pub why: String,
    /// Governance references.
    pub references: Vec<String>,
    /// The changed path that it is about, escaped.
    pub path: Option<String>,
    /// The planned command that it is about.
    pub command: Option<String>,
    /// Id of the waiver that excuses it.
    pub waived_by: Option<String>,
    /// For findings of scans: a name by content that outlives moves.
    pub fingerprint: Option<String>,
    /// A change that a machine can make.
    pub fix: Option<FixDocument>,
}

/// A place with a few words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceDocument {
    /// `text`, `path` or `repository`.
    pub kind: String,
    /// Path, escaped; null for the repository.
    pub path: Option<String>,
    /// The commit that the text was read from, where it is not the judged
    /// state.
    pub revision: Option<String>,
    /// First line, from 1.
    pub line: Option<usize>,
    /// First column in characters, from 1.
    pub column: Option<usize>,
    /// Last line, from 1.
    pub end_line: Option<usize>,
    /// One past the last column, from 1.
    pub end_column: Option<usize>,
    /// First byte in the file's text.
    pub start: Option<usize>,
    /// One past the last byte.
    pub end: Option<usize>,
    /// The words about it.
    pub label: String,
}

/// A replacement of one span.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FixDocument {
    /// What is replaced.
    pub place: PlaceDocument,
    /// What stands there afterwards.
    pub replacement: String,
    /// What it does.
    pub message: String,
    /// Whether somebody should look at it.
    pub is_unsafe: bool,
}

/// One step.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepDocument {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// `passed`, `failed` or `skipped`.
    pub status: String,
    /// Why it was skipped.
    pub reason: Option<String>,
    /// Exit code.
    pub exit_code: Option<i32>,
    /// Tests that ran.
    pub tests: Option<u64>,
}

/// What differs from run to run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunDocument {
    /// RFC 3339 UTC.
    pub started_at: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Steps that ran, by name.
    pub steps: Vec<StepRunDocument>,
}

/// What differs about a step.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepRunDocument {
    /// The step's name.
    pub name: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Where its log lies.
    pub log: Option<String>,
    /// SHA-256 of the log.
    pub log_sha256: Option<String>,
    /// Last lines of the log, escaped.
    pub tail: Vec<String>,
}
