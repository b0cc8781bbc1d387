//! `new packet`: creates a packet whose refinement is recorded, signed and
//! prepared.

use crate::change::{Repository, TreeState};
use crate::document::board::{self, Board};
use crate::document::gate_log::text_or_empty;
use crate::document::registry::Registry;
use crate::document::template::{PACKET, PACKET_REGISTRY, PACKET_STANDARD, fill};
use crate::document::{DocumentKind, Layout, Packet, Signature, WpId};
use crate::text::{Edit, RepoPath, Source};
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{CreatedDocument, PACKET_TEMPLATE, load_template, naming, require_free_path};

/// Creates a packet, and enters it in the task board and the registry. `date` is
/// in RFC 3339 form; `merge_base` is the commit at which the work begins.
///
/// # Errors
/// The id breaks the naming rules, the packet exists already, or an approval is
/// missing.
pub(crate) fn create_packet(
    records: &mut Records<'_>,
    repo: &dyn Repository,
    requested: &str,
    date: &str,
    merge_base: &str,
) -> Result<CreatedDocument, WorkflowError> {
    let id = naming::parse_new_id(repo, &records.layout, requested)?;
    let path = require_free_path(records, records.layout.packet(&id), "packet")?;
    let earlier = find_earlier_packets(repo, &records.layout, &id)?;
    if id.revision().is_some() && earlier.is_empty() {
        return Err(WorkflowError::refused(
            format!("`{id}` is a revision, but `{}` has no earlier packet", id.base()),
            format!("Use `{}`.", id.base()),
        ));
    }
    let signature = require_approval(records, &id)?;
    let spec = records.spec()?;
    let anchors: Vec<String> = records
        .refinement(&id)?
        .map(|refinement| {
            refinement.anchors.iter().filter_map(|a| Some(a.name.as_ref()?.value.clone())).collect()
        })
        .unwrap_or_default();
    let anchors = if anchors.is_empty() { "<fill>".to_owned() } else { anchors.join("; ") };
    let lineage = format_lineage(&records.layout, &earlier);
    let text = load_template(records, PACKET_TEMPLATE, PACKET)?;
    let mut text = fill(
        &text,
        &[
            ("WP_ID", id.as_str()),
            ("BASE_WP_ID", id.base()),
            ("DATE", date),
            ("MERGE_BASE_SHA", merge_base),
            ("USER_SIGNATURE", &signature),
            ("REFINEMENT_FILE", &records.layout.refinement(&id).to_string()),
            ("SPEC_BASELINE", &spec.name().to_string()),
            ("SPEC_POINTER", &records.layout.spec_pointer),
            ("SPEC_ANCHOR", &anchors),
            ("LINEAGE", &lineage),
        ],
    );
    if let Some(last) = earlier.last() {
        text = text.replacen(
            "\n- PACKET_FORMAT_VERSION",
            &format!("\n- SUPERSEDES: {last}\n- PACKET_FORMAT_VERSION"),
            1,
        );
    }
    let source = Source::from_text(path.clone(), text);
    let read = Packet::read(&source).value;
    let written = read.signature.as_ref().map(|signature| signature.value.as_str());
    if read.kind != DocumentKind::Packet || written != Some(signature.as_str()) {
        let why = "this template does not produce a packet with a readable signature; correct it, or remove it to use the built-in template";
        let template = RepoPath::from(format!("{}{PACKET_TEMPLATE}", records.layout.templates).as_str());
        return Err(WorkflowError::Document(template, why.to_owned()));
    }
    records.set_text(path.clone(), source.text().to_owned());
    update_board(records, &id)?;
    update_registry(records, &id, &path)?;
    Ok(CreatedDocument { id, path })
}

/// Creates a packet of the profile `standard`: scope, test plan and done-means. It needs no
/// approval and no record before.
///
/// # Errors
/// The id breaks the naming rules, or the packet exists already.
pub(crate) fn create_minimal_packet(
    records: &mut Records<'_>,
    repo: &dyn Repository,
    requested: &str,
    date: &str,
) -> Result<CreatedDocument, WorkflowError> {
    let id = naming::parse_new_id(repo, &records.layout, requested)?;
    let path = require_free_path(records, records.layout.packet(&id), "packet")?;
    let own = load_template(records, PACKET_TEMPLATE, PACKET_STANDARD)?;
    // A template with a signature is one of the profile `full`.
    let template = if own.contains("{{USER_SIGNATURE}}") { PACKET_STANDARD } else { own.as_str() };
    let text = fill(template, &[("WP_ID", id.as_str()), ("BASE_WP_ID", id.base()), ("DATE", date)]);
    records.set_text(path.clone(), text);
    Ok(CreatedDocument { id, path })
}

/// Finds the earlier packets of the same base id, lowest revision first.
fn find_earlier_packets(
    repo: &dyn Repository,
    layout: &Layout,
    id: &WpId,
) -> Result<Vec<WpId>, WorkflowError> {
    let names = repo.list(TreeState::Worktree, &layout.packets)?;
    let ids = names.iter().filter_map(|path| {
        let name = path.file_name().to_string();
        WpId::parse(name.strip_suffix(".md")?).ok()
    });
    let number = |id: &WpId| id.revision().unwrap_or(0);
    let mut out: Vec<WpId> =
        ids.filter(|other| other.base() == id.base() && number(other) < number(id)).collect();
    out.sort_by_key(number);
    Ok(out)
}

/// Returns the list for `LINEAGE_AUDIT`.
fn format_lineage(layout: &Layout, earlier: &[WpId]) -> String {
    if earlier.is_empty() {
        return "- N/A: this is the first packet of its base id.".to_owned();
    }
    let line = |id: &WpId| {
        format!("- {id} ({}): <fill: what still applies, and what this revision changes>", layout.packet(id))
    };
    earlier.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns the signature of a work packet that is refined, signed and prepared.
///
/// # Errors
/// Refuses with every missing or contradictory record as a reason.
fn require_approval(records: &Records<'_>, id: &WpId) -> Result<String, WorkflowError> {
    let log = records.gate_log()?;
    let mut reasons = Vec::new();
    let path = records.layout.refinement(id);
    let refinement = records.refinement(id)?;
    if refinement.is_none() {
        let help = format!("Create it with `countersign new refinement {id}`.");
        reasons.push(Reason::new(format!("the refinement {path} does not exist"), help));
    }
    if log.last_entry(id.as_str(), "REFINEMENT").is_none() {
        let help = format!("Complete it, then record it with `countersign refine {id}`.");
        reasons.push(Reason::new(format!("the refinement of `{id}` is not recorded in the gate log"), help));
    }
    let entry = log.last_entry(id.as_str(), "SIGNATURE");
    let signature = entry.map(|entry| text_or_empty(entry.signature.as_ref()).to_owned()).unwrap_or_default();
    if Signature::parse(&signature).is_err() {
        let help = format!("The operator runs `countersign sign {id} SIGNATURE`.");
        reasons.push(Reason::new(format!("`{id}` is not signed in the gate log"), help));
    } else {
        let written = refinement.as_ref().and_then(|refinement| refinement.filled_value("USER_SIGNATURE"));
        if written.as_ref().is_none_or(|written| written.value != signature) {
            let what = format!("the USER_SIGNATURE of {path} differs from the signature in the gate log");
            let help = format!("The operator signs the current text: `countersign sign {id} SIGNATURE`.");
            reasons.push(Reason::new(what, help));
        }
        let rows = records.audit()?.rows;
        if !rows.iter().any(|row| row.signature.value == signature && row.names_packet(id.as_str())) {
            let what = format!("no row of {} contains the signature of `{id}`", records.layout.audit);
            let help = format!("The operator runs `countersign sign {id} SIGNATURE`, which adds the row.");
            reasons.push(Reason::new(what, help));
        }
    }
    if log.is_before(id.as_str(), "REFINEMENT", "SIGNATURE") == Some(false) {
        reasons.push(Reason::new(
            format!("the refinement of `{id}` was recorded again after it was signed"),
            format!("The operator signs the current text: `countersign sign {id} SIGNATURE`."),
        ));
    }
    let signed = entry.map_or("", |entry| text_or_empty(entry.refinement_sha256.as_ref()));
    if let Some(refinement) = refinement.as_ref().filter(|_| !signed.is_empty())
        && refinement.approved_sha256() != signed
    {
        let help = format!("Undo the change, or run `countersign refine {id}` and sign again.");
        reasons.push(Reason::new(format!("{path} was changed after it was signed"), help));
    }
    if log.last_entry(id.as_str(), "PREPARE").is_none() {
        let help =
            format!("Record coder and branch with `countersign prepare {id} --coder NAME --branch BRANCH`.");
        reasons.push(Reason::new(format!("`{id}` is not prepared"), help));
    }
    if log.is_before(id.as_str(), "SIGNATURE", "PREPARE") == Some(false) {
        let help = format!("Run `countersign prepare {id} --coder NAME` again, after the signature.");
        reasons.push(Reason::new(format!("`{id}` was prepared before its latest signature"), help));
    }
    if reasons.is_empty() { Ok(signature) } else { Err(WorkflowError::Refused(reasons)) }
}

/// Enters the packet on the task board, or moves the entry of its stub.
fn update_board(records: &mut Records<'_>, id: &WpId) -> Result<(), WorkflowError> {
    let board = records.board()?;
    if board.entries_of(id.as_str()).next().is_none() {
        if enter_on_board(records, id, "READY_FOR_DEV")? {
            return Ok(());
        }
        let why = "it has no heading `Ready for Dev` for the packet; add one, then run the command again";
        return Err(WorkflowError::Document(board.source.name().clone(), why.to_owned()));
    }
    let Some(stub) = board.entries_of(id.as_str()).find(|entry| entry.state == "STUB") else {
        return Ok(());
    };
    let file = board.source.part_at(stub.span).map_or(&board.source, |(file, _)| file);
    let own = Board::read(file);
    let own_stub = own.entries_of(id.as_str()).find(|entry| entry.state == "STUB");
    let Some(edit) = own_stub.and_then(|stub| own.move_entry_edit(stub, "READY_FOR_DEV")) else {
        let why = format!(
            "line {}: the entry contains more than the stub's id and state; move it by hand to the heading `Ready for Dev` as [READY_FOR_DEV], then run the command again",
            file.line(board.source.file_at(stub.span).1.start)
        );
        return Err(WorkflowError::Document(file.name().clone(), why));
    };
    let file = std::sync::Arc::clone(file);
    records.edit_checked(&file, &[edit], &|source| has_state(source, id, "READY_FOR_DEV"))
}

/// Adds a packet that is not on the board; returns false if no heading has the state.
///
/// # Errors
/// The board cannot be read.
pub(super) fn enter_on_board(
    records: &mut Records<'_>,
    id: &WpId,
    state: &str,
) -> Result<bool, WorkflowError> {
    let new = board::packet_file(id.as_str(), state).unwrap_or_default();
    let source = records.writable_record(&records.layout.board, id.as_str(), new)?;
    if has_state(&source, id, state) {
        records.set_text(source.name().clone(), source.text().to_owned());
        return Ok(true);
    }
    let Some(edit) = Board::read(&source).insert_entry_edit(id.as_str(), state) else { return Ok(false) };
    records.edit_checked(&source, &[edit], &|source| has_state(source, id, state))?;
    Ok(true)
}

fn has_state(source: &std::sync::Arc<Source>, id: &WpId, state: &str) -> bool {
    Board::read(source).entries_of(id.as_str()).any(|entry| entry.state == state)
}

/// Enters the packet in the registry as the active one of its base id.
fn update_registry(records: &mut Records<'_>, id: &WpId, path: &RepoPath) -> Result<(), WorkflowError> {
    let registry = records.registry()?;
    let existing = registry.rows_of(id.base()).next().map(|row| row.active.span);
    let (source, edit) = match existing {
        Some(span) => {
            let (file, span) = registry.source.part_at(span).unwrap_or((&registry.source, span));
            (std::sync::Arc::clone(file), Some(Edit::replace(span, path.to_string())))
        }
        None => {
            let new = PACKET_REGISTRY;
            let source = records.writable_record(&records.layout.registry, id.base(), new)?;
            let edit =
                Registry::read(&source).append_row_edit(id.base(), &path.to_string(), "Ready for Dev", "");
            (source, edit)
        }
    };
    let Some(edit) = edit else {
        let why =
            "it has no table of base ids for the packet; add one, then run the command again".to_owned();
        return Err(WorkflowError::Document(source.name().clone(), why));
    };
    let has_packet = |source: &std::sync::Arc<Source>| {
        let read = Registry::read(source);
        read.rows_of(id.base()).any(|row| row.active.value == path.to_string())
    };
    records.edit_checked(&source, &[edit], &has_packet)
}
