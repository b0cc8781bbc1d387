//! The scripts and task files that the command of a step names.

use crate::check::context::ProtectedPattern;

use super::said::has;
use super::shell_code::{SUBSTITUTION, split_commands};
use super::step::GateStep;
use super::step_programs::{MANIFESTS, interpreter_ends, is_script, program_name};
use super::task_files::task_files;
use super::wrapper_table::{EACH_WORD, WRAPPER_FILES};
use super::wrappers::{Peeled, peel};
use folders::Folders;
use input::{MadeText, is_input};
use words::{is_variable, known_variable};

mod code;
mod containers;
mod environment;
mod folders;
mod input;
mod interpreters;
mod languages;
mod options;
mod programs;
mod script_names;
mod tasks;
mod variables;
mod windows;
mod words;

pub(super) use script_names::step_words;

/// Maximum number of pieces of code inside of each other.
const MAX_DEPTH: usize = 8;
/// Maximum number of wrappers around a command.
const MAX_WRAPPERS: usize = 64;
/// Maximum number of words that a command runs with in turn.
const MAX_ITEMS: usize = 64;
/// Maximum number of paths of one step.
const MAX_PATHS: usize = 2_000;
/// Maximum number of bytes of commands that are read as such; of the rest, scripts are searched.
const MAX_READ_BYTES: usize = 1_000_000;
/// What a command counts besides its words.
const COMMAND_BYTES: usize = 64;

/// Returns the scripts and task files that a step runs: the work must not edit them unasked.
/// A script that another script calls is not found.
pub(super) fn step_patterns(step: &GateStep) -> Vec<ProtectedPattern> {
    let words: Vec<&str> = step.argv.iter().map(String::as_str).collect();
    let mut found = Paths::default();
    let folders = Folders::of(&step.folder);
    found.collect(&words, &folders, 0);
    for (name, value) in &step.environment.set {
        found.collect_assignment(&format!("{name}={value}"), &folders, 0);
    }
    found.list.sort();
    found.list.dedup();
    let reason = || format!("the step `{}` runs it", step.name);
    found.list.iter().filter_map(|path| ProtectedPattern::parse_path(path, reason())).collect()
}

/// The paths that were found, and what the command that is read now can run besides its words.
#[derive(Default)]
struct Paths {
    list: Vec<String>,
    /// The number of bytes of commands that were read.
    read_bytes: usize,
    /// What the command reads from its input.
    input: MadeText,
    /// What the commands in its words print.
    printed: MadeText,
}

impl Paths {
    fn add(&mut self, folders: &Folders, path: &str) {
        folders.join(path).into_iter().for_each(|path| self.add_path(path));
    }

    /// Adds a path below the root.
    fn add_path(&mut self, path: String) {
        let is_manifest = MANIFESTS.contains(&path.rsplit('/').next().unwrap_or(&path));
        if self.list.len() < MAX_PATHS && !is_manifest {
            self.list.push(path);
        }
    }

    fn add_all(&mut self, folders: &Folders, word: &str, ends: &[&str]) {
        self.add(folders, word);
        if is_variable(word) {
            // Of all files with an ending, few are run.
            return;
        }
        ends.iter().for_each(|end| self.add(folders, &format!("{word}{end}")));
    }

    /// Counts what is read. Returns whether it is too much.
    fn is_too_much(&mut self, words: &[&str]) -> bool {
        self.read_bytes += COMMAND_BYTES + words.iter().map(|word| word.len() + 1).sum::<usize>();
        self.read_bytes > MAX_READ_BYTES
    }

    /// Collects the paths of a command. Wrappers around it are peeled one after the other.
    fn collect(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        if depth > MAX_DEPTH || self.is_too_much(words) {
            return self.add_unread(words, folders);
        }
        let mut folders = folders.clone();
        let (mut words, mut then, mut is_hatch) = (words, "", false);
        let mut reads_commands = false;
        for _ in 0..MAX_WRAPPERS {
            let (name, rest) = if then.is_empty() {
                let Some((program, rest)) = words.split_first() else {
                    if reads_commands {
                        self.run_input(&folders, depth);
                    }
                    return;
                };
                if program.contains(char::is_whitespace) {
                    return self.collect_text_as_program(words, is_hatch, &folders, depth);
                }
                // `hatch run test:python` names an environment first.
                let program =
                    program.rsplit_once(':').filter(|_| is_hatch).map_or(*program, |(_, name)| name);
                self.collect_program_file(program, &folders, depth);
                if let Some((folder, "gradlew" | "mvnw")) = program.rsplit_once('/') {
                    // It reads the folder of its settings beside it.
                    folders = folders.clone().or(folders.enter(folder));
                }
                (name_of(program), rest)
            } else {
                (then, words)
            };
            let Some(peeled) = peel(name, rest) else {
                return self.collect_program(name, rest, &folders, depth);
            };
            let before = rest.get(..rest.len() - peeled.words.len()).unwrap_or(rest);
            let outer = folders;
            folders = self.collect_wrapper(name, before, &peeled, &outer, depth);
            if interpreter_ends(name).is_some() {
                let with_script = rest.get(..=before.len()).unwrap_or(rest);
                self.collect_program(name, with_script, &outer, depth);
            } else if task_files(name).is_some() {
                self.collect_program(name, before, &outer, depth);
            }
            if self.collect_command_of_wrapper(name, before, &peeled, &folders, depth) {
                return;
            }
            is_hatch = name == "hatch";
            // Without a command, these start a shell.
            reads_commands = has("ssh su runuser sudo chroot unshare nix-shell parallel", name);
            (words, then) = (peeled.words, peeled.then);
        }
        self.add_unread(words, &folders);
    }

    /// Collects a first word with blanks: the name of a file, or code.
    fn collect_text_as_program(&mut self, words: &[&str], is_hatch: bool, folders: &Folders, depth: usize) {
        let program = words.first().copied().unwrap_or_default();
        self.add(folders, program);
        if let Some((_, code)) = program.split_once(':').filter(|_| is_hatch) {
            self.collect_code(code, folders, depth + 1);
        }
        self.collect_words_of_code(words, folders, depth);
    }

    /// Collects the file of a program, or the text that takes its place.
    fn collect_program_file(&mut self, program: &str, folders: &Folders, depth: usize) {
        if is_input(program) {
            // `uv run -` reads a script.
            self.run_input(folders, depth);
        } else if program == SUBSTITUTION {
            self.run_printed(program, folders, depth);
        } else if program.contains(['/', '\\']) || is_script(program) {
            self.add(folders, program);
        }
    }

    /// Collects what a wrapper itself runs, and returns the folders of its command.
    fn collect_wrapper(
        &mut self,
        name: &str,
        before: &[&str],
        peeled: &Peeled<'_, '_>,
        outer: &Folders,
        depth: usize,
    ) -> Folders {
        let said = &peeled.said;
        let start = if peeled.is_inside { outer.in_container(&said.mounts) } else { outer.clone() };
        let folders = said.moves.iter().fold(start, |folders, to| folders.follow(*to));
        self.collect_options(name, before, &outer.clone().or(folders.clone()));
        said.files.iter().filter(|file| is_script(file)).for_each(|file| self.add(outer, file));
        said.assignments.iter().for_each(|word| self.collect_assignment(word, &folders, depth));
        for (program, code) in said.code.iter().filter(|(program, _)| !is_start_of_command(program)) {
            self.collect_code(&format!("{program} {code}"), &folders, depth + 1);
        }
        let files =
            WRAPPER_FILES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, files)| *files);
        let own = peeled.own.first().map(|own| own.split('#').next().unwrap_or(own));
        let own = own.filter(|own| {
            !own.contains(':') && (own.starts_with('.') || own.contains('/') || name == "direnv")
        });
        for file in files {
            match own {
                Some(own) if own.rsplit_once('.').is_some_and(|(_, end)| end == "nix") => {
                    self.add(&folders, own);
                }
                Some(own) => self.add(&folders.enter(own), file),
                None => self.add(&folders, file),
            }
        }
        folders
    }

    /// Collects the command of a wrapper that is more than the words behind it. Returns false
    /// for other wrappers.
    fn collect_command_of_wrapper(
        &mut self,
        name: &str,
        before: &[&str],
        peeled: &Peeled<'_, '_>,
        folders: &Folders,
        depth: usize,
    ) -> bool {
        if peeled.said.code.iter().any(|(program, _)| is_start_of_command(program)) {
            self.collect_split_words(name, peeled, folders, depth);
            return true;
        }
        if has(EACH_WORD, name) {
            peeled.words.iter().for_each(|code| self.collect_code(code, folders, depth + 1));
            return true;
        }
        if name == "parallel" && peeled.words.iter().any(|word| word.starts_with(":::")) {
            self.collect_parallel(peeled.words, folders, depth);
            return true;
        }
        if matches!(name, "xargs" | "parallel") {
            self.collect_xargs(before, peeled.words, folders, depth);
        }
        false
    }

    /// `env -S "node -r x" y`: the words of the text and those behind it are one command.
    fn collect_split_words(&mut self, name: &str, peeled: &Peeled<'_, '_>, folders: &Folders, depth: usize) {
        let texts = peeled.said.code.iter().filter(|(program, _)| is_start_of_command(program));
        let texts = texts.flat_map(|(_, text)| split_commands(text));
        let words: Vec<String> = texts.flat_map(|command| command.words).collect();
        let words = words.iter().map(String::as_str).chain(peeled.words.iter().copied());
        let words: Vec<&str> = Some("env").filter(|env| *env == name).into_iter().chain(words).collect();
        self.collect(&words, folders, depth + 1);
    }

    /// Adds all words that look like scripts, of code that is too deep to be read.
    fn add_unread(&mut self, words: &[&str], folders: &Folders) {
        let is_between = |c: char| c.is_whitespace() || "'\";&|()<>\\".contains(c);
        let parts = words.iter().flat_map(|word| word.split(is_between));
        parts.filter(|part| is_script(part)).for_each(|part| self.add(folders, part));
    }
}

/// Returns the name of a program, or of the one that a variable is named after: `$PYTHON`.
fn name_of(program: &str) -> &str {
    if program == "." {
        return "source";
    }
    known_variable(program).unwrap_or_else(|| program_name(program))
}

/// Returns whether code of this kind is only the start of the command.
fn is_start_of_command(kind: &str) -> bool {
    matches!(kind, "env" | "entry")
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_commands;
#[cfg(test)]
mod tests_containers;
#[cfg(test)]
mod tests_environment;
#[cfg(test)]
mod tests_honest;
#[cfg(test)]
mod tests_inputs;
#[cfg(test)]
mod tests_interpreters;
#[cfg(test)]
mod tests_languages;
#[cfg(test)]
mod tests_spellings;
#[cfg(test)]
mod tests_tasks;
#[cfg(test)]
mod tests_variables;
#[cfg(test)]
mod tests_wrappers;
