//! The scope of the profile `fence`, which is in the configuration itself.

use crate::document::scope_entry::ScopeEntry;
use crate::rule::{Profile, ValueError, ValueProblem};
use crate::text::{Span, Spanned};

use super::raw::Text;

/// The paths that a change may touch.
#[derive(Debug, Clone)]
pub(crate) struct FenceScope {
    /// Entries of `scope`.
    pub in_scope: Vec<ScopeEntry>,
    /// Entries of `out_of_scope`.
    pub out_of_scope: Vec<ScopeEntry>,
    /// The list `scope` in the file.
    pub declared: Span,
}

/// Reads the scope of the profile `fence`; other profiles must not have one, because
/// the scope of a packet counts there. `file` is the span of the file.
pub(super) fn validate_fence(
    profile: Profile,
    scope: Option<Spanned<Vec<Text>>>,
    out_of_scope: Option<Vec<Text>>,
    file: Span,
) -> Result<Option<FenceScope>, ValueError> {
    if profile != Profile::Fence {
        let first = out_of_scope.as_ref().and_then(|list| list.first()).map(|text| text.span);
        return match scope.map(|scope| scope.span).or(first) {
            Some(span) => Err(ValueError::new(span, ValueProblem::ScopeWithoutFence)),
            None => Ok(None),
        };
    }
    let scope = scope.ok_or_else(|| ValueError::missing(file, "scope", "; the profile `fence` needs one"))?;
    if scope.value.is_empty() {
        return Err(ValueError::missing(scope.span, "scope", "; list the paths that a change may touch"));
    }
    // `!path` excludes the path in either list, as in a packet.
    let is_exclusion = |text: &Text| text.value.trim_start().starts_with('!');
    let plain = |text: &Text| {
        let path = text.value.trim_start().trim_start_matches('!');
        Text::new(path.trim_start_matches("./").trim_start_matches('/').to_owned(), text.span)
    };
    let (marked, allowed): (Vec<Text>, Vec<Text>) = scope.value.iter().cloned().partition(is_exclusion);
    if allowed.is_empty() {
        return Err(ValueError::missing(scope.span, "scope", "; list the paths that a change may touch"));
    }
    let excluded: Vec<Text> = out_of_scope.unwrap_or_default().iter().chain(&marked).map(plain).collect();
    Ok(Some(FenceScope {
        in_scope: read_entries(&allowed)?,
        out_of_scope: read_entries(&excluded)?,
        declared: scope.span,
    }))
}

/// Reads a list of paths, folders and globs.
pub(super) fn read_entries(texts: &[Text]) -> Result<Vec<ScopeEntry>, ValueError> {
    let read = |text: &Text| {
        let entry = ScopeEntry::read(Spanned::new(format!("`{}`", text.value), text.span));
        match &entry.pattern {
            Ok(_) => Ok(ScopeEntry { raw: text.clone(), ..entry }),
            Err(why) => {
                Err(ValueError::form("scope entry", text, &format!("a path, a folder or a glob: {why}")))
            }
        }
    };
    texts.iter().map(read).collect()
}
