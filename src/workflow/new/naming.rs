//! Names of new work packets (FORMATS, "WP ids and files").

use crate::change::{Repository, Side};
use crate::document::{Layout, WpId};
use crate::text::one_line;
use crate::workflow::records::{Reason, WorkflowError};

/// Longer ids make file names that some systems cannot have.
const LONGEST: usize = 100;

/// An id for a new document.
///
/// # Errors
/// It breaks the naming rules, or is taken in another spelling.
pub(super) fn new_id(repo: &dyn Repository, layout: &Layout, text: &str) -> Result<WpId, WorkflowError> {
    let shown = one_line(text, 80);
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
    let is_stamp = |part: &str| part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    if name.split(['-', '_', '.']).any(is_stamp) {
        reasons.push(Reason::new(
            format!("`{shown}` carries a date; the document says its date itself"),
            "Leave the date out of the id.",
        ));
    }
    if text.len() > LONGEST {
        let help = "Some systems have no names for files that long.";
        reasons.push(Reason::new(format!("`{shown}` is longer than {LONGEST} characters"), help));
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
        for path in repo.list(Side::Worktree, folder)? {
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
