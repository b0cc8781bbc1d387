//! Code for a shell.

use std::collections::BTreeMap;

use super::folders::{Folders, split_variable};
use super::{MAX_DEPTH, Paths};
use crate::config::shell_code::{ShellCommand, split_commands};
use crate::config::step_programs::{SHELLS, is_script, program_name};
use crate::config::wrappers::is_assignment;

/// Words of shells before a command.
const SHELL_WORDS: [&str; 16] = [
    "!", "{", "}", "if", "then", "else", "elif", "while", "until", "do", "exec", "eval", "fi", "done",
    "esac", "call",
];
/// Maximum number of values of a variable that are read.
const MAX_VALUES: usize = 16;
/// Maximum number of bytes of a value that is read.
const MAX_VALUE_BYTES: usize = 1_000;

/// Values of the variables that code sets.
#[derive(Default)]
struct CodeVariables(BTreeMap<String, Vec<String>>);

impl CodeVariables {
    fn set(&mut self, name: &str, values: Vec<String>) {
        let is_short = |value: &String| value.len() <= MAX_VALUE_BYTES;
        self.0.insert(name.to_owned(), values.into_iter().filter(is_short).take(MAX_VALUES).collect());
    }

    /// Reads what a command sets: `A=1`, `export A=1`, `for a in 1 2`.
    fn read(&mut self, words: &[String]) {
        if let [first, name, _, values @ ..] = words
            && first == "for"
        {
            // Files of a pattern are tests more often than scripts.
            return self.set(name, values.iter().filter(|value| !value.contains('*')).cloned().collect());
        }
        for word in words.iter().filter(|word| is_assignment(word)) {
            if let Some((name, value)) = word.split_once('=') {
                let value = self.replace(value, 0);
                self.set(name, vec![value]);
            }
        }
    }

    /// The number of values of the variables at the start of some words.
    fn count(&self, words: &[String]) -> usize {
        let of = |word: &String| self.0.get(split_variable(word)?.0).map(Vec::len);
        words.iter().filter_map(of).max().unwrap_or(1).max(1)
    }

    /// Replaces a variable at the start of a word by one of its values.
    fn replace(&self, word: &str, at: usize) -> String {
        let found = split_variable(word).and_then(|(name, rest)| {
            let values = self.0.get(name)?;
            Some((values.get(at).or(values.last())?, rest))
        });
        match found {
            Some((value, "")) => value.clone(),
            Some((value, rest)) => format!("{value}/{rest}"),
            None => word.to_owned(),
        }
    }
}

impl Paths {
    /// Collects the paths of code for a shell, which may change its folder first.
    pub(super) fn collect_code(&mut self, code: &str, folders: &Folders, depth: usize) {
        if depth > MAX_DEPTH {
            return self.add_unread(&[code], folders);
        }
        let mut place = CodeFolders { stack: vec![(0, folders.clone())], seen: folders.clone() };
        let mut variables = CodeVariables::default();
        let mut before: Option<ShellCommand> = None;
        for command in split_commands(code) {
            let now = place.at(command.depth);
            let mut entered: Option<Folders> = None;
            for at in 0..variables.count(&command.words) {
                let replaced: Vec<String> =
                    command.words.iter().map(|word| variables.replace(word, at)).collect();
                let words = self.skip_shell_words(&replaced, &now, depth);
                self.collect_input(&words, &command, before.as_ref(), &now);
                match folder_of_cd(&words) {
                    Some(to) => {
                        let next = if to == "-" { place.seen.clone() } else { now.enter(to) };
                        entered = Some(entered.map_or(next.clone(), |entered| entered.or(next)));
                    }
                    None => self.collect(&words, &now, depth + 1),
                }
            }
            entered.into_iter().for_each(|next| place.enter(next, command.depth));
            variables.read(&command.words);
            before = Some(command);
        }
    }

    /// Skips the words of shells and the assignments before a command.
    fn skip_shell_words<'a>(&mut self, words: &'a [String], folders: &Folders, depth: usize) -> Vec<&'a str> {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_before = |word: &&str| SHELL_WORDS.contains(word) || is_assignment(word);
        let start = words.iter().position(|word| !is_before(word)).unwrap_or(words.len());
        let sets = matches!(words.get(start), Some(&("export" | "readonly" | "declare" | "local")));
        let end = if sets { words.len() } else { start };
        let set = words.drain(..end).filter(|word| is_assignment(word));
        set.for_each(|word| self.collect_assignment(word, folders, depth));
        if let Some(first) = words.first_mut().filter(|word| **word == ".") {
            *first = "source";
        }
        words
    }

    /// Collects what a shell reads as code: the file of `sh <x.sh`, and the files that the
    /// command before prints into it.
    fn collect_input(
        &mut self,
        words: &[&str],
        command: &ShellCommand,
        before: Option<&ShellCommand>,
        folders: &Folders,
    ) {
        let runs = |word: &&str| SHELLS.contains(&program_name(word));
        let is_xargs = words.first() == Some(&"xargs") && words.iter().any(&runs);
        if !is_xargs && !words.first().is_some_and(runs) {
            return;
        }
        command.input.iter().for_each(|file| self.add(folders, file));
        let piped = before.filter(|before| before.is_piped);
        let files = piped.iter().flat_map(|before| before.words.iter().skip(1).chain(&before.input));
        files.filter(|word| is_script(word)).for_each(|word| self.add(folders, word));
    }
}

/// The folders in which the commands of code run.
struct CodeFolders {
    /// The folders by the number of parentheses around the `cd` that entered them.
    stack: Vec<(usize, Folders)>,
    /// All folders that were entered.
    seen: Folders,
}

impl CodeFolders {
    /// Returns the folders of a command. What `cd` did in parentheses ends with them.
    fn at(&mut self, depth: usize) -> Folders {
        while self.stack.len() > 1 && self.stack.last().is_some_and(|(level, _)| *level > depth) {
            self.stack.pop();
        }
        self.stack.last().map_or_else(|| self.seen.clone(), |(_, folders)| folders.clone())
    }

    /// Enters folders.
    fn enter(&mut self, next: Folders, depth: usize) {
        self.seen = self.seen.clone().or(next.clone());
        match self.stack.last_mut().filter(|(level, _)| *level == depth) {
            Some((_, folders)) => *folders = next,
            None => self.stack.push((depth, next)),
        }
    }
}

/// Returns the folder that `cd web` or `pushd web` enters; `-` for the one before.
fn folder_of_cd<'a>(words: &[&'a str]) -> Option<&'a str> {
    let skipped = words.iter().take_while(|word| matches!(**word, "command" | "builtin")).count();
    let (program, rest) = words.get(skipped..)?.split_first()?;
    match *program {
        "popd" => Some("-"),
        "cd" | "pushd" | "chdir" | "Set-Location" => {
            let is_option = |word: &&&str| matches!(**word, "--" | "-P" | "-L" | "-e" | "/d" | "/D");
            rest.iter().find(|word| !is_option(word)).copied()
        }
        _ => None,
    }
}
