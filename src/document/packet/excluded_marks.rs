//! Exclusions inside `IN_SCOPE_PATHS`: `!path`, and annotations such as `(except path)`.

use crate::document::exclusion::annotation_paths;
use crate::document::scope_entry::{ScopeEntry, ScopeEntryError};
use crate::text::{Span, Spanned};

/// Marks around a path.
const MARKS: [char; 6] = ['`', '"', '\'', '*', '_', '~'];

/// Moves the entries `!path` of `IN_SCOPE_PATHS` to the excluded ones, and adds the
/// paths that an annotation excludes: `src/ (except src/secret.rs)`.
pub(super) fn exclude_by_mark(in_scope: &mut Vec<ScopeEntry>, out_of_scope: &mut Vec<ScopeEntry>) {
    let mut excluded = Vec::new();
    in_scope.retain(|entry| {
        let plain = entry.raw.value.trim_start_matches(MARKS);
        let Some(path) = plain.strip_prefix('!') else { return true };
        let at = entry.raw.span.start + entry.raw.value.len() - path.len();
        let path = path.trim_end_matches(MARKS);
        let read = ScopeEntry::read(Spanned::new(path.to_owned(), Span::new(at, at + path.len())));
        let is_path = read.pattern.is_ok();
        excluded.extend(Some(read).filter(|_| is_path));
        // An exclusion that cannot be read stays, as an invalid entry.
        !is_path
    });
    for entry in in_scope {
        if entry.raw.value.trim_start_matches(MARKS).starts_with('!') {
            entry.pattern = Err(ScopeEntryError::Prose);
        }
        let Some(annotation) = &entry.annotation else { continue };
        let lower = annotation.value.to_lowercase();
        let words = ["except", "excluding", "without", "but not", "not "];
        if words.iter().any(|word| lower.trim_start_matches('(').contains(word)) {
            excluded.extend(annotation_paths(annotation));
        }
    }
    out_of_scope.extend(excluded);
}
