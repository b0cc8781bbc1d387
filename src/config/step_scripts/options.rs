//! Options whose values are files that a program runs.

use super::Paths;
use super::folders::Folders;
use crate::config::step_programs::{is_script, options_with_files};

impl Paths {
    /// Collects the values of options of a program that name files which it runs.
    pub(super) fn collect_options(&mut self, name: &str, rest: &[&str], folders: &Folders) {
        self.collect_plugins(name, rest, folders);
        let Some(options) = options_with_files(name) else { return };
        for (at, word) in rest.iter().enumerate() {
            let value = options.split(' ').find_map(|option| {
                let behind = word.strip_prefix(option)?;
                match behind.strip_prefix('=') {
                    Some(value) => Some(value),
                    None if behind.is_empty() => rest.get(at + 1).copied(),
                    None => Some(behind).filter(|_| option.len() == 2 || option.ends_with(':')),
                }
            });
            // `rustc -C linker=x` names a setting first.
            let value = value.map(|value| value.rsplit('=').next().unwrap_or(value));
            if let Some(value) = value.filter(|value| is_script(value) || value.contains('.')) {
                self.add_all(folders, value, &[".js", ".cjs", ".mjs", ".ts", ".rb"]);
            }
        }
    }

    /// Collects the plug-ins of `pytest -p`, which are modules.
    fn collect_plugins(&mut self, name: &str, rest: &[&str], folders: &Folders) {
        if !matches!(name, "pytest" | "py.test") {
            return;
        }
        for (at, word) in rest.iter().enumerate() {
            let Some(value) = word.strip_prefix("-p") else { continue };
            let value = if value.is_empty() { rest.get(at + 1).copied().unwrap_or_default() } else { value };
            self.add_plugin(value, folders);
        }
    }

    /// Adds the files of a module of Python that is loaded by its name.
    pub(super) fn add_plugin(&mut self, module: &str, folders: &Folders) {
        let is_module = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if !module.is_empty() && module.chars().all(is_module) {
            let path = module.replace('.', "/");
            self.add(folders, &format!("{path}.py"));
            self.add(folders, &format!("{path}/__init__.py"));
        }
    }
}
