//! Recognizes a requirement that says the same as a criterion in other words.

use std::collections::BTreeSet;

/// Words that turn a sentence into its opposite.
const NEGATIONS: [&str; 14] = [
    "not", "no", "never", "none", "nobody", "nothing", "without", "cannot", "neither", "nor", "except",
    "unless", "only", "fails",
];
/// Longest word that is not compared, in letters.
const MAX_SHORT_WORD: usize = 3;

/// Minimum number of longer words of a quotation that leaves parts out.
const MIN_SHORTENED_WORDS: usize = 4;

/// Returns whether two texts are the same statement in other words: both ways at least
/// three quarters of the longer words agree, and so do all numbers, code spans and
/// negations. Texts of scripts without spaces between words are never paraphrases.
#[must_use]
pub(super) fn is_paraphrase(a: &str, b: &str) -> bool {
    let has_words = |text: &str| text.split_whitespace().count() >= 3;
    if !has_words(a) || !has_words(b) || numbers(a) != numbers(b) || code_spans(a) != code_spans(b) {
        return false;
    }
    if negations(a) != negations(b) {
        return false;
    }
    let (own, other) = (long_words(a), long_words(b));
    let shared = own.intersection(&other).count();
    let is_most = |words: &BTreeSet<String>| !words.is_empty() && shared * 4 >= words.len() * 3;
    is_most(&own) && is_most(&other)
}

/// Returns whether a quotation is a criterion with parts left out: at least three quarters of its
/// longer words are in the criterion, and so are its numbers. It has half of the criterion's words. `group` is the bullet above the
/// criterion.
#[must_use]
pub(super) fn is_shortened(quote: &str, criterion: &str, group: Option<&str>) -> bool {
    let quote = quote.trim_start_matches(['"', ' ']);
    let quote = quote.strip_prefix("DONE_MEANS:").unwrap_or(quote);
    let whole = format!("{} {criterion}", group.unwrap_or_default());
    let (own, other) = (long_words(quote), long_words(&whole));
    let shared = own.intersection(&other).count();
    // The bullet above is that of other criteria, too.
    let criterion = long_words(criterion);
    let is_about = own.intersection(&criterion).count() * 2 >= criterion.len();
    is_about
        && own.len() >= MIN_SHORTENED_WORDS
        && shared * 4 >= own.len() * 3
        && numbers(quote).is_subset(&numbers(&whole))
        && negations(quote) <= negations(&whole)
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn long_words(text: &str) -> BTreeSet<String> {
    words(text).filter(|word| word.chars().count() > MAX_SHORT_WORD).collect()
}

fn numbers(text: &str) -> BTreeSet<String> {
    words(text).filter(|word| word.contains(|c: char| c.is_ascii_digit())).collect()
}

fn code_spans(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(|span| span.trim().to_owned()).collect()
}

/// Counts the negations, so that a doubled one is not lost.
fn negations(text: &str) -> usize {
    let is_negation = |word: &String| NEGATIONS.contains(&word.as_str()) || word.ends_with("n't");
    words(text).filter(is_negation).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_statement_in_other_words_is_a_paraphrase() {
        assert!(is_paraphrase(
            "Every request of the service is written to the journal with its status",
            "Each request of the service is written to the journal, with its status"
        ));
        assert!(is_paraphrase(
            "`farewell` says goodbye to a person by name.",
            "`farewell` says goodbye to the person by name"
        ));
    }

    #[test]
    fn a_quotation_can_leave_parts_out() {
        let criterion =
            "Merges separate parts of a recording into one playable file when required (Spec 4.7).";
        let quote = "DONE_MEANS: Batch mode merges separate parts of a recording when required (Spec 4.7).";
        assert!(is_shortened(quote, criterion, Some("Batch mode:")));
        for other in [
            "DONE_MEANS: Batch mode merges separate parts of a recording when required (Spec 4.8).",
            "Batch mode never merges separate parts of a recording when required (Spec 4.7).",
            "Batch mode deletes recordings that have one part and are older than required (Spec 4.7).",
            "Merges parts",
            "Batch mode: everything about the batch mode is done",
        ] {
            assert!(!is_shortened(other, criterion, Some("Batch mode:")), "{other}");
        }
    }

    #[test]
    fn another_statement_is_not_a_paraphrase() {
        let bullet = "The service accepts requests of at most 10 megabytes with `POST`";
        for other in [
            "The service accepts requests of at most 20 megabytes with `POST`",
            "The service accepts requests of at most 10 megabytes with `PUT`",
            "The service never accepts requests of at most 10 megabytes with `POST`",
            "The journal stores answers of at least 10 gigabytes with `POST`",
            "The service",
            "",
        ] {
            assert!(!is_paraphrase(bullet, other), "{other}");
        }
        assert!(!is_paraphrase(
            "\u{670d}\u{52a1}\u{63a5}\u{53d7}\u{8bf7}\u{6c42}",
            "\u{670d}\u{52a1}\u{63a5}\u{53d7}\u{8bf7}\u{6c42}\u{ff01}"
        ));
    }
}
