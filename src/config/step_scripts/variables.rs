//! Variables that code for a shell sets and uses.

use std::collections::BTreeMap;

use super::MAX_ITEMS;
use super::input::MadeText;
use super::words::{Piece, split_pieces};
use crate::config::shell_code::SUBSTITUTION;
use crate::config::wrappers::is_assignment;

/// Maximum number of values of a variable that are told apart.
const MAX_VALUES: usize = 16;
/// Maximum number of bytes of a value that is read.
const MAX_VALUE_BYTES: usize = 1_000;
/// A value that is not known.
const UNKNOWN: &str = "${UNKNOWN}";

#[derive(Default)]
struct Variable {
    values: Vec<String>,
    /// What the commands print whose output is a value.
    printed: MadeText,
}

/// The values of the variables that code sets at any place.
#[derive(Default)]
pub(super) struct CodeVariables(BTreeMap<String, Variable>);

/// The variables of a command, as they are written, with the values that each takes in turn.
pub(super) struct Choices<'a>(Vec<(&'a str, Vec<String>)>);

impl CodeVariables {
    fn set(&mut self, name: &str, value: &str, printed: &MadeText) {
        let variable = self.0.entry(name.to_owned()).or_default();
        let is_known = value.len() <= MAX_VALUE_BYTES && variable.values.len() < MAX_VALUES;
        let value = if is_known { value } else { UNKNOWN };
        if !variable.values.iter().any(|known| known == value) {
            variable.values.push(value.to_owned());
        }
        if value.contains(SUBSTITUTION) {
            variable.printed.extend(printed);
        }
    }

    /// Reads what a command sets: `A=1`, `export A=1`, `for a in 1 2`, `read a`. `printed` is
    /// what the commands in its words print.
    pub(super) fn read(&mut self, words: &[String], printed: &MadeText) {
        let is_before = |word: &&String| matches!(word.as_str(), "do" | "then" | "else" | "{");
        let start = words.iter().take_while(is_before).count();
        let words = words.get(start..).unwrap_or_default();
        match words {
            [first, name, _, values @ ..] if matches!(first.as_str(), "for" | "select" | "foreach") => {
                // Files of a pattern are tests more often than scripts.
                let values = values.iter().filter(|value| !value.contains('*'));
                return values.for_each(|value| self.set(name, value, printed));
            }
            [first, names @ ..] if matches!(first.as_str(), "read" | "mapfile" | "readarray" | "getopts") => {
                let known = names.iter().filter(|name| self.0.contains_key(*name)).cloned();
                known.collect::<Vec<_>>().iter().for_each(|name| self.set(name, UNKNOWN, printed));
            }
            _ => {}
        }
        // A word with blanks behind the program is code for another shell.
        let is_first = |word: &&String| is_assignment(word) || matches!(word.as_str(), "export" | "local");
        let first = words.iter().take_while(is_first).count();
        let is_set = |(at, word): &(usize, &String)| {
            is_assignment(word) && (*at < first || !word.contains(char::is_whitespace))
        };
        for (_, word) in words.iter().enumerate().filter(is_set) {
            let Some((name, value)) = word.split_once('=') else { continue };
            let choices = self.choices(std::slice::from_ref(word));
            let printed = self.printed(std::slice::from_ref(word), printed);
            for at in 0..choices.count().min(MAX_VALUES) {
                self.set(name, &choices.replace(value, at), &printed);
            }
        }
    }

    /// The values of the variables in some words.
    pub(super) fn choices<'a>(&self, words: &'a [String]) -> Choices<'a> {
        let mut out: Vec<(&str, Vec<String>)> = Vec::new();
        let mut count = 1_usize;
        for piece in words.iter().filter(|word| word.contains('$')).flat_map(|word| split_pieces(word)) {
            let Piece::Variable { written, name, default } = piece else { continue };
            if out.len() >= MAX_VALUES || out.iter().any(|(known, _)| *known == written) {
                continue;
            }
            let mut values = self.0.get(name).map(|variable| variable.values.clone()).unwrap_or_default();
            if let Some(default) = default {
                if values.is_empty() {
                    values.push(UNKNOWN.to_owned());
                }
                values.push(default.to_owned());
            }
            // With too many values, the variable stays.
            if !values.is_empty() && count * values.len() <= MAX_ITEMS {
                count *= values.len();
                out.push((written, values));
            }
        }
        Choices(out)
    }

    /// What commands print that is in some words, or in the values of their variables.
    pub(super) fn printed(&self, words: &[String], inner: &MadeText) -> MadeText {
        let mut out = inner.clone();
        for piece in words.iter().filter(|word| word.contains('$')).flat_map(|word| split_pieces(word)) {
            let Piece::Variable { name, .. } = piece else { continue };
            if let Some(variable) = self.0.get(name).filter(|variable| !variable.printed.is_empty()) {
                out.extend(&variable.printed);
            }
        }
        out
    }
}

impl Choices<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of ways to choose one value of each variable.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|(_, values)| values.len()).product()
    }

    /// Replaces the variables of a word by the values of one choice.
    pub(super) fn replace(&self, word: &str, at: usize) -> String {
        if self.0.is_empty() || !word.contains('$') {
            return word.to_owned();
        }
        let mut out = String::new();
        for piece in split_pieces(word) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable { written, .. } => out.push_str(self.value(written, at).unwrap_or(written)),
            }
        }
        out
    }

    fn value(&self, written: &str, at: usize) -> Option<&str> {
        let mut rest = at;
        for (known, values) in &self.0 {
            let (next, index) = (rest / values.len(), rest % values.len());
            if *known == written {
                return values.get(index).map(String::as_str);
            }
            rest = next;
        }
        None
    }
}
