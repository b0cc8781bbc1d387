//! Programs that start no program that is known, but may run files.

use std::path::Path;

use super::Paths;
use super::folders::Folders;
use crate::config::said::Said;
use crate::config::step_programs::{
    STRONG_INTERPRETERS, interpreter_ends, is_reader, is_script, program_name,
};
use crate::config::task_files::task_files;
use crate::config::wrappers::is_argument;

impl Paths {
    /// Collects the paths of a program that is no wrapper.
    pub(super) fn collect_program(&mut self, name: &str, rest: &[&str], folders: &Folders, depth: usize) {
        self.collect_options(name, rest, folders);
        self.collect_said(name, rest, folders, depth);
        match name {
            "cmd" => return self.collect_cmd(rest, folders, depth),
            "pwsh" | "powershell" => return self.collect_powershell(rest, folders, depth),
            "find" | "fd" | "fdfind" => return self.collect_find(rest, folders, depth),
            "go" => return self.collect_go(rest, folders),
            "nix" => return self.add(folders, "flake.nix"),
            "cargo" => self.collect_source(rest, "rs", folders),
            "dotnet-run" => return self.collect_source(rest, "cs", folders),
            "python-module" => {
                let (module, rest) = rest.split_first().map_or(("", rest), |(first, rest)| (*first, rest));
                return self.collect_module(module, rest, folders, depth);
            }
            _ => {}
        }
        if let Some(files) = task_files(name) {
            return self.collect_tasks(name, rest, files, folders, depth);
        }
        if let Some(ends) = interpreter_ends(name) {
            return self.collect_interpreter(name, rest, ends, folders, depth);
        }
        if name.starts_with('$') && !is_variable_of_tool(name) {
            // It may be an interpreter.
            return self.collect_interpreter(name, rest, &[], folders, depth);
        }
        // A pattern or a list of files is no code.
        let is_text = |word: &&str| matches!(*word, "grep" | "commit" | "log" | "tag" | "notes");
        let has_commands = name == "git" && !rest.iter().any(is_text);
        if !is_reader(name) || has_commands || name == "cargo" {
            self.collect_words_of_code(rest, folders, depth);
        }
        self.collect_unknown(name, rest, folders, depth);
    }

    /// Collects what the options of a program say: code, and variables and settings that name a
    /// program.
    fn collect_said(&mut self, name: &str, rest: &[&str], folders: &Folders, depth: usize) {
        let said = Said::of_program(name, rest);
        for (program, options) in said.code.iter().filter(|(program, _)| *program == "node" || name == "go") {
            self.collect_code(&format!("{program} {options}"), folders, depth + 1);
        }
        for setting in &said.assignments {
            match setting.rsplit_once('=') {
                // `cargo --config` names a setting or a file.
                None if name == "cargo" => self.add(folders, setting),
                _ if name == "cargo" => self.collect_setting(setting, folders, depth),
                _ if name == "git" => self.collect_setting_of_git(setting, folders, depth),
                _ => self.collect_assignment(setting, folders, depth),
            }
        }
    }

    /// `cargo -Zscript x.rs` and `dotnet run x.cs` run a file in place of a verb.
    fn collect_source(&mut self, rest: &[&str], ending: &str, folders: &Folders) {
        let is_source = |word: &&&str| Path::new(**word).extension().is_some_and(|end| end == ending);
        let first = rest.iter().find(|word| !word.starts_with(['-', '+']));
        first.filter(is_source).into_iter().for_each(|file| self.add(folders, file));
    }

    /// A program that is not known may be a wrapper: a command behind `--`, or an interpreter
    /// with its script, is read as a command.
    pub(super) fn collect_unknown(&mut self, name: &str, rest: &[&str], folders: &Folders, depth: usize) {
        if is_reader(name) {
            return;
        }
        let starts = |word: &str| !word.contains('/') && STRONG_INTERPRETERS.contains(&program_name(word));
        let behind = rest.iter().position(|word| *word == "--").map(|at| at + 1);
        let has_command = |at: &usize| {
            let before = rest.get(..*at).unwrap_or_default();
            // `dune exec app -- a.json` names the program first.
            let exec = before.iter().position(|word| *word == "exec");
            let own = exec.and_then(|exec| before.get(exec + 1..at.saturating_sub(1))).unwrap_or_default();
            let is_named = own.iter().any(|word| !word.starts_with('-'));
            let may_start = |word: &str| exec.is_some() && !(is_named && is_argument(word));
            rest.get(*at).is_some_and(|word| may_start(word) || starts(word))
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
    pub(super) fn collect_words_of_code(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        for word in words.iter().filter(|word| word.contains(char::is_whitespace)) {
            self.collect_code(word, folders, depth + 1);
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
