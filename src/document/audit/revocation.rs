//! The words by which an audit says that a signature is revoked: in a cell of its row, in
//! a sentence, or under a heading such as `Revoked Signatures`.

use std::collections::BTreeSet;

use crate::document::Signature;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::read_sections;

/// Words that say nothing else of a signature than that it is revoked.
const CERTAIN: [&str; 9] = [
    "revoked",
    "withdrawn",
    "rescinded",
    "invalidated",
    "voided",
    "annulled",
    "retracted",
    "repudiated",
    "nullified",
];
/// Words that can also describe something else, such as `invalid input`.
const AMBIGUOUS: [&str; 6] = ["invalid", "void", "cancelled", "canceled", "rejected", "compromised"];
/// Nouns that mean a revocation at the start of a remark, and in a heading.
const NOUNS: [&str; 6] =
    ["revocation", "revocations", "withdrawal", "withdrawals", "cancellation", "cancellations"];
/// Words in capital letters that count at any place of a cell.
const CAPITALS: [&str; 8] =
    ["REVOKED", "WITHDRAWN", "RESCINDED", "INVALIDATED", "VOIDED", "VOID", "CANCELLED", "CANCELED"];
/// Words that may stand before the word of a revocation.
const BEFORE: [&str; 29] = [
    "was",
    "is",
    "are",
    "were",
    "has",
    "have",
    "been",
    "now",
    "since",
    "later",
    "then",
    "hereby",
    "already",
    "but",
    "and",
    "also",
    "marked",
    "declared",
    "as",
    "became",
    "status",
    "state",
    "signature",
    "approval",
    "entry",
    "row",
    "key",
    "null",
    "again",
];
/// Words after an ambiguous word that say when, why or by whom.
const AFTER: [&str; 17] = [
    "by",
    "on",
    "at",
    "in",
    "since",
    "as",
    "because",
    "due",
    "after",
    "per",
    "from",
    "for",
    "and",
    "now",
    "see",
    "effective",
    "until",
];
/// Things that a revocation names.
const THINGS: [&str; 8] =
    ["signature", "signatures", "approval", "approvals", "entry", "row", "key", "token"];
/// Words that turn a revocation into its opposite, or into a condition.
const NEGATIONS: [&str; 8] = ["not", "never", "no", "none", "isn", "wasn", "nothing", "false"];
const CONDITIONS: [&str; 3] = ["if", "unless", "when"];
/// Words of a title that is also about signatures in force.
const OTHERS: [&str; 8] = ["and", "or", "valid", "active", "used", "rows", "are", "audit"];
const ARTICLES: [&str; 6] = ["the", "a", "any", "this", "that", "each"];

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn is_revoking(word: &str) -> bool {
    is_one_of(word, &CERTAIN) || is_one_of(word, &AMBIGUOUS)
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns whether a cell that may be about anything, such as the purpose, marks the
/// signature as revoked: `REVOKED` anywhere, or such a word at its start. A text that only
/// mentions a revocation does not count.
pub(super) fn is_marked(cell: &str) -> bool {
    let mut before = "";
    for word in words_of(cell) {
        if CAPITALS.contains(&word) && !is_one_of(before, &NEGATIONS) {
            return true;
        }
        before = word;
    }
    let plain = cell.trim_matches(['*', '`', '~', ' ', '(', '[']);
    let first = plain.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_refused = ["INVALID", "REJECTED"].iter().any(|word| {
        plain
            .strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    });
    // `revoked: no` denies it.
    let is_denied = words_of(plain).nth(1).is_some_and(|word| is_one_of(word, &NEGATIONS));
    let is_first = is_one_of(first, &["revoked", "withdrawn", "rescinded", "invalidated", "voided"]);
    is_refused || (is_first && !is_denied)
}

/// Returns whether a remark says that the signature is revoked: one of its clauses does, as
/// `approved; revoked 2026-02-20` and `cancelled by Mira`. `replaces the revoked one` and
/// `not revoked` do not.
pub(super) fn says_revoked(remark: &str) -> bool {
    if is_marked(remark) {
        return true;
    }
    let clauses: Vec<&str> = remark
        .split(|c: char| ";,:.?!()[]|\u{2013}\u{2014}\n".contains(c))
        .flat_map(|part| part.split(" - "))
        .filter(|clause| words_of(clause).next().is_some())
        .collect();
    let is_denied = |at: usize| {
        let next = clauses.get(at + 1).and_then(|clause| words_of(clause).next());
        next.is_some_and(|word| is_one_of(word, &NEGATIONS) || word.eq_ignore_ascii_case("n"))
    };
    clauses.iter().enumerate().any(|(at, clause)| is_revoking_clause(clause) && !is_denied(at))
}

fn is_revoking_clause(clause: &str) -> bool {
    let mut words = words_of(clause).skip_while(|word| is_one_of(word, &BEFORE));
    let Some(word) = words.next() else { return false };
    if is_one_of(word, &NOUNS) {
        return true;
    }
    if !is_revoking(word) {
        return false;
    }
    let Some(next) = words.next() else { return true };
    if is_one_of(next, &CONDITIONS) || is_one_of(next, &["one", "ones"]) || Signature::parse(next).is_ok() {
        return false;
    }
    let is_thing = is_one_of(next, &THINGS) && words.next().is_none();
    let is_capital = word.chars().all(char::is_uppercase);
    let says_why = is_one_of(next, &AFTER) || next.starts_with(|c: char| c.is_ascii_digit());
    is_one_of(word, &CERTAIN) || is_thing || is_capital || says_why || is_revoking(next)
}

/// Returns whether a column with this title, in lower case, holds revocations.
pub(super) fn is_column(title: &str) -> bool {
    words_of(title).any(|word| is_one_of(word, &CERTAIN) || is_one_of(word, &NOUNS))
}

/// Returns whether a cell of such a column is filled with a revocation.
pub(super) fn is_filled(cell: &str) -> bool {
    words_of(cell).next().is_some_and(|word| {
        !is_one_of(word, &NEGATIONS) && !is_one_of(word, &["n", "na", "pending", "tbd", "todo"])
    })
}

/// Returns the signatures that a text outside of the audit's tables revokes: those below a
/// heading such as `Revoked Signatures`, and those of a sentence such as `… was revoked`.
pub(super) fn revoked_outside(text: &str, outline: &Outline) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for section in read_sections(text, outline) {
        let title: Vec<&str> = words_of(&section.title.value).collect();
        let is_instruction = title.first().is_some_and(|word| is_one_of(word, &["how", "when", "why"]));
        // `Used and revoked signatures` is about both.
        let is_denied = title.iter().any(|word| is_one_of(word, &NEGATIONS) || is_one_of(word, &OTHERS));
        let names = title.iter().any(|word| is_revoking(word) || is_one_of(word, &NOUNS));
        if !names || is_instruction || is_denied {
            continue;
        }
        for index in section.blocks.clone() {
            let Some(block) = outline.get(index) else { continue };
            if matches!(block.kind, BlockKind::Prose | BlockKind::Cell) {
                out.extend(signatures_in(text.get(block.content.start..block.content.end).unwrap_or("")));
            }
        }
    }
    for (index, block) in outline.blocks.iter().enumerate() {
        if block.kind == BlockKind::Prose {
            let lines = outline.prose_lines(text, index);
            let prose: String = lines.iter().map(|line| line.text.as_ref()).collect();
            prose.split_inclusive(['.', ';', '!', '?']).for_each(|sentence| out.extend(revoked_in(sentence)));
        }
    }
    out
}

fn signatures_in(text: &str) -> impl Iterator<Item = String> {
    words_of(text).filter(|word| Signature::parse(word).is_ok()).map(str::to_owned)
}

/// Returns the signatures that a sentence revokes. Each word is looked at a fixed number of times.
fn revoked_in(sentence: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let words: Vec<&str> = words_of(sentence).collect();
    let is_signature = |word: &&str| Signature::parse(word).is_ok();
    if !words.iter().any(is_signature) {
        return out;
    }
    let word_at = |at: usize| words.get(at).copied().unwrap_or_default();
    let mut is_conditional = false;
    // The last signature in front, and the one whose list was added.
    let (mut subject, mut added): (Option<usize>, Option<usize>) = (None, None);
    let mut has_all_after = false;
    // The word behind the things that follow, such as `signature`.
    let mut behind_things = 0;
    for (at, word) in words.iter().enumerate() {
        let last = at.checked_sub(1).map_or("", word_at);
        let is_condition = is_conditional || is_one_of(word_at(at + 1), &CONDITIONS);
        is_conditional |= is_one_of(word, &["if", "unless", "will", "would", "must", "may", "can"]);
        let own_subject = subject;
        subject = if is_signature(word) { Some(at) } else { subject };
        if !is_revoking(word) || is_one_of(last, &NEGATIONS) || is_condition {
            continue;
        }
        let is_near_negation =
            (1..=3).filter_map(|back| at.checked_sub(back)).any(|at| is_one_of(word_at(at), &NEGATIONS));
        // `the revoked mira140220260915` names that one.
        behind_things = behind_things.max(at + 1);
        while is_one_of(word_at(behind_things), &THINGS) {
            behind_things += 1;
        }
        let named = words.get(behind_things).filter(|word| is_signature(word));
        let is_article = is_one_of(last, &ARTICLES);
        match (named, own_subject) {
            (Some(named), _) if is_article || own_subject.is_none() => {
                out.insert((*named).to_owned());
                if own_subject.is_none() && !is_article && !has_all_after {
                    has_all_after = true;
                    let after = words.get(at + 1..).unwrap_or_default().iter();
                    out.extend(after.filter(|word| is_signature(word)).map(|word| (*word).to_owned()));
                }
            }
            (_, Some(subject)) if !is_article && !is_near_negation && added != Some(subject) => {
                added = Some(subject);
                // `A and B were revoked`: those that only `and` separates.
                for word in words.get(..=subject).unwrap_or_default().iter().rev() {
                    if is_signature(word) {
                        out.insert((*word).to_owned());
                    } else if !word.eq_ignore_ascii_case("and") {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_revokes_in_any_words() {
        let revoked = [
            "REVOKED",
            "approved after refinement; revoked 2026-02-20",
            "VOID",
            "cancelled by Mira",
            "Canceled 2026-02-20",
            "invalid, key leaked",
            "(INVALID - not ASCII)",
            "approved, but was withdrawn on 2026-02-20",
            "revoked",
            "Revocation: 2026-02-20",
            "signature is void",
            "approved - rescinded by Mira",
            "first VOID, then again",
        ];
        for text in revoked {
            assert!(says_revoked(text), "{text}");
        }
        let valid = [
            "approved after refinement",
            "replaces the revoked one",
            "replaces mira130220260915, the revoked signature",
            "not revoked",
            "NOT REVOKED",
            "revoked: no",
            "Revoked? no",
            "will be revoked if the key leaks",
            "invalid input is refused",
            "void pointers of the reader",
            "handles cancelled orders",
            "",
        ];
        for text in valid {
            assert!(!says_revoked(text), "{text}");
        }
        assert!(is_column("revoked on") && is_filled("2026-02-20") && !is_filled("no") && !is_filled("-"));
        assert!(!is_marked("Cancelled orders: WP-1-Orders") && is_marked("**Revoked** 2026-02-20"));
    }

    #[test]
    fn a_sentence_of_any_length_is_read_in_linear_time() {
        let one = "mira140220260915";
        let count = 60_000;
        let start = std::time::Instant::now();
        for text in [
            format!("{one} and {} were {}.", "x ".repeat(count), "revoked ".repeat(count)),
            format!("{} {}.", "revoked ".repeat(count), format!("{one} ").repeat(count)),
            format!("{} {}.", format!("{one} and ").repeat(count), "revoked ".repeat(count)),
            format!("{one} was revoked {}.", "the revoked key key ".repeat(count)),
            format!("{}.", format!("{one} and void ").repeat(count)),
        ] {
            assert!(!revoked_in(&text).is_empty());
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn a_sentence_or_a_section_revokes() {
        let one = "mira140220260915";
        let revoked = [
            format!("The signature {one} was revoked on 2026-02-20."),
            format!("Revoked: {one}, mira150220260915"),
            format!("mira150220260915 replaces the revoked {one}."),
            format!("{one} and mira150220260915 are void."),
            format!("## Revoked Signatures\n\n- {one} (2026-02-20)\n"),
            format!("## Revocations\n\n| Signature | Date |\n|---|---|\n| {one} | 2026-02-20 |\n"),
        ];
        for text in &revoked {
            let found = revoked_outside(text, &Outline::parse(text));
            assert!(found.contains(one), "{text}");
        }
        let valid = [
            format!("The signature {one} replaces the revoked one."),
            format!("The signature {one} was not revoked."),
            format!("{one} must be revoked if the key leaks."),
            format!("{one} replaces mira130220260915, which was revoked."),
            format!("## How to read revoked rows\n\nFor example {one}.\n"),
            format!("## Signatures\n\n| Signature | Notes |\n|---|---|\n| {one} | approved |\n"),
        ];
        for text in &valid {
            let found = revoked_outside(text, &Outline::parse(text));
            assert!(!found.contains(one), "{text}");
        }
    }
}
