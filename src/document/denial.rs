//! Words that take a success back, in the notes behind it.
//!
//! A note is read clause by clause. A word such as `failed` counts, unless its clause says that
//! there are none of them, that they are over, or that the word only names a thing:
//! `0 tests failed`, `no known errors`, `a prior FAIL`, `error handling`.

/// Beginnings of words that take a state back.
const DENIALS: [&str; 26] = [
    "fail",
    "error",
    "block",
    "reject",
    "revok",
    "withdr",
    "retract",
    "rescind",
    "void",
    "superseded",
    "pending",
    "premature",
    "provisional",
    "overturn",
    "revers",
    "revert",
    "invalid",
    "cancel",
    "annul",
    "broke",
    "disput",
    "incomplete",
    "unproven",
    "unverified",
    "untested",
    "expired",
];
/// Words that say that there are none of what follows, or of what they follow.
const ZEROS: [&str; 7] = ["no", "zero", "none", "nothing", "without", "nil", "neither"];
/// Words in front of a failure that is over, or was meant to happen.
const PAST: [&str; 9] =
    ["prior", "previous", "earlier", "old", "expected", "supersedes", "former", "past", "any"];
/// Words directly in front of a denial that turn it around: `non-blocking`.
const NEGATIONS: [&str; 4] = ["non", "not", "never", "nor"];
/// Beginnings of denials that can name a thing together with the next word.
const NAMING: [&str; 6] = ["error", "fail", "failure", "invalid", "cancel", "cancellation"];
/// Words behind them that make such a name: `error handling`, `fail-safe`, `invalid input`.
const NAMED: [&str; 42] = [
    "handling",
    "handler",
    "handlers",
    "path",
    "paths",
    "case",
    "cases",
    "message",
    "messages",
    "code",
    "codes",
    "page",
    "pages",
    "state",
    "states",
    "scenario",
    "scenarios",
    "mode",
    "modes",
    "recovery",
    "injection",
    "boundary",
    "boundaries",
    "type",
    "types",
    "text",
    "texts",
    "log",
    "logs",
    "reporting",
    "detection",
    "button",
    "closed",
    "safe",
    "fast",
    "over",
    "soft",
    "input",
    "inputs",
    "value",
    "values",
    "data",
];
/// Words that begin another clause.
const BREAKS: [&str; 8] = ["and", "but", "while", "though", "although", "however", "then", "now"];
/// States that `not` denies.
const DENIED: [&str; 18] = [
    "run",
    "yet",
    "pass",
    "passed",
    "passing",
    "proven",
    "proved",
    "tested",
    "verified",
    "checked",
    "executed",
    "ok",
    "okay",
    "complete",
    "completed",
    "finished",
    "done",
    "all",
];
/// Words that leave a part out of what passed.
const EXCEPTIONS: [&str; 4] = ["except", "excepting", "excluding", "besides"];
/// Words behind `without` that leave out the proof.
const PROOFS: [&str; 12] = [
    "test",
    "tests",
    "e2e",
    "running",
    "run",
    "checks",
    "checking",
    "review",
    "validation",
    "verification",
    "proof",
    "evidence",
];
/// Words in front of a fraction that counts no results: `page 2/3`.
const PLACES: [&str; 10] =
    ["page", "step", "part", "phase", "round", "run", "attempt", "section", "batch", "shard"];
/// Maximum number of words from a zero to what there are none of, and the one with `of` or `or`
/// between them: `none of the 34 tests failed`.
const MAX_DISTANCE: usize = 3;
const MAX_JOINED_DISTANCE: usize = 6;

/// Returns whether a note takes back the state in front of it: `(withdrawn)`, `(1 FAIL)`,
/// `(30/34 tests)`, `except e2e`. `(0 failures)` and `(supersedes prior FAIL)` do not.
#[must_use]
pub(in crate::document) fn takes_back(note: &str) -> bool {
    find_denial(note).is_some()
}

/// Returns the first clause of a note that takes back the state in front of it, its words in
/// lower case.
#[must_use]
pub(crate) fn find_denial(note: &str) -> Option<String> {
    // `(PASS | FAIL)` is the choice of a template.
    let inner = note.trim().trim_start_matches('(').trim_end_matches(')');
    let is_choice = |part: &str| {
        !part.trim().is_empty() && part.trim().chars().all(|c| c.is_ascii_uppercase() || "_/ ".contains(c))
    };
    if inner.contains('|') && inner.split('|').all(is_choice) {
        return None;
    }
    let lower = note.to_lowercase();
    let clause = clauses(&lower).into_iter().find(|clause| clause_takes_back(clause))?;
    Some(clause.iter().map(|word| word.text).collect::<Vec<_>>().join(" "))
}

/// Returns whether a word in lower case begins as one that takes a state back.
pub(super) fn is_denial(word: &str) -> bool {
    DENIALS.iter().any(|start| word.starts_with(start))
}

/// Returns the two numbers of a fraction: `0/12`.
pub(super) fn fraction(word: &str) -> Option<(u64, u64)> {
    let (part, whole) = word.split_once('/')?;
    Some((part.parse().ok()?, whole.parse().ok()?))
}

/// Returns whether a word in lower case is a zero.
pub(super) fn is_zero(word: &str) -> bool {
    ZEROS.contains(&word) || number(word) == Some(0)
}

/// Returns the number that a word begins with, or the first one of a fraction.
fn number(word: &str) -> Option<u64> {
    let digits = word.split('/').next().unwrap_or(word);
    digits.parse().ok()
}

/// A word, and whether a colon or an equals sign follows it.
struct Word<'t> {
    text: &'t str,
    is_label: bool,
}

/// Splits a text in lower case into clauses, and these into words.
fn clauses(lower: &str) -> Vec<Vec<Word<'_>>> {
    let mut out = vec![Vec::new()];
    let is_word = |c: char| c.is_alphanumeric() || c == '/' || c == '\'' || c == '\u{2019}';
    let mut rest = lower;
    while let Some(start) = rest.find(is_word) {
        let (gap, behind) = rest.split_at(start);
        let length = behind.find(|c: char| !is_word(c)).unwrap_or(behind.len());
        let (text, behind) = behind.split_at(length);
        rest = behind;
        let is_break = gap.contains([',', ';', '.', '!', '?', '(', ')', '[', ']', '\u{2013}', '\u{2014}'])
            || gap.contains(" - ");
        let last = out.last().and_then(|clause: &Vec<Word<'_>>| clause.last()).map(|word| word.text);
        // `all but two` is one clause.
        let is_joined = text == "but" && matches!(last, Some("all" | "everything"));
        if is_break || (BREAKS.contains(&text) && !is_joined) {
            // Empty clauses say nothing.
            out.push(Vec::new());
        }
        let is_label = rest.trim_start_matches(['*', '`', ' ']).starts_with([':', '=', '\u{ff1a}']);
        let Some(clause) = out.last_mut() else { break };
        // `pass/fail` is two words, `0/12` is one.
        let pieces = if fraction(text).is_some() { vec![text] } else { text.split('/').collect() };
        let last = pieces.len();
        for (number, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
            clause.push(Word { text: piece, is_label: is_label && number + 1 == last });
        }
    }
    out
}

fn clause_takes_back(words: &[Word<'_>]) -> bool {
    let text = |at: usize| words.get(at).map_or("", |word| word.text);
    let before = |at: usize, back: usize| at.checked_sub(back).map_or("", text);
    (0..words.len()).any(|at| {
        let word = text(at);
        if is_denial(word) {
            return !is_excused(words, at);
        }
        let next = text(at + 1);
        let is_not = matches!(word, "not" | "wasn't" | "weren't" | "isn't" | "aren't");
        let is_partial = fraction(word).is_some_and(|(part, whole)| part != whole && !is_zero(word))
            || (next == "of" && number(word).zip(number(text(at + 2))).is_some_and(|(a, b)| a != b && a > 0));
        let is_place = PLACES.contains(&before(at, 1));
        let all_but = matches!(
            (word, next),
            ("all" | "everything", "but") | ("but", "not" | "for") | ("other", "than")
        );
        (is_not && DENIED.contains(&next))
            || matches!((word, next), ("no", "longer") | ("apart", "from"))
            || (word == "did" && next == "not" && !is_denial(text(at + 2)))
            || (matches!(word, "didn't" | "didn\u{2019}t") && !is_denial(next))
            || (word == "does" && next == "not" && text(at + 2) == "hold")
            || EXCEPTIONS.contains(&word)
            || (word == "without" && PROOFS.iter().any(|proof| [next, text(at + 2)].contains(proof)))
            || all_but
            || (is_partial && !is_place && !counts_denials(words, at))
    })
}

/// Returns whether a fraction at a position is about failures: `0/12 failed`.
fn counts_denials(words: &[Word<'_>], at: usize) -> bool {
    let near = words.get(at..(at + MAX_JOINED_DISTANCE).min(words.len())).unwrap_or_default();
    near.iter().any(|word| is_denial(word.text))
}

/// Returns whether the clause of a denial says that there are none of it, that it is over, or
/// that it only names a thing.
fn is_excused(words: &[Word<'_>], at: usize) -> bool {
    let text = |at: usize| words.get(at).map_or("", |word| word.text);
    let before = |back: usize| at.checked_sub(back).map_or("", text);
    let (own, next) = (text(at), text(at + 1));
    // `failures: 0`
    let is_counted = words.get(at).is_some_and(|word| word.is_label) && is_zero(next);
    if is_counted && (at + 2 >= words.len() || matches!(text(at + 2), "of" | "in" | "out")) {
        return true;
    }
    if NEGATIONS.contains(&before(1)) || matches!(before(1), "didn't" | "didn\u{2019}t") {
        return true;
    }
    let is_past = |word: &str| PAST.contains(&word);
    let is_run = matches!(before(1), "test" | "tests" | "run" | "runs" | "validation" | "report" | "known");
    if is_past(before(1)) || (is_run && is_past(before(2))) {
        return true;
    }
    // The nearest number or zero in front decides.
    let zero = (1..=MAX_JOINED_DISTANCE).map(|back| (back, before(back))).find(|(back, word)| {
        let is_whole = matches!(before(back + 1), "of" | "the") && number(word).is_some();
        is_zero(word) || (number(word).is_some() && !is_whole)
    });
    let is_joined = |back: usize| (1..back).any(|back| matches!(before(back), "of" | "or"));
    if let Some((back, word)) = zero.filter(|(back, _)| *back <= MAX_DISTANCE || is_joined(*back)) {
        return is_zero(word) && !NEGATIONS.contains(&before(back + 1));
    }
    let is_name = NAMING.contains(&own) && NAMED.contains(&next);
    is_name && !before(1).starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_takes_a_success_back_only_if_its_clause_does() {
        for note in [
            "(non-blocking notes)",
            "(not blocking)",
            "(0 tests failed)",
            "(0 of 34 tests failed)",
            "(none of the 34 tests failed)",
            "(0/12 failed)",
            "(no known errors)",
            "(no new or known errors)",
            "(34 passed; failed: 0)",
            "(failures=0)",
            "(did not fail)",
            ", error handling reviewed",
            "(fail-closed paths checked)",
            "(invalid input is refused)",
            "all 34 tests",
            "(34/34)",
            "(34 of 34 tests)",
            "(see page 2/3)",
            "(supersedes prior FAIL)",
            "(the earlier run failed)",
            "(PASS | FAIL)",
            "with a warning",
            "without warnings",
        ] {
            assert!(!takes_back(note), "{note}");
        }
        for note in [
            "(3 tests failed)",
            "(0 passed, 3 failed)",
            "(0 passed 3 failed)",
            "(no waiver; 3 failed)",
            "(not 0 failures)",
            "(not without errors)",
            "(no idea why tests fail)",
            "(1/12 failed)",
            "(12 of 34 tests failed)",
            "(failed: 3)",
            "(failed: 0, later failed: 3)",
            "with known errors",
            "(errors remain)",
            ", error handling fails",
            "(2 error cases)",
            "(30/34)",
            "(30 of 34 tests)",
            "except e2e",
            "without the e2e tests",
            "(all but two)",
            "(withdrawn)",
            "(1 FAIL)",
            "(not run)",
            "(e2e wasn't run)",
            "(not all tests)",
            "(no longer)",
            "(earlier FAIL, and now a FAIL again)",
        ] {
            assert!(takes_back(note), "{note}");
        }
    }
}
