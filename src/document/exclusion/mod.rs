//! What a text excludes from a scope, in all words and spellings that people use.

mod label;
mod words;

use std::collections::HashSet;

use super::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned};

pub(in crate::document) use label::{
    Certainty, ExclusionLabel, exclusion_key, exclusion_title, find_exclusion_label,
};
use words::{
    find_parenthesized, find_plain_paths, find_unrelated, forbids, is_decorated, is_encoded, looks_like_path,
    names_path,
};

/// Returns the paths in an annotation.
pub(in crate::document) fn annotation_paths(annotation: &Spanned<String>) -> Vec<ScopeEntry> {
    let words =
        annotation.value.split([' ', ',', ';', '(', ')']).map(|word| word.trim_matches(['`', '"', '\'']));
    let paths = words.filter(|word| looks_like_path(word));
    let entries = paths.map(|word| ScopeEntry::read(Spanned::new(word.to_owned(), annotation.span)));
    entries.filter(|entry| entry.pattern.is_ok()).collect()
}

/// Reads the paths that a text excludes, and whether it has a path that cannot be read.
pub(in crate::document) fn read_exclusion(body: &Spanned<String>) -> (Vec<ScopeEntry>, bool) {
    let entries = parse_excluded(body);
    // A path in a form that cannot be read excludes nothing: that must be said.
    let mut words = body.value.split_whitespace().filter(|word| is_decorated(word));
    let is_odd = |word: &str| (names_path(word) || is_encoded(word)) && !word.starts_with(['(', '`']);
    let unread = words.next().filter(|word| is_odd(word));
    let is_prohibition = forbids(&body.value);
    let unread = unread.or_else(|| words.find(|word| is_prohibition && is_odd(word)));
    // A wrong reading of an odd spelling excludes another path.
    let is_unread = unread.is_some_and(|word| entries.is_empty() || is_encoded(word));
    (entries, is_unread)
}

/// Reads the paths that a text excludes.
pub(in crate::document) fn parse_excluded(own: &Spanned<String>) -> Vec<ScopeEntry> {
    // `!path` is how lists of paths exclude one.
    let plain = own.value.trim_start_matches('!');
    let start = own.span.start + own.value.len() - plain.len();
    let own = &Spanned::new(plain.to_owned(), Span::new(start, own.span.end));
    let entry = ScopeEntry::read(own.clone());
    let path = crate::document::field::strip_hint(&own.value);
    let is_path = entry.pattern.is_ok() && (path.contains(['/', '.']) || is_bare_name(path));
    let first = if is_path { vec![entry] } else { find_quoted_paths(own) };
    // `_src/a.rs_` is a path, and emphasis: both are excluded.
    let more = find_plain_paths(own, is_path);
    let mut known = HashSet::new();
    let all = first.into_iter().chain(more);
    all.filter(|entry| known.insert(entry.pattern_text())).collect()
}

/// Returns whether a whole text without slash and dot is a name of a file or folder: it is in
/// backticks, in lower case, or a known name.
fn is_bare_name(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with('`') || text.chars().all(is_name) || crate::document::waiver::is_root_name(text)
}

/// Finds the paths in backticks that a sentence excludes. Paths in parentheses
/// only explain; "changes outside `x`" excludes all other paths, not `x`.
fn find_quoted_paths(sentence: &Spanned<String>) -> Vec<ScopeEntry> {
    let parenthesized = find_parenthesized(&sentence.value);
    let inverting_words =
        ["outside", "outside of", "except", "except for", "other than", "beyond", "not in", "besides"];
    let unrelated = find_unrelated(&sentence.value.to_ascii_lowercase());
    let mut out = Vec::new();
    let mut offset = 0;
    let mut is_inverted = false;
    for (number, piece) in sentence.value.split('`').enumerate() {
        let span = Span::new(offset, offset + piece.len());
        offset += piece.len() + 1;
        if number % 2 == 0 {
            let before = piece.trim_end().to_lowercase();
            is_inverted = inverting_words.iter().any(|word| before.ends_with(word));
            continue;
        }
        let after = sentence.value.get(span.end + 1..).unwrap_or("").trim_start();
        let after: String = after.chars().take(20).flat_map(char::to_lowercase).collect();
        let excludes_rest =
            ["not listed", "not in scope", "that is not", "other than"].iter().any(|w| after.starts_with(w));
        let is_remark = parenthesized.contains(span) || unrelated.contains(span);
        let plain = piece.strip_prefix("./").unwrap_or(piece);
        if is_remark || is_inverted || excludes_rest || !looks_like_path(plain) {
            continue;
        }
        let at = sentence.span.start + span.end - plain.len();
        let entry = ScopeEntry::read(Spanned::new(plain.to_owned(), Span::new(at, at + plain.len())));
        out.extend(Some(entry).filter(|entry| entry.pattern.is_ok()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(text: &str) -> Vec<String> {
        let text = Spanned::new(text.to_owned(), Span::new(0, text.len()));
        parse_excluded(&text).iter().map(ScopeEntry::pattern_text).collect()
    }

    #[test]
    fn only_paths_directly_behind_unrelated_words_are_not_excluded() {
        for text in [
            "Refactors unrelated to this packet in src/invoice.rs",
            "Refactors unrelated to this packet in `src/invoice.rs`",
            "unrelated to this: src/invoice.rs",
            "Files not required for the farewell: src/invoice.rs",
            "everything not needed for the farewell, such as src/invoice.rs",
            "Refactors unrelated to src/a.rs, such as src/invoice.rs",
            "Refactors unrelated to `src/a.rs` in `src/invoice.rs`",
        ] {
            assert_eq!(excluded(text), ["src/invoice.rs"], "{text}");
        }
        for text in [
            "Refactors unrelated to src/a.rs",
            "Refactors unrelated to src/a.rs, src/b.rs and src/c.rs",
            "Refactors unrelated to `src/a.rs` and `src/b.rs`",
            "Changes not needed for src/a.rs, or src/b.rs.",
        ] {
            assert!(excluded(text).is_empty(), "{text}: {:?}", excluded(text));
        }
    }
}
