//! The scripts and task files that the command of a step names.

use crate::check::context::ProtectedPattern;

use super::launchers::{is_assignment, manager_options, peel_launcher, skip_options};
use super::shell_code::{ShellCommand, split_commands};
use super::step::GateStep;
use super::step_programs::{
    FILE_OPTIONS, INTERPRETERS, MANIFESTS, PROGRAM_OPTIONS, SHELLS, TASK_RUNNERS, TASK_SUBCOMMANDS,
    TESTING_INTERPRETERS, is_code_option, is_script, program_name,
};

/// Maximum number of programs and pieces of code inside of each other.
const MAX_DEPTH: usize = 8;
/// Maximum number of paths of one step.
const MAX_PATHS: usize = 2_000;

/// Words of shells before a command.
const SHELL_WORDS: [&str; 15] = [
    "!", "{", "}", "if", "then", "else", "elif", "while", "until", "do", "exec", "eval", "fi", "done", "esac",
];

/// Returns the scripts and task files that a step runs: the work must not edit them unasked.
/// A script that another script calls is not found.
pub(super) fn step_patterns(step: &GateStep) -> Vec<ProtectedPattern> {
    let words: Vec<&str> = step.argv.iter().map(String::as_str).collect();
    let mut found = Paths::default();
    found.collect(&words, &step.folder, 0);
    found.paths.sort();
    found.paths.dedup();
    let reason = || format!("the step `{}` runs it", step.name);
    found.paths.iter().filter_map(|path| ProtectedPattern::parse_path(path, reason())).collect()
}

/// The paths that were found.
#[derive(Default)]
struct Paths {
    paths: Vec<String>,
}

impl Paths {
    fn add(&mut self, folder: &str, path: &str) {
        let is_manifest = || MANIFESTS.contains(&path.rsplit('/').next().unwrap_or(path));
        if self.paths.len() < MAX_PATHS && !is_manifest() {
            self.paths.extend(join_below_root(folder, path));
        }
    }

    fn add_all(&mut self, folder: &str, word: &str, ends: &[&str]) {
        self.add(folder, word);
        ends.iter().for_each(|end| self.add(folder, &format!("{word}{end}")));
    }

    /// Collects the paths of a command that runs in a folder below the root.
    fn collect(&mut self, words: &[&str], folder: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let Some((first, rest)) = words.split_first() else { return };
        let program = without_root(first);
        if program.contains('/') {
            self.add(folder, program);
        }
        let name = program_name(program);
        if let Some(inner) = peel_launcher(name, rest).or_else(|| peel_other(name, rest)) {
            self.collect_options(name, rest, folder);
            if matches!(name, "env" | "parallel" | "xvfb-run") {
                self.collect_words_of_code(rest, folder, depth);
            }
            return self.collect(&inner, folder, depth + 1);
        }
        if matches!(name, "cmd") {
            let code = rest.iter().skip_while(|word| word.starts_with('/')).copied().collect::<Vec<_>>();
            return self.collect_code(&code.join(" ").replace('\\', "/"), folder, depth + 1);
        }
        self.collect_options(name, rest, folder);
        if name == "find" || name == "fd" {
            let is_exec =
                |word: &&str| matches!(*word, "-exec" | "-execdir" | "-ok" | "-x" | "-X" | "--exec");
            for (at, _) in rest.iter().enumerate().filter(|(_, word)| is_exec(word)).take(MAX_DEPTH) {
                self.collect(rest.get(at + 1..).unwrap_or_default(), folder, depth + 1);
            }
            return;
        }
        if name == "go" && rest.first() == Some(&"run") {
            return self.collect_go(rest, folder);
        }
        let of_subcommand = TASK_SUBCOMMANDS
            .iter()
            .find(|(program, subcommand, _)| *program == name && rest.first() == Some(subcommand));
        let runner = TASK_RUNNERS.iter().find(|(known, _)| *known == name).map(|(_, files)| *files);
        if let Some(files) = runner.or(of_subcommand.map(|(_, _, files)| *files)) {
            return self.collect_tasks(rest, files, folder, depth);
        }
        if let Some((_, ends)) = INTERPRETERS.iter().find(|(known, _)| *known == name) {
            return self.collect_interpreter(name, rest, ends, folder, depth);
        }
        self.collect_words_of_code(rest, folder, depth);
    }

    /// Collects the paths of code in one word, as `env -S` and `script -c` have it.
    fn collect_words_of_code(&mut self, words: &[&str], folder: &str, depth: usize) {
        for word in words.iter().filter(|word| word.contains(char::is_whitespace)) {
            self.collect_code(word, folder, depth + 1);
        }
    }

    /// Collects the values of options of a program that name files which it runs.
    fn collect_options(&mut self, name: &str, rest: &[&str], folder: &str) {
        let Some((_, options)) = PROGRAM_OPTIONS.iter().find(|(known, _)| *known == name) else {
            return self.collect_plugins(name, rest, folder);
        };
        self.collect_plugins(name, rest, folder);
        for (at, word) in rest.iter().enumerate() {
            let value = options.split(' ').find_map(|option| {
                let behind = word.strip_prefix(option)?;
                match behind.strip_prefix('=') {
                    Some(value) => Some(value),
                    None if behind.is_empty() => rest.get(at + 1).copied(),
                    None => Some(behind).filter(|_| option.len() == 2),
                }
            });
            if let Some(value) =
                value.map(without_root).filter(|value| is_script(value) || value.contains('.'))
            {
                self.add_all(folder, value, &[".js", ".cjs", ".mjs", ".ts", ".rb"]);
            }
        }
    }

    /// Collects the plug-ins of `pytest -p`, which are modules.
    fn collect_plugins(&mut self, name: &str, rest: &[&str], folder: &str) {
        if !matches!(name, "pytest" | "py.test" | "python") {
            return;
        }
        for (at, word) in rest.iter().enumerate() {
            let Some(value) = word.strip_prefix("-p") else { continue };
            let value = if value.is_empty() { rest.get(at + 1).copied().unwrap_or_default() } else { value };
            let is_module = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            if !value.is_empty() && value.chars().all(is_module) {
                let module = value.replace('.', "/");
                self.add_all(folder, &format!("{module}.py"), &[]);
                self.add(folder, &format!("{module}/__init__.py"));
            }
        }
    }

    /// `go run ./tools/check` builds and runs a folder or files. Programs in `cmd/` and at the
    /// root are the product.
    fn collect_go(&mut self, rest: &[&str], folder: &str) {
        let rest =
            skip_options(rest.get(1..).unwrap_or_default(), "-exec -tags -ldflags -gcflags -mod -modfile -C");
        let files =
            rest.iter().take_while(|word| std::path::Path::new(word).extension().is_some_and(|e| e == "go"));
        let count = files.clone().count();
        files.for_each(|file| self.add(folder, file));
        let Some(package) = rest.first().filter(|_| count == 0) else { return };
        let joined = join_below_root(folder, package).unwrap_or_default();
        let is_path = package.starts_with('.') && !package.contains("...");
        if is_path && !joined.is_empty() && !joined.split('/').any(|part| part == "cmd") {
            self.add(folder, &format!("{}/", package.trim_end_matches('/')));
        }
    }

    /// Collects the files of a task runner.
    fn collect_tasks(&mut self, rest: &[&str], files: &[&str], folder: &str, depth: usize) {
        let mut folder = folder.to_owned();
        let mut words = rest.iter().copied();
        while let Some(word) = words.next() {
            if matches!(word, "-C" | "--directory" | "--working-directory" | "--project-directory") {
                folder = words.next().and_then(|next| join_below_root(&folder, next)).unwrap_or(folder);
            } else if FILE_OPTIONS.contains(&word) {
                words.next().into_iter().for_each(|next| self.add(&folder, without_root(next)));
            } else if let Some(value) = value_of_option(word) {
                if is_script(value) || word.starts_with("--") {
                    self.add(&folder, value);
                }
            } else if word.contains('/') {
                self.add(&folder, word);
            }
        }
        if depth <= MAX_DEPTH {
            files.iter().for_each(|file| self.add(&folder, file));
        }
    }

    /// Collects the script of an interpreter, and the files that its options load.
    fn collect_interpreter(&mut self, name: &str, rest: &[&str], ends: &[&str], folder: &str, depth: usize) {
        let is_shell = SHELLS.contains(&name) && !matches!(name, "python" | "node" | "perl");
        let may_test = TESTING_INTERPRETERS.contains(&name);
        let mut plain: Option<&str> = None;
        let mut words = rest.iter().copied();
        while let Some(word) = words.next() {
            let word = without_root(word);
            if (name == "python" || name == "pypy" || name == "py") && is_module_option(word) {
                let module = match word.split_once('m') {
                    Some((_, module)) if !module.is_empty() => module,
                    _ => words.next().unwrap_or_default(),
                };
                return self.add_module(module, folder);
            }
            if may_test && (matches!(word, "--test" | "test") || word.starts_with("-Itest")) {
                return;
            }
            if is_code_option(word) {
                // Code of a shell can name scripts; code of a language is on the command line.
                if let Some(code) = words.next() {
                    self.collect_code(code, folder, depth + 1);
                }
                return;
            }
            if matches!(word, "-o" | "+o" | "-O" | "+O" | "-W" | "-X") || (is_shell && is_long_o(word)) {
                words.next();
            } else if FILE_OPTIONS.contains(&word) {
                words.next().into_iter().for_each(|next| self.add(folder, without_root(next)));
            } else if word.starts_with('-') {
                if let Some(value) = value_of_option(word).filter(|value| is_script(value)) {
                    self.add(folder, value);
                }
            } else if is_script(word) && !word.starts_with('+') {
                return self.add_all(folder, word, ends);
            } else if !word.starts_with('+') {
                plain = plain.or(Some(word).filter(|word| !matches!(*word, "run" | "x" | "exec" | "task")));
            }
        }
        if let Some(word) = plain {
            self.add_all(folder, word, ends);
        }
    }

    /// Adds the files of a module of Python, and of the packages around it.
    fn add_module(&mut self, module: &str, folder: &str) {
        let path = module.replace('.', "/");
        self.add_all(folder, &path, &[".py", "/__main__.py", "/__init__.py"]);
        // The folder of the step comes first in the path: a module there replaces one that the
        // runner imports.
        if matches!(module, "pytest" | "unittest" | "coverage") {
            for inner in ["_pytest", "pluggy", "iniconfig", "unittest", "coverage", "pytest"] {
                self.add(folder, &format!("{inner}.py"));
                self.add(folder, &format!("{inner}/"));
            }
        }
        let mut around = path.as_str();
        while let Some((parent, _)) = around.rsplit_once('/') {
            self.add(folder, &format!("{parent}/__init__.py"));
            around = parent;
        }
    }

    /// Collects the paths of code for a shell, which may change its folder first.
    fn collect_code(&mut self, code: &str, folder: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut folder = folder.to_owned();
        let mut before: Option<ShellCommand> = None;
        for command in split_commands(code) {
            let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
            let is_before = |word: &&str| SHELL_WORDS.contains(word) || is_assignment(word);
            let mut words: Vec<&str> = words.into_iter().skip_while(is_before).collect();
            if let Some(first) = words.first_mut().filter(|word| **word == ".") {
                *first = "source";
            }
            let is_shell = words.first().is_some_and(|word| SHELLS.contains(&program_name(word)));
            if is_shell {
                command.input.iter().for_each(|file| self.add(&folder, without_root(file)));
                // `cat x.sh | sh` runs what the command before prints.
                let piped = before.take().filter(|before| before.is_piped);
                let files = piped.iter().flat_map(|before| before.words.iter().skip(1).chain(&before.input));
                let files = files.map(|word| without_root(word)).filter(|word| is_script(word));
                files.for_each(|word| self.add(&folder, word));
            }
            if let (Some(&"cd" | &"pushd"), Some(to)) = (words.first(), words.get(1)) {
                folder = join_below_root(&folder, without_root(to)).unwrap_or(folder);
            } else {
                self.collect(&words, &folder, depth + 1);
            }
            before = Some(command);
        }
    }
}

/// Package managers that start the program behind them.
fn peel_other<'a>(name: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    match name {
        "npx" | "bunx" | "pnpx" => Some(skip_options(rest, manager_options(name))),
        "npm" | "pnpm" | "yarn" | "bun" => {
            let rest = skip_options(rest, manager_options(name));
            let (subcommand, arguments) = rest.split_first()?;
            matches!(*subcommand, "exec" | "dlx" | "x").then(|| skip_options(arguments, "-p --package"))
        }
        "coverage" => {
            let (subcommand, arguments) = rest.split_first()?;
            (*subcommand == "run").then(|| ["python"].into_iter().chain(arguments.iter().copied()).collect())
        }
        _ => None,
    }
}

/// Returns whether an option of Python is `-m`, or ends with it: `-um`.
fn is_module_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    let options = letters.split('m').next().unwrap_or_default();
    letters.contains('m') && options.chars().all(|c| "bBdEiIOPqsSuvx".contains(c))
}

/// Returns whether an option of a shell ends with the letter whose value follows: `-euo`.
fn is_long_o(word: &str) -> bool {
    let letters = word.strip_prefix(['-', '+']).unwrap_or_default();
    letters.ends_with(['o', 'O']) && letters.chars().all(|c| c.is_ascii_alphabetic())
}

/// Returns the value of `--file=x.mk` and `-fx.mk`.
fn value_of_option(word: &str) -> Option<&str> {
    let option = word.strip_prefix('-')?;
    option.split_once('=').map_or_else(|| option.get(1..), |(_, value)| Some(value))
}

/// Removes the variable at the start of `$PWD/scripts/test.sh`: it may be the root.
fn without_root(word: &str) -> &str {
    let Some(rest) = word.strip_prefix('$') else { return word };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '}');
    match rest.split_once('/') {
        Some((name, path)) if !name.is_empty() && name.chars().all(is_name) => path,
        _ => word,
    }
}

/// Joins a folder below the root and a path; `None` if it leads out of the root.
fn join_below_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/');
    (!parts.is_empty()).then(|| format!("{}{}", parts.join("/"), if is_folder { "/" } else { "" }))
}

#[cfg(test)]
mod tests;
