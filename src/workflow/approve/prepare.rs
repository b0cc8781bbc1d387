//! `prepare`: who works on a signed work packet, on which branch, and where.

use crate::document::WpId;
use crate::document::gate_log::text_or_empty;
use crate::text::to_single_line;
use crate::workflow::records::{Reason, Records, WorkflowError};

use super::{ApprovalContext, append_log_entry, resolve_id};

/// Who works where.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// Who codes.
    pub coder: String,
    /// The branch of the work.
    pub branch: String,
    /// The working tree's folder, relative to the repository's root.
    pub worktree: String,
}

/// Records a preparation.
///
/// # Errors
/// The work packet is not signed, or a name is none.
pub fn prepare(
    records: &mut Records<'_>,
    office: &ApprovalContext<'_>,
    requested: &str,
    preparation: &Preparation,
) -> Result<WpId, WorkflowError> {
    let id = resolve_id(records, requested)?;
    let log_of = records.gate_log()?;
    let mut reasons = Vec::new();
    if log_of.last_entry(id.as_str(), "SIGNATURE").is_none() {
        reasons.push(Reason::new(
            format!("`{id}` is not signed in the gate log"),
            format!("The operator runs `countersign sign {id} SIGNATURE` first."),
        ));
    }
    if log_of.is_before(id.as_str(), "REFINEMENT", "SIGNATURE") == Some(false) {
        reasons.push(Reason::new(
            format!("the refinement of `{id}` was recorded again after it was signed"),
            format!("What was recorded last is not what was signed: `countersign sign {id} SIGNATURE` anew."),
        ));
    }
    let Preparation { coder, branch, worktree } = preparation;
    let plain = |text: &str| {
        !text.trim().is_empty() && !text.chars().any(|c| c.is_control() || crate::text::is_hidden(c))
    };
    if !plain(coder) {
        reasons.push(Reason::new("the coder has no name", "Give it with --coder."));
    }
    if !is_branch_name(branch) {
        let what = format!("`{}` is no name of a branch", to_single_line(branch, 80));
        reasons.push(Reason::new(what, "See `git help check-ref-format`."));
    }
    let absolute = worktree.starts_with(['/', '\\', '~']) || worktree.contains(':');
    if !plain(worktree) || absolute {
        let what = format!("`{}` is no relative path of a working tree", to_single_line(worktree, 80));
        reasons.push(Reason::new(what, "Give it relative to the repository's root: `.`, `../wt-NAME`."));
    }
    // Of a packet the last preparation counts.
    let mut taken: Option<&str> = None;
    for other in log_of.entries.iter().filter(|entry| text_or_empty(&entry.kind) == "PREPARE") {
        let owner = text_or_empty(&other.wp_id);
        let counts = log_of.last_entry(owner, "PREPARE").is_some_and(|last| last.span == other.span);
        if counts
            && owner != id.as_str()
            && text_or_empty(&other.branch) == branch
            && is_open(records, owner)?
        {
            taken = Some(owner);
        }
    }
    if let Some(owner) = taken {
        reasons.push(Reason::new(
            format!("the branch `{}` is prepared for `{owner}`, which is open", to_single_line(branch, 80)),
            "Two packets in one branch cannot be told apart: take another branch.",
        ));
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    let stamp = office.timestamp();
    append_log_entry(
        records,
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

/// Whether another packet is there and open for work.
fn is_open(records: &Records<'_>, id: &str) -> Result<bool, WorkflowError> {
    let Ok(id) = WpId::parse(id) else { return Ok(false) };
    let packet = records.packet(&id)?;
    Ok(packet.and_then(|packet| packet.status).is_some_and(|status| status.value.allows_work()))
}

/// Whether git would take a text as a branch's name.
fn is_branch_name(text: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    !text.is_empty()
        && text != "@"
        && !text.starts_with('-')
        && !text.ends_with('.')
        && !text.chars().any(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && text.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::is_branch_name;

    #[test]
    fn branches_are_named_as_git_wants() {
        for good in ["main", "feat/WP-1-A", "a@b", "ä/b.c"] {
            assert!(is_branch_name(good), "{good}");
        }
        for bad in
            ["", "-x", "a b", "a..b", "a/", "/a", "a//b", ".a", "a/.b", "a.lock", "a~1", "@", "x@{1}", "a\nb"]
        {
            assert!(!is_branch_name(bad), "{bad:?}");
        }
    }
}
