//! Labels and headings that put paths out of scope, in all words that people use for it.

use std::sync::LazyLock;

use crate::document::field::{normalize_key, strip_box};

/// Words that mean "out of scope" wherever the contract of a packet has them.
const KEYS: [&str; 26] = [
    "OUT_OF_SCOPE",
    "OUTOFSCOPE",
    "OUT_SCOPE",
    "SCOPE_OUT",
    "NOT_IN_SCOPE",
    "NOT_SCOPE",
    "OUTSIDE_SCOPE",
    "OUTSIDE_OF_SCOPE",
    "OUTSIDE_THE_SCOPE",
    "OUT_OF_THE_SCOPE",
    "OUT_OF_BOUNDS",
    "NON_SCOPE",
    "OFF_LIMITS",
    "NO_GO",
    "NO_TOUCH",
    "HANDS_OFF",
    "LEAVE_ALONE",
    "EXCLUDED_FROM_SCOPE",
    "SCOPE_EXCLUSIONS",
    "FORBIDDEN_SCOPE",
    "UNTOUCHABLE",
    "MUST_STAY_UNCHANGED",
    "KEEP_UNCHANGED",
    "DO_NOT_INCLUDE",
    "NOT_PART_OF_SCOPE",
    "NOT_PART_OF_THIS_PACKET",
];

/// Words that mean it in the section SCOPE, or together with a word such as `PATHS`.
const LOOSE: [&str; 21] = [
    "FORBIDDEN",
    "FORBID",
    "FORBIDS",
    "PROHIBITED",
    "DISALLOWED",
    "DENIED",
    "NOT_ALLOWED",
    "NOT_PERMITTED",
    "EXCLUDE",
    "EXCLUDED",
    "EXCLUDES",
    "EXCLUDING",
    "EXCLUSION",
    "EXCLUSIONS",
    "EXCEPT",
    "EXCEPTIONS",
    "FROZEN",
    "UNTOUCHED",
    "NOT_THESE",
    "BUT_NOT",
    "LOCKED",
];

/// Words for what is excluded.
const NOUNS: [&str; 14] = [
    "PATH",
    "PATHS",
    "FILE",
    "FILES",
    "FOLDER",
    "FOLDERS",
    "DIRECTORY",
    "DIRECTORIES",
    "DIRS",
    "AREAS",
    "ITEMS",
    "LIST",
    "CODE",
    "SURFACES",
];

/// Words before a verb that forbid what it says.
const NEGATIONS: [&str; 7] = ["DO_NOT", "DON_T", "DONT", "NEVER", "MUST_NOT", "MAY_NOT", "NOT_TO"];
/// Verbs for a change.
const VERBS: [&str; 12] = [
    "TOUCH",
    "CHANGE",
    "EDIT",
    "MODIFY",
    "ALTER",
    "REMOVE",
    "DELETE",
    "MOVE",
    "RENAME",
    "REWRITE",
    "UPDATE",
    "BE_CHANGED",
];

/// Words in front of a key that change nothing.
const INTENSIFIERS: [&str; 5] = ["EXPLICITLY_", "EXPLICIT_", "STRICTLY_", "THE_", "THESE_"];
/// Maximum number of words of a label.
const MAX_WORDS: usize = 7;

/// How surely a key means "out of scope".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::document) enum Certainty {
    /// Only in the section SCOPE.
    Loose,
    /// Everywhere in the contract of a packet.
    Clear,
}

/// Returns how surely a normalized label or title means "out of scope".
pub(in crate::document) fn exclusion_key(key: &str) -> Option<Certainty> {
    let plain = INTENSIFIERS.iter().fold(key, |key, start| key.strip_prefix(start).unwrap_or(key));
    let mut has_noun = false;
    let mut stem = plain;
    for noun in NOUNS {
        let with_noun = |stem: &str| {
            let before = stem.strip_suffix(noun).and_then(|rest| rest.strip_suffix('_')).map(str::len);
            let after = stem.strip_prefix(noun).is_some_and(|rest| rest.starts_with('_'));
            (before, after)
        };
        let (before, after) = with_noun(stem);
        if let Some(length) = before {
            stem = stem.get(..length).unwrap_or(stem);
            has_noun = true;
        } else if after {
            stem = stem.get(noun.len() + 1..).unwrap_or(stem);
            has_noun = true;
        }
    }
    let stem = ["_THESE", "_THE", "_THIS", "_ANY", "_ALL"]
        .iter()
        .fold(stem, |stem, end| stem.strip_suffix(end).unwrap_or(stem));
    let stem = ["THAT_ARE_", "WHICH_ARE_", "ARE_"]
        .iter()
        .fold(stem, |stem, start| stem.strip_prefix(start).unwrap_or(stem));
    let forbids_change = NEGATIONS.iter().any(|negation| {
        let verb = stem.strip_prefix(negation).and_then(|rest| rest.strip_prefix('_'));
        verb.is_some_and(|verb| VERBS.contains(&verb))
    });
    if KEYS.contains(&stem) || forbids_change || (has_noun && LOOSE.contains(&stem)) {
        Some(Certainty::Clear)
    } else {
        LOOSE.contains(&stem).then_some(Certainty::Loose)
    }
}

/// Returns how surely the text of a cell means "out of scope". A path such as `exceptions/` does
/// not.
pub(in crate::document) fn exclusion_title(text: &str) -> Option<Certainty> {
    let start = text.find(char::is_alphanumeric)?;
    if begins_with_path(text.get(start..)?) { None } else { exclusion_key(&normalize_key(text)) }
}

/// Returns whether the first word of a text is a path: `exceptions.py`, `locked/a.rs`. Labels
/// with a slash or dot between them are none: `Excluded/forbidden`, `OUT_OF_SCOPE.files: src/a.rs`.
fn begins_with_path(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '\\');
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    // Editors write a backslash before an underscore.
    let word = text.get(..end).unwrap_or("").replace("\\_", "_");
    let has_extension = word.trim_end_matches('.').contains('.');
    let mut parts = word.split(['/', '\\']);
    let has_separator = word.contains(['/', '\\']);
    let is_path =
        has_extension || (has_separator && !parts.all(|part| exclusion_key(&normalize_key(part)).is_some()));
    is_path && !is_joined_label(&word, text.get(end..).unwrap_or(""))
}

/// Returns whether a word with a slash or dot is a label: it begins with a key, and a path or
/// nothing stands behind the mark that follows.
fn is_joined_label(word: &str, rest: &str) -> bool {
    let first = word.split(['/', '\\', '.']).next().unwrap_or("");
    let Some(certainty) = exclusion_key(&normalize_key(first)) else { return false };
    let last = word.rsplit(['/', '\\']).next().unwrap_or("");
    let is_noun = |end: &str| NOUNS.contains(&normalize_key(end).as_str());
    // `exceptions/` and `locked/a.rs` are paths, whatever is said about them.
    let is_file = last.rsplit_once('.').is_some_and(|(_, end)| !is_noun(end));
    if last.is_empty() || (is_file && (certainty == Certainty::Loose || last.len() < word.len())) {
        return false;
    }
    let Some(value) = find_mark(rest).and_then(|at| rest.get(at..)) else { return false };
    let value = value.trim_start_matches([':', '\u{ff1a}', '=', '*', '_', '>', ' ', '\t']).trim_end();
    let names_path = |word: &str| word.trim_end_matches(['.', ',', ';']).contains(['/', '\\', '.']);
    (value.is_empty() && !is_file) || value.split_whitespace().any(names_path)
}

/// Returns the place of the mark behind the last words of a label.
fn find_mark(rest: &str) -> Option<usize> {
    let at = rest.find([':', '\u{ff1a}', '='])?;
    let label = rest.get(..at)?;
    let names_path = |word: &str| word.contains('/') && word.contains('.');
    let is_label = label.split_whitespace().count() <= MAX_WORDS
        && !label.contains(['`', ';', ','])
        && !label.split_whitespace().any(names_path);
    is_label.then_some(at)
}

/// A label found at the start of a line, as byte offsets in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::document) struct ExclusionLabel {
    pub start: usize,
    pub end: usize,
    /// Start of what the label is about.
    pub value: usize,
    pub certainty: Certainty,
    /// Whether the line is a sentence that begins with the words, without a mark behind them:
    /// `Do not touch src/a.rs`.
    pub is_sentence: bool,
    /// Whether the words can be about what a file does: `Keep unchanged`.
    pub is_state: bool,
}

/// The first words of all keys, sorted.
static FIRST_WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lists = [&KEYS[..], &LOOSE, &NOUNS, &NEGATIONS, &INTENSIFIERS];
    let first = |key: &'static str| key.split('_').next().unwrap_or(key);
    let mut words: Vec<&str> = lists.iter().flat_map(|list| list.iter().copied().map(first)).collect();
    words.sort_unstable();
    words.dedup();
    words
});

/// Returns whether the first word of a text begins a known key. Most lines do not.
fn can_begin_label(text: &str) -> bool {
    let first = text.bytes().take_while(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase());
    FIRST_WORDS.binary_search_by(|word| word.bytes().cmp(first.clone())).is_ok()
}

/// Finds a label for exclusions at the start of a line, with any decoration: a symbol, a
/// tick box, emphasis, escaped underscores.
pub(in crate::document) fn find_exclusion_label(line: &str) -> Option<ExclusionLabel> {
    let body = strip_box(line);
    let offset = line.len() - body.len();
    let start = body.find(char::is_alphanumeric)?;
    // A path or a quotation begins the line.
    if body.get(..start)?.contains(['/', '.', '"']) {
        return None;
    }
    if !can_begin_label(body.get(start..)?) || begins_with_path(body.get(start..)?) {
        return None;
    }
    let mut end = start;
    let mut found: Option<(usize, Certainty)> = None;
    for _ in 0..MAX_WORDS {
        let rest = body.get(end..)?;
        let Some(word) = rest.find(char::is_alphanumeric) else { break };
        // Words of a label are joined by spaces, underscores, dashes and emphasis.
        if rest.get(..word)?.contains([':', '.', ',', ';', '/', '(', '=', '|']) {
            break;
        }
        let length = rest.get(word..)?.find(|c: char| !c.is_alphanumeric());
        end += word + length.unwrap_or(rest.len() - word);
        let key = normalize_key(body.get(start..end)?);
        found = exclusion_key(&key).map(|certainty| (end, certainty)).or(found);
    }
    let (end, certainty) = found?;
    let is_mark = |c: char| matches!(c, '*' | '_' | '`' | ')' | ']' | '~') || c.is_whitespace();
    let rest = body.get(end..)?;
    let mut after = rest.trim_start_matches(is_mark);
    // A remark between the label and its colon: `OUT_OF_SCOPE (frozen): …`.
    if let Some((_, behind)) = after.strip_prefix('(').and_then(|remark| remark.split_once(')')) {
        let behind = behind.trim_start_matches(is_mark);
        if behind.is_empty() || behind.starts_with([':', '\u{ff1a}']) {
            after = behind;
        }
    }
    let is_dash = |text: &str| {
        let behind = text.trim_start_matches(['-', '\u{2013}', '\u{2014}', '=', '>']);
        behind.len() < text.len() && (behind.is_empty() || behind.starts_with(char::is_whitespace))
    };
    // More words of the label: `Frozen/read-only:`, `OUT_OF_SCOPE.files:`.
    let mut joined = rest.trim_start_matches(['*', '_', '`', '\\']).chars();
    let is_joined = joined.next().is_some_and(|c| matches!(c, '/' | '.'))
        && joined.next().is_some_and(char::is_alphanumeric);
    let joined = if is_joined { find_mark(after).and_then(|at| after.get(at..)) } else { None };
    after = joined.unwrap_or(after);
    let has_mark = after.is_empty() || after.starts_with([':', '\u{ff1a}', '=']) || is_dash(after);
    let value = if has_mark {
        let is_separator =
            |c: char| matches!(c, ':' | '\u{ff1a}' | '-' | '\u{2013}' | '\u{2014}' | '=' | '>' | '*');
        body.len() - after.trim_start_matches(is_separator).trim_start().len()
    } else {
        start
    };
    Some(ExclusionLabel {
        start: offset + start,
        end: offset + end,
        value: offset + value,
        certainty,
        is_sentence: !has_mark,
        is_state: ["UNCHANGED", "UNTOUCHED"]
            .iter()
            .any(|word| body.get(start..end).is_some_and(|label| normalize_key(label).contains(word))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_out_of_scope_are_known() {
        for key in [
            "OUT_OF_SCOPE",
            "OUT_OF_SCOPE_PATHS",
            "PATHS_OUT_OF_SCOPE",
            "FORBIDDEN_PATHS",
            "NOT_IN_SCOPE",
            "DO_NOT_TOUCH",
            "DON_T_EDIT_THESE_FILES",
            "EXPLICITLY_OUT_OF_SCOPE",
            "FILES_NOT_TO_CHANGE",
        ] {
            assert_eq!(exclusion_key(key), Some(Certainty::Clear), "{key}");
        }
        assert_eq!(exclusion_key("FORBIDDEN"), Some(Certainty::Loose));
        for key in ["IN_SCOPE_PATHS", "FORBIDDEN_PATTERNS", "SCOPE", "PATHS", "", "NOT_PROVEN", "DO_NOT"] {
            assert_eq!(exclusion_key(key), None, "{key}");
        }
    }

    #[test]
    fn decorated_labels_are_found() {
        let value = |line: &str| {
            let found = find_exclusion_label(line)?;
            Some((line.get(found.value..)?.to_owned(), found.is_sentence))
        };
        for line in [
            "OUT_OF_SCOPE: src/a.rs",
            "**OUT_OF_SCOPE:** src/a.rs",
            "OUT\\_OF\\_SCOPE: src/a.rs",
            "\u{274c} OUT_OF_SCOPE: src/a.rs",
            "[x] **Out of scope**: src/a.rs",
            "OUT_OF_SCOPE = src/a.rs",
            "OUT_OF_SCOPE (frozen): src/a.rs",
            "Do not touch - src/a.rs",
            "`FORBIDDEN_PATHS`: src/a.rs",
        ] {
            assert_eq!(value(line), Some(("src/a.rs".to_owned(), false)), "{line}");
        }
        assert_eq!(value("Do not touch src/a.rs"), Some(("Do not touch src/a.rs".to_owned(), true)));
        assert_eq!(value("**Out of scope**"), Some((String::new(), false)));
        for line in [
            "Excluded/forbidden: src/a.rs",
            "Forbidden/protected files: src/a.rs",
            "OUT_OF_SCOPE/PATHS: src/a.rs",
            "OUT_OF_SCOPE.files: src/a.rs",
            "**OUT_OF_SCOPE.files**: src/a.rs",
            "Out of scope/forbidden: src/a.rs",
        ] {
            assert_eq!(value(line), Some(("src/a.rs".to_owned(), false)), "{line}");
        }
        for line in ["Frozen/read-only:", "**Frozen/read-only:**", "OUT_OF_SCOPE.files:"] {
            assert_eq!(value(line), Some((String::new(), false)), "{line}");
        }
        for line in ["OUT_OF_SCOPE:src/a.rs", "FROZEN=src/a.rs", "`EXCLUDED` - src/a.rs"] {
            assert_eq!(value(line), Some(("src/a.rs".to_owned(), false)), "{line}");
        }
        for line in [
            "IN_SCOPE_PATHS: a",
            "src/not-in-scope: x",
            "What: not in scope",
            "\"Out of scope\" is said",
            "exceptions.py",
            "exceptions.py: new",
            "`exceptions/`",
            "exceptions.py: moved from src/a.py",
            "exceptions/: used in src/a.py",
            "locked/a.rs: used in src/b.rs",
            "locked/handlers",
            "locked/a.rs",
            "frozen.toml (new)",
            "not-in-scope.md",
            "forbidden\\a.rs",
        ] {
            assert_eq!(value(line), None, "{line}");
        }
        assert_eq!(exclusion_title("exceptions/"), None);
        assert_eq!(exclusion_title("**Exceptions**"), Some(Certainty::Loose));
    }
}
