//! Code for a shell.

use super::folders::Folders;
use super::input::{BLOCK_ENDS, BLOCK_STARTS, MadeText, MadeTexts};
use super::variables::CodeVariables;
use super::{MAX_DEPTH, Paths};
use crate::config::said::has;
use crate::config::shell_code::{SUBSTITUTION, ShellCommand, split_commands};
use crate::config::wrappers::is_assignment;

/// Words of shells before a command.
const SHELL_WORDS: [&str; 16] = [
    "!", "{", "}", "if", "then", "else", "elif", "while", "until", "do", "eval", "fi", "done", "esac",
    "call", "coproc",
];

impl Paths {
    /// Collects the paths of code for a shell, which may change its folder first.
    pub(super) fn collect_code(&mut self, code: &str, folders: &Folders, depth: usize) {
        self.collect_code_with(code, &[], folders, depth);
    }

    /// Collects the paths of code with the words behind it, which are `$0`, `$1` and so on.
    pub(super) fn collect_code_with(
        &mut self,
        code: &str,
        arguments: &[&str],
        folders: &Folders,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            return self.add_unread(&[code], folders);
        }
        let mut place = CodeFolders { stack: vec![(0, folders.clone())], seen: folders.clone() };
        let commands = split_commands(code);
        let mut variables = CodeVariables::of_arguments(arguments);
        let none = MadeText::default();
        commands.iter().for_each(|command| variables.read(&command.words, &none, &none));
        variables.read_calls(&commands);
        let around = inputs_around(&commands);
        let mut texts = MadeTexts::default();
        let outer = (self.input.clone(), self.printed.clone());
        for (command, around) in commands.iter().zip(&around) {
            let now = place.at(command.depth);
            let inner = texts.of_inner(command);
            self.printed = variables.printed(&command.words, &inner);
            if command.words.iter().any(|word| word.contains(SUBSTITUTION)) && inner.is_empty() {
                self.printed.extend(&outer.1);
            }
            self.input = MadeText::read_by(command, &inner, &now);
            if let Some(piped) = texts.of_pipe(command) {
                self.input.extend(&piped);
            } else if let Some(end) = around.and_then(|end| commands.get(end)).filter(|_| !has_input(command))
            {
                self.input = MadeText::read_by(end, &inner, &now);
            } else if !has_input(command) {
                self.input = outer.0.clone();
            }
            let next = self.collect_command(command, &variables, &now, &place, depth);
            next.into_iter().for_each(|next| place.enter(next, command.depth));
            variables.read(&command.words, &inner, &self.input);
            texts.push(command, MadeText::printed_by(command, &self.input, &now));
        }
        (self.input, self.printed) = outer;
    }

    /// Collects the paths of a command with each value of its variables. Returns the folders
    /// that it enters.
    fn collect_command(
        &mut self,
        command: &ShellCommand,
        variables: &CodeVariables,
        now: &Folders,
        place: &CodeFolders,
        depth: usize,
    ) -> Option<Folders> {
        let choices = variables.choices(&command.words);
        let mut entered: Option<Folders> = None;
        // Code for another shell may set the same variables.
        let is_code = |word: &String| word.contains('$') && word.contains(char::is_whitespace);
        let has_code = !choices.is_empty() && command.words.iter().any(is_code);
        let replaced = (0..choices.count()).map(|at| choices.replace_all(&command.words, at));
        for replaced in replaced.chain(has_code.then(|| command.words.clone())) {
            let words = self.skip_shell_words(&replaced, now, depth);
            match folder_of_cd(&words) {
                Some(to) => {
                    let next = if to == "-" { place.seen.clone() } else { now.enter(to) };
                    entered = Some(entered.map_or(next.clone(), |entered| entered.or(next)));
                }
                None => self.collect(&words, now, depth + 1),
            }
        }
        entered
    }

    /// Skips the words of shells and the assignments before a command.
    fn skip_shell_words<'a>(&mut self, words: &'a [String], folders: &Folders, depth: usize) -> Vec<&'a str> {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_before = |word: &&str| SHELL_WORDS.contains(word) || is_assignment(word);
        let start = words.iter().position(|word| !is_before(word)).unwrap_or(words.len());
        // `function name {` stands before its commands.
        let start = if words.get(start) == Some(&"function") { start + 2 } else { start };
        let start = if words.get(start) == Some(&"{") { start + 1 } else { start }.min(words.len());
        if let Some((&"alias", set)) = words.get(start..).and_then(|words| words.split_first()) {
            let values = set.iter().filter_map(|word| word.split_once('='));
            values.for_each(|(_, code)| self.collect_code(code, folders, depth + 1));
        }
        let is_eval = words.get(..start).is_some_and(|before| before.contains(&"eval"));
        let sets = matches!(words.get(start), Some(&("export" | "readonly" | "declare" | "local")));
        let end = if sets { words.len() } else { start };
        let set = words.drain(..end).filter(|word| is_assignment(word));
        set.for_each(|word| self.collect_assignment(word, folders, depth));
        if is_eval {
            words.iter().for_each(|word| self.run_printed(word, folders, depth));
        }
        if let Some(first) = words.first_mut().filter(|word| **word == ".") {
            *first = "source";
        }
        words
    }
}

fn has_input(command: &ShellCommand) -> bool {
    !command.input.is_empty() || !command.input_text.is_empty()
}

/// Returns for each command the end of the block around it that names an input for the block:
/// `while a; do b; done < c`, `(a) < b`.
fn inputs_around(commands: &[ShellCommand]) -> Vec<Option<usize>> {
    let mut out = vec![None; commands.len()];
    // The blocks around the commands from the last to the first: their depth, which blocks of
    // words do not have, and the command with the input.
    let mut blocks: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    for (at, command) in commands.iter().enumerate().rev() {
        while blocks.last().is_some_and(|(depth, _)| depth.is_some_and(|depth| command.depth <= depth)) {
            blocks.pop();
        }
        let first = command.words.first().map_or("", String::as_str);
        let around = blocks.last().and_then(|(_, input)| *input);
        let own = has_input(command).then_some(at).or(around);
        if command.words.is_empty() {
            blocks.push((Some(command.depth), own));
        } else if has(BLOCK_ENDS, first) {
            blocks.push((None, own));
        }
        if let Some(slot) = out.get_mut(at) {
            *slot = blocks.last().and_then(|(_, input)| *input);
        }
        let starts = command.words.iter().take(2).take_while(|word| is_before_block(word));
        let count = starts.filter(|word| has(BLOCK_STARTS, word)).count();
        for _ in 0..count {
            blocks.pop_if(|(depth, _)| depth.is_none());
        }
    }
    out
}

/// Returns whether a word stands before the commands of a block, or starts one.
fn is_before_block(word: &str) -> bool {
    has(BLOCK_STARTS, word) || has("do then else", word)
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
