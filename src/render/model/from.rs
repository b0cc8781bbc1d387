//! Converts a report to its JSON document.

use crate::finding::{
    AreaInfo, CheckStatus, Finding, Label, LedgerInfo, PacketInfo, Place, Report, StepStatus, Subject,
    SubjectInfo,
};

use super::{
    AreaDocument, CheckDocument, ClaimDocument, DocumentsDocument, FindingDocument, FixDocument,
    LedgerDocument, PacketDocument, PlaceDocument, PolicyDocument, ReportDocument, RunDocument, SCHEMA,
    ScanDocument, SelectionDocument, StepDocument, StepRunDocument, SubjectDocument, SummaryDocument,
    UntrustedJobDocument,
};

impl From<&Report> for ReportDocument {
    fn from(report: &Report) -> Self {
        let tally = report.tally();
        Self {
            schema: SCHEMA.to_owned(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            gate: report.gate.to_owned(),
            verdict: report.verdict().as_str().to_owned(),
            reason: report.not_run.clone(),
            warnings: report.warnings.clone(),
            packet: report.packet.as_ref().map(to_packet),
            also: report.other_packets.iter().map(to_packet).collect(),
            policy: report.policy.as_ref().map(|policy| PolicyDocument {
                profile: policy.profile.to_owned(),
                revision: policy.revision.clone(),
                reason: policy.reason.clone(),
                source: policy.source.clone(),
            }),
            selection: report.selection.as_ref().map(|selection| SelectionDocument {
                mode: selection.mode.to_owned(),
                base: selection.base.clone(),
                head: selection.head.clone(),
                reason: selection.reason.clone(),
                changed: selection.changed,
                excused_untracked: selection.exempted.clone(),
                trusted: selection.policy_source.clone(),
            }),
            documents: report.documents.as_ref().map(|documents| DocumentsDocument {
                kinds: documents.kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect(),
                layout: documents.layout.to_owned(),
                named: documents.named_only,
            }),
            scan: report.scan.as_ref().map(|scan| ScanDocument {
                rules: scan.rules,
                files: scan.files,
                bytes: scan.bytes,
                areas: scan.areas.iter().map(to_area).collect(),
                skipped: scan.skipped,
                binary: scan.binary,
                large: scan.large,
                baseline: scan.baseline.clone(),
                baselined: scan.baselined,
                preexisting: scan.preexisting,
                suppressed: scan.suppressed,
                truncated: scan.truncated,
                subjects: scan.subjects.iter().map(to_subject).collect(),
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
            checks: report.outcomes.iter().map(to_check).collect(),
            findings: report.findings.iter().map(to_finding).collect(),
            steps: report.steps.iter().map(to_step).collect(),
            claims: report.claims.iter().map(to_claim).collect(),
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
                ledger: report.run.ledger.as_ref().map(to_ledger),
                assist: report.run.assist.as_ref().map(Into::into),
            },
        }
    }
}

fn to_ledger(ledger: &LedgerInfo) -> LedgerDocument {
    let job = |(job, at, reason): &(String, String, String)| UntrustedJobDocument {
        job: job.clone(),
        at: at.clone(),
        reason: reason.clone(),
    };
    LedgerDocument {
        job: ledger.job.clone(),
        trouble: ledger.trouble.clone(),
        untrusted: ledger.untrusted.clone(),
        untrusted_jobs: ledger.untrusted_jobs.iter().map(job).collect(),
        model_calls: ledger.model_calls.0,
        tokens_sent: ledger.model_calls.1,
        tokens_received: ledger.model_calls.2,
        over_budget: ledger.over_budget.clone(),
    }
}

fn to_packet(packet: &PacketInfo) -> PacketDocument {
    PacketDocument {
        requested: packet.requested.clone(),
        wp_id: packet.wp_id.clone(),
        path: packet.path.to_string(),
        sha256: packet.sha256.clone(),
        generation: packet.generation.clone(),
        resolved_by: packet.resolved_by.clone(),
        paths: packet.paths,
        approval: packet.approval.as_ref().map(Into::into),
    }
}

fn to_check(outcome: &crate::finding::CheckOutcome) -> CheckDocument {
    let (reason, waivers) = match &outcome.status {
        CheckStatus::Skipped(reason) => (Some(reason.clone()), Vec::new()),
        CheckStatus::Waived(ids) => (None, ids.clone()),
        CheckStatus::Passed | CheckStatus::Failed => (None, Vec::new()),
    };
    CheckDocument {
        rule: outcome.rule.to_string(),
        packet: outcome.packet.clone(),
        status: outcome.status.as_str().to_owned(),
        reason,
        waivers,
    }
}

fn to_claim(claim: &crate::finding::EvidenceClaim) -> ClaimDocument {
    ClaimDocument {
        command: claim.command.clone(),
        claimed_exit_code: claim.exit_code.clone(),
        step: claim.observed.as_ref().map(|(step, _)| step.clone()),
        seen_exit_code: claim.observed.as_ref().and_then(|(_, code)| *code),
    }
}

fn to_step(step: &crate::finding::StepReport) -> StepDocument {
    let (status, reason) = match &step.status {
        StepStatus::Passed => ("passed", None),
        StepStatus::Failed => ("failed", None),
        StepStatus::Skipped(reason) => ("skipped", Some(reason.clone())),
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

fn to_finding(finding: &Finding) -> FindingDocument {
    let rule = crate::check::wording(finding);
    let mut help = finding.help.clone();
    help.extend(crate::render::remedy::remedy(finding));
    let (path, command) = match &finding.subject {
        Some(Subject::Path(path)) => (Some(path.to_string()), None),
        Some(Subject::Command(command)) => (None, Some(command.clone())),
        None => (None, None),
    };
    FindingDocument {
        rule: finding.rule.to_string(),
        packet: finding.packet.clone(),
        level: finding.level.to_string(),
        message: finding.message.clone(),
        place: label_to_place(&finding.primary),
        related: finding.related.iter().map(label_to_place).collect(),
        notes: finding.notes.clone(),
        help,
        why: rule.map(|rule| rule.why.clone()).unwrap_or_default(),
        references: rule.map(|rule| rule.references.clone()).unwrap_or_default(),
        path,
        command,
        waived_by: finding.waived_by.clone(),
        fingerprint: finding.fingerprint.clone(),
        fix: finding.fix.as_ref().map(|fix| FixDocument {
            place: to_place(&fix.place, String::new()),
            replacement: fix.replacement.clone(),
            message: fix.message.clone(),
            is_unsafe: fix.is_unsafe(),
        }),
    }
}

fn label_to_place(label: &Label) -> PlaceDocument {
    to_place(&label.place, label.text.clone())
}

fn to_place(place: &Place, label: String) -> PlaceDocument {
    let mut out = PlaceDocument {
        kind: "repository".to_owned(),
        path: place.path().map(ToString::to_string),
        revision: None,
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
            let (start, end) = (source.position(span.start), source.position(span.end));
            out.kind = "text".to_owned();
            out.revision = source.revision().map(str::to_owned);
            (out.line, out.column) = (Some(start.line), Some(start.column));
            (out.end_line, out.end_column) = (Some(end.line), Some(end.column));
            (out.start, out.end) = (Some(span.start), Some(span.end));
        }
        Place::Path(_) => out.kind = "path".to_owned(),
        Place::Repository => {}
    }
    out
}

fn to_subject(subject: &SubjectInfo) -> SubjectDocument {
    SubjectDocument {
        rule: subject.rule.clone(),
        subject: subject.subject.clone(),
        vocabulary: subject.vocabulary.clone(),
        matches: subject.matches,
        reason: subject.reason.clone(),
    }
}

fn to_area(area: &AreaInfo) -> AreaDocument {
    AreaDocument {
        area: area.area,
        treatment: area.treatment,
        files: area.files,
        decided_by: area.decided_by.clone(),
    }
}
