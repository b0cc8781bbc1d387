//! A new packet: only once it was refined, signed and prepared.

use crate::change::{Repository, TreeState};
use crate::document::board::Board;
use crate::document::gate_log::text_or_empty;
use crate::document::registry::Registry;
use crate::document::template::{PACKET, fill};
use crate::document::{DocumentKind, Layout, Packet, Signature, WpId};
use crate::text::{Edit, RepoPath, Source};
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{CreatedDocument, PACKET_TEMPLATE, load_template, naming, require_free_path};

/// A new packet. `date` is RFC 3339, `merge_base` the commit at which the work
/// begins.
///
/// # Errors
/// The id breaks the naming rules, the packet is there, or an approval is not.
pub fn create_packet(
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
            format!("`{id}` is a revision, but there is no earlier packet of `{}`", id.base()),
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
    let says = read.signature.as_ref().map(|signature| signature.value.as_str());
    if read.kind != DocumentKind::Packet || says != Some(signature.as_str()) {
        let why = "what it makes does not read as a packet with its signature; mend it, or remove it to use the built-in one";
        let at = RepoPath::from(format!("{}{PACKET_TEMPLATE}", records.layout.templates).as_str());
        return Err(WorkflowError::Document(at, why.to_owned()));
    }
    records.set_text(path.clone(), source.text().to_owned());
    let mut changed = Vec::new();
    update_board(records, &id, &mut changed)?;
    update_registry(records, &id, &path, &mut changed)?;
    Ok(CreatedDocument { id, path, changed_documents: changed })
}

/// Earlier packets of the same base id, oldest first.
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

fn format_lineage(layout: &Layout, earlier: &[WpId]) -> String {
    if earlier.is_empty() {
        return "- N/A: this is the first packet of its base id.".to_owned();
    }
    let line = |id: &WpId| {
        format!("- {id} ({}): <fill: what of it holds, and what this revision changes>", layout.packet(id))
    };
    earlier.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The signature of a work packet that was refined, signed and prepared.
fn require_approval(records: &Records<'_>, id: &WpId) -> Result<String, WorkflowError> {
    let log = records.gate_log()?;
    let mut reasons = Vec::new();
    let at = records.layout.refinement(id);
    let refinement = records.refinement(id)?;
    if refinement.is_none() {
        let help = format!("`countersign new refinement {id}` writes it.");
        reasons.push(Reason::new(format!("there is no refinement: {at}"), help));
    }
    if log.last_entry(id.as_str(), "REFINEMENT").is_none() {
        let help = format!("`countersign refine {id}` records it once it is complete.");
        reasons.push(Reason::new(format!("the refinement of `{id}` is not recorded in the gate log"), help));
    }
    let entry = log.last_entry(id.as_str(), "SIGNATURE");
    let signature = entry.map(|entry| text_or_empty(&entry.signature).to_owned()).unwrap_or_default();
    if Signature::parse(&signature).is_err() {
        let help = format!("The operator runs `countersign sign {id} SIGNATURE`.");
        reasons.push(Reason::new(format!("`{id}` is not signed in the gate log"), help));
    } else {
        let carried = refinement.as_ref().and_then(|refinement| refinement.filled_value("USER_SIGNATURE"));
        if carried.as_ref().is_none_or(|carried| carried.value != signature) {
            let what = format!("{at} does not carry the signature of the gate log");
            reasons.push(Reason::new(what, "Sign again: a signature belongs to the text that was signed."));
        }
        let rows = records.audit()?.rows;
        if !rows.iter().any(|row| row.signature.value == signature && row.names_packet(id.as_str())) {
            let what = format!("no row of {} has the signature for `{id}`", records.layout.audit);
            reasons.push(Reason::new(what, "Sign again: `sign` writes the row."));
        }
    }
    if log.is_before(id.as_str(), "REFINEMENT", "SIGNATURE") == Some(false) {
        reasons.push(Reason::new(
            format!("the refinement of `{id}` was recorded again after it was signed"),
            format!("`countersign sign {id} SIGNATURE` signs what it says now."),
        ));
    }
    let signed = entry.map_or("", |entry| text_or_empty(&entry.refinement_sha256));
    if let Some(refinement) = refinement.as_ref().filter(|_| !signed.is_empty())
        && refinement.approved_sha256() != signed
    {
        let help = format!("Take the change back, or `countersign refine {id}` and sign anew.");
        reasons.push(Reason::new(format!("{at} was changed after it was signed"), help));
    }
    if log.last_entry(id.as_str(), "PREPARE").is_none() {
        let help =
            format!("`countersign prepare {id} --coder NAME --branch BRANCH` records who works where.");
        reasons.push(Reason::new(format!("`{id}` is not prepared"), help));
    }
    if log.is_before(id.as_str(), "SIGNATURE", "PREPARE") == Some(false) {
        let help =
            format!("`countersign prepare {id} --coder NAME` records it for the signature that counts.");
        reasons.push(Reason::new(format!("`{id}` was prepared before it was signed as it is now"), help));
    }
    if reasons.is_empty() { Ok(signature) } else { Err(WorkflowError::Refused(reasons)) }
}

/// Puts the packet on the board, or moves its stub.
fn update_board(
    records: &mut Records<'_>,
    id: &WpId,
    changed: &mut Vec<RepoPath>,
) -> Result<(), WorkflowError> {
    let board = records.board()?;
    let stub = board.entries_of(id.as_str()).find(|entry| entry.state == "STUB");
    let edit = match (stub, board.entries_of(id.as_str()).next()) {
        (Some(stub), _) => board.move_entry_edit(stub, "READY_FOR_DEV"),
        (None, Some(_)) => return Ok(()),
        (None, None) => board.insert_entry_edit(id.as_str(), "READY_FOR_DEV"),
    };
    let Some(edit) = edit else {
        let why = match stub {
            Some(stub) => format!(
                "line {}: more than the stub's packet and state stand there; move it under the heading `Ready for Dev` as [READY_FOR_DEV] yourself, then try again",
                board.source.line(stub.span.start)
            ),
            None => "it has no heading `Ready for Dev` to put the packet under".to_owned(),
        };
        return Err(WorkflowError::Document(board.source.name().clone(), why));
    };
    records.edit_checked(&board.source, &[edit], &|source| is_ready(&Board::read(source), id))?;
    changed.push(board.source.name().clone());
    Ok(())
}

fn is_ready(board: &Board, id: &WpId) -> bool {
    board.entries_of(id.as_str()).any(|entry| entry.state == "READY_FOR_DEV")
}

/// Has the registry name the packet.
fn update_registry(
    records: &mut Records<'_>,
    id: &WpId,
    path: &RepoPath,
    changed: &mut Vec<RepoPath>,
) -> Result<(), WorkflowError> {
    let registry = records.registry()?;
    let edit = match registry.rows_of(id.base()).next() {
        Some(row) => Some(Edit::replace(row.active.span, path.to_string())),
        None => registry.append_row_edit(id.base(), &path.to_string(), "Ready for Dev", ""),
    };
    let Some(edit) = edit else {
        let why = "it has no table of base ids to put the packet into".to_owned();
        return Err(WorkflowError::Document(registry.source.name().clone(), why));
    };
    let names = |source: &std::sync::Arc<Source>| {
        let read = Registry::read(source);
        read.rows_of(id.base()).any(|row| row.active.value == path.to_string())
    };
    records.edit_checked(&registry.source, &[edit], &names)?;
    changed.push(registry.source.name().clone());
    Ok(())
}
