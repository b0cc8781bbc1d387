//! Readers of a waiver's values: date, policy, expiry and paths.

use jiff::civil::Date;

use crate::document::field::strip_hint;
use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned};

use super::Expiry;
use super::ending::ends_waiver;

/// Reads the value of an expiry.
pub(super) fn parse_expiry(text: &str) -> Expiry {
    let lower = text.trim().to_lowercase();
    let plain = strip_hint(&lower).trim_matches(['`', '*', '.', ' ']);
    let remark = lower.get(plain.len()..).unwrap_or("");
    if let Some(date) = find_date(text).filter(|_| is_only_date(text)) {
        Expiry::On(date)
    } else if is_closure(&lower) && !ends_waiver(&lower) {
        Expiry::Closure
    } else if matches!(plain, "permanent" | "none" | "never" | "n/a" | "no expiry" | "does not expire")
        && !ends_waiver(remark)
        && !remark.contains("20")
    {
        Expiry::Never
    } else {
        Expiry::Unreadable(text.trim().to_owned())
    }
}

/// Returns whether a text that begins with a date names no other time behind it, and
/// nothing that ends the waiver.
fn is_only_date(text: &str) -> bool {
    let plain = text.trim().trim_start_matches(['`', '*', '(']);
    let rest = plain.get(10..).unwrap_or("");
    let words = rest.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3);
    let has_year =
        words.into_iter().any(|word| word.starts_with("20") && word.bytes().all(|b| b.is_ascii_digit()));
    !has_year && !ends_waiver(rest) && !rest.to_lowercase().contains("earlier")
}

/// Returns whether a text (in lower case) means the closure of the packet, not
/// of a phase or project: `On WP closure (validation complete).`,
/// `WP-1-A closure`.
fn is_closure(lower: &str) -> bool {
    let head = lower.split('(').next().unwrap_or("").trim().trim_end_matches('.');
    let words: Vec<&str> = head.split([' ', '_']).filter(|word| !word.is_empty()).collect();
    let is_preposition =
        |word: &str| matches!(word, "on" | "at" | "upon" | "until" | "when" | "after" | "with");
    let skipped = words.iter().take_while(|word| is_preposition(word)).count();
    let mut words: Vec<&str> = words.get(skipped..).unwrap_or_default().to_vec();
    words.retain(|word| !matches!(*word, "the" | "this" | "is" | "of" | "has" | "been" | "work"));
    let is_packet = |word: &str| matches!(word, "wp" | "packet") || word.starts_with("wp-");
    let is_end = |word: &str| {
        matches!(word, "closure" | "close" | "closed" | "closes" | "validation" | "validated" | "done")
            || matches!(word, "completion" | "complete" | "completed" | "merge" | "merged")
    };
    match words.as_slice() {
        ["closure"] => true,
        [packet, end] if is_packet(packet) => is_end(end),
        [end, packet] if is_packet(packet) => is_end(end),
        _ => false,
    }
}

/// Reads a date `YYYY-MM-DD` at the start of a text.
pub(super) fn find_date(text: &str) -> Option<Date> {
    let text = text.trim().trim_start_matches(['`', '*', '(']);
    let digits = text.get(..10)?;
    let rest = text.get(10..)?;
    let has_date_form = digits
        .bytes()
        .enumerate()
        .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    (has_date_form && !rest.starts_with(|c: char| c.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// Finds the first policy code `CX-…` in a text.
pub(super) fn find_policy(text: &str) -> Option<&str> {
    let at = text.find("CX-")?;
    let tail = text.get(at..)?;
    let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
    tail.get(..end).filter(|code| code.len() > 3)
}

/// Returns the policy at the start of an id that continues with a date: `CX-573F` of
/// `CX-573F-20260213-A`; `None` for other ids.
pub(super) fn policy_of_id(id: &str) -> Option<&str> {
    let parts = id.match_indices('-').map(|(at, _)| at);
    let at = parts.into_iter().find(|at| {
        let rest = id.get(at + 1..).unwrap_or("");
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits == 8 && rest.get(digits..).is_none_or(|rest| rest.is_empty() || rest.starts_with('-'))
    })?;
    id.get(..at).filter(|policy| find_policy(policy) == Some(policy))
}

/// Finds the paths that a scope names: texts in backticks, and words with a
/// slash. A file in the root has no slash: it is in backticks, or is the whole scope.
/// Empty if the scope has an exception.
#[must_use]
pub(crate) fn find_paths(scope: &Spanned<String>) -> Vec<ScopeEntry> {
    // With an exception, the paths of a scope are not all covered.
    let lower = scope.value.to_lowercase();
    let exceptions = ["except", "excluding", "other than", "does not", "do not", "but not", "not cover"];
    if exceptions.iter().any(|words| lower.contains(words)) {
        return Vec::new();
    }
    let entry = |word: &str| {
        let word = word.trim_end_matches([',', ';', '.', ':']);
        let word = word.strip_prefix("./").unwrap_or(word);
        // The word is a slice of the scope.
        let at = word.as_ptr().addr().saturating_sub(scope.value.as_ptr().addr());
        let span = Span::new(scope.span.start + at, scope.span.start + at + word.len());
        let read = ScopeEntry::read(Spanned::new(word.to_owned(), span));
        (read.pattern.is_ok() && (is_root_file(word) || word.contains(['/', '.']))).then_some(read)
    };
    let whole = scope.value.trim();
    let is_word = !whole.contains(|c: char| c.is_whitespace() || c == '`');
    let is_file_name = is_word && (whole.contains('.') || ROOT_FILES.contains(&whole));
    if is_file_name && !whole.contains('/') {
        return entry(whole).into_iter().collect();
    }
    let mut out = Vec::new();
    for (number, piece) in scope.value.split('`').enumerate() {
        if number % 2 == 1 {
            let without_line = piece
                .rsplit_once(':')
                .filter(|(_, line)| line.bytes().all(|b| b.is_ascii_digit()))
                .map_or(piece, |(path, _)| path);
            out.extend(entry(without_line));
        } else {
            out.extend(piece.split_whitespace().filter(|word| word.contains('/')).filter_map(entry));
        }
    }
    out
}

/// Names of files without a dot that projects have in their root. As the whole scope, other
/// words can be the name of a check.
const ROOT_FILES: [&str; 12] = [
    "justfile",
    "Justfile",
    "makefile",
    "Makefile",
    "GNUmakefile",
    "Dockerfile",
    "Jenkinsfile",
    "Rakefile",
    "Gemfile",
    "Procfile",
    "LICENSE",
    "CODEOWNERS",
];

/// Returns whether a word is the name of a file without a dot that projects have in their root.
#[must_use]
pub(crate) fn is_root_name(word: &str) -> bool {
    ROOT_FILES.contains(&word)
}

/// Returns whether a word without slash and dot is the name of a file that projects have
/// in their root, such as `Makefile` or `LICENSE`. Other words are names of checks.
fn is_root_file(word: &str) -> bool {
    let is_name = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let known = ["justfile", "makefile", "gradlew", "mvnw", "configure"];
    is_name && (known.contains(&word) || word.starts_with(|c: char| c.is_ascii_uppercase()))
}
