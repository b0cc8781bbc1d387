//! `countersign new`: creates documents from templates and fills in every value
//! that can be computed.

mod anchor;
mod naming;
mod packet;

use crate::change::Repository;
use crate::digest::sha1;
use crate::document::WpId;
use crate::document::template::{REFINEMENT, STUB, fill};
use crate::text::RepoPath;

use super::records::{Records, WorkflowError};

pub(crate) use anchor::LineRange;
pub(crate) use packet::{create_minimal_packet, create_packet};

/// File name of the packet's template.
pub(crate) const PACKET_TEMPLATE: &str = "TASK_PACKET_TEMPLATE.md";
/// File name of the refinement's template.
pub(crate) const REFINEMENT_TEMPLATE: &str = "REFINEMENT_TEMPLATE.md";
/// File name of the stub's template.
pub(crate) const STUB_TEMPLATE: &str = "TASK_PACKET_STUB_TEMPLATE.md";

/// A new document.
#[derive(Debug)]
pub(crate) struct CreatedDocument {
    /// Its id.
    pub id: WpId,
    /// Its path.
    pub path: RepoPath,
}

/// Returns the text of a template: the one of the repository, or the built-in one.
fn load_template(records: &Records<'_>, name: &str, built_in: &str) -> Result<String, WorkflowError> {
    let path = RepoPath::from(format!("{}{name}", records.layout.templates).as_str());
    let own = records.source(&path)?.map(|source| source.text().replace("\r\n", "\n"));
    // A template without the variable cannot produce a document with an id.
    Ok(own.filter(|text| text.contains("{{WP_ID}}")).unwrap_or_else(|| built_in.to_owned()))
}

/// Returns `path` if no file exists there; `what` names the kind of document.
///
/// # Errors
/// The document exists.
fn require_free_path(records: &Records<'_>, path: RepoPath, what: &str) -> Result<RepoPath, WorkflowError> {
    match records.source(&path)? {
        Some(_) => Err(WorkflowError::refused(
            format!("the {what} {path} exists already"),
            "Existing documents are not overwritten; edit this one, or choose another id.",
        )),
        None => Ok(path),
    }
}

/// Creates a refinement for the current specification. `date` is in RFC 3339
/// form; `anchors` are line ranges of the specification to quote.
///
/// # Errors
/// The id breaks the naming rules, the refinement exists already, or the
/// specification does not exist.
pub(crate) fn create_refinement(
    records: &mut Records<'_>,
    repo: &dyn Repository,
    requested: &str,
    date: &str,
    anchors: &[LineRange],
) -> Result<CreatedDocument, WorkflowError> {
    let id = naming::parse_new_id(repo, &records.layout, requested)?;
    let path = require_free_path(records, records.layout.refinement(&id), "refinement")?;
    let spec = records.spec()?;
    // The hash covers the bytes that git stores, not those on disk.
    let stored = repo.read(crate::change::TreeState::Worktree, spec.name())?.unwrap_or_default();
    let text = load_template(records, REFINEMENT_TEMPLATE, REFINEMENT)?;
    let text = fill(
        &text,
        &[
            ("WP_ID", id.as_str()),
            ("DATE", date),
            ("SPEC_POINTER", &records.layout.spec_pointer),
            ("SPEC_BASELINE", &spec.name().to_string()),
            ("SPEC_SHA1", &sha1(&stored).to_string()),
        ],
    );
    let text = if anchors.is_empty() { text } else { anchor::insert_anchors(&text, &spec, anchors)? };
    records.set_text(path.clone(), text);
    Ok(CreatedDocument { id, path })
}

/// Creates a stub and its entry on the task board. `date` is in RFC 3339 form.
///
/// # Errors
/// The id breaks the naming rules, or the stub or its packet exists already.
pub(crate) fn create_stub(
    records: &mut Records<'_>,
    repo: &dyn Repository,
    requested: &str,
    date: &str,
) -> Result<CreatedDocument, WorkflowError> {
    let id = naming::parse_new_id(repo, &records.layout, requested)?;
    require_free_path(records, records.layout.packet(&id), "packet")?;
    let path = require_free_path(records, records.layout.stub(&id), "stub")?;
    let text = load_template(records, STUB_TEMPLATE, STUB)?;
    let variables = [
        ("WP_ID", id.as_str()),
        ("BASE_WP_ID", id.base()),
        ("DATE", date),
        ("SPEC_POINTER", records.layout.spec_pointer.as_str()),
    ];
    let text = fill(&text, &variables);
    records.set_text(path.clone(), text);
    let board_path = RepoPath::from(records.layout.board.as_str());
    if records.source(&board_path)?.is_some() {
        let board = records.board()?;
        if board.entries_of(id.as_str()).next().is_none() {
            packet::enter_on_board(records, &id, "STUB")?;
        }
    }
    Ok(CreatedDocument { id, path })
}
