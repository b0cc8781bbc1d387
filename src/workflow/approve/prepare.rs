//! `prepare`: records the coder, the branch and the working tree of a signed work
//! packet.

use crate::document::WpId;
use crate::document::gate_log::text_or_empty;
use crate::system::git::is_valid_branch_name;
use crate::text::to_single_line;
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// The values of a PREPARE record.
#[derive(Debug, Clone)]
pub(crate) struct Preparation {
    /// The name of the coder.
    pub coder: String,
    /// The branch of the work.
    pub branch: String,
    /// The folder of the working tree, relative to the repository's root.
    pub worktree: String,
}

/// Adds a PREPARE record to the gate log.
///
/// # Errors
/// The work packet is not signed, its branch belongs to another open packet, or
/// a value is invalid.
pub(crate) fn prepare(
    records: &mut Records<'_>,
    context: &ApprovalContext<'_>,
    requested: &str,
    preparation: &Preparation,
) -> Result<WpId, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let log = records.gate_log()?;
    let mut reasons = Vec::new();
    if log.last_entry(id.as_str(), "SIGNATURE").is_none() {
        reasons.push(Reason::new(
            format!("`{id}` is not signed in the gate log"),
            format!("The operator runs `countersign sign {id} SIGNATURE` first."),
        ));
    }
    if log.is_before(id.as_str(), "REFINEMENT", "SIGNATURE") == Some(false) {
        reasons.push(Reason::new(
            format!("the refinement of `{id}` was recorded again after it was signed"),
            format!("The operator signs the current text: `countersign sign {id} SIGNATURE`."),
        ));
    }
    let Preparation { coder, branch, worktree } = preparation;
    let is_valid = |text: &str| {
        !text.trim().is_empty() && !text.chars().any(|c| c.is_control() || crate::text::is_hidden(c))
    };
    if !is_valid(coder) {
        let what = "the name of the coder is empty or contains invisible characters";
        reasons.push(Reason::new(what, "Give it with --coder as plain text."));
    }
    if !is_valid_branch_name(branch) {
        let what = format!("invalid branch name `{}`", to_single_line(branch, 80));
        reasons.push(Reason::new(what, "`git help check-ref-format` lists the rules for branch names."));
    }
    let absolute = worktree.starts_with(['/', '\\', '~']) || worktree.contains(':');
    if !is_valid(worktree) || absolute {
        let what =
            format!("invalid working tree `{}`; expected a relative path", to_single_line(worktree, 80));
        reasons.push(Reason::new(
            what,
            "Give it relative to the repository's root, such as `.` or `../wt-NAME`.",
        ));
    }
    // Only the last preparation of a packet is in force.
    let mut taken: Option<&str> = None;
    for other in log.entries.iter().filter(|entry| text_or_empty(entry.kind.as_ref()) == "PREPARE") {
        let owner = text_or_empty(other.wp_id.as_ref());
        let in_force = log.last_entry(owner, "PREPARE").is_some_and(|last| last.span == other.span);
        if in_force
            && owner != id.as_str()
            && text_or_empty(other.branch.as_ref()) == branch
            && is_open(records, owner)?
        {
            taken = Some(owner);
        }
    }
    if let Some(owner) = taken {
        reasons.push(Reason::new(
            format!("the branch `{}` is prepared for `{owner}`, which is open", to_single_line(branch, 80)),
            "Choose another branch; the changes of two packets in one branch cannot be separated.",
        ));
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    let stamp = context.timestamp();
    append_log_entry(
        records,
        &id,
        &[
            ("wpId", id.as_str()),
            ("type", "PREPARE"),
            ("coder_id", coder),
            ("branch", branch),
            ("worktree_dir", worktree),
            ("timestamp", &stamp),
        ],
    )?;
    Ok(id)
}

/// Returns whether a packet exists and is open for work.
fn is_open(records: &Records<'_>, id: &str) -> Result<bool, WorkflowError> {
    let Ok(id) = WpId::parse(id) else { return Ok(false) };
    let packet = records.packet(&id)?;
    Ok(packet.and_then(|packet| packet.status).is_some_and(|status| status.value.allows_work()))
}
