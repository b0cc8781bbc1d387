//! The summary of a report for a person: the verdict, then one row per fact.

use crate::change::short_id;
use crate::check::context::Gate;
use crate::finding::{
    AreaInfo, CheckOutcome, CheckStatus, DocumentsInfo, EvidenceClaim, LedgerInfo, PolicyInfo, Report,
    ScanInfo, SelectionInfo, StepReport, StepStatus, SubjectInfo, Tally, Verdict,
};
use crate::text::{escape_hidden, format_count, to_single_line};

use super::packet::packet_rows;
use super::style::{FAIL_STYLE, HumanOptions, PASS_STYLE, paint};

/// A name of at most nine characters, and the text behind it.
type Row = (&'static str, String);

/// What the ledger knows: nothing is said about a run that was recorded as usual.
fn ledger_rows(ledger: &LedgerInfo, options: HumanOptions) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(reason) = &ledger.untrusted {
        let text = format!("the evidence of this run cannot be trusted: {}", to_single_line(reason, 200));
        rows.push(("run", text));
    }
    for (job, at, reason) in &ledger.untrusted_jobs {
        let id: String = job.chars().take(8).collect();
        rows.push((
            "run",
            format!(
                "the evidence of run {id} of {at} cannot be trusted: {}; look at what happened, then run \
                 `countersign jobs acknowledge {id} --reason TEXT`",
                to_single_line(reason, 200)
            ),
        ));
    }
    if let (calls @ 1.., sent, received) = ledger.model_calls {
        let calls =
            if calls == 1 { "1 call of a model".to_owned() } else { format!("{calls} calls of models") };
        let bound = if ledger.is_lower_bound { "at least " } else { "" };
        rows.push(("usage", format!("{calls}, {bound}{sent} tokens sent, {received} received")));
    }
    for over in &ledger.over_budget {
        rows.push(("budget", to_single_line(over, 200)));
    }
    if let Some(trouble) = ledger.trouble.as_ref().filter(|_| options.verbose) {
        rows.push(("ledger", format!("nothing was recorded: {}", to_single_line(trouble, 200))));
    }
    rows.iter().map(|(name, text)| (*name, escape_hidden(text).into_owned())).collect()
}

/// Renders the verdict, and the rows of the summary.
pub(super) fn render_summary(report: &Report, options: HumanOptions) -> String {
    let ids: Vec<&str> = report.packets().map(|packet| packet.wp_id.as_str()).collect();
    let subject = if ids.is_empty() { String::new() } else { format!(" {}", ids.join(", ")) };
    let verdict = match report.verdict() {
        Verdict::Passed => paint(options, PASS_STYLE, "PASSED"),
        Verdict::Failed => paint(options, FAIL_STYLE, "FAILED"),
        Verdict::NotRun => paint(options, FAIL_STYLE, "NOT RUN"),
    };
    let remarks: String = match report.verdict() {
        Verdict::Passed => report.verdict_remarks.iter().map(|remark| format!(", {remark}")).collect(),
        Verdict::Failed | Verdict::NotRun => String::new(),
    };
    let mut out = format!("{}{subject}: {verdict}{}\n", report.gate, escape_hidden(&remarks));
    for (name, text) in summary_rows(report, options) {
        out.push_str(&format!("  {name:<9}{text}\n"));
    }
    out
}

fn summary_rows(report: &Report, options: HumanOptions) -> Vec<Row> {
    let mut rows = Vec::new();
    let several = !report.other_packets.is_empty();
    rows.extend(report.packets().flat_map(|packet| packet_rows(packet, several, options.verbose)));
    rows.extend(report.selection.iter().map(selection_row));
    let rules = report.policy.as_ref().map(policy_text);
    let rules = rules.or_else(|| report.selection.as_ref().map(|selection| selection.policy_source.clone()));
    rows.extend(rules.map(|text| ("rules", escape_hidden(&text).into_owned())));
    rows.extend(report.documents.as_ref().map(documents_row));
    rows.extend(report.scan.iter().flat_map(scan_rows));
    let tally = report.tally();
    rows.push(checks_row(&tally));
    rows.push(findings_row(&tally, report.documents.is_some() && !options.verbose));
    rows.extend(fixable_row(report));
    rows.extend(report.warnings.iter().map(|warning| ("warning", escape_hidden(warning).into_owned())));
    rows.extend(report.run.ledger.iter().flat_map(|ledger| ledger_rows(ledger, options)));
    rows.extend(report.steps.iter().map(step_row));
    let shows_all_claims = options.verbose || report.gate == Gate::Audit.as_str();
    let shown_claims = report.claims.iter().filter(|claim| shows_all_claims || claim.observed.is_some());
    rows.extend(shown_claims.map(claim_row));
    if options.verbose {
        rows.extend(report.outcomes.iter().map(outcome_row));
    }
    rows
}

/// Describes the rules: where they were read, why they are trusted, the profile.
fn policy_text(policy: &PolicyInfo) -> String {
    format!("{}; {}; profile {}", policy.source, policy.reason, policy.profile)
}

fn selection_row(selection: &SelectionInfo) -> Row {
    let id = |id: &Option<String>, without: &str| id.as_deref().map_or(without, short_id).to_owned();
    let head = match selection.mode {
        "staged" => "the index",
        "worktree" => "the working tree",
        _ => "nothing",
    };
    let change = format!(
        "{}..{}, {}: {}",
        id(&selection.base, "nothing"),
        id(&selection.head, head),
        format_count(selection.changed, "path"),
        escape_hidden(&selection.reason)
    );
    ("change", change)
}

fn documents_row(documents: &DocumentsInfo) -> Row {
    let kinds: Vec<String> = documents.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let named = if documents.named_only { "named: " } else { "" };
    ("judged", format!("{named}{} ({})", format_count(documents.count(), "document"), kinds.join(", ")))
}

/// Rows about the scanned files, the findings that are only counted, and the
/// skipped files.
fn scan_rows(scan: &ScanInfo) -> Vec<Row> {
    let mut rows = vec![(
        "scanned",
        format!(
            "{} ({}) with {}",
            format_count(scan.files, "file"),
            format_bytes(scan.bytes),
            format_count(scan.rules, "rule")
        ),
    )];
    rows.extend(area_rows(&scan.areas));
    let counted = join_counts(&[
        (scan.preexisting, "present before the change"),
        (scan.baselined, "in the baseline"),
        (scan.suppressed, "suppressed by comments"),
        (scan.truncated, "beyond the maximum number of findings"),
    ]);
    rows.extend(counted.map(|text| ("counted", text)));
    rows.extend(subject_rows(&scan.subjects));
    let skipped = join_counts(&[(scan.binary, "binary"), (scan.large, "too large")]);
    rows.extend(skipped.map(|text| ("skipped", format!("files of no known language: {text}"))));
    rows
}

/// Maximum number of subjects with a row of their own.
const MAX_SUBJECT_ROWS: usize = 12;

/// Rows about the subjects of the product with the most matches, and one about all others.
fn subject_rows(subjects: &[SubjectInfo]) -> Vec<Row> {
    let mut ranked: Vec<&SubjectInfo> = subjects.iter().collect();
    ranked.sort_by_key(|subject| std::cmp::Reverse(subject.matches));
    let others = ranked.split_off(ranked.len().min(MAX_SUBJECT_ROWS));
    // In the order of the report, as long as all have a row.
    let shown: Vec<&SubjectInfo> = if others.is_empty() { subjects.iter().collect() } else { ranked };
    let mut rows: Vec<Row> = shown.into_iter().map(subject_row).collect();
    if !others.is_empty() {
        let matches: usize = others.iter().map(|subject| subject.matches).sum();
        let (findings, subjects) =
            (format_count(matches, "finding"), format_count(others.len(), "other subject"));
        let text = format!("{findings} left out, about {subjects}; `--format json` lists them");
        rows.push(("subject", text));
    }
    rows
}

/// A row about matches of a rule that are about a subject of the product.
fn subject_row(subject: &SubjectInfo) -> Row {
    let text = format!(
        "{} of {} left out, about `{}`: {}. To decide this yourself, set `scan: {{vocabulary: {{{}: [...]}}}}`",
        format_count(subject.matches, "finding"),
        subject.rule,
        escape_hidden(&subject.subject),
        escape_hidden(&subject.reason),
        subject.vocabulary
    );
    ("subject", text)
}

/// Rows about the areas of a scanned tree: the product with what decided it, the others,
/// and those that were skipped.
fn area_rows(areas: &[AreaInfo]) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(product) = areas.iter().find(|area| area.area == "product") {
        let decided = |by: &str| product.decided_by.get(by).copied().unwrap_or_default();
        let named = decided("name");
        let known = product.files - named;
        let text = if product.files == 0 {
            "no code file".to_owned()
        } else {
            format!(
                "{}: {known} by manifest or configuration, {named} by folder name",
                format_count(product.files, "code file")
            )
        };
        rows.push(("product", text));
    }
    let is_other = |area: &&AreaInfo| area.area != "product" && area.treatment != "skip";
    let join = |all: Vec<&AreaInfo>| {
        let texts: Vec<String> = all.iter().map(|area| format!("{} {}", area.area, area.files)).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    rows.extend(join(areas.iter().filter(is_other).collect()).map(|text| ("others", text)));
    let skipped = areas.iter().filter(|area| area.treatment == "skip").collect();
    rows.extend(join(skipped).map(|text| ("skipped", format!("code files: {text}"))));
    rows
}

/// Joins the counts that are not zero, each with its description; `None` if
/// all are zero.
fn join_counts(counts: &[(usize, &str)]) -> Option<String> {
    let shown: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, description)| format!("{count} {description}"))
        .collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn checks_row(tally: &Tally) -> Row {
    let Tally { passed, failed, waived, skipped, .. } = tally;
    ("checks", format!("{passed} passed, {failed} failed, {waived} waived, {skipped} skipped"))
}

fn findings_row(tally: &Tally, hides_notes: bool) -> Row {
    let hint = if hides_notes && tally.notes > 0 { " (--verbose shows them)" } else { "" };
    let (errors, warnings) = (format_count(tally.errors, "error"), format_count(tally.warnings, "warning"));
    ("findings", format!("{errors}, {warnings}, {}{hint}", format_count(tally.notes, "note")))
}

/// The number of findings that `countersign fix` can fix; `None` without any.
fn fixable_row(report: &Report) -> Option<Row> {
    let unwaived = report.findings.iter().filter(|finding| finding.waived_by.is_none());
    let (not_safe, safe): (Vec<_>, Vec<_>) =
        unwaived.filter_map(|finding| finding.fix.as_ref()).partition(|fix| fix.is_unsafe());
    let text = match (safe.len(), not_safe.len()) {
        (0, 0) => return None,
        (0, not_safe) => {
            format!("{not_safe} with `countersign fix --unsafe --diff`; review the differences")
        }
        (safe, 0) => format!("{safe} with `countersign fix`"),
        (safe, not_safe) => format!("{safe} with `countersign fix`, {not_safe} more with --unsafe"),
    };
    Some(("fixable", text))
}

fn step_row(step: &StepReport) -> Row {
    let tests = step
        .tests
        .and_then(|tests| usize::try_from(tests).ok())
        .map_or_else(String::new, |tests| format!(", {}", format_count(tests, "test")));
    let text = match &step.status {
        StepStatus::Skipped(reason) => format!("{}: not run ({})", step.name, escape_hidden(reason)),
        StepStatus::Passed => format!("{}: passed{tests} ({:.1} s)", step.name, step_seconds(step)),
        StepStatus::Failed => format!("{}: failed{tests} ({:.1} s)", step.name, step_seconds(step)),
    };
    ("step", text)
}

/// A claimed exit code, and the exit code of the same command in a step.
fn claim_row(claim: &EvidenceClaim) -> Row {
    let claimed = claim.exit_code.as_deref().unwrap_or("none");
    let observed = match &claim.observed {
        Some((step, Some(code))) => format!("step {step} ended with {code}"),
        Some((step, None)) => format!("step {step} has no exit code"),
        None => "not run by a step".to_owned(),
    };
    let text = format!("{}: claimed exit code {claimed}; {observed}", claim.command);
    ("claim", to_single_line(&text, 200))
}

fn outcome_row(outcome: &CheckOutcome) -> Row {
    let status = match &outcome.status {
        CheckStatus::Skipped(reason) => format!("skipped: {}", escape_hidden(reason)),
        CheckStatus::Waived(ids) => format!("waived by {}", escape_hidden(&ids.join(", "))),
        status => status.as_str().to_owned(),
    };
    let packet = outcome.packet.as_ref().map_or_else(String::new, |packet| format!(" ({packet})"));
    ("check", format!("{:<32}{status}{packet}", outcome.rule.as_str()))
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for reading")]
fn format_bytes(count: usize) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..1_000_000 => format!("{:.0} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds for reading")]
fn step_seconds(step: &StepReport) -> f64 {
    step.run.milliseconds as f64 / 1000.0
}
