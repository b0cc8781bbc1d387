//! Output of `jobs`, `problems` and `log`.

use serde::Serialize;

use crate::ledger::{EventRow, JobMetrics, JobRow, Payload, ProblemRow};
use crate::text::{escape_hidden, format_count, to_single_line};

use super::listing::align;

/// Name and version of the format of jobs.
const JOBS_SCHEMA: &str = "countersign.jobs/v1";
/// Name and version of the format of problems.
const PROBLEMS_SCHEMA: &str = "countersign.problems/v1";
/// Number of characters of an id that tables show.
const SHORT_ID: usize = 8;

/// Jobs as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct JobsDocument<'a> {
    schema: &'static str,
    jobs: Vec<JobDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct JobDocument<'a> {
    job_id: &'a str,
    job_kind: &'static str,
    state: &'static str,
    access_mode: &'static str,
    safety_mode: &'static str,
    protocol_id: &'a str,
    status_reason: &'a str,
    wp_id: Option<&'a str>,
    tree: Option<&'a str>,
    verdict: Option<&'a str>,
    worktree: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
    operations: u64,
    acknowledged_by: Option<&'a str>,
    metrics: JobMetrics,
}

fn to_job(job: &JobRow) -> JobDocument<'_> {
    JobDocument {
        job_id: &job.job_id,
        job_kind: job.kind.as_str(),
        state: job.state.as_str(),
        access_mode: job.access.as_str(),
        safety_mode: job.safety.as_str(),
        protocol_id: &job.protocol_id,
        status_reason: &job.reason,
        wp_id: job.packet.as_deref(),
        tree: job.tree.as_deref(),
        verdict: job.verdict.as_deref(),
        worktree: &job.worktree,
        created_at: &job.created_at,
        updated_at: &job.updated_at,
        operations: job.operations,
        acknowledged_by: job.acknowledged_by.as_deref(),
        metrics: job.metrics,
    }
}

/// Converts jobs to their JSON document.
#[must_use]
pub(crate) fn jobs_document(jobs: &[JobRow]) -> JobsDocument<'_> {
    JobsDocument { schema: JOBS_SCHEMA, jobs: jobs.iter().map(to_job).collect() }
}

/// Renders jobs as a table, and why a job did not end as wanted below it.
#[must_use]
pub(crate) fn render_jobs(jobs: &[JobRow]) -> String {
    let header = ["JOB", "STARTED", "COMMAND", "WP", "STATE", "VERDICT", "TREE", "TIME"].map(str::to_owned);
    let row = |job: &JobRow| {
        [
            short(&job.job_id),
            time(&job.created_at),
            command(&job.protocol_id),
            to_single_line(job.packet.as_deref().unwrap_or("-"), 40),
            job.state.as_str().to_owned(),
            job.verdict.clone().unwrap_or_else(|| "-".to_owned()),
            job.tree.as_deref().map_or_else(|| "-".to_owned(), short),
            duration(job.metrics.duration_ms),
        ]
    };
    let rows: Vec<[String; 8]> = std::iter::once(header).chain(jobs.iter().map(row)).collect();
    let mut out = align(&rows);
    out.push_str(&format!("\n{}\n", format_count(jobs.len(), "job")));
    let ended_badly = |job: &&JobRow| matches!(job.state.as_str(), "poisoned" | "stalled" | "cancelled");
    for job in jobs.iter().filter(ended_badly) {
        out.push_str(&format!(
            "{}: {}: {}\n",
            short(&job.job_id),
            job.state,
            to_single_line(&job.reason, 200)
        ));
        match &job.acknowledged_by {
            Some(who) => out.push_str(&format!("  acknowledged by {}\n", to_single_line(who, 80))),
            None if job.state.as_str() == "poisoned" => out.push_str(&format!(
                "  help: look at what happened, then run `countersign jobs acknowledge {} --reason TEXT`\n",
                short(&job.job_id)
            )),
            None => {}
        }
    }
    escape_hidden(&out).into_owned()
}

/// Problems as a JSON document.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemsDocument<'a> {
    schema: &'static str,
    problems: Vec<ProblemDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ProblemDocument<'a> {
    fingerprint: &'a str,
    status: &'static str,
    code: &'a str,
    severity: &'a str,
    title: &'a str,
    location: Option<&'a str>,
    protocol_id: &'a str,
    wp_id: Option<&'a str>,
    first_seen: &'a str,
    last_seen: &'a str,
    count: u64,
    acknowledged_by: Option<&'a str>,
}

fn status(problem: &ProblemRow) -> &'static str {
    if problem.acknowledged_by.is_some() {
        "acknowledged"
    } else if problem.is_resolved {
        "resolved"
    } else {
        "open"
    }
}

fn to_problem(problem: &ProblemRow) -> ProblemDocument<'_> {
    ProblemDocument {
        fingerprint: &problem.fingerprint,
        status: status(problem),
        code: &problem.code,
        severity: &problem.severity,
        title: &problem.title,
        location: problem.location.as_deref(),
        protocol_id: &problem.protocol_id,
        wp_id: problem.packet.as_deref(),
        first_seen: &problem.first_seen,
        last_seen: &problem.last_seen,
        count: problem.runs,
        acknowledged_by: problem.acknowledged_by.as_deref(),
    }
}

/// Converts problems to their JSON document.
#[must_use]
pub(crate) fn problems_document(problems: &[ProblemRow]) -> ProblemsDocument<'_> {
    ProblemsDocument { schema: PROBLEMS_SCHEMA, problems: problems.iter().map(to_problem).collect() }
}

/// Renders problems as a table.
#[must_use]
pub(crate) fn render_problems(problems: &[ProblemRow]) -> String {
    let header = ["PROBLEM", "LEVEL", "RULE", "WHERE", "WP", "FIRST SEEN", "LAST SEEN", "RUNS", "STATUS"]
        .map(str::to_owned);
    let row = |problem: &ProblemRow| {
        [
            short(&problem.fingerprint),
            problem.severity.clone(),
            to_single_line(&problem.code, 40),
            to_single_line(problem.location.as_deref().unwrap_or("-"), 60),
            to_single_line(problem.packet.as_deref().unwrap_or("-"), 40),
            time(&problem.first_seen),
            time(&problem.last_seen),
            problem.runs.to_string(),
            status(problem).to_owned(),
        ]
    };
    let rows: Vec<[String; 9]> = std::iter::once(header).chain(problems.iter().map(row)).collect();
    let mut out = align(&rows);
    out.push_str(&format!("\n{}\n", format_count(problems.len(), "problem")));
    escape_hidden(&out).into_owned()
}

/// Renders one event as a line.
#[must_use]
pub(crate) fn render_event(row: &EventRow) -> String {
    let event = &row.event;
    let job = event.job_id.as_deref().map_or_else(|| "-".to_owned(), short);
    let line = format!("{:>6}  {}  {job:<8}  {}", row.seq, time(&event.timestamp), describe(&event.payload));
    format!("{}\n", escape_hidden(&to_single_line(&line, 240)))
}

fn describe(payload: &Payload) -> String {
    match payload {
        Payload::TerminalCommand(run) => {
            let exit = run.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit {code}"));
            let arguments: String = run.args.iter().map(|argument| format!(" {argument}")).collect();
            format!("ran `{}{arguments}`: {exit}, {}", run.command, duration(run.duration_ms))
        }
        Payload::ToolCall(call) => {
            let end = call.error.clone().unwrap_or_else(|| "done".to_owned());
            format!("{}: {end} ({})", call.tool_id, call.capability_ids.join(", "))
        }
        Payload::CapabilityAction(action) => format!("{}: {}", action.capability_id, action.decision_outcome),
        Payload::Diagnostic(event) => format!("problem {} ({})", short(&event.diagnostic_id), event.severity),
        Payload::WorkflowRecovery(recovery) => format!("stalled: {}", recovery.reason),
        Payload::SecurityViolation(violation) => format!("POISONED: {}", violation.description),
        Payload::CheckCompleted(check) | Payload::CheckBlocked(check) => {
            let why = check.blocked_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{}: {}{why}", check.check_id, check.result_status)
        }
        Payload::GateOutcome(outcome) => {
            let why = outcome.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{} {} {}.{}{why}", outcome.gate, outcome.outcome, outcome.engine_id, outcome.operation)
        }
        Payload::OperationRecorded(end) => format!("result {} of an operation", short(&end.result_sha256)),
        Payload::JobTransition(change) => {
            let why = if change.reason == change.to.as_str() {
                String::new()
            } else {
                format!(": {}", change.reason)
            };
            format!("{} is {}{why}", command(&change.protocol_id), change.to)
        }
        Payload::Acknowledged(acknowledgement) => {
            format!("acknowledged {}: {}", short(&acknowledgement.subject), acknowledgement.reason)
        }
        Payload::Retention(removal) => format!(
            "retention removed {} events and {} jobs; {} is the first event that is left",
            removal.events, removal.jobs, removal.first_kept
        ),
        Payload::LlmInference(call) => {
            let usage = call.token_usage;
            format!(
                "asked {}: {} tokens sent, {} received",
                call.model_id, usage.prompt_tokens, usage.completion_tokens
            )
        }
        Payload::CloudRequested(event)
        | Payload::CloudApproved(event)
        | Payload::CloudDenied(event)
        | Payload::CloudExecuted(event) => {
            let outcome = event.outcome.as_deref().unwrap_or("requested");
            format!("cloud {outcome}: {} ({})", event.requested_model_id, event.reason)
        }
        Payload::Sealed(seal) => format!("sealed event {} with {}", seal.event, seal.key),
    }
}

/// Whether an event is one of many that say that nothing special happened.
#[must_use]
pub(crate) fn is_routine(payload: &Payload) -> bool {
    match payload {
        Payload::GateOutcome(outcome) => outcome.outcome == "pass",
        Payload::CapabilityAction(action) => action.decision_outcome == "allow",
        Payload::OperationRecorded(_) => true,
        Payload::JobTransition(change) => change.from.is_none(),
        _ => false,
    }
}

fn short(id: &str) -> String {
    to_single_line(&id.chars().take(SHORT_ID).collect::<String>(), SHORT_ID)
}

/// `countersign.post-work@1` as `post-work`.
fn command(protocol_id: &str) -> String {
    let name = protocol_id.strip_prefix("countersign.").unwrap_or(protocol_id);
    to_single_line(name.split('@').next().unwrap_or(name), 40)
}

/// A time without fractions of a second.
fn time(text: &str) -> String {
    let whole = text.split('.').next().unwrap_or(text);
    to_single_line(&whole.trim_end_matches('Z').replace('T', " "), 19)
}

fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}
