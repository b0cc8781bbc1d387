//! Variables that code for a shell sets and uses.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_ITEMS;
use super::input::MadeText;
use super::words::{Piece, is_variable, split_pieces};
use crate::config::shell_code::{SUBSTITUTION, ShellCommand};
use crate::config::wrappers::is_assignment;

/// Maximum number of values of a variable that are told apart.
const MAX_VALUES: usize = 16;
/// Maximum number of bytes of a value that is read.
const MAX_VALUE_BYTES: usize = 1_000;
/// Maximum number of words behind code that are variables.
const MAX_ARGUMENTS: usize = 32;
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

    /// Sets a variable to each of the words of a list in turn.
    fn set_each(&mut self, name: &str, value: &str, printed: &MadeText) {
        if !is_list(value) {
            return self.set(name, value, printed);
        }
        let list = [value.to_owned()];
        let choices = self.choices(&list);
        let lists: Vec<String> = (0..choices.count()).map(|at| choices.replace(value, at)).collect();
        lists.iter().flat_map(|list| list.split_whitespace()).for_each(|word| self.set(name, word, printed));
    }

    /// The variables of code with words behind it.
    pub(super) fn of_arguments(words: &[&str]) -> Self {
        let mut out = Self::default();
        out.set_arguments(words.get(1..).unwrap_or_default());
        words.first().into_iter().for_each(|word| out.set("0", word, &MadeText::default()));
        out
    }

    /// Sets `$1`, `$2` and so on, and `$@`.
    fn set_arguments<W: AsRef<str>>(&mut self, words: &[W]) {
        let none = MadeText::default();
        for (at, word) in words.iter().enumerate().take(MAX_ARGUMENTS) {
            self.set(&(at + 1).to_string(), word.as_ref(), &none);
        }
        if !words.is_empty() {
            let all = words.iter().take(MAX_ARGUMENTS).map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
            self.set("@", &all, &none);
            self.set("*", &all, &none);
        }
    }

    /// Reads the words behind the functions that the code defines.
    pub(super) fn read_calls(&mut self, commands: &[ShellCommand]) {
        let is_before = |word: &&String| matches!(word.as_str(), "do" | "then" | "else" | "{" | "if" | "!");
        let defined = commands.iter().filter_map(|command| match &command.words[..] {
            [name] | [.., _, name] if command.is_definition => Some(name),
            [first, name, ..] if first == "function" => Some(name),
            _ => None,
        });
        let names: BTreeSet<&String> = defined.collect();
        for command in commands.iter().filter(|command| !names.is_empty() && !command.is_definition) {
            let start = command.words.iter().take_while(is_before).count();
            if let Some((name, words)) = command.words.get(start..).and_then(|words| words.split_first())
                && names.contains(name)
            {
                self.set_arguments(words);
            }
        }
    }

    /// Reads what a command sets: `A=1`, `export A=1`, `for a in 1 2`, `read a`. `printed` is
    /// what the commands in its words print, and `input` what it reads.
    pub(super) fn read(&mut self, words: &[String], printed: &MadeText, input: &MadeText) {
        let is_before = |word: &&String| {
            matches!(word.as_str(), "do" | "then" | "else" | "{" | "while" | "until" | "if" | "!")
                || word.starts_with("IFS=")
        };
        let start = words.iter().take_while(is_before).count();
        let words = words.get(start..).unwrap_or_default();
        match words {
            [first, name, rest @ ..] if matches!(first.as_str(), "for" | "select" | "foreach") => {
                // Files of a pattern are tests more often than scripts.
                let values = rest.iter().skip(1).filter(|value| !value.contains('*'));
                values.for_each(|value| self.set_each(name, value, printed));
                if rest.is_empty() {
                    self.set_each(name, "$@", printed);
                }
                return;
            }
            [first, names @ ..] if matches!(first.as_str(), "read" | "mapfile" | "readarray" | "getopts") => {
                let value = if input.is_empty() { UNKNOWN } else { SUBSTITUTION };
                let is_set = |name: &&String| !input.is_empty() || self.0.contains_key(*name);
                let names = names.iter().filter(|name| !name.starts_with('-'));
                let names: Vec<&String> = names.filter(is_set).take(MAX_VALUES).collect();
                names.into_iter().for_each(|name| self.set(name, value, input));
            }
            [first, second, rest @ ..] if first == "set" && second == "--" => self.set_arguments(rest),
            _ => {}
        }
        // A word with blanks behind the program is code for another shell.
        let is_first = |word: &&String| {
            is_assignment(word)
                || matches!(word.as_str(), "export" | "local" | "declare" | "typeset" | "readonly")
                || matches!(word.as_str(), "-a" | "-r" | "-x" | "-g" | "-ra" | "-ar" | "-xr" | "-rx")
        };
        let first = words.iter().take_while(is_first).count();
        let is_set = |(at, word): &(usize, &String)| {
            is_assignment(word) && (*at < first || !word.contains(char::is_whitespace))
        };
        for (_, word) in words.iter().enumerate().filter(is_set) {
            let Some((name, value)) = word.split_once('=') else { continue };
            // What is added to a variable that is not set is its value.
            let own = format!("${{{name}}}");
            let value =
                if self.0.contains_key(name) { value } else { value.strip_prefix(&own).unwrap_or(value) };
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
                    values.push(if name.is_empty() { UNKNOWN.to_owned() } else { format!("${{{name}}}") });
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

/// Returns whether a word stands for the words of a list: `${a[@]}`, `$@`.
fn is_list(word: &str) -> bool {
    is_variable(word) && (word.ends_with("[@]}") || word.ends_with("[*]}") || matches!(word, "$@" | "$*"))
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

    /// Replaces the variables of words by the values of one choice. A list becomes its words.
    pub(super) fn replace_all(&self, words: &[String], at: usize) -> Vec<String> {
        let mut out = Vec::new();
        for word in words {
            let replaced = self.replace(word, at);
            if is_list(word) && replaced != *word {
                out.extend(replaced.split_whitespace().map(str::to_owned));
            } else {
                out.push(replaced);
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
