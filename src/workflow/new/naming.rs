//! Names of new work packets (FORMATS, "WP ids and files").

use crate::change::{Repository, TreeState};
use crate::document::{Layout, WpId};
use crate::text::to_single_line;
use crate::workflow::records::{Reason, WorkflowError};

/// Longer ids make file names that some systems cannot have.
const MAX_ID_BYTES: usize = 100;

/// An id for a new document.
///
/// # Errors
/// It breaks the naming rules, or is taken in another spelling.
pub(super) fn parse_new_id(
    repo: &dyn Repository,
    layout: &Layout,
    text: &str,
) -> Result<WpId, WorkflowError> {
    let shown = to_single_line(text, 80);
    let form = "An id is `WP-{phase}-{name}`, such as WP-1-Login, with `-v2` and so on for a revision.";
    let id = WpId::parse(text)
        .map_err(|why| WorkflowError::refused(format!("`{shown}` is no work packet id: {why}"), form))?;
    let mut reasons = Vec::new();
    let base = id.base();
    let (phase, name) = base.trim_start_matches("WP-").split_once('-').unwrap_or((base, ""));
    let good = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if phase.is_empty() || !good(phase) || !good(name) {
        reasons.push(Reason::new(format!("`{shown}` has not the parts of an id"), form));
    }
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_stamp = |part: &&str| part.len() >= 6 && is_number(part);
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    // 2026-02-14, and 14-02-2026.
    let is_day = |three: &[&str]| {
        let lengths: Vec<usize> = three.iter().map(|part| part.len()).collect();
        three.iter().all(|part| is_number(part)) && matches!(lengths[..], [4, 2, 2] | [2, 2, 4])
    };
    if parts.iter().any(is_stamp) || parts.windows(3).any(is_day) {
        reasons.push(Reason::new(
            format!("`{shown}` carries a date; the document says its date itself"),
            "Leave the date out of the id.",
        ));
    }
    // `-V2` and `-v02` would be names of their own to some readers, revisions
    // to others; `-v2-v3` a revision of what is no base.
    let number = ["-v", "-V"].iter().find_map(|mark| name.rsplit_once(mark)).map_or("", |(_, number)| number);
    let ends_like = !number.is_empty() && is_number(number);
    if ends_like || id.revision().is_some_and(|number| !text.ends_with(&format!("-v{number}"))) {
        let help = "The second packet of `WP-1-Login` is `WP-1-Login-v2`, the third `WP-1-Login-v3`.";
        reasons.push(Reason::new(format!("`{shown}` ends like a revision, but is none"), help));
    }
    if text.len() > MAX_ID_BYTES {
        let help = "Some systems have no names for files that long.";
        reasons.push(Reason::new(format!("`{shown}` is longer than {MAX_ID_BYTES} characters"), help));
    }
    if id.revision().is_some_and(|number| number < 2) {
        reasons.push(Reason::new(
            format!(
                "`{shown}` is no revision: the first packet of a base id has no `-vN`, the second is -v2"
            ),
            format!("Use `{base}`."),
        ));
    }
    for folder in [&layout.packets, &layout.stubs, &layout.refinements] {
        for path in repo.list(TreeState::Worktree, folder)? {
            let name = path.file_name().to_string();
            let other = name.strip_suffix(".md").unwrap_or_default();
            if other != id.as_str() && other.eq_ignore_ascii_case(id.as_str()) {
                let what = format!("{path} is the same name in other letters");
                reasons
                    .push(Reason::new(what, "Files that differ in case only are one file on many systems."));
            }
        }
    }
    if reasons.is_empty() { Ok(id) } else { Err(WorkflowError::Refused(reasons)) }
}
