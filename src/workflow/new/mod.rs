//! New documents, with all that can be computed filled in.

mod anchor;
mod naming;
mod packet;

use crate::change::Repository;
use crate::digest::sha1;
use crate::document::WpId;
use crate::document::board::Board;
use crate::document::template::{REFINEMENT, STUB, fill};
use crate::text::RepoPath;

use super::records::{Records, WorkflowError};

pub use anchor::LineRange;
pub use packet::create_packet;

/// File name of the packet's template.
pub const PACKET_TEMPLATE: &str = "TASK_PACKET_TEMPLATE.md";
/// File name of the refinement's template.
pub const REFINEMENT_TEMPLATE: &str = "REFINEMENT_TEMPLATE.md";
/// File name of the stub's template.
pub const STUB_TEMPLATE: &str = "TASK_PACKET_STUB_TEMPLATE.md";

/// A new document: where it lies, and the records that changed with it.
#[derive(Debug)]
pub struct CreatedDocument {
    /// Its id.
    pub id: WpId,
    /// Its path.
    pub path: RepoPath,
    /// Other documents that were changed.
    pub changed_documents: Vec<RepoPath>,
}

/// A template of the repository, or the one that is built in.
fn load_template(records: &Records<'_>, name: &str, built_in: &str) -> Result<String, WorkflowError> {
    let path = RepoPath::from(format!("{}{name}", records.layout.templates).as_str());
    let own = records.source(&path)?.map(|source| source.text().replace("\r\n", "\n"));
    // A template of another kind, or one without variables, fills nothing.
    Ok(own.filter(|text| text.contains("{{WP_ID}}")).unwrap_or_else(|| built_in.to_owned()))
}

/// The path of a new document.
fn require_free_path(records: &Records<'_>, path: RepoPath, what: &str) -> Result<RepoPath, WorkflowError> {
    match records.source(&path)? {
        Some(_) => Err(WorkflowError::refused(
            format!("there is a {what} already: {path}"),
            "Nothing is overwritten. Edit it, or take another id.",
        )),
        None => Ok(path),
    }
}

/// A new refinement against the current specification. `date` is RFC 3339;
/// `anchors` are windows of the specification's lines.
///
/// # Errors
/// The id breaks the naming rules, the refinement is there, the specification
/// is not.
pub fn create_refinement(
    records: &mut Records<'_>,
    repo: &dyn Repository,
    requested: &str,
    date: &str,
    anchors: &[LineRange],
) -> Result<CreatedDocument, WorkflowError> {
    let id = naming::parse_new_id(repo, &records.layout, requested)?;
    let path = require_free_path(records, records.layout.refinement(&id), "refinement")?;
    let spec = records.spec()?;
    // The hash is of the bytes as git stores them.
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
    Ok(CreatedDocument { id, path, changed_documents: Vec::new() })
}

/// A new stub, and its line on the board.
///
/// # Errors
/// The id breaks the naming rules, or there is such a stub or packet.
pub fn create_stub(
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
    let mut changed = Vec::new();
    let board_path = RepoPath::from(records.layout.board.as_str());
    if records.source(&board_path)?.is_some() {
        let board = records.board()?;
        if board.entries_of(id.as_str()).next().is_none()
            && let Some(edit) = board.insert_entry_edit(id.as_str(), "STUB")
        {
            let there = |source: &std::sync::Arc<crate::text::Source>| {
                Board::read(source).entries_of(id.as_str()).any(|entry| entry.state == "STUB")
            };
            records.edit_checked(&board.source, &[edit], &there)?;
            changed.push(board_path);
        }
    }
    Ok(CreatedDocument { id, path, changed_documents: changed })
}
