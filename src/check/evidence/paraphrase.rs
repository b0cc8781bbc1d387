//! Recognizes a requirement that says the same as a criterion in other words.

use std::collections::BTreeSet;

/// Words that turn a sentence into its opposite.
const NEGATIONS: [&str; 14] = [
    "not", "no", "never", "none", "nobody", "nothing", "without", "cannot", "neither", "nor", "except",
    "unless", "only", "fails",
];
/// Longest word that is not compared, in letters.
const MAX_SHORT_WORD: usize = 3;

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
