//! The order of approvals: a refinement is recorded, signed, prepared. Every
//! command changes all of its records or none.

mod prepare;
mod refine;
mod seal;
mod sign;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::change::{Overlay, Repository, Side};
use crate::document::WpId;
use crate::document::gate_log::GateLog;
use crate::finding::Report;
use crate::gate::survey::{Inquiry, NamedDocument, SurveyRequest, survey};
use crate::text::{RepoPath, Source};

use super::records::{Records, WorkflowError};

pub use prepare::{Preparation, prepare};
pub use refine::refine;
pub use seal::{KeySource, Sealed, seal};
pub use sign::{Signing, sign};

/// Where and when a command works.
pub struct Office<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// Now.
    pub now: Timestamp,
    /// A configuration file that the caller names.
    pub config: Option<Arc<Source>>,
}

impl Office<'_> {
    /// Now as civil time, UTC.
    fn civil(&self) -> DateTime {
        self.now.to_zoned(TimeZone::UTC).datetime()
    }

    /// Now as the gate log writes it.
    fn stamp(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// What is wrong with one document as it is to be.
    fn judged(&self, records: &Records<'_>, path: &RepoPath) -> Result<Report, WorkflowError> {
        let mut overlay = Overlay::over(self.repo);
        for (path, text) in records.pending() {
            overlay.put(path.clone(), text.clone().into_bytes());
        }
        let request = SurveyRequest {
            inquiry: Inquiry::Check,
            side: Side::Worktree,
            named: vec![NamedDocument { path: path.clone(), bytes: None }],
            config: self.config.clone(),
            now: self.civil(),
        };
        Ok(survey(&overlay, &request)?)
    }

    /// Refuses while a document has errors; each is a reason.
    fn refuse_errors(&self, records: &Records<'_>, path: &RepoPath) -> Result<(), WorkflowError> {
        let report = self.judged(records, path)?;
        if report.passed() { Ok(()) } else { Err(WorkflowError::Judged(Box::new(report))) }
    }
}

/// The id of a work packet whose refinement exists.
///
/// # Errors
/// The text is no id, or there is no refinement.
pub fn known_id(records: &Records<'_>, requested: &str) -> Result<WpId, WorkflowError> {
    let shown = crate::text::one_line(requested, 80);
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
fn log(records: &mut Records<'_>, members: &[(&str, &str)]) -> Result<(), WorkflowError> {
    let log = records.gate_log()?;
    let Some(edit) = log.adding(members) else {
        let why = "it has no list `gate_logs`".to_owned();
        return Err(WorkflowError::Document(log.source.name().clone(), why));
    };
    let entries = log.entries.len();
    records.edit_checked(&log.source, &[edit], &|source| {
        let read = GateLog::read(source);
        read.faults.is_empty() && read.entries.len() == entries + 1
    })
}
