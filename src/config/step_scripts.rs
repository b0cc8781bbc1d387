//! The scripts and task files that the command of a step names.

use crate::check::context::ProtectedPattern;

use super::shell_code::split_commands;
use super::step::GateStep;
use super::step_programs::{
    INTERPRETERS, MANIFESTS, PROGRAM_OPTIONS, READERS, STRONG_INTERPRETERS, TASK_RUNNERS, is_script,
    program_name,
};
use super::wrapper_table::WRAPPER_FILES;
use super::wrappers::{Peeled, Said, peel};
use folders::Folders;

mod code;
mod folders;
mod interpreters;
mod tasks;
mod windows;

/// Maximum number of pieces of code inside of each other.
const MAX_DEPTH: usize = 8;
/// Maximum number of wrappers around a command.
const MAX_WRAPPERS: usize = 64;
/// Maximum number of words that a command runs with in turn.
const MAX_ITEMS: usize = 64;
/// Maximum number of paths of one step.
const MAX_PATHS: usize = 2_000;

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
    found.paths.sort();
    found.paths.dedup();
    let reason = || format!("the step `{}` runs it", step.name);
    found.paths.iter().filter_map(|path| ProtectedPattern::parse_path(path, reason())).collect()
}

/// Returns the words of a step that can name a script of a manifest: those of its command, and
/// those of package managers in code.
pub(super) fn step_words(step: &GateStep) -> Vec<String> {
    let is_manager = |word: &String| {
        matches!(program_name(word), "npm" | "pnpm" | "yarn" | "bun" | "node" | "deno" | "composer")
    };
    let code = step.argv.iter().filter(|word| word.contains(char::is_whitespace));
    let commands = code.flat_map(|code| split_commands(code)).map(|command| command.words);
    let named = commands.filter(|words| words.iter().any(is_manager)).flatten();
    step.argv.iter().cloned().chain(named).collect()
}

/// The paths that were found.
#[derive(Default)]
struct Paths {
    paths: Vec<String>,
}

impl Paths {
    fn add(&mut self, folders: &Folders, path: &str) {
        let is_manifest = || MANIFESTS.contains(&path.rsplit('/').next().unwrap_or(path));
        if self.paths.len() < MAX_PATHS && !is_manifest() {
            self.paths.extend(folders.join(path));
        }
    }

    fn add_all(&mut self, folders: &Folders, word: &str, ends: &[&str]) {
        self.add(folders, word);
        ends.iter().for_each(|end| self.add(folders, &format!("{word}{end}")));
    }

    /// Collects the paths of a command. Wrappers around it are peeled one after the other.
    fn collect(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        if depth > MAX_DEPTH {
            return self.add_unread(words, folders);
        }
        let mut folders = folders.clone();
        let (mut words, mut then, mut is_hatch) = (words, "", false);
        for _ in 0..MAX_WRAPPERS {
            let (name, rest) = if then.is_empty() {
                let Some((program, rest)) = words.split_first() else { return };
                if program.contains(char::is_whitespace) {
                    self.add(&folders, program);
                    if let Some((_, code)) = program.split_once(':').filter(|_| is_hatch) {
                        self.collect_code(code, &folders, depth + 1);
                    }
                    return self.collect_words_of_code(words, &folders, depth);
                }
                // `hatch run test:python` names an environment first.
                let program =
                    program.rsplit_once(':').filter(|_| is_hatch).map_or(*program, |(_, name)| name);
                if program.contains(['/', '\\']) || is_script(program) {
                    self.add(&folders, program);
                }
                if let Some((folder, "gradlew" | "mvnw")) = program.rsplit_once('/') {
                    // It reads the folder of its settings beside it.
                    folders = folders.clone().or(folders.enter(folder));
                }
                (program_name(program), rest)
            } else {
                (then, words)
            };
            let Some(peeled) = peel(name, rest) else {
                return self.collect_program(name, rest, &folders, depth);
            };
            let before = rest.get(..rest.len() - peeled.words.len()).unwrap_or(rest);
            let outer = folders;
            folders = self.collect_wrapper(name, before, &peeled, &outer, depth);
            if name == "env" && !peeled.said.code.is_empty() {
                return self.collect_split_words(&peeled, &folders, depth);
            }
            if INTERPRETERS.iter().any(|(known, _)| *known == name) {
                let with_script = rest.get(..=before.len()).unwrap_or(rest);
                self.collect_program(name, with_script, &outer, depth);
            } else if TASK_RUNNERS.iter().any(|(known, _)| *known == name) {
                self.collect_program(name, before, &outer, depth);
            }
            if name == "parallel" && peeled.words.iter().any(|word| word.starts_with(":::")) {
                return self.collect_parallel(peeled.words, &folders, depth);
            }
            is_hatch = name == "hatch";
            (words, then) = (peeled.words, peeled.then);
        }
        self.add_unread(words, &folders);
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
        let folders = said.moves.iter().fold(outer.clone(), |folders, to| folders.follow(*to));
        self.collect_options(name, before, &outer.clone().or(folders.clone()));
        said.files.iter().filter(|file| is_script(file)).for_each(|file| self.add(outer, file));
        said.assignments.iter().for_each(|word| self.collect_assignment(word, &folders, depth));
        for (program, code) in said.code.iter().filter(|(program, _)| *program != "env") {
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

    /// `parallel bash ::: x.sh y.sh`: the command runs with each of the words behind.
    fn collect_parallel(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        let at = words.iter().position(|word| word.starts_with(":::")).unwrap_or(words.len());
        let (command, items) = words.split_at(at);
        for item in items.iter().filter(|item| !item.starts_with(":::")).take(MAX_ITEMS) {
            let mut words: Vec<&str> =
                command.iter().map(|word| if *word == "{}" { *item } else { *word }).collect();
            if !command.contains(&"{}") {
                words.push(item);
            }
            self.collect(&words, folders, depth + 1);
        }
    }

    /// `env -S "node -r x" y`: the words of the text and those behind it are one command.
    fn collect_split_words(&mut self, peeled: &Peeled<'_, '_>, folders: &Folders, depth: usize) {
        let texts = peeled.said.code.iter().flat_map(|(_, text)| split_commands(text));
        let words: Vec<String> = texts.flat_map(|command| command.words).collect();
        let words = words.iter().map(String::as_str).chain(peeled.words.iter().copied());
        let words: Vec<&str> = ["env"].into_iter().chain(words).collect();
        self.collect(&words, folders, depth + 1);
    }

    /// Collects the paths of a variable that says what an interpreter loads.
    pub(super) fn collect_assignment(&mut self, word: &str, folders: &Folders, depth: usize) {
        let Some((name, value)) = word.split_once('=') else { return };
        match name {
            "NODE_OPTIONS" => self.collect_code(&format!("node {value}"), folders, depth + 1),
            "RUBYOPT" => self.collect_code(&format!("ruby {value}"), folders, depth + 1),
            "BASH_ENV" | "ENV" | "MAKEFILES" => self.add(folders, value),
            _ => {}
        }
    }

    /// Adds all words that look like scripts, of code that is too deep to be read.
    fn add_unread(&mut self, words: &[&str], folders: &Folders) {
        let is_between = |c: char| c.is_whitespace() || "'\";&|()<>\\".contains(c);
        let parts = words.iter().flat_map(|word| word.split(is_between));
        parts.filter(|part| is_script(part)).for_each(|part| self.add(folders, part));
    }

    /// Collects the paths of a program that is no wrapper.
    fn collect_program(&mut self, name: &str, rest: &[&str], folders: &Folders, depth: usize) {
        self.collect_options(name, rest, folders);
        for (program, options) in
            Said::of_program(name, rest).code.iter().filter(|(program, _)| *program == "node" || name == "go")
        {
            self.collect_code(&format!("{program} {options}"), folders, depth + 1);
        }
        match name {
            "cmd" => return self.collect_cmd(rest, folders, depth),
            "pwsh" | "powershell" => return self.collect_powershell(rest, folders, depth),
            "find" | "fd" | "fdfind" => return self.collect_find(rest, folders, depth),
            "go" => return self.collect_go(rest, folders),
            "nix" => return self.add(folders, "flake.nix"),
            _ => {}
        }
        if let Some((_, files)) = TASK_RUNNERS.iter().find(|(known, _)| *known == name) {
            return self.collect_tasks(name, rest, files, folders);
        }
        if let Some((_, ends)) = INTERPRETERS.iter().find(|(known, _)| *known == name) {
            return self.collect_interpreter(name, rest, ends, folders, depth);
        }
        if name.starts_with('$') && !is_variable_of_tool(name) {
            // It may be an interpreter.
            return self.collect_interpreter(name, rest, &[], folders, depth);
        }
        // A pattern or a list of files is no code.
        if !READERS.contains(&name) || matches!(name, "git" | "cargo") {
            self.collect_words_of_code(rest, folders, depth);
        }
        self.collect_unknown(name, rest, folders, depth);
    }

    /// A program that is not known may be a wrapper: a command behind `--`, or an interpreter
    /// with its script, is read as a command.
    fn collect_unknown(&mut self, name: &str, rest: &[&str], folders: &Folders, depth: usize) {
        if READERS.contains(&name) {
            return;
        }
        let starts = |word: &str| !word.contains('/') && STRONG_INTERPRETERS.contains(&program_name(word));
        let behind = rest.iter().position(|word| *word == "--").map(|at| at + 1);
        let has_command = |at: &usize| {
            let before = rest.get(..*at).unwrap_or_default();
            rest.get(*at).is_some_and(|word| before.contains(&"exec") || starts(word))
        };
        let has_script = |at: &usize| {
            let script = rest.get(at + 1..).unwrap_or_default().iter().find(|word| !word.starts_with('-'));
            let is_value =
                at.checked_sub(1).and_then(|at| rest.get(at)).is_some_and(|word| word.starts_with('-'));
            !is_value && script.is_some_and(|word| is_script(word))
        };
        let named = || rest.iter().position(|word| starts(word)).filter(has_script);
        if let Some(at) = behind.filter(has_command).or_else(named) {
            self.collect(rest.get(at..).unwrap_or_default(), folders, depth + 1);
        }
    }

    /// Collects the commands that `find` runs for each file.
    fn collect_find(&mut self, rest: &[&str], folders: &Folders, depth: usize) {
        let is_exec = |word: &&str| {
            matches!(*word, "-exec" | "-execdir" | "-ok" | "-okdir" | "-x" | "-X" | "--exec" | "--exec-batch")
        };
        for (at, word) in rest.iter().enumerate().filter(|(_, word)| is_exec(word)) {
            let behind = rest.get(at + 1..).unwrap_or_default();
            let is_end = |word: &&str| *word == ";" || is_exec(word);
            let command = behind.split(is_end).next().unwrap_or_default();
            let is_inside = word.ends_with("dir");
            let folders = if is_inside { Folders::anywhere() } else { folders.clone() };
            self.collect(command, &folders, depth + 1);
        }
    }

    /// Collects the paths of code in one word, as `script -c` has it.
    fn collect_words_of_code(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        for word in words.iter().filter(|word| word.contains(char::is_whitespace)) {
            self.collect_code(word, folders, depth + 1);
        }
    }

    /// Collects the values of options of a program that name files which it runs.
    fn collect_options(&mut self, name: &str, rest: &[&str], folders: &Folders) {
        self.collect_plugins(name, rest, folders);
        let Some((_, options)) = PROGRAM_OPTIONS.iter().find(|(known, _)| *known == name) else { return };
        for (at, word) in rest.iter().enumerate() {
            let value = options.split(' ').find_map(|option| {
                let behind = word.strip_prefix(option)?;
                match behind.strip_prefix('=') {
                    Some(value) => Some(value),
                    None if behind.is_empty() => rest.get(at + 1).copied(),
                    None => Some(behind).filter(|_| option.len() == 2),
                }
            });
            if let Some(value) = value.filter(|value| is_script(value) || value.contains('.')) {
                self.add_all(folders, value, &[".js", ".cjs", ".mjs", ".ts", ".rb"]);
            }
        }
    }

    /// Collects the plug-ins of `pytest -p`, which are modules.
    fn collect_plugins(&mut self, name: &str, rest: &[&str], folders: &Folders) {
        if !matches!(name, "pytest" | "py.test" | "python") {
            return;
        }
        for (at, word) in rest.iter().enumerate() {
            let Some(value) = word.strip_prefix("-p") else { continue };
            let value = if value.is_empty() { rest.get(at + 1).copied().unwrap_or_default() } else { value };
            let is_module = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            if !value.is_empty() && value.chars().all(is_module) {
                let module = value.replace('.', "/");
                self.add_all(folders, &format!("{module}.py"), &[]);
                self.add(folders, &format!("{module}/__init__.py"));
            }
        }
    }
}

/// Returns whether a variable is named after a program that only reads files: `$CC`, `$ESLINT`.
fn is_variable_of_tool(name: &str) -> bool {
    let upper = name.to_uppercase();
    let mut parts = upper.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| {
        matches!(part, "CC" | "CXX" | "TSC")
            || ["LINT", "FMT", "FORMAT"].iter().any(|word| part.contains(word))
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_honest;
#[cfg(test)]
mod tests_spellings;
#[cfg(test)]
mod tests_wrappers;
