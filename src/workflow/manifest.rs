//! Manifest blocks of changed files, computed.

use crate::change::{ChangedFile, Image};
use crate::digest::Hash20;
use crate::document::manifest::GATES;

/// The COR-701 block of a changed file: one window over all its changes, all
/// gates ticked. Lines end with `\n`; an empty line follows.
#[must_use]
pub fn block(file: &ChangedFile) -> String {
    let hash = |image: &Option<Image>| image.as_ref().map_or(Hash20::ZERO, Image::sha1);
    let (start, end, delta) = if file.is_binary() || file.longer() == 0 {
        let delta = if file.is_binary() { "N/A".to_owned() } else { "0".to_owned() };
        ("N/A".to_owned(), "N/A".to_owned(), delta)
    } else {
        let (first, last) = window(file);
        (first.to_string(), last.to_string(), file.line_delta().to_string())
    };
    let mut out = format!(
        "- **Target File**: `{}`\n- **Start**: {start}\n- **End**: {end}\n- **Line Delta**: {delta}\n- **Pre-SHA1**: `{}`\n- **Post-SHA1**: `{}`\n- **Gates Passed**:\n",
        file.change.path,
        hash(&file.pre),
        hash(&file.post)
    );
    for (gate, _) in GATES {
        out.push_str(&format!("  - [x] {gate}\n"));
    }
    out.push('\n');
    out
}

/// The tightest window over all changes, in lines of the post-image.
fn window(file: &ChangedFile) -> (usize, usize) {
    let mut first = usize::MAX;
    let mut last = 0;
    for hunk in file.hunks() {
        let (start, end) = if hunk.post.is_empty() {
            (hunk.post.start.max(1), hunk.post.start.max(1))
        } else {
            (hunk.post.start + 1, hunk.post.end)
        };
        first = first.min(start);
        last = last.max(end);
    }
    if last == 0 { (1, 1) } else { (first, last) }
}
