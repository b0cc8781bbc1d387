//! Emphasis and quotation marks around the paths of a scope.

/// Pairs of quotation marks.
const QUOTES: [(char, char); 3] = [('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];

/// Removes emphasis or quotation marks around a path: `**src/a.rs**`, `_src/a.rs_`. A glob
/// such as `**/a/**` and a name such as `__init__` stay as they are. `None` if stars can be
/// emphasis or a glob.
pub(super) fn strip_emphasis(mut body: &str) -> Option<&str> {
    // A stranger can write any number of marks.
    let inside = |(open, close): &(char, char), body: &'_ str| -> Option<(usize, usize)> {
        let inner = body.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inner.is_empty()).then_some((open.len_utf8(), body.len() - close.len_utf8()))
    };
    while let Some((start, end)) = QUOTES.iter().find_map(|quotes| inside(quotes, body)) {
        body = body.get(start..end)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_quotation_marks_is_removed() {
        let count = 300_000;
        let text = format!("{}src/a.rs{}", "'".repeat(count), "'".repeat(count));
        assert_eq!(strip_emphasis(&text), Some("src/a.rs"));
        let text = format!("{}**src/a.rs**{}", "\u{201c}'".repeat(count), "'\u{201d}".repeat(count));
        assert_eq!(strip_emphasis(&text), Some("src/a.rs"));
        assert_eq!(strip_emphasis("'\u{201c}"), Some("'\u{201c}"));
    }
}
