//! Code of languages other than those of shells, on the command line or in the input.

use super::folders::Folders;
use super::{MAX_DEPTH, Paths};
use crate::config::shell_code::{ShellCommand, split_commands};
use crate::config::step_programs::{SHELLS, is_data};

/// Parts of the names of functions that run a file.
const RUNNING: [&str; 14] = [
    "system", "exec", "spawn", "open3", "popen", "run", "call", "output", "require", "import", "source",
    "include", "load", "dofile",
];

impl Paths {
    /// Collects the code of an interpreter.
    pub(super) fn collect_own_code(&mut self, name: &str, code: &str, folders: &Folders, depth: usize) {
        if SHELLS.contains(&name) || name.starts_with('$') {
            self.collect_code(code, folders, depth);
        } else {
            self.collect_language(code, folders, depth);
        }
    }

    /// Collects the command lines in the strings of code. A string is the name of a file that
    /// runs if the name before it says so: `open("a.py")` reads.
    pub(super) fn collect_language(&mut self, code: &str, folders: &Folders, depth: usize) {
        if depth > MAX_DEPTH {
            return self.add_unread(&[code], folders);
        }
        let list = split_commands(&code.replace(['[', ']', ','], " "));
        for (at, command) in list.iter().enumerate() {
            let program = command.words.first().map_or("", String::as_str);
            let is_argument = command.depth > 0 && program.contains(['/', '.']);
            if is_data(program) || (is_argument && !is_run(list.get(..at).unwrap_or_default(), command.depth))
            {
                continue;
            }
            let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
            self.collect_words_of_language(&words, folders, depth);
        }
    }

    fn collect_words_of_language(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        let is_name = |word: &&&str| RUNNING.contains(*word) || matches!(**word, "do" | "use");
        let start = words.iter().take_while(is_name).count();
        self.collect(words.get(start..).unwrap_or_default(), folders, depth + 1);
    }
}

/// Returns whether the names before a string in parentheses say that it runs: `exec(open("x")`.
fn is_run(before: &[ShellCommand], depth: usize) -> bool {
    let around = before.iter().rev().take(2).filter(|command| command.depth < depth);
    around.filter_map(|command| command.words.last()).any(|word| {
        let name = word.to_lowercase();
        RUNNING.iter().any(|part| name.contains(part))
    })
}
