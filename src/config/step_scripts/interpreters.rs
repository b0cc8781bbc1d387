//! The scripts of interpreters.

use super::Paths;
use super::folders::Folders;
use super::input::is_input;
use super::words::holds_options;
use crate::config::said::Said;
use crate::config::shell_code::SUBSTITUTION;
use crate::config::step_programs::{
    FILE_OPTIONS, SHELLS, TESTING_INTERPRETERS, is_code_option, is_data, is_reading_verb, is_script,
};
use crate::config::wrappers::peel;

impl Paths {
    /// `go run ./tools/check` builds and runs a folder or files. Programs in `cmd/` and at the
    /// root are the product.
    pub(super) fn collect_go(&mut self, rest: &[&str], folders: &Folders) {
        let (folders, rest) = skip_leading("go", rest, folders);
        let Some((&"run", rest)) = rest.split_first() else { return };
        let (folders, rest) = skip_leading("go", rest, &folders);
        let is_go = |word: &&&str| std::path::Path::new(**word).extension().is_some_and(|end| end == "go");
        let count = rest.iter().take_while(is_go).count();
        rest.iter().take(count).for_each(|file| self.add(&folders, file));
        let Some(package) = rest.first().filter(|_| count == 0) else { return };
        let is_path = package.starts_with('.') && !package.contains("...");
        let joined = folders.join(&format!("{}/", package.trim_end_matches('/')));
        let is_product = |path: &String| path.split('/').any(|part| part == "cmd");
        if is_path && !joined.iter().any(is_product) {
            self.add(&folders, &format!("{}/", package.trim_end_matches('/')));
        }
    }

    /// Collects the script of an interpreter, and the files that its options load.
    pub(super) fn collect_interpreter(
        &mut self,
        name: &str,
        rest: &[&str],
        ends: &[&str],
        folders: &Folders,
        depth: usize,
    ) {
        let is_shell = SHELLS.contains(&name);
        let may_test = TESTING_INTERPRETERS.contains(&name);
        let mut folders = folders.clone();
        let mut plain: Option<&str> = None;
        let mut is_behind_option = false;
        let mut words = rest;
        while let Some((word, behind)) = words.split_first() {
            words = behind;
            let (word, next) = (*word, behind.first().copied());
            let is_input =
                if is_shell { word == "-s" || word != "-" && is_input(word) } else { is_input(word) };
            if plain.is_none() && is_input {
                return self.run_input_of(name, &folders, depth);
            }
            let is_test = matches!(word, "--test" | "test") || (name == "ruby" && adds_tests(word, next));
            if may_test && is_test {
                return self.collect_test_options(behind, &folders);
            }
            if let Some((said, to, behind)) = read_known(name, word, behind, &folders) {
                said.files.iter().for_each(|file| self.add(&folders, file));
                (folders, words) = (to, behind);
                continue;
            }
            if matches!(name, "python" | "pypy" | "py") && is_module_option(word) {
                let own =
                    word.strip_prefix("--module=").or_else(|| word.split_once('m').map(|(_, module)| module));
                let module = own.filter(|module| !module.is_empty() && word != "--module");
                let behind = behind.get(usize::from(module.is_none())..).unwrap_or_default();
                return self.collect_module(module.or(next).unwrap_or_default(), behind, &folders, depth);
            }
            if plain.is_none() && self.collect_named(name, word, behind, &folders, depth) {
                return;
            }
            let only_checks = is_syntax_check(name, word, next) && !behind.contains(&"+n");
            if (plain.is_none() || name == "ansible-playbook") && (is_reading_verb(name, word) || only_checks)
            {
                return self.collect_test_options(behind, &folders);
            }
            if let Some((_, code)) = word.split_once('=').filter(|(option, _)| is_long_code_option(option)) {
                self.run_printed(code, &folders, depth);
                return self.collect_own_code(name, code, &folders, depth + 1);
            }
            if is_code_option(word)
                || is_long_code_option(word)
                || (is_shell && has_code_letter(word))
                || has_script_letter(name, word)
            {
                let behind = if is_shell { skip_options_of_shell(behind) } else { behind };
                // Code of a shell can name scripts; code of a language is on the command line.
                if behind.is_empty() {
                    // `bash -e` is an option without code.
                    self.run_input_of(name, &folders, depth);
                } else if let Some(code) = behind.first().copied() {
                    self.run_printed(code, &folders, depth);
                    let behind = behind.get(1..).unwrap_or_default();
                    if is_shell || name.starts_with('$') {
                        self.collect_code_with(code, behind, &folders, depth + 1);
                        self.collect_arguments_of_code(code, behind, &folders, depth);
                    } else {
                        self.collect_own_code(name, code, &folders, depth + 1);
                    }
                }
                return;
            }
            let skips =
                matches!(word, "-o" | "+o" | "-O" | "+O" | "-W" | "-X") || (is_shell && is_long_o(word));
            if skips || FILE_OPTIONS.contains(&word) {
                if let Some(next) = next.filter(|next| !skips && !is_read_by(name, next)) {
                    self.add(&folders, next);
                    // The option of PHP has code.
                    self.run_printed(next, &folders, depth);
                }
                words = behind.get(1..).unwrap_or_default();
            } else if word.starts_with('-') && name == "java" {
                // Its options with a value are all known.
            } else if word.starts_with('-') || holds_options(word) {
                is_behind_option = true;
                if let Some(value) = value_of_option(word).filter(|value| is_script(value)) {
                    self.add(&folders, value);
                }
            } else if word == SUBSTITUTION {
                return self.run_printed(word, &folders, depth);
            } else if is_script(word) && !word.starts_with('+') {
                if !is_read_by(name, word) {
                    self.add_all(&folders, word, ends);
                    self.collect_installed(word, behind, &folders, depth);
                }
                return;
            } else if !word.starts_with('+') && !is_verb(name, word) {
                plain = plain.or(Some(word));
                // Behind an option that is not known, a word may be its value.
                if !is_behind_option {
                    break;
                }
            }
        }
        match plain {
            Some(word) if is_read_by(name, word) => {}
            Some(word) => self.add_all(&folders, word, ends),
            None if !name.starts_with('$') => self.run_input_of(name, &folders, depth),
            None => {}
        }
    }

    /// Collects a program that an option or the name of a package holds, and the words behind it.
    /// Returns false for other words.
    fn collect_named(
        &mut self,
        name: &str,
        word: &str,
        behind: &[&str],
        folders: &Folders,
        depth: usize,
    ) -> bool {
        match (name, word) {
            // The program is searched in the path.
            ("ruby" | "perl" | "elixir", "-S") => self.collect(behind, folders, depth + 1),
            ("java", "-jar") => behind.first().into_iter().for_each(|file| self.add(folders, file)),
            ("deno", package) if package.starts_with("npm:") => {
                let package = package.trim_start_matches("npm:");
                self.collect(&[&[package], behind].concat(), folders, depth + 1);
            }
            _ => return false,
        }
        true
    }

    /// Collects the files that options behind the word for tests load. Other words name tests.
    fn collect_test_options(&mut self, words: &[&str], folders: &Folders) {
        let names_file = |option: &str| FILE_OPTIONS.contains(&option) || TEST_OPTIONS.contains(&option);
        for (at, word) in words.iter().enumerate() {
            let (option, own) =
                word.split_once('=').map_or((*word, None), |(option, own)| (option, Some(own)));
            let value = own.or_else(|| words.get(at + 1).copied()).filter(|_| names_file(option));
            if let Some(value) = value.filter(|value| is_script(value)) {
                self.add(folders, value);
            }
        }
    }

    /// `sh -c 'exec "$@"' sh node x.js`: the words behind the code are the command.
    fn collect_arguments_of_code(&mut self, code: &str, words: &[&str], folders: &Folders, depth: usize) {
        let has = |names: &[&str]| names.iter().any(|name| code.contains(name));
        if has(&["$@", "$*", "$1", "${@", "${1"]) {
            self.collect(words.get(1..).unwrap_or_default(), folders, depth + 2);
        }
        if has(&["$0", "${0"]) {
            self.collect(words, folders, depth + 2);
        }
    }

    /// `node node_modules/.bin/tsx x.ts` starts an installed program.
    fn collect_installed(&mut self, word: &str, behind: &[&str], folders: &Folders, depth: usize) {
        let folders_of_programs = ["node_modules/", "vendor/bin/"];
        let inside = folders_of_programs.iter().find_map(|folder| word.rsplit_once(folder));
        let Some((_, inside)) = inside else { return };
        let name = inside.split('/').find(|part| !part.starts_with(['.', '@'])).unwrap_or_default();
        self.collect(&[&[name], behind].concat(), folders, depth + 1);
    }

    /// `python -m tools.check` runs a module, and `python -m coverage` a program.
    pub(super) fn collect_module(&mut self, module: &str, behind: &[&str], folders: &Folders, depth: usize) {
        self.add_module(module, folders);
        let known = format!("python:{module}");
        if peel(&known, behind).is_some() {
            return self.collect(&[&[known.as_str()], behind].concat(), folders, depth + 1);
        }
        if !module.contains('.') {
            self.collect(&[&[module], behind].concat(), folders, depth + 1);
        }
    }

    /// Adds the files of a module of Python, and of the packages around it.
    fn add_module(&mut self, module: &str, folders: &Folders) {
        let path = module.replace('.', "/");
        self.add_all(folders, &path, &[".py", "/__main__.py", "/__init__.py"]);
        // The folder of the step comes first in the path: a module there replaces one that the
        // runner imports.
        if matches!(module, "pytest" | "unittest" | "coverage") {
            for inner in ["_pytest", "pluggy", "iniconfig", "unittest", "coverage", "pytest"] {
                self.add(folders, &format!("{inner}.py"));
                self.add(folders, &format!("{inner}/"));
            }
        }
        let mut around = path.as_str();
        while let Some((parent, _)) = around.rsplit_once('/') {
            self.add(folders, &format!("{parent}/__init__.py"));
            around = parent;
        }
    }
}

/// Returns whether a word is a verb of an interpreter before its script. `bun run watch` runs a
/// script of the manifest, and `bash run` a file.
fn is_verb(name: &str, word: &str) -> bool {
    match name {
        "deno" => matches!(word, "run" | "x" | "task" | "serve"),
        "bun" => matches!(word, "run" | "x" | "exec"),
        "node" | "nodejs" => word == "inspect",
        "tsx" => word == "watch",
        "swift" | "scala" | "scala-cli" | "dart" | "jbang" | "crystal" => word == "run",
        _ => false,
    }
}

/// Skips options of a shell that stand between `-c` and the code.
fn skip_options_of_shell<'s, 'a>(mut words: &'s [&'a str]) -> &'s [&'a str] {
    while let Some(word) = words.first().filter(|word| word.starts_with(['-', '+'])) {
        words = words.get(if is_long_o(word) { 2 } else { 1 }..).unwrap_or_default();
    }
    words
}

/// Returns whether a program only reads a file: a variable may name any, and `source` of a
/// database reads SQL.
fn is_read_by(name: &str, word: &str) -> bool {
    let ending = word.rsplit_once('.').map_or("", |(_, ending)| ending);
    (name.starts_with('$') && is_data(word)) || (name == "source" && ending == "sql")
}

/// Returns whether an option of Ruby adds the folder of tests: `-Ilib:test`.
fn adds_tests(word: &str, next: Option<&str>) -> bool {
    let folders = if word == "-I" { next } else { word.strip_prefix("-I") };
    folders.is_some_and(|folders| folders.split(':').any(|folder| matches!(folder, "test" | "spec")))
}

/// Returns whether an option of Perl or Ruby has the letter before code among others: `-pi -e`,
/// `-lane`.
fn has_script_letter(name: &str, word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    matches!(name, "perl" | "ruby" | "jruby")
        && letters.ends_with(['e', 'E'])
        && letters.chars().all(|c| "alnpiswWvuEe0123456789".contains(c))
}

/// Reads the options of a program at the start of some words. Returns the folder that they
/// enter, and the words behind them.
fn skip_leading<'s, 'a>(name: &str, mut words: &'s [&'a str], folders: &Folders) -> (Folders, &'s [&'a str]) {
    let mut folders = folders.clone();
    while let Some((word, behind)) = words.split_first().filter(|(word, _)| word.starts_with('-')) {
        words = behind;
        if let Some((_, to, behind)) = read_known(name, word, behind, &folders) {
            (folders, words) = (to, behind);
        }
    }
    (folders, words)
}

/// Reads an option that the table has. Returns what it says, the folder that it enters, and the
/// words behind it.
fn read_known<'s, 'a>(
    name: &str,
    word: &'a str,
    behind: &'s [&'a str],
    folders: &Folders,
) -> Option<(Said<'a>, Folders, &'s [&'a str])> {
    let mut said = Said::default();
    let count = said.read_known(name, word, behind.first().copied())?;
    let folders = said.moves.iter().fold(folders.clone(), |folders, to| folders.follow(*to));
    Some((said, folders, behind.get(count - 1..).unwrap_or_default()))
}

/// Returns whether an option of Python is `-m`, or ends with it: `-um`. `uv run` has `--module`.
fn is_module_option(word: &str) -> bool {
    if word == "--module" || word.starts_with("--module=") {
        return true;
    }
    let letters = word.strip_prefix('-').unwrap_or_default();
    let options = letters.split('m').next().unwrap_or_default();
    letters.contains('m') && options.chars().all(|c| "bBdEiIOPqsSuvx".contains(c))
}

/// Returns whether an option lets an interpreter only check the syntax of its files.
fn is_syntax_check(name: &str, word: &str, next: Option<&str>) -> bool {
    match name {
        "node" | "nodejs" => matches!(word, "-c" | "--check"),
        "php" => matches!(word, "-l" | "--syntax-check"),
        "perl" | "ruby" => matches!(word, "-c" | "-wc" | "-cw") || word == "-MO=Lint",
        "ansible-playbook" => matches!(word, "--syntax-check" | "--list-tasks" | "--list-hosts"),
        "clojure" => ["-M:", "-X:", "-T:"].iter().any(|start| word.starts_with(start)),
        "fish" if word == "--no-execute" => true,
        _ if SHELLS.contains(&name) && word == "-o" => next == Some("noexec"),
        _ if SHELLS.contains(&name) => {
            let letters = word.strip_prefix('-').unwrap_or_default();
            letters.contains('n') && letters.chars().all(|c| "efhnuvxC".contains(c))
        }
        _ => false,
    }
}

/// Options of test runs that name files which are run.
const TEST_OPTIONS: [&str; 4] =
    ["--preload", "--test-reporter", "--test-global-setup", "--experimental-config-file"];

/// Returns whether an option of a shell has the letter before code among others: `-ce`, `-Eeuc`.
fn has_code_letter(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    letters.contains('c') && letters.chars().all(|c| c.is_ascii_alphabetic())
}

/// Returns whether a long option is followed by code, as in `fish --command`.
fn is_long_code_option(word: &str) -> bool {
    matches!(word, "--command" | "--commands")
}

/// Returns whether an option of a shell ends with the letter whose value follows: `-euo`.
fn is_long_o(word: &str) -> bool {
    let letters = word.strip_prefix(['-', '+']).unwrap_or_default();
    letters.ends_with(['o', 'O']) && letters.chars().all(|c| c.is_ascii_alphabetic())
}

/// Returns the value of `--file=x.mk` and `-fx.mk`.
pub(super) fn value_of_option(word: &str) -> Option<&str> {
    let option = word.strip_prefix('-')?;
    option.split_once('=').map_or_else(|| option.get(1..), |(_, value)| Some(value))
}
