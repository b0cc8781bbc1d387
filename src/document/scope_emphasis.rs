//! Emphasis and quotation marks around the paths of a scope.

/// Removes emphasis or quotation marks around a path: `**src/a.rs**`, `_src/a.rs_`. A glob
/// such as `**/a/**` and a name such as `__init__` stay as they are. `None` if stars can be
/// emphasis or a glob.
pub(super) fn strip_emphasis(body: &str) -> Option<&str> {
    for (open, close) in [('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')] {
        let inner = body.strip_prefix(open).and_then(|inner| inner.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            return strip_emphasis(inner);
        }
    }
    let Some(mark) = body.chars().next().filter(|mark| matches!(mark, '*' | '_')) else { return Some(body) };
    let run = body.len() - body.trim_start_matches(mark).len();
    let end = body.len() - body.trim_end_matches(mark).len();
    let inner = body.get(run..body.len().saturating_sub(end)).unwrap_or("");
    if run != end || inner.is_empty() || inner.starts_with('/') {
        return Some(body);
    }
    let last = inner.trim_matches('`').rsplit('/').next().unwrap_or("");
    let names_file = last.is_empty() || last.trim_start_matches('.').contains('.');
    let has_slash = inner.trim_end_matches('/').contains('/');
    match mark {
        '*' if has_slash || inner.starts_with('`') || (run > 1 && !inner.contains('*')) => Some(inner),
        '*' if run > 1 => Some(body),
        '*' => None,
        _ if names_file || inner.starts_with('`') => Some(inner),
        _ => Some(body),
    }
}
