//! The files of task runners.

use super::Paths;
use super::folders::Folders;
use super::interpreters::value_of_option;
use crate::config::step_programs::{FILE_OPTIONS, is_script};
use crate::config::wrappers::Said;

impl Paths {
    /// Collects the files of a task runner, and the files and folders that its options name.
    pub(super) fn collect_tasks(&mut self, name: &str, rest: &[&str], files: &[&str], folders: &Folders) {
        let said = Said::of_program(name, rest);
        let folders = said.moves.iter().fold(folders.clone(), |folders, to| folders.follow(*to));
        said.files.iter().for_each(|file| self.add(&folders, file));
        let values =
            rest.iter().zip(rest.iter().skip(1)).filter(|(option, _)| FILE_OPTIONS.contains(*option));
        values.for_each(|(_, value)| self.add(&folders, value));
        // What is behind `--` of these is for the test runner.
        let is_end = |word: &&str| *word == "--" && matches!(name, "tox" | "nox");
        for word in rest.split(is_end).next().unwrap_or_default() {
            if let Some(value) = value_of_option(word) {
                if is_script(value) || (word.starts_with("--") && word.contains('=')) {
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
}
