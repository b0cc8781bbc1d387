//! Rules for ids of new work packets (FORMATS, "WP ids and files").

use crate::change::{Repository, TreeState};
use crate::document::{Layout, WpId};
use crate::text::to_single_line;
use crate::workflow::records::{Reason, WorkflowError};

/// Maximum length of an id, in bytes; some systems limit file names.
const MAX_ID_BYTES: usize = 100;

/// Reads an id for a new document.
///
/// # Errors
/// The id breaks the naming rules, or a document exists whose id differs only
/// in case.
pub(super) fn parse_new_id(
    repo: &dyn Repository,
    layout: &Layout,
    text: &str,
) -> Result<WpId, WorkflowError> {
    let shown = to_single_line(text, 80);
    let form =
        "An id has the form `WP-{phase}-{name}`, such as WP-1-Login; a revision ends with `-v2`, `-v3`, ….";
    let id = WpId::parse(text)
        .map_err(|why| WorkflowError::refused(format!("invalid work packet id `{shown}`: {why}"), form))?;
    let mut reasons = Vec::new();
    let base = id.base();
    let (phase, name) = base.trim_start_matches("WP-").split_once('-').unwrap_or((base, ""));
    let is_enclosed = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if phase.is_empty() || !is_enclosed(phase) || !is_enclosed(name) {
        let what = format!(
            "invalid work packet id `{shown}`: phase and name must begin and end with a letter or a digit"
        );
        reasons.push(Reason::new(what, form));
    }
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_stamp = |part: &&str| part.len() >= 6 && is_number(part);
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    // Dates such as 2026-02-14 and 14-02-2026.
    let is_day = |three: &[&str]| {
        let lengths: Vec<usize> = three.iter().map(|part| part.len()).collect();
        three.iter().all(|part| is_number(part)) && matches!(lengths[..], [4, 2, 2] | [2, 2, 4])
    };
    if parts.iter().any(is_stamp) || parts.windows(3).any(is_day) {
        reasons.push(Reason::new(
            format!("`{shown}` contains a date; the document records its date in a field"),
            "Remove the date from the id.",
        ));
    }
    // Readers disagree about `-V2` and `-v02`: some see a revision, some a new
    // base id. `-v2-v3` would be a revision of a revision.
    let number = ["-v", "-V"].iter().find_map(|mark| name.rsplit_once(mark)).map_or("", |(_, number)| number);
    let ends_like_revision = !number.is_empty() && is_number(number);
    if ends_like_revision || id.revision().is_some_and(|number| !text.ends_with(&format!("-v{number}"))) {
        let help = "The second packet of `WP-1-Login` is `WP-1-Login-v2`, the third is `WP-1-Login-v3`.";
        reasons.push(Reason::new(format!("`{shown}` ends like a revision, but its form is not valid"), help));
    }
    if text.len() > MAX_ID_BYTES {
        let help = "Choose a shorter id; some systems do not allow file names of this length.";
        reasons.push(Reason::new(format!("`{shown}` is longer than {MAX_ID_BYTES} characters"), help));
    }
    if id.revision().is_some_and(|number| number < 2) {
        reasons.push(Reason::new(
            format!(
                "invalid revision `{shown}`: the first packet of a base id has no `-vN`, the second has `-v2`"
            ),
            format!("Use `{base}`."),
        ));
    }
    for folder in [&layout.packets, &layout.stubs, &layout.refinements] {
        for path in repo.list(TreeState::Worktree, folder)? {
            let name = path.file_name().to_string();
            let other = name.strip_suffix(".md").unwrap_or_default();
            if other != id.as_str() && other.eq_ignore_ascii_case(id.as_str()) {
                let what = format!("`{shown}` differs only in case from the existing {path}");
                let help = "Choose another id; on many systems such names denote the same file.";
                reasons.push(Reason::new(what, help));
            }
        }
    }
    if reasons.is_empty() { Ok(id) } else { Err(WorkflowError::Refused(reasons)) }
}
