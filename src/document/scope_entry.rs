//! Entries of `IN_SCOPE_PATHS` and `OUT_OF_SCOPE`.
//!
//! An entry is a file, a folder with a trailing `/`, or a glob. In a glob, `*`
//! stops at `/` and `**` matches any number of whole folders. All other
//! characters are literal: `[id]`, `{x}`, `?`, `(wght)` and `@` occur in real
//! file names. One annotation in parentheses after a space is removed. Prose
//! is not an entry and allows no path.

use crate::text::{RepoPath, Span, Spanned, glob_matches, globs_overlap};

use super::field::strip_quotes;
use super::scope_emphasis::strip_emphasis;

/// The paths that an entry covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopePattern {
    /// One file, byte for byte.
    File(RepoPath),
    /// All files below a folder; stored without the trailing slash.
    Folder(RepoPath),
    /// A glob, by path components.
    Glob(Vec<String>),
}

/// Reason why a text is not a valid entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeEntryError {
    /// A sentence.
    #[error("this is prose, not a path")]
    Prose,
    /// Several entries that the characters `\\n` join.
    #[error("the characters `\\n` join several entries; write each one on a line of its own")]
    Joined,
    /// A placeholder of the template.
    #[error("this is the template's placeholder")]
    Placeholder,
    /// An absolute path.
    #[error("this path is absolute; a scope path is relative to the repository")]
    Absolute,
    /// Contains `.`, `..` or an empty component.
    #[error("a scope path must not have a `.`, `..` or empty component")]
    DotComponent,
    /// Contains a backslash.
    #[error("a scope path separates folders with `/`; a backslash is part of a file name")]
    Backslash,
    /// `**` next to other characters.
    #[error("`**` must be a whole component, as in `src/**`")]
    DoubleStar,
    /// Covers every file of the repository.
    #[error("this covers the whole repository, so it limits nothing")]
    Everything,
    /// Longer than the maximum length of a path.
    #[error("this is longer than 4096 bytes, the maximum length of a path")]
    TooLong,
    /// Not an item of the list: a paragraph, a quote, a table, code.
    #[error("it is not an item of the list")]
    NotAnItem,
    /// Excludes something below a path, in a form that is not read.
    #[error("a note below a path cannot exclude a path; write it under OUT_OF_SCOPE")]
    Note,
    /// Stars around a text without a slash.
    #[error("stars around a name are emphasis or a glob; write the path or the glob in backticks")]
    Emphasis,
    /// A link whose text is not the path that it leads to.
    #[error("this is a link; write the path alone, relative to the repository")]
    Link,
    /// Contains control or invisible characters.
    #[error("this contains control or invisible characters; quote the path with C escapes")]
    ControlCharacter,
}

/// One entry of a scope list.
#[derive(Debug, Clone)]
pub struct ScopeEntry {
    /// The entry as written, annotation included.
    pub raw: Spanned<String>,
    /// The paths that it covers, or the reason why it is not valid.
    pub pattern: Result<ScopePattern, ScopeEntryError>,
    /// The annotation in parentheses.
    pub annotation: Option<Spanned<String>>,
}

impl ScopeEntry {
    /// Reads an entry.
    #[must_use]
    pub fn read(raw: Spanned<String>) -> Self {
        let (body, annotation) = split_annotation(&raw);
        let Some(body) = strip_emphasis(body) else {
            return Self { raw, pattern: Err(ScopeEntryError::Emphasis), annotation };
        };
        let quoted =
            body.starts_with('`') || (body.starts_with('"') && body.ends_with('"') && body.len() > 1);
        let path = strip_quotes(body);
        let pattern = if body.starts_with('`') && path.len() == body.len() {
            Err(ScopeEntryError::Prose)
        } else if let Some((text, target)) = split_link(body).filter(|_| !quoted) {
            read_link(text, target)
        } else {
            parse_pattern(path, quoted)
        };
        Self { raw, pattern, annotation }
    }

    /// Returns the pattern as it is written, a folder as `src/**/*`; for an invalid entry
    /// its text.
    #[must_use]
    pub fn pattern_text(&self) -> String {
        match &self.pattern {
            Ok(ScopePattern::File(path)) => path.to_string(),
            Ok(ScopePattern::Folder(path)) => format!("{path}/**/*"),
            Ok(ScopePattern::Glob(parts)) => parts.join("/"),
            Err(_) => self.raw.value.clone(),
        }
    }

    /// Returns whether the entry covers a changed path.
    #[must_use]
    pub fn covers(&self, path: &RepoPath) -> bool {
        match &self.pattern {
            Ok(ScopePattern::File(file)) => file == path,
            Ok(ScopePattern::Folder(folder)) => path.is_below(folder.as_bytes()),
            Ok(ScopePattern::Glob(parts)) => path.as_str().is_some_and(|path| glob_matches(parts, path)),
            Err(_) => false,
        }
    }

    /// Returns whether the entry names this path literally: a file, not a
    /// folder or glob.
    #[must_use]
    pub fn names_literally(&self, path: &RepoPath) -> bool {
        matches!(&self.pattern, Ok(ScopePattern::File(file)) if file == path)
    }

    /// Returns whether there can be a path that both entries cover.
    #[must_use]
    pub fn overlaps(&self, other: &ScopeEntry) -> bool {
        let (Ok(a), Ok(b)) = (&self.pattern, &other.pattern) else { return false };
        match (pattern_components(a), pattern_components(b)) {
            (Some(a), Some(b)) => globs_overlap(&a, &b),
            _ => false,
        }
    }
}

/// Splits a Markdown link into its text and its target; `None` for other texts.
fn split_link(body: &str) -> Option<(&str, &str)> {
    let (text, target) = body.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    (!text.is_empty() && !target.is_empty()).then_some((text, target))
}

/// Reads a link whose text is the path that it leads to, from whichever folder.
fn read_link(text: &str, target: &str) -> Result<ScopePattern, ScopeEntryError> {
    let path = strip_quotes(text);
    let target = target.trim_matches(['<', '>']);
    let mut from_root = target;
    while let Some(rest) = ["../", "./", "/"].iter().find_map(|start| from_root.strip_prefix(start)) {
        from_root = rest;
    }
    if from_root == path { parse_pattern(path, false) } else { Err(ScopeEntryError::Link) }
}

pub(super) fn pattern_components(pattern: &ScopePattern) -> Option<Vec<String>> {
    match pattern {
        ScopePattern::File(path) => literal_components(path),
        ScopePattern::Folder(path) => literal_components(path).map(|mut parts| {
            parts.extend(["**".to_owned(), "*".to_owned()]);
            parts
        }),
        ScopePattern::Glob(parts) => Some(parts.clone()),
    }
}

/// Returns a path's components as patterns that match only themselves: a star
/// in a real name becomes NUL, which no name contains.
fn literal_components(path: &RepoPath) -> Option<Vec<String>> {
    path.as_str().map(|text| text.split('/').map(|part| part.replace('*', "\u{0}")).collect())
}

fn split_annotation(raw: &Spanned<String>) -> (&str, Option<Spanned<String>>) {
    let text = raw.value.trim();
    let body = crate::document::field::strip_hint(text);
    if body.is_empty() || body.len() == text.len() {
        return (text, None);
    }
    let hint = text.get(body.len()..).unwrap_or("").trim();
    let at = raw.span.start + raw.value.find(text).unwrap_or(0) + text.len() - hint.len();
    (body, Some(Spanned::new(hint.to_owned(), Span::new(at, at + hint.len()))))
}

fn parse_pattern(text: &str, quoted: bool) -> Result<ScopePattern, ScopeEntryError> {
    if text.len() > 4096 {
        return Err(ScopeEntryError::TooLong);
    }
    if super::is_placeholder(text) {
        return Err(ScopeEntryError::Placeholder);
    }
    let escaped = text.starts_with('"') && text.ends_with('"') && text.len() > 1;
    let text = if escaped {
        let path = RepoPath::from_declared(text);
        let text = path.to_text().into_owned();
        check_components(&text)?;
        return Ok(match text.strip_suffix('/') {
            Some(folder) => ScopePattern::Folder(RepoPath::from(folder)),
            None => ScopePattern::File(path),
        });
    } else {
        text
    };
    if text.chars().any(|c| c.is_control() || crate::text::is_hidden(c)) {
        return Err(ScopeEntryError::ControlCharacter);
    }
    if !quoted && text.split("\\n").skip(1).any(|rest| rest.trim_start().starts_with(['-', '*'])) {
        return Err(ScopeEntryError::Joined);
    }
    if !quoted && text.chars().any(char::is_whitespace) && !is_path_with_spaces(text) {
        return Err(ScopeEntryError::Prose);
    }
    if text.starts_with(['/', '~']) || text.as_bytes().get(1) == Some(&b':') {
        return Err(ScopeEntryError::Absolute);
    }
    if text.contains('\\') {
        return Err(ScopeEntryError::Backslash);
    }
    if !quoted
        && !text.contains(['/', '.', '*'])
        && text.chars().any(|c| !(c.is_alphanumeric() || "_-".contains(c)))
    {
        return Err(ScopeEntryError::Prose);
    }
    if matches!(text, "NONE" | "None" | "none" | "N/A" | "n/a") {
        return Err(ScopeEntryError::Prose);
    }
    check_components(text)?;
    if !text.contains('*') {
        return Ok(match text.strip_suffix('/') {
            Some(folder) => ScopePattern::Folder(RepoPath::from(folder)),
            None => ScopePattern::File(RepoPath::from(text)),
        });
    }
    let mut parts: Vec<String> = text.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(String::is_empty) {
        parts.pop();
        parts.extend(["**".to_owned(), "*".to_owned()]);
    }
    if parts.last().is_some_and(|part| part == "**") {
        parts.push("*".to_owned());
    }
    if parts.iter().any(|part| part.contains("**") && part != "**") {
        return Err(ScopeEntryError::DoubleStar);
    }
    if parts.iter().all(|part| part == "*" || part == "**") {
        return Err(ScopeEntryError::Everything);
    }
    Ok(ScopePattern::Glob(parts))
}

fn check_components(text: &str) -> Result<(), ScopeEntryError> {
    let body = text.strip_suffix('/').unwrap_or(text);
    if body.is_empty() {
        return Err(if text.is_empty() { ScopeEntryError::Prose } else { ScopeEntryError::Absolute });
    }
    if body.starts_with('/') {
        return Err(ScopeEntryError::Absolute);
    }
    let is_invalid = |part: &str| matches!(part, "" | "." | "..");
    if body.split('/').any(is_invalid) { Err(ScopeEntryError::DotComponent) } else { Ok(()) }
}

/// Returns whether a text with spaces is a path: `src/my file.rs` is a path,
/// `src/a.rs and src/b.rs` is prose.
fn is_path_with_spaces(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let has_extension = |word: &str| {
        word.rsplit_once('.').is_some_and(|(_, extension)| {
            (1..=6).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphanumeric())
        })
    };
    let inner = words.get(..words.len() - 1).unwrap_or_default();
    first.contains('/')
        && (has_extension(last) || last.ends_with('/'))
        && !inner
            .iter()
            .any(|word| word.is_empty() || has_extension(word) || word.ends_with(['/', ',', ':', ';']))
        && text.split('/').all(|part| part.trim() == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> ScopeEntry {
        ScopeEntry::read(Spanned::new(text.to_owned(), Span::new(0, text.len())))
    }

    fn covers(text: &str, path: &str) -> bool {
        entry(text).covers(&RepoPath::from(path))
    }

    #[test]
    fn files_folders_and_globs() {
        assert!(covers("`src/a.rs`", "src/a.rs"));
        assert!(covers("src/api/", "src/api/x/y.rs"));
        assert!(!covers("src/api/", "src/api"));
        assert!(!covers("src/api", "src/api/x.rs"));
        assert!(covers("app/src/**", "app/src/a/b.ts"));
        assert!(!covers("app/src/**", "app/src"));
        assert!(covers("migrations/*.sql", "migrations/0001.sql"));
        assert!(!covers("migrations/*.sql", "migrations/old/0001.sql"));
        assert!(covers("a/**/z.rs", "a/z.rs") && covers("a/**/z.rs", "a/b/c/z.rs"));
        assert!(covers("src/P*.tsx (new; name may vary)", "src/Palette.tsx"));
        assert!(covers("fonts/Alegreya(wght).ttf", "fonts/Alegreya(wght).ttf"));
        assert!(
            covers("app/[id]/page.tsx", "app/[id]/page.tsx")
                && !covers("app/[id]/page.tsx", "app/i/page.tsx")
        );
        assert!(covers("src/my file.rs", "src/my file.rs"));
        assert!(covers(r#""src/a\tb.rs""#, "src/a\tb.rs"));
        assert!(covers("Makefile", "Makefile"));
    }

    #[test]
    fn a_link_is_the_path_that_it_shows_and_leads_to() {
        assert!(covers("[src/a.rs](src/a.rs)", "src/a.rs"));
        assert!(covers("[`src/a.rs`](../../src/a.rs)", "src/a.rs"));
        assert!(covers("[src/](./src/) (all of it)", "src/b/c.rs"));
        for text in ["[src/a.rs](src/b.rs)", "[the code](src/a.rs)", "[src/a.rs](https://a.b/src/a.rs)"] {
            assert_eq!(entry(text).pattern, Err(ScopeEntryError::Link), "{text}");
        }
        assert!(covers("[id]/a.rs", "[id]/a.rs"));
    }

    #[test]
    fn prose_and_invalid_paths_cover_nothing() {
        for text in [
            "Any work outside src/",
            "No src path is in scope",
            "src/a.rs and src/b.rs",
            "/etc/passwd",
            "../x",
            "src/../x",
            "./x",
            "src\\a.rs",
            "a**/b",
            "**",
            "*",
            "**/*",
            "path/to/file",
            "C:/x",
            "NONE",
            "",
            "`src/a.rs` and more",
            "src//a",
            "~/x",
            "src/a.rs, src/b.rs",
            "/",
        ] {
            assert!(entry(text).pattern.is_err(), "{text}");
        }
    }

    #[test]
    fn overlaps_of_patterns_are_detected() {
        let overlap = |a: &str, b: &str| entry(a).overlaps(&entry(b));
        assert!(
            overlap("src/a.rs", "src/")
                && overlap("src/**", "src/storage/**")
                && overlap("src/*.rs", "src/a*")
        );
        assert!(
            !overlap("src/*.rs", "src/*.md") && !overlap("src/", "src2/a") && !overlap("src/a", "src/a/b")
        );
    }

    #[test]
    fn emphasis_around_a_path_is_no_part_of_it() {
        for text in ["**src/b.txt**", "*src/b.txt*", "_src/b.txt_", "'src/b.txt'", "**`src/b.txt`** (new)"] {
            assert!(covers(text, "src/b.txt") && !covers(text, "xsrc/b.txty"), "{text}");
        }
        assert_eq!(entry("*b*").pattern, Err(ScopeEntryError::Emphasis));
        assert!(covers("`*b*`", "abc") && covers("**/b/**", "a/b/c") && covers("__init__", "__init__"));
    }

    #[test]
    fn annotations_are_separated_from_paths() {
        let entry = entry("migrations/0006_x.sql (or create 0008)");
        assert_eq!(entry.annotation.map(|a| a.value), Some("(or create 0008)".to_owned()));
    }
}
