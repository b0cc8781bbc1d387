//! Words that take a success back, in the notes behind it.
//!
//! A note is read clause by clause. A word such as `failed` counts, unless its clause has one of
//! a few forms that say that there are none of them, that they are over, or that the word only
//! names a thing: `0 tests failed`, `no known errors`, `a prior FAIL`, `error handling works`.

#[cfg(test)]
mod tests;
mod words;

use words::{
    BARE, BEFORE_REPAIR, BETWEEN, BREAKS, CARES, COUNTED, COUNTS, DEGREES, DENIALS, DENIED, ENDINGS,
    EXCEPTIONS, KINDS, LIMITS, NAMED, NAMING, NEGATIONS, PAST, PAST_ENDS, PAST_RUNS, PLACES, PROBES, PROOFS,
    REPAIRS, REPEATS, SUCCESSES, THINGS, TO_REPAIR, UNDONE, ZEROS,
};

/// Maximum number of words of a clause in which a denial can be excused.
const MAX_WORDS: usize = 100;

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
    if is_choice(note.trim()) {
        return None;
    }
    let lower = plain_words(&note.to_lowercase());
    let mut has_excuse = false;
    let mut all = clauses(&lower).into_iter().filter(|clause| !clause.words.is_empty()).peekable();
    let is_bare = all.peek().is_some_and(|clause| clause.words.len() == 1 && BARE.contains(&clause.text(0)));
    let clause = all.find(|clause| {
        let takes_back = is_bare || clause.takes_back() || (has_excuse && clause.goes_on());
        has_excuse |= clause.words.iter().any(|word| is_denial(word.text));
        takes_back
    })?;
    Some(clause.words.iter().map(|word| word.text).collect::<Vec<_>>().join(" "))
}

/// Returns the first clause of a text if it says that there are no failures: `no errors`.
pub(super) fn denies_failure(text: &str) -> bool {
    let lower = plain_words(&text.to_lowercase());
    let first = clauses(&lower).into_iter().find(|clause| !clause.words.is_empty());
    first.is_some_and(|clause| clause.words.iter().any(|word| is_denial(word.text)) && !clause.takes_back())
}

/// `(PASS | FAIL)` is the choice of a template.
fn is_choice(note: &str) -> bool {
    let Some(inner) = note.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { return false };
    let parts: Vec<&str> = inner.split('|').map(str::trim).collect();
    let is_state =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || "_/".contains(c));
    let is_good = |part: &&str| !part.starts_with("NOT") && !is_denial(&part.to_lowercase());
    parts.len() > 1 && parts.iter().all(is_state) && parts.iter().any(is_good)
}

/// Returns a text with `0 / 12` as one word, and without the names of files.
fn plain_words(lower: &str) -> String {
    let is_file = |word: &str| {
        let name = word.trim_matches(|c: char| !c.is_alphanumeric());
        let path = name.split(':').next().unwrap_or("");
        let is_path =
            path.contains('/') && path.rsplit_once('.').is_some_and(|(_, end)| ENDINGS.contains(&end));
        // The end of a command: `` `just validator-error-codes` ``.
        let is_command = word.trim_end_matches([')', '.', ',', ';']).ends_with('`')
            && name.matches('-').count() > 1
            && name.chars().all(|c| c.is_alphanumeric() || c == '-');
        let mut pieces = name.split(|c: char| !c.is_alphanumeric());
        name.starts_with(char::is_alphabetic)
            && (is_path || is_command)
            && !pieces.any(|piece| is_denial(piece) && !piece.starts_with("error"))
    };
    let out: Vec<String> = lower
        .split(' ')
        .map(|word| {
            let end = word.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
            if is_file(word) { format!("file{}", word.get(end..).unwrap_or("")) } else { word.to_owned() }
        })
        .collect();
    let mut text = String::new();
    for (at, word) in out.iter().enumerate() {
        let is_digits = |at: Option<usize>, last: bool| {
            let word = at.and_then(|at| out.get(at)).map_or("", String::as_str);
            let c = if last { word.chars().next_back() } else { word.chars().next() };
            c.is_some_and(|c| c.is_ascii_digit())
        };
        let is_slash = |at: usize| {
            out.get(at).is_some_and(|word| word == "/")
                && is_digits(at.checked_sub(1), true)
                && is_digits(Some(at + 1), false)
        };
        if at > 0 && !is_slash(at) && !is_slash(at - 1) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
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

/// The words of a clause.
#[derive(Default)]
struct Clause<'t> {
    words: Vec<Word<'t>>,
}

/// Splits a text in lower case into clauses, and these into words.
fn clauses(lower: &str) -> Vec<Clause<'_>> {
    let mut out = vec![Clause::default()];
    let is_word = |c: char| c.is_alphanumeric() || c == '/' || c == '\'' || c == '\u{2019}';
    let mut rest = lower;
    while let Some(start) = rest.find(is_word) {
        let (gap, behind) = rest.split_at(start);
        let length = behind.find(|c: char| !is_word(c)).unwrap_or(behind.len());
        let (text, behind) = behind.split_at(length);
        rest = behind;
        let last = out.last().and_then(|clause: &Clause<'_>| clause.words.last());
        let last = last.map_or("", |word| word.text);
        // A label and its count are one clause, and so are a name and what a colon says of it.
        let is_value =
            is_denial(last) || SUCCESSES.contains(&last) || COUNTED.contains(&last) || NAMED.contains(&last);
        let is_break = gap.contains([',', ';', '.', '!', '?', '(', ')', '[', ']', '\u{2013}', '\u{2014}'])
            || gap.contains(" - ")
            || (gap.contains('\n') && gap.contains(['-', '*', '+', '#', '|']))
            || (gap.contains([':', '=', '\u{ff1a}']) && !is_value)
            || text == "/";
        // `all but two` and `for now` are one clause.
        let is_joined = matches!((last, text), ("all" | "everything", "but") | ("for", "now"))
            || (text == "now" && TO_REPAIR.contains(&last));
        if is_break || (BREAKS.contains(&text) && !is_joined) {
            // Empty clauses say nothing.
            out.push(Clause::default());
        }
        let is_label = rest.trim_start_matches(['*', '`', ' ']).starts_with([':', '=', '\u{ff1a}']);
        let Some(clause) = out.last_mut() else { break };
        // `pass/fail` is two words, `0/12` is one.
        let pieces = if fraction(text).is_some() { vec![text] } else { text.split('/').collect() };
        let last = pieces.len();
        for (number, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
            clause.words.push(Word { text: piece, is_label: is_label && number + 1 == last });
        }
    }
    out
}

impl<'t> Clause<'t> {
    fn text(&self, at: usize) -> &'t str {
        self.words.get(at).map_or("", |word| word.text)
    }

    fn before(&self, at: usize, back: usize) -> &'t str {
        at.checked_sub(back).map_or("", |at| self.text(at))
    }

    /// Returns whether a word of a list is behind a position.
    fn has_behind(&self, at: usize, list: &[&str]) -> bool {
        self.words.iter().skip(at + 1).any(|word| list.contains(&word.text))
    }

    fn takes_back(&self) -> bool {
        if let Some(is_bad) = self.bad_tally() {
            return is_bad;
        }
        let is_long = self.words.len() > MAX_WORDS && self.words.iter().any(|word| is_denial(word.text));
        is_long || UNDONE.contains(&self.text(0)) || (0..self.words.len()).any(|at| self.takes_back_at(at))
    }

    /// Returns whether a clause of words and their numbers, such as `passed 34 failed 0`, counts
    /// failures or no success. `None` for every other clause.
    fn bad_tally(&self) -> Option<bool> {
        let pairs = self.words.chunks(2).map(|pair| {
            let [word, count] = pair else { return None };
            let count = if is_zero(count.text) { 0 } else { number(count.text)? };
            let is_success = SUCCESSES.contains(&word.text) || word.text == "tests";
            let is_counted = is_success || COUNTED.contains(&word.text);
            let is_bad = is_denial(word.text);
            let is_partial =
                is_success && fraction(pair.last()?.text).is_some_and(|(part, whole)| part != whole);
            (is_counted || is_bad)
                .then_some(is_partial || (is_bad && count > 0) || (is_success && count == 0))
        });
        let pairs = pairs.collect::<Option<Vec<bool>>>()?;
        (!pairs.is_empty()).then(|| pairs.contains(&true))
    }

    /// Returns whether a clause goes on with failures of a clause before it: `this too`, `two`,
    /// `three in e2e`, `3 remain`.
    fn goes_on(&self) -> bool {
        let at = usize::from(BREAKS.contains(&self.text(0)));
        let next = self.text(at + 1);
        let is_word = COUNTS.contains(&self.text(at));
        let is_count = is_word || number(self.text(at)).is_some_and(|count| count > 0);
        let is_rest = matches!(next, "remain" | "remains" | "left" | "known" | "missing" | "red" | "more")
            || (matches!(next, "in" | "on" | "at") && !matches!(self.text(at + 2), "total" | "all"));
        self.words.iter().any(|word| REPEATS.contains(&word.text))
            || (is_word && next.is_empty())
            || (is_count && is_rest)
    }

    fn takes_back_at(&self, at: usize) -> bool {
        let text = |at: usize| self.text(at);
        let (word, next) = (text(at), text(at + 1));
        if is_denial(word) {
            return !self.is_excused(at);
        }
        let is_not = matches!(word, "not" | "wasn't" | "weren't" | "isn't" | "aren't");
        let all_but = matches!(
            (word, next),
            ("all" | "everything", "but") | ("but", "not" | "for") | ("other", "than")
        );
        (is_not && (DENIED.contains(&next) || DEGREES.contains(&next)))
            || (is_not && (next.ends_with("ly") || next == "been") && DENIED.contains(&text(at + 2)))
            || (matches!((word, next), ("no", "longer")) && !is_denial(text(at + 2)))
            || matches!((word, next), ("apart", "from") | ("for", "now") | ("time", "being"))
            || (word == "did" && next == "not" && !is_denial(text(at + 2)))
            || (matches!(word, "didn't" | "didn\u{2019}t") && !is_denial(next))
            || (word == "does" && next == "not" && text(at + 2) == "hold")
            || EXCEPTIONS.contains(&word)
            || (word == "without" && PROOFS.iter().any(|proof| [next, text(at + 2)].contains(proof)))
            || all_but
            || (number(word) == Some(0) && next == "tests" && at + 2 == self.words.len())
            || self.is_partial(at)
            || (SUCCESSES.contains(&word)
                && self.words.get(at).is_some_and(|word| word.is_label)
                && is_zero(next)
                && text(at + 2).is_empty())
            || (SUCCESSES.contains(&word) && !is_denial(next) && self.zero_before(at) == Some(true))
    }

    /// Returns whether a position has a count of a part, `30/34` or `30 of the 34`, that counts
    /// no failures and is no place.
    fn is_partial(&self, at: usize) -> bool {
        let next = self.text(at + 1);
        let (counts, end) = match fraction(self.text(at)) {
            Some(counts) => (Some(counts), at + 1),
            None => {
                let of = if next == "out" { at + 2 } else { at + 1 };
                let whole = if self.text(of + 1) == "the" { of + 2 } else { of + 1 };
                let numbers = number(self.text(at)).zip(number(self.text(whole)));
                (numbers.filter(|_| self.text(of) == "of"), whole + 1)
            }
        };
        let Some((part, whole)) = counts else { return false };
        let before = self.before(at, 1);
        let is_place = PLACES.contains(&before) || (!before.is_empty() && self.before(at, 2) == "see");
        let is_thing = |at: usize| matches!(self.text(at), "tests" | "checks" | "cases" | "of" | "the");
        let mut behind = end;
        while is_thing(behind) {
            behind += 1;
        }
        let counts_denials = is_denial(self.text(behind)) || is_denial(before);
        (part != whole || part == 0) && !is_place && !(part == 0 && counts_denials)
    }

    /// Returns whether the nearest number in front of a position is a zero. Only few words can be
    /// between the two: `none of the 34 tests failed`.
    fn zero_before(&self, at: usize) -> Option<bool> {
        let mut back = 1;
        loop {
            let word = self.before(at, back);
            let is_or = matches!(self.before(at, back - 1), "or" | "nor") && back > 1;
            let is_whole = number(word).is_some() && matches!(self.before(at, back + 1), "of" | "the");
            let is_kind = back == 1 && KINDS.contains(&word);
            let is_free = matches!(word, "free") && back > 1;
            if is_zero(word) && !is_whole || is_free {
                return Some(!NEGATIONS.contains(&self.before(at, back + 1)));
            }
            if number(word).is_some() && !is_whole {
                return Some(false);
            }
            if !(is_whole
                || is_kind
                || BETWEEN.contains(&word)
                || (is_or && (THINGS.contains(&word) || is_denial(word))))
            {
                return None;
            }
            back += 1;
        }
    }

    /// Returns whether the clause of a denial says that there are none of it, that it is over, or
    /// that it only names a thing.
    fn is_excused(&self, at: usize) -> bool {
        let (next, before) = (self.text(at + 1), self.before(at, 1));
        // `failures: 0`
        let is_counted = self.words.get(at).is_some_and(|word| word.is_label) && is_zero(next);
        if is_counted {
            return matches!(self.text(at + 2), "" | "of" | "in" | "out") && !self.has_behind(at, &LIMITS);
        }
        if next == "free" {
            return !NEGATIONS.contains(&before) && !self.has_behind(at, &LIMITS);
        }
        let is_end = at + 1 == self.words.len();
        if before == "longer" && self.before(at, 2) == "no" {
            return is_end;
        }
        if NEGATIONS.contains(&before) || matches!(before, "didn't" | "didn\u{2019}t") {
            return true;
        }
        self.is_none(at) || self.is_past(at) || self.is_repaired(at) || self.is_name(at)
    }

    /// `0 tests failed`, `no known errors`
    fn is_none(&self, at: usize) -> bool {
        let is_more = |at: usize| {
            number(self.text(at)).is_some_and(|count| count > 0)
                && !matches!(
                    self.before(at, 1),
                    "of" | "in" | "the" | "out" | "run" | "on" | "at" | "from" | "page" | "all"
                )
                && !SUCCESSES.contains(&self.text(at + 1))
                && !COUNTED.contains(&self.text(at + 1))
        };
        self.zero_before(at) == Some(true)
            && !self.has_behind(at, &REPAIRS)
            && !self.has_behind(at, &LIMITS)
            && !(at + 1..self.words.len()).any(is_more)
    }

    /// `supersedes prior FAIL`, `the earlier run failed`
    fn is_past(&self, at: usize) -> bool {
        let (before, next) = (self.before(at, 1), self.text(at + 1));
        let is_past =
            PAST.contains(&before) || (PAST_RUNS.contains(&before) && PAST.contains(&self.before(at, 2)));
        let counted = if PAST.contains(&before) { self.before(at, 2) } else { self.before(at, 3) };
        is_past && number(counted).is_none() && (next.is_empty() || PAST_ENDS.contains(&next))
    }

    /// `the failure was fixed`, `all errors fixed`
    fn is_repaired(&self, at: usize) -> bool {
        let is_before = self.words.iter().take(at).all(|word| BEFORE_REPAIR.contains(&word.text));
        let mut behind = at + 1;
        while TO_REPAIR.contains(&self.text(behind)) {
            behind += 1;
        }
        let is_end = match self.text(behind + 1) {
            "" => true,
            "in" | "by" | "since" => self.words.len() <= behind + 3,
            _ => false,
        };
        is_before && REPAIRS.contains(&self.text(behind)) && is_end
    }

    /// `error handling works`, `tests of the error paths`
    fn is_name(&self, at: usize) -> bool {
        if !NAMING.contains(&self.text(at)) || !NAMED.contains(&self.text(at + 1)) {
            return false;
        }
        let mut back = 1;
        while matches!(self.before(at, back), "of" | "for" | "the" | "all" | "and") {
            back += 1;
        }
        let is_counted = self.before(at, 1).starts_with(|c: char| c.is_ascii_digit());
        let has_number = self.words.iter().skip(at + 1).any(|word| number(word.text).is_some());
        let bad = ["not", "never", "remain", "remains", "left", "seen", "no", "missing", "open", "hardly"];
        let is_bad = self.words.iter().any(|word| bad.contains(&word.text));
        let is_cared_for = self.has_behind(at + 1, &CARES) || PROBES.contains(&self.before(at, back));
        is_cared_for && !is_counted && !has_number && !is_bad
    }
}
