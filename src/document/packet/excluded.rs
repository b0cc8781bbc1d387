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
    let mut words = body.value.split_whitespace().filter(|word| is_decorated(word));
    let is_unread = |word: &str| (names_path(word) || is_encoded(word)) && !word.starts_with(['(', '`']);
    let unread = words.next().filter(|word| is_unread(word));
    let unread = unread.or_else(|| words.find(|word| forbids(&body.value) && is_unread(word)));
    // A wrong reading of an odd spelling excludes another path.
    if unread.is_some_and(|word| entries.is_empty() || is_encoded(word)) {
        faults.push(found.fault("OUT_OF_SCOPE", "its path cannot be read, so it excludes nothing"));
    }
    faults.extend(found.placeholder_fault("OUT_OF_SCOPE"));
    faults.extend(found.joined_fault("OUT_OF_SCOPE"));
    out.extend(entries);
}

/// Returns whether a word has text: boxes, bullets and symbols before a path have none.
fn is_decorated(word: &str) -> bool {
    let is_box = word.starts_with('[') && word.ends_with(']') && word.chars().count() <= 3;
    // `:lock:` is a symbol by its name.
    let is_symbol = word.len() > 2 && word.starts_with(':') && word.ends_with(':');
    !is_box && !is_symbol && word.chars().any(char::is_alphanumeric)
}

/// Returns whether a word looks like a path: with a separator, and a dot in its last name.
fn names_path(word: &str) -> bool {
    let has_separator = word.contains(['/', '\\']) && (!word.contains("://") || word.starts_with('<'));
    let last = word.rsplit(['/', '\\']).next().unwrap_or("");
    has_separator && last.trim_end_matches(['.', ',', ')', '"', '\'', '>']).contains('.')
}

/// Returns whether a word names a path in a way that is not read: a link by reference, the
/// address of a file, a variable, or another spelling of a slash.
fn is_encoded(word: &str) -> bool {
    let lower = word.to_lowercase();
    let spellings =
        ["][", "%2f", "&#47;", "&#x2f;", "&sol;", "file:", "/blob/", "/tree/", "\u{2215}", "\u{2044}"];
    spellings.iter().any(|spelling| lower.contains(spelling)) || (word.starts_with('$') && word.contains('/'))
}

/// Reads the paths that a text excludes.
pub(super) fn parse_excluded(own: &Spanned<String>) -> Vec<ScopeEntry> {
    let entry = ScopeEntry::read(own.clone());
    let path = crate::document::field::strip_hint(&own.value);
    let is_path = entry.pattern.is_ok() && path.contains(['/', '.']);
    let mut out = if is_path { vec![entry] } else { find_quoted_paths(own) };
    // `_src/a.rs_` is a path, and emphasis: both are excluded.
    let more = parse_leading_path(own).into_iter().chain(find_forbidden_paths(own));
    for entry in more {
        if out.iter().all(|other| other.pattern != entry.pattern) {
            out.push(entry);
        }
    }
    out
}

/// Words at the start of a sentence that forbids what it names.
const FORBIDDING: [&str; 7] = ["do not ", "don't ", "never ", "no ", "not ", "leave ", "nothing in "];
/// Words that turn the meaning of a path around.
const INVERTING: [&str; 10] = [
    "outside",
    "except",
    "other than",
    "beyond",
    "not in",
    "unless",
    "besides",
    "only",
    "apart from",
    "but ",
];

fn forbids(sentence: &str) -> bool {
    let start: String = sentence.trim_start_matches(['*', '_']).chars().take(12).collect();
    let start = start.to_lowercase();
    FORBIDDING.iter().any(|word| start.starts_with(word))
}

/// Reads the paths of a sentence that forbids them: `Do not touch src/a.rs`.
fn find_forbidden_paths(sentence: &Spanned<String>) -> Vec<ScopeEntry> {
    let lower = sentence.value.to_lowercase();
    if !forbids(&sentence.value) || INVERTING.iter().any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let words = sentence.value.split_whitespace().skip(1);
    let paths = words.filter(|word| names_path(word) && !word.contains('`'));
    paths.filter_map(|word| read_plain_path(sentence, word)).collect()
}

/// Reads the path at the start of a sentence, which the sentence excludes:
/// `src/a.rs has an owner`, `**src/a.rs**: …`, `[ ] src/a.rs`.
fn parse_leading_path(sentence: &Spanned<String>) -> Option<ScopeEntry> {
    let word = sentence.value.split_whitespace().find(|word| is_decorated(word))?;
    if word.starts_with('`') { None } else { read_plain_path(sentence, word) }
}

/// Reads a word as a path, without marks around it.
fn read_plain_path(sentence: &Spanned<String>, word: &str) -> Option<ScopeEntry> {
    // `[name](path)`: the target is the path.
    let linked = word.split_once("](").map(|(_, target)| target.split(')').next().unwrap_or(target));
    let linked = linked.filter(|target| !target.is_empty());
    let plain = trim_marks(linked.unwrap_or(word));
    let slashed = plain.replace('\\', "/").replace("//", "/");
    // A link leads through the folders above the document.
    let path = slashed.trim_start_matches("../").trim_start_matches("./").trim_start_matches('/');
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

/// Removes the marks around a path and what follows it: `"src/a.rs"`, `src/a.rs:12`,
/// `src/a.rs#L3`, `src/a.rs.`
fn trim_marks(word: &str) -> &str {
    let is_mark = |c: char| c != '/' && c != '.' && !c.is_alphanumeric();
    let plain = word.trim_matches(is_mark);
    let plain = plain.split('#').next().unwrap_or(plain);
    let plain = match plain.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => path,
        _ => plain,
    };
    if plain.ends_with("..") { plain } else { plain.strip_suffix('.').unwrap_or(plain) }
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
