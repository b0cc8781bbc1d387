//! `countersign init --fence`: the one file of a repository without packets.

use crate::config::FILE_NAME;
use crate::document::scope_entry::ScopeEntry;
use crate::system::transaction::FileWrite;
use crate::text::{RepoPath, Span, Spanned};

use super::files::{render_steps, yaml_text};
use super::runner::TestStep;
use super::{Ci, FileAction, FileReader, InitError, InitPlan, plan_ci};

/// The choices for a fence.
#[derive(Debug, Clone)]
pub(crate) struct FenceRequest {
    /// Entries of the scope, as they stand in the file.
    pub scope: Vec<String>,
    /// Name of the main branch.
    pub main: String,
    /// Steps that run after the checks.
    pub steps: Vec<TestStep>,
    /// The CI system to write a workflow for; `None` for no workflow.
    pub ci: Option<Ci>,
}

/// Plans `countersign.yaml` with a fence.
///
/// # Errors
/// The file exists, an entry is not valid, or the file cannot be read.
pub(crate) fn plan_fence(read: FileReader<'_>, request: &FenceRequest) -> Result<InitPlan, InitError> {
    let path = RepoPath::from(FILE_NAME);
    if read(&path)?.is_some() {
        return Err(InitError::ConfigurationExists);
    }
    for entry in &request.scope {
        let read = ScopeEntry::read(Spanned::new(format!("`{entry}`"), Span::default()));
        if let Err(why) = read.pattern {
            return Err(InitError::InvalidEntry { entry: entry.clone(), why: why.to_string() });
        }
    }
    let scope: String = request.scope.iter().map(|entry| format!("  - {}\n", yaml_text(entry))).collect();
    let text = format!(
        "version: 1\n# The paths below are the contract of all work; there are no packets.\nprofile: fence\n\
         main_branch: {}\nscope:\n{scope}# Commands that run after the checks, without a shell.\nsteps:{}\n",
        yaml_text(&request.main),
        render_steps(&request.steps),
    );
    let after = text.into_bytes();
    let mut plan = InitPlan {
        writes: vec![FileWrite { path: path.clone(), before: None, after }],
        actions: vec![FileAction::Created(path)],
        next_steps: vec![
            format!("Commit {FILE_NAME} on `{}`; work on a branch cannot change it.", request.main),
            "Work on a branch, then run `countersign verify`.".to_owned(),
        ],
    };
    if let Some(ci) = request.ci {
        let workflow = plan_ci(read, ci, &request.main)?;
        plan.writes.extend(workflow.writes);
        plan.actions.extend(workflow.actions);
        plan.next_steps.extend(workflow.next_steps);
    }
    Ok(plan)
}
