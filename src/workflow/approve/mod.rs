//! The order of approvals: a refinement is recorded, signed, prepared. Every
//! command changes all of its records or none.

mod prepare;
mod refine;
mod sign;
mod sign_contract;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::change::{Overlay, Repository, TreeState};
use crate::document::WpId;
use crate::document::gate_log::GateLog;
use crate::finding::Report;
use crate::pipeline::document_check::{DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents};
use crate::text::{RepoPath, Source};

use super::records::{Records, WorkflowError};

pub use prepare::{Preparation, prepare};
pub use refine::refine;
pub use sign::{SignRequest, sign};
pub use sign_contract::{ContractSignature, KeySource, sign_contract};

/// Where and when a command works.
pub struct ApprovalContext<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// Now.
    pub now: Timestamp,
    /// A configuration file that the caller names.
    pub config: Option<Arc<Source>>,
}

impl ApprovalContext<'_> {
    /// Now as civil time, UTC.
    fn now_civil(&self) -> DateTime {
        self.now.to_zoned(TimeZone::UTC).datetime()
    }

    /// Now as the gate log writes it.
    fn timestamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// What is wrong with one document as it is to be.
    fn check_document(&self, records: &Records<'_>, path: &RepoPath) -> Result<Report, WorkflowError> {
        let mut overlay = Overlay::new(self.repo);
        for (path, text) in records.pending_texts() {
            overlay.insert(path.clone(), text.clone().into_bytes());
        }
        let request = DocumentCheckRequest {
            query: DocumentQuery::Check,
            tree: TreeState::Worktree,
            named_documents: vec![NamedDocument { path: path.clone(), bytes: None }],
            config: self.config.clone(),
            now: self.now_civil(),
        };
        Ok(check_documents(&overlay, &request)?)
    }

    /// Refuses while a document has errors; each is a reason.
    fn refuse_errors(&self, records: &Records<'_>, path: &RepoPath) -> Result<(), WorkflowError> {
        let report = self.check_document(records, path)?;
        if report.passed() { Ok(()) } else { Err(WorkflowError::DocumentHasErrors(Box::new(report))) }
    }
}

/// The id of a work packet whose refinement exists.
///
/// # Errors
/// The text is no id, or there is no refinement.
pub fn resolve_id(records: &Records<'_>, requested: &str) -> Result<WpId, WorkflowError> {
    let shown = crate::text::to_single_line(requested, 80);
    let id = WpId::parse(requested).map_err(|why| {
        WorkflowError::refused(
            format!("`{shown}` is no work packet id: {why}"),
            "An id is `WP-{phase}-{name}`.",
        )
    })?;
    if records.refinement(&id)?.is_none() {
        return Err(WorkflowError::refused(
            format!("there is no refinement of `{id}`: {}", records.layout.refinement(&id)),
            format!("`countersign new refinement {id}` writes it."),
        ));
    }
    Ok(id)
}

/// Adds an entry to the gate log.
fn append_log_entry(records: &mut Records<'_>, members: &[(&str, &str)]) -> Result<(), WorkflowError> {
    let log = records.gate_log()?;
    let Some(edit) = log.append_entry_edit(members) else {
        let why = "it has no list `gate_logs`".to_owned();
        return Err(WorkflowError::Document(log.source.name().clone(), why));
    };
    let entries = log.entries.len();
    records.edit_checked(&log.source, &[edit], &|source| {
        let read = GateLog::read(source);
        read.faults.is_empty() && read.entries.len() == entries + 1
    })
}
