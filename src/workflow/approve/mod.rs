//! Approvals in their order: `refine` records a refinement, `sign` signs it,
//! `prepare` assigns the work. Every command changes all of its records or none.

mod contract_approval;
mod prepare;
mod refine;
mod sign;
mod sign_contract;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::change::{Overlay, Repository, TreeState};
use crate::check::context::Roles;
use crate::document::gate_log::GateLog;
use crate::document::{WpId, template};
use crate::finding::Report;
use crate::pipeline::document_check::{DocumentCheckRequest, DocumentQuery, NamedDocument, check_documents};
use crate::text::{RepoPath, Source, to_single_line};

use super::records::{Reason, Records, WorkflowError};

pub(crate) use contract_approval::{ContractApproval, approve, find_packet, render_contract};
pub(crate) use prepare::{Preparation, prepare};
pub(crate) use refine::{RefinementState, refine};
pub(crate) use sign::{SignRequest, sign};
pub(crate) use sign_contract::{ContractSignature, KeySource, sign_contract};
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use sign_contract::{MAX_KEY_BYTES, sign_with_agent};

/// Repository, time and configuration of an approval command.
pub(crate) struct ApprovalContext<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// The current time.
    pub now: Timestamp,
    /// The configuration file that the caller names, if any.
    pub config: Option<Arc<Source>>,
    /// Persons who may approve.
    pub roles: Roles,
}

impl ApprovalContext<'_> {
    /// Returns a reason if a person may not approve.
    fn check_role(&self, user: &str) -> Option<Reason> {
        let names = to_single_line(&self.roles.approver.join(", "), 300);
        (!self.roles.may_approve(user)).then(|| {
            Reason::new(
                format!("`{}` may not approve packets", to_single_line(user, 40)),
                format!("`roles: approver:` of the configuration names {names}."),
            )
        })
    }

    /// Returns the current civil time in UTC.
    fn now_civil(&self) -> DateTime {
        self.now.to_zoned(TimeZone::UTC).datetime()
    }

    /// Returns the current time in the form of the gate log, in UTC with
    /// milliseconds.
    fn timestamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Checks one document in its pending state.
    ///
    /// # Errors
    /// The check cannot run.
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

    /// Checks one document in its pending state and refuses errors.
    ///
    /// # Errors
    /// The document has errors, or the check cannot run.
    fn refuse_errors(&self, records: &Records<'_>, path: &RepoPath) -> Result<(), WorkflowError> {
        let report = self.check_document(records, path)?;
        if report.passed() { Ok(()) } else { Err(WorkflowError::DocumentHasErrors(Box::new(report))) }
    }
}

/// Reads the id of a work packet and requires its refinement.
///
/// # Errors
/// The text is not a valid id, or the refinement does not exist.
pub(crate) fn resolve_id(records: &Records<'_>, requested: &str) -> Result<WpId, WorkflowError> {
    let shown = crate::text::to_single_line(requested, 80);
    let id = WpId::parse(requested).map_err(|why| {
        WorkflowError::refused(
            format!("invalid work packet id `{shown}`: {why}"),
            "An id has the form `WP-{phase}-{name}`.",
        )
    })?;
    if records.refinement(&id)?.is_none() {
        return Err(WorkflowError::refused(
            format!("`{id}` has no refinement: {} does not exist", records.layout.refinement(&id)),
            format!("Create it with `countersign new refinement {id}`."),
        ));
    }
    Ok(id)
}

/// Adds an entry of a packet with these members to the gate log.
///
/// # Errors
/// The log cannot be read, or has no list for entries.
fn append_log_entry(
    records: &mut Records<'_>,
    id: &WpId,
    members: &[(&str, &str)],
) -> Result<(), WorkflowError> {
    // The whole log must be readable before an entry is added.
    records.gate_log()?;
    let source = records.writable_record(&records.layout.gate_log, id.as_str(), template::GATE_LOG)?;
    let log = GateLog::read(&source);
    let Some(edit) = log.append_entry_edit(members) else {
        let why = "it has no list `gate_logs`".to_owned();
        return Err(WorkflowError::Document(source.name().clone(), why));
    };
    let entries = log.entries.len();
    records.edit_checked(&source, &[edit], &|source| {
        let read = GateLog::read(source);
        read.faults.is_empty() && read.entries.len() == entries + 1
    })
}
