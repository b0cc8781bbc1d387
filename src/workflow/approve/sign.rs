//! `sign`: writes the operator's signature into the refinement, the signature
//! audit and the gate log, and into the packet if it exists already.

use jiff::civil::DateTime;

use crate::change::TreeState;
use crate::document::audit::{Audit, AuditRow};
use crate::document::field::Field;
use crate::document::gate_log::text_or_empty;
use crate::document::{Packet, Refinement, Signature, WpId, template};
use crate::text::{Edit, Source, Span, is_plain, to_single_line};
use crate::workflow::field::edit_rest_of_line;
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// A signature and the details that are recorded with it.
#[derive(Debug, Clone)]
pub(crate) struct SignRequest {
    /// The signature, `{username}{DDMMYYYYHHMM}`.
    pub signature: String,
    /// The user of the signature, for the audit.
    pub used_by: String,
    /// Remarks for the audit.
    pub notes: String,
    /// The new merge base of a packet that is signed again, after its branch
    /// received commits of others; `None` keeps the old one.
    pub merge_base: Option<String>,
}

/// Maximum difference between the signer's clock and UTC, in hours. A signature
/// has no time zone.
const MAX_UTC_OFFSET_HOURS: i64 = 14;

/// Records a signature.
///
/// # Errors
/// The signature is malformed, in the future, or already used; the refinement is
/// not recorded, was changed since, has errors, or needs enrichment.
pub(crate) fn sign(
    records: &mut Records<'_>,
    context: &ApprovalContext<'_>,
    requested: &str,
    signing: &SignRequest,
) -> Result<WpId, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let path = records.layout.refinement(&id);
    let Some(refinement) = records.refinement(&id)? else {
        return Err(WorkflowError::Failed(format!("{path} no longer exists")));
    };
    let mut reasons = Vec::new();
    let signature = parse_signature(&signing.signature, context.now_civil(), &mut reasons);
    for (option, text) in [("--notes", &signing.notes), ("--used-by", &signing.used_by)] {
        if !is_plain(text) {
            let what = format!("{option} contains invisible characters or several lines");
            reasons.push(Reason::new(what, "Give plain text in one line."));
        }
    }
    let recorded = check_recorded(records, &id, &refinement, &mut reasons)?;
    if let (Some(signature), Some(recorded)) = (&signature, recorded) {
        let earliest =
            recorded.checked_sub(jiff::Span::new().hours(MAX_UTC_OFFSET_HOURS)).unwrap_or(recorded);
        if signature.at < earliest {
            reasons.push(Reason::new(
                format!(
                    "the signature has the time {}, before the refinement was recorded ({recorded})",
                    signature.at
                ),
                "Use a time of signing after the refinement was recorded.",
            ));
        }
    }
    reasons.extend(check_enrichment(&refinement));
    reasons.extend(signature.as_ref().and_then(|signature| context.check_role(&signature.user)));
    if let Some(signature) = &signature {
        check_unused(records, context, &id, signature, &mut reasons)?;
    }
    let packet = records.packet(&id)?;
    if signing.merge_base.is_some() && packet.is_none() {
        let what = format!("`{id}` has no packet whose merge base could be moved");
        let help = format!("Create it with `countersign new packet {id}`, which sets the merge base.");
        reasons.push(Reason::new(what, help));
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    let spec = records.spec()?;
    update_refinement(records, &refinement, &id, &signing.signature)?;
    if let Some(packet) = packet {
        update_packet(records, &packet, signing)?;
    }
    append_audit_row(records, &id, signing, signature.as_ref(), &spec)?;
    let stamp = context.timestamp();
    append_log_entry(
        records,
        &id,
        &[
            ("wpId", id.as_str()),
            ("type", "SIGNATURE"),
            ("signature", &signing.signature),
            ("timestamp", &stamp),
            ("refinement_path", &path.to_string()),
            ("refinement_sha256", &refinement.approved_sha256()),
        ],
    )?;
    // The check sees all records in their pending state.
    context.refuse_errors(records, &path)?;
    Ok(id)
}

/// Reads a signature; adds reasons if it is malformed or in the future.
fn parse_signature(text: &str, now: DateTime, reasons: &mut Vec<Reason>) -> Option<Signature> {
    let shown = to_single_line(text, 60);
    match Signature::parse(text) {
        Err(fault) => {
            let help =
                "Write the operator's name and the time: mira140220260915 means mira, 14.02.2026 09:15.";
            reasons.push(Reason::new(format!("invalid signature `{shown}`: {fault}"), help));
            None
        }
        Ok(signature) => {
            let latest = now.checked_add(jiff::Span::new().hours(MAX_UTC_OFFSET_HOURS)).unwrap_or(now);
            if signature.at > latest {
                let what = format!("the signature `{shown}` has a time in the future: {}", signature.at);
                reasons.push(Reason::new(what, "Use the time of signing."));
            }
            Some(signature)
        }
    }
}

/// Returns the time at which the refinement was recorded, in UTC. Adds reasons if
/// it was not recorded, or was changed since.
fn check_recorded(
    records: &Records<'_>,
    id: &WpId,
    refinement: &Refinement,
    reasons: &mut Vec<Reason>,
) -> Result<Option<DateTime>, WorkflowError> {
    let log = records.gate_log()?;
    let Some(entry) = log.last_entry(id.as_str(), "REFINEMENT") else {
        reasons.push(Reason::new(
            format!("the refinement of `{id}` is not recorded in the gate log"),
            format!("Complete it, then record it with `countersign refine {id}`."),
        ));
        return Ok(None);
    };
    let current = refinement.approved_sha256();
    let recorded = text_or_empty(entry.refinement_sha256.as_ref());
    if !recorded.is_empty() && recorded != current {
        reasons.push(Reason::new(
            format!("{} was changed after it was recorded", refinement.source.name()),
            format!("Read it again, then run `countersign refine {id}`."),
        ));
    }
    let at: Option<jiff::Timestamp> = text_or_empty(entry.timestamp.as_ref()).parse().ok();
    Ok(at.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}

/// Returns a reason if the specification must be extended before a signature.
fn check_enrichment(refinement: &Refinement) -> Option<Reason> {
    let field_value = |key: &str| refinement.filled_value(key).map(|value| value.value).unwrap_or_default();
    let name = refinement.source.name();
    if field_value("ENRICHMENT_NEEDED") != "NO" {
        return Some(Reason::new(
            format!("{name} does not contain `ENRICHMENT_NEEDED: NO`"),
            "Add the missing requirements to the specification, then write and record the refinement again.",
        ));
    }
    if field_value("CLEARLY_COVERS_VERDICT") != "PASS" {
        return Some(Reason::new(
            format!("{name} does not contain `CLEARLY_COVERS_VERDICT: PASS`"),
            "Only work that the specification clearly covers can be signed.",
        ));
    }
    None
}

/// Adds a reason if any record contains the signature already.
fn check_unused(
    records: &Records<'_>,
    context: &ApprovalContext<'_>,
    id: &WpId,
    signature: &Signature,
    reasons: &mut Vec<Reason>,
) -> Result<(), WorkflowError> {
    let text = signature.text.as_str();
    // The same time can be written in two forms, with or without seconds.
    let is_same = |other: &str| {
        other == text
            || Signature::parse(other)
                .is_ok_and(|other| other.user == signature.user && other.at == signature.at)
    };
    let mut locations: Vec<String> = Vec::new();
    let audit = records.audit()?;
    let mut add = |source: &Source, span: Span| {
        let (source, span) = source.file_at(span);
        locations.push(format!("{}:{}", source.name(), source.line(span.start)));
    };
    audit
        .rows
        .iter()
        .filter(|row| is_same(&row.signature.value))
        .for_each(|row| add(&audit.source, row.span));
    let log = records.gate_log()?;
    let entries = log.entries.iter().filter(|entry| is_same(text_or_empty(entry.signature.as_ref())));
    entries.for_each(|entry| add(&log.source, entry.anchor_span()));
    let own = records.refinement(id)?.and_then(|refinement| {
        let found = refinement.filled_value("USER_SIGNATURE").filter(|found| found.value == text)?;
        Some((refinement.source, found.span))
    });
    own.iter().for_each(|(source, span)| add(source, *span));
    for label in crate::pipeline::packet_gate::find_signature_reuse(
        context.repo,
        TreeState::Worktree,
        &records.layout,
        id,
        text,
    )? {
        locations.push(label.place.to_string());
    }
    if !locations.is_empty() {
        let what = format!("the signature `{text}` is already used: {}", locations.join(", "));
        reasons.push(Reason::new(
            what,
            "Use a signature only once: sign a minute later, or write seconds (DDMMYYHHMMSS).",
        ));
    }
    Ok(())
}

/// Writes approval and signature into the refinement.
fn update_refinement(
    records: &mut Records<'_>,
    refinement: &Refinement,
    id: &WpId,
    signature: &str,
) -> Result<(), WorkflowError> {
    let evidence = format!("APPROVE REFINEMENT {id}");
    let wanted = [
        ("USER_REVIEW_STATUS", "APPROVED"),
        ("USER_SIGNATURE", signature),
        ("USER_APPROVAL_EVIDENCE", &evidence),
    ];
    let mut edits = Vec::new();
    for (key, value) in wanted {
        let Some(field) = refinement.field(key) else {
            let why = format!("it has no `{key}`; add the line `- {key}:` to its METADATA");
            return Err(WorkflowError::Document(refinement.source.name().clone(), why));
        };
        edits.push(edit_rest_of_line(&refinement.source, field, value));
    }
    records.edit(&refinement.source, &edits)
}

/// Replaces the signature, and the merge base if requested, of an existing packet.
fn update_packet(
    records: &mut Records<'_>,
    packet: &Packet,
    signing: &SignRequest,
) -> Result<(), WorkflowError> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut set = |key: &str, value: &str| -> Result<(), WorkflowError> {
        let field: Option<&Field> = packet.metadata_field(key);
        let Some(field) = field else {
            let why = format!("it has no `{key}` in its METADATA");
            return Err(WorkflowError::Document(packet.source.name().clone(), why));
        };
        edits.push(edit_rest_of_line(&packet.source, field, value));
        Ok(())
    };
    set("USER_SIGNATURE", &signing.signature)?;
    if let Some(merge_base) = &signing.merge_base {
        set("MERGE_BASE_SHA", merge_base)?;
    }
    records.edit(&packet.source, &edits)
}

/// Adds the row of a signature to the signature audit.
fn append_audit_row(
    records: &mut Records<'_>,
    id: &WpId,
    signing: &SignRequest,
    signature: Option<&Signature>,
    spec: &Source,
) -> Result<(), WorkflowError> {
    let source = records.writable_record(&records.layout.audit, id.as_str(), template::PACKET_AUDIT)?;
    let audit = Audit::read(&source);
    let at = signature.map(|signature| signature.at.strftime("%Y-%m-%d %H:%M").to_string());
    let purpose = format!("Task packet creation: {id}");
    let version = spec_version(&spec.name().to_string());
    let cell = |head: &str| match head {
        head if head.contains("signature") => signing.signature.clone(),
        head if head.contains("purpose") => purpose.clone(),
        head if head.contains("used") => signing.used_by.clone(),
        head if head.contains("date") => at.clone().unwrap_or_default(),
        head if head.contains("spec") => version.clone(),
        head if head.contains("note") => signing.notes.clone(),
        _ => String::new(),
    };
    let Some(edit) = audit.append_row_edit(&cell) else {
        let why = "it has no table with the columns `Signature` and `Purpose`".to_owned();
        return Err(WorkflowError::Document(audit.source.name().clone(), why));
    };
    let wanted = |row: &AuditRow| row.signature.value == signing.signature && row.names_packet(id.as_str());
    records.edit_checked(&audit.source, &[edit], &|source| Audit::read(source).rows.iter().any(wanted))
}

/// Returns the version in a file name, such as `v02.125` for `Spec_v02.125.md`,
/// or the file name if it has no version.
fn spec_version(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.strip_suffix(".md").unwrap_or(file);
    let at = stem
        .rfind('v')
        .filter(|at| stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
    at.and_then(|at| stem.get(at..)).unwrap_or(file).to_owned()
}
