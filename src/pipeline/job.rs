//! A command that judges, as a job of the ledger.

use crate::bus::Bus;
#[cfg(feature = "ledger")]
use crate::config::UsageBudgets;
use crate::finding::{CheckStatus, Finding, LedgerInfo, Level, Report, StepStatus, Verdict};
use crate::ledger::{EntityRef, JobOutcome, JobState, LedgerNote, LedgerTrouble, Problem, Settlement};
#[cfg(feature = "ledger")]
use crate::usage::{PriceTable, over_budget};

/// Records a gate's result and adds what the ledger knows to the report. `awaits` is the
/// state in which the job waits if the gate passed.
///
/// # Errors
/// The ledger is required and cannot be used.
pub(crate) fn record_report(
    bus: &Bus<'_>,
    report: &mut Report,
    awaits: Option<JobState>,
) -> Result<(), LedgerTrouble> {
    let mut outcome = describe(bus, report);
    if report.passed() {
        outcome.awaits = awaits;
        let reason = "a later run took its place";
        let (from, to) = (JobState::AwaitingValidation, JobState::Completed);
        outcome.settles.extend(awaits.map(|_| Settlement { from, to, reason }));
    }
    let note = bus.recorder().finish(outcome)?;
    report.run.ledger = describe_note(note);
    Ok(())
}

/// Adds what the calls for the packet took more than the configuration allows. It decides
/// nothing: an agent can delete its logs.
#[cfg(feature = "ledger")]
pub(crate) fn add_over_budget(bus: &Bus<'_>, report: &mut Report, budgets: &UsageBudgets) {
    let Some(packet) = report.packet.as_ref().map(|packet| packet.wp_id.clone()) else { return };
    let Some(ledger) = report.run.ledger.as_mut().filter(|ledger| ledger.model_calls.0 > 0) else { return };
    if *budgets == UsageBudgets::default() {
        return;
    }
    let calls: Vec<_> =
        bus.recorder().calls_of(&packet).into_iter().map(|stored| (stored.call, stored.packet)).collect();
    let found = over_budget(&calls, budgets, &PriceTable::default());
    let of_packet = found.into_iter().filter(|over| over.packet.is_some());
    ledger.over_budget = of_packet.map(|over| format!("{}: {}", over.rule, over.message)).collect();
}

/// Records a gate that could not run to its end.
///
/// # Errors
/// The ledger is required and cannot be used.
pub(crate) fn record_failure(
    bus: &Bus<'_>,
    report: &Report,
    error: &str,
    is_cancelled: bool,
) -> Result<(), LedgerTrouble> {
    let outcome = JobOutcome {
        verdict: Some("not_run"),
        is_cancelled,
        error: Some(error.to_owned()),
        ..describe(bus, report)
    };
    bus.recorder().finish(outcome).map(|_| ())
}

/// What a report means for the job.
fn describe(bus: &Bus<'_>, report: &Report) -> JobOutcome {
    let verdict = report.verdict();
    let counts = |finding: &&Finding| finding.level != Level::Note && finding.waived_by.is_none();
    let mut problems: Vec<Problem> = report
        .findings
        .iter()
        .filter(counts)
        .map(|finding| Problem::of_finding(report.gate, finding))
        .collect();
    problems.extend(bus.take_problems());
    let packet = report.packet.as_ref().map(|packet| packet.wp_id.clone());
    let tree = report.selection.as_ref().and_then(|selection| selection.head.clone());
    let mut entities: Vec<EntityRef> = report
        .packets()
        .map(|packet| EntityRef { entity_kind: "packet".to_owned(), entity_id: packet.wp_id.clone() })
        .collect();
    entities
        .extend(tree.iter().map(|id| EntityRef { entity_kind: "commit".to_owned(), entity_id: id.clone() }));
    let has_waiver = |status: &CheckStatus| matches!(status, CheckStatus::Waived(_));
    JobOutcome {
        verdict: Some(verdict.as_str()),
        has_issues: verdict == Verdict::Passed
            && (!problems.is_empty() || report.outcomes.iter().any(|outcome| has_waiver(&outcome.status))),
        entities_read: report.selection.as_ref().map_or(0, |selection| number(selection.changed)),
        checks: number(report.outcomes.len())
            + number(
                report.steps.iter().filter(|step| !matches!(step.status, StepStatus::Skipped(_))).count(),
            ),
        packet,
        tree,
        entities,
        problems,
        ..JobOutcome::default()
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn describe_note(note: LedgerNote) -> Option<LedgerInfo> {
    if note == LedgerNote::default() {
        return None;
    }
    Some(LedgerInfo {
        job: note.job_id,
        trouble: note.trouble,
        untrusted: note.violation,
        over_budget: Vec::new(),
        is_lower_bound: note.usage.is_lower_bound,
        model_calls: (note.usage.calls, note.usage.sent, note.usage.received),
        untrusted_jobs: note.poisoned.into_iter().map(|job| (job.job_id, job.at, job.reason)).collect(),
    })
}
