//! The files of task runners.

use super::Paths;
use super::folders::Folders;
use super::input::is_input;
use super::interpreters::value_of_option;
use crate::config::said::{Said, has};
use crate::config::step_programs::{FILE_OPTIONS, STRONG_INTERPRETERS, is_data, is_script, program_name};
use crate::config::wrappers::is_assignment;

impl Paths {
    /// Collects the files of a task runner, and the files and folders that its options name.
    pub(super) fn collect_tasks(
        &mut self,
        name: &str,
        rest: &[&str],
        files: &[&str],
        folders: &Folders,
        depth: usize,
    ) {
        let said = Said::of_program(name, rest);
        let folders = said.moves.iter().fold(folders.clone(), |folders, to| folders.follow(*to));
        for file in &said.files {
            self.add(&folders, file);
            // Of a folder, all files.
            self.add(&folders, &format!("{}/", file.trim_end_matches('/')));
            if is_input(file) {
                self.run_input(&folders, depth);
            }
            self.run_printed(file, &folders, depth);
        }
        if has(WITHOUT_FILES, name) {
            files.iter().for_each(|file| self.add(&folders, file));
            return self.collect_unknown(name, rest, &folders, depth);
        }
        said.code.iter().for_each(|(_, code)| self.add_unread(&[code], &folders));
        rest.iter().for_each(|word| self.collect_task_variable(word, &folders, depth));
        let values =
            rest.iter().zip(rest.iter().skip(1)).filter(|(option, _)| FILE_OPTIONS.contains(*option));
        values.for_each(|(_, value)| self.add(&folders, value));
        // What is behind `--` of these is for the test runner.
        let is_end = |word: &&str| *word == "--" && matches!(name, "tox" | "nox");
        let earthfiles = rest.iter().filter(|_| name == "earthly").filter_map(|word| word.split_once('+'));
        for (folder, _) in earthfiles.filter(|(folder, _)| folder.starts_with('.')) {
            // `earthly ./ci+check` builds a target of a folder.
            let folders = folders.enter(folder);
            files.iter().for_each(|file| self.add(&folders, file));
        }
        for word in rest.split(is_end).next().unwrap_or_default() {
            if let Some(value) = value_of_option(word) {
                // A property and data are for the task.
                let is_property = word.starts_with("-D") || word.starts_with("-P");
                if !is_property
                    && !is_data(value)
                    && (is_script(value) || (word.starts_with("--") && word.contains('=')))
                {
                    self.add(&folders, value);
                }
            } else if let Some((folder, _)) = word.rsplit_once('/').filter(|(_, file)| !file.contains('.')) {
                // A word with a file ending is an argument or a target.
                self.add(&folders, word);
                if name == "just" {
                    // `just web/check` runs a recipe in a folder.
                    let folders = folders.enter(folder);
                    files.iter().for_each(|file| self.add(&folders, file));
                }
            }
        }
        files.iter().for_each(|file| self.add(&folders, file));
    }

    /// `make SHELL=./x` sets a variable of the task file.
    fn collect_task_variable(&mut self, word: &str, folders: &Folders, depth: usize) {
        let Some((_, value)) = word.split_once('=').filter(|_| is_assignment(word)) else { return };
        self.collect_assignment(word, folders, depth);
        let program = value.split_whitespace().next().unwrap_or_default();
        if STRONG_INTERPRETERS.contains(&program_name(program)) {
            self.collect_code(value, folders, depth + 1);
        }
    }
}

/// Task runners whose words name packages and tasks only.
const WITHOUT_FILES: &str = "nx turbo lerna moon";
