//! The report as scripts read it: `countersign.report/v1`.
//!
//! `docs/schema/report.v1.json` is generated from these types. Everything
//! that differs between two runs over the same state is in `run`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::{Finding, Label, Place, Report, Status, StepStatus, Subject};

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
    /// The judged change, for gates that judge one.
    pub selection: Option<SelectionDocument>,
    /// The judged documents, for commands that judge documents.
    pub documents: Option<DocumentsDocument>,
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

impl From<&Report> for ReportDocument {
    fn from(report: &Report) -> Self {
        let tally = report.tally();
        Self {
            schema: SCHEMA.to_owned(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            gate: report.gate.to_owned(),
            verdict: if report.passed() { "passed" } else { "failed" }.to_owned(),
            packet: report.packet.as_ref().map(|packet| PacketDocument {
                requested: packet.requested.clone(),
                wp_id: packet.wp_id.clone(),
                path: packet.path.to_string(),
                sha256: packet.sha256.clone(),
                generation: packet.generation.clone(),
                resolved_by: packet.resolved_by.clone(),
            }),
            selection: report.selection.as_ref().map(|selection| SelectionDocument {
                mode: selection.mode.to_owned(),
                base: selection.base.clone(),
                head: selection.head.clone(),
                reason: selection.reason.clone(),
                changed: selection.changed,
                trusted: selection.trusted.clone(),
            }),
            documents: report.documents.as_ref().map(|documents| DocumentsDocument {
                kinds: documents.kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect(),
                layout: documents.layout.to_owned(),
                named: documents.named,
            }),
            summary: SummaryDocument {
                passed: tally.passed,
                failed: tally.failed,
                waived: tally.waived,
                skipped: tally.skipped,
                errors: tally.errors,
                warnings: tally.warnings,
                notes: tally.notes,
            },
            checks: report.outcomes.iter().map(check).collect(),
            findings: report.findings.iter().map(finding).collect(),
            steps: report.steps.iter().map(step).collect(),
            claims: report.claims.iter().map(claim).collect(),
            run: RunDocument {
                started_at: report.run.started_at.clone(),
                milliseconds: report.run.milliseconds,
                steps: report
                    .steps
                    .iter()
                    .filter(|step| step.run.log.is_some())
                    .map(|step| StepRunDocument {
                        name: step.name.clone(),
                        milliseconds: step.run.milliseconds,
                        log: step.run.log.clone(),
                        log_sha256: step.run.log_sha256.clone(),
                        tail: step.run.tail.clone(),
                    })
                    .collect(),
            },
        }
    }
}

fn check(outcome: &crate::finding::CheckOutcome) -> CheckDocument {
    let (reason, waivers) = match &outcome.status {
        Status::Skipped(why) => (Some(why.clone()), Vec::new()),
        Status::Waived(ids) => (None, ids.clone()),
        Status::Passed | Status::Failed => (None, Vec::new()),
    };
    CheckDocument {
        rule: outcome.rule.to_string(),
        status: outcome.status.as_str().to_owned(),
        reason,
        waivers,
    }
}

fn claim(claim: &crate::finding::Claim) -> ClaimDocument {
    ClaimDocument {
        command: claim.command.clone(),
        claimed_exit_code: claim.exit_code.clone(),
        step: claim.seen.as_ref().map(|(step, _)| step.clone()),
        seen_exit_code: claim.seen.as_ref().and_then(|(_, code)| *code),
    }
}

fn step(step: &crate::finding::StepReport) -> StepDocument {
    let (status, reason) = match &step.status {
        StepStatus::Passed => ("passed", None),
        StepStatus::Failed => ("failed", None),
        StepStatus::Skipped(why) => ("skipped", Some(why.clone())),
    };
    StepDocument {
        name: step.name.clone(),
        argv: step.argv.clone(),
        status: status.to_owned(),
        reason,
        exit_code: step.exit_code,
        tests: step.tests,
    }
}

fn finding(finding: &Finding) -> FindingDocument {
    let rule = crate::check::find(finding.rule.as_str()).map(|entry| entry.rule.text());
    let mut help = finding.help.clone();
    help.extend(rule.map(|rule| rule.remedy.clone()));
    let (path, command) = match &finding.subject {
        Some(Subject::Path(path)) => (Some(path.to_string()), None),
        Some(Subject::Command(command)) => (None, Some(command.clone())),
        None => (None, None),
    };
    FindingDocument {
        rule: finding.rule.to_string(),
        level: finding.level.to_string(),
        message: finding.message.clone(),
        place: label(&finding.primary),
        related: finding.related.iter().map(label).collect(),
        notes: finding.notes.clone(),
        help,
        why: rule.map(|rule| rule.why.clone()).unwrap_or_default(),
        references: rule.map(|rule| rule.references.clone()).unwrap_or_default(),
        path,
        command,
        waived_by: finding.waived_by.clone(),
        fix: finding.fix.as_ref().map(|fix| FixDocument {
            place: place(&fix.place, String::new()),
            replacement: fix.replacement.clone(),
            message: fix.message.clone(),
        }),
    }
}

fn label(label: &Label) -> PlaceDocument {
    place(&label.place, label.text.clone())
}

fn place(place: &Place, label: String) -> PlaceDocument {
    let mut out = PlaceDocument {
        kind: "repository".to_owned(),
        path: place.path().map(ToString::to_string),
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        start: None,
        end: None,
        label,
    };
    match place {
        Place::Text { source, span } => {
            let (from, to) = (source.position(span.start), source.position(span.end));
            out.kind = "text".to_owned();
            (out.line, out.column) = (Some(from.line), Some(from.column));
            (out.end_line, out.end_column) = (Some(to.line), Some(to.column));
            (out.start, out.end) = (Some(span.start), Some(span.end));
        }
        Place::Path(_) => out.kind = "path".to_owned(),
        Place::Repository => {}
    }
    out
}
