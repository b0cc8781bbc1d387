//! Paths that the texts of `OUT_OF_SCOPE` exclude.

use crate::document::Fault;
use crate::document::outline::Outline;
use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned, trim_spanned};

use super::items::{FieldText, TextForm, strip_box};

/// Returns the paths in an annotation.
pub(super) fn annotation_paths(annotation: &Spanned<String>) -> Vec<ScopeEntry> {
    let words =
        annotation.value.split([' ', ',', ';', '(', ')']).map(|word| word.trim_matches(['`', '"', '\'']));
    let paths = words.filter(|word| looks_like_path(word));
    let entries = paths.map(|word| ScopeEntry::read(Spanned::new(word.to_owned(), annotation.span)));
    entries.filter(|entry| entry.pattern.is_ok()).collect()
}

/// Reads one text of `OUT_OF_SCOPE`: a path, prose with paths, or lines of code that
/// are paths.
pub(super) fn read_excluded_text(
    text: &str,
    outline: &Outline,
    found: &FieldText,
    out: &mut Vec<ScopeEntry>,
    faults: &mut Vec<Fault>,
) {
    if found.form == TextForm::Code {
        let content = outline.get(found.block).map_or(found.text.span, |block| block.content);
        let mut at = content.start;
        for line in text.get(content.start..content.end).unwrap_or("").split_inclusive('\n') {
            let line_text = trim_spanned(text, Span::new(at, at + line.len()));
            at += line.len();
            out.extend(parse_excluded(&line_text.map(str::to_owned)));
        }
        return;
    }
    if found.form == TextForm::Heading {
        return;
    }
    let body = strip_box(&found.text.value);
    let start = found.text.span.start + found.text.value.len() - body.len();
    let body = Spanned::new(body.to_owned(), Span::new(start, start + body.len()));
    let entries = parse_excluded(&body);
    // A path in a form that cannot be read excludes nothing: that must be said.
    let unread = body.value.split_whitespace().next().filter(|word| {
        let has_separator = word.contains(['/', '\\']) && !word.contains("://");
        let last = word.rsplit(['/', '\\']).next().unwrap_or("").trim_end_matches(['.', ',', ')', '"', '\'']);
        has_separator && last.contains('.') && entries.is_empty() && !word.starts_with(['(', '`'])
    });
    if unread.is_some() {
        faults.push(found.fault("OUT_OF_SCOPE", "its path cannot be read, so it excludes nothing"));
    }
    faults.extend(found.placeholder_fault("OUT_OF_SCOPE"));
    faults.extend(found.joined_fault("OUT_OF_SCOPE"));
    out.extend(entries);
}

/// Reads the paths that a text excludes.
pub(super) fn parse_excluded(own: &Spanned<String>) -> Vec<ScopeEntry> {
    let entry = ScopeEntry::read(own.clone());
    let path = crate::document::field::strip_hint(&own.value);
    let is_path = entry.pattern.is_ok() && path.contains(['/', '.']);
    let mut out = if is_path { vec![entry] } else { find_quoted_paths(own) };
    // `_src/a.rs_` is a path, and emphasis: both are excluded.
    let leading = parse_leading_path(own);
    out.extend(leading.filter(|leading| out.iter().all(|other| other.pattern != leading.pattern)));
    out
}

/// Reads the path at the start of a sentence, which the sentence excludes:
/// `src/a.rs has an owner`, `**src/a.rs**: …`, `[ ] src/a.rs`.
fn parse_leading_path(sentence: &Spanned<String>) -> Option<ScopeEntry> {
    let word =
        sentence.value.split_whitespace().find(|word| !matches!(*word, "[" | "]" | "[x]" | "[ ]" | "-"))?;
    if word.starts_with('`') {
        return None;
    }
    // `[name](path)`: the target is the path.
    let linked = word.split_once("](").map(|(_, target)| target.split(')').next().unwrap_or(target));
    let marks =
        ['*', '_', '~', '`', ',', ';', ':', '"', '\'', '\u{201c}', '\u{201d}', '<', '>', '[', ']', '!'];
    let plain = linked.unwrap_or(word).trim_matches(marks);
    let slashed = plain.replace('\\', "/");
    let path = slashed.trim_start_matches("./").trim_start_matches('/');
    // `Frontend/UI` is not a path. A path ends with `/`, or its last name
    // contains a star or a dot.
    let last = path.rsplit('/').next().unwrap_or("");
    let is_path =
        (slashed.contains('/') || linked.is_some()) && (last.is_empty() || last.contains(['.', '*']));
    if !is_path || path.is_empty() {
        return None;
    }
    let at = sentence.span.start + sentence.value.find(plain).unwrap_or(0);
    let entry = ScopeEntry::read(Spanned::new(path.to_owned(), Span::new(at, at + plain.len())));
    Some(entry).filter(|entry| entry.pattern.is_ok())
}

/// Finds the byte ranges of a sentence that are in balanced parentheses.
fn find_parenthesized(sentence: &str) -> Parenthesized {
    let mut open = Vec::new();
    let mut out: Vec<Span> = Vec::new();
    for (at, c) in sentence.char_indices() {
        match c {
            '(' => open.push(at),
            ')' => out.extend(open.pop().map(|start| Span::new(start, at + 1))),
            _ => {}
        }
    }
    // An inner pair adds nothing to the outer one.
    out.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    out.retain(|span| {
        let is_outer = span.start >= end;
        end = end.max(span.end);
        is_outer
    });
    Parenthesized(out)
}

/// The outermost texts in parentheses, in order.
struct Parenthesized(Vec<Span>);

impl Parenthesized {
    fn contains(&self, span: Span) -> bool {
        let after = self.0.partition_point(|outer| outer.start <= span.start);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|outer| outer.contains(span))
    }
}

/// Finds the paths in backticks that a sentence excludes. Paths in parentheses
/// only explain; "changes outside `x`" excludes all other paths, not `x`.
fn find_quoted_paths(sentence: &Spanned<String>) -> Vec<ScopeEntry> {
    let parenthesized = find_parenthesized(&sentence.value);
    let inverting_words = ["outside", "outside of", "except", "except for", "other than", "beyond", "not in"];
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
        let is_remark = parenthesized.contains(span);
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

/// Returns whether a text contains a slash, or ends with a file extension.
fn looks_like_path(text: &str) -> bool {
    let has_extension = text.rsplit_once('.').is_some_and(|(name, extension)| {
        !name.is_empty()
            && (1..=5).contains(&extension.len())
            && extension.chars().all(|c| c.is_ascii_lowercase())
    });
    !text.contains(' ') && (text.contains('/') || has_extension)
}
