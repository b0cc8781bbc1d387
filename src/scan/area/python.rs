//! Python projects.

use std::collections::BTreeSet;

use toml::Value;

/// A Python project: a folder with a `pyproject.toml` or another manifest.
#[derive(Debug)]
pub(super) struct PythonProject {
    /// The folder of the manifest, relative to the root of the repository.
    pub folder: String,
    /// Names of the packages that users of the project get with it.
    pub ships: BTreeSet<String>,
}

/// Names of manifests of Python projects.
pub(super) const MANIFESTS: [&str; 6] =
    ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "manage.py"];

impl PythonProject {
    /// Reads a manifest; only `pyproject.toml` says more than that there is a project.
    pub(super) fn read(folder: &str, name: &str, text: &str) -> Self {
        let mut ships = BTreeSet::new();
        if name == "pyproject.toml" {
            let file: Value = toml::from_str::<toml::Table>(text).map_or(Value::Boolean(false), Value::Table);
            let project = file.get("project");
            let listed = project.and_then(|project| project.get("dependencies")).and_then(Value::as_array);
            ships.extend(listed.into_iter().flatten().filter_map(Value::as_str).map(requirement_name));
            let poetry = file.get("tool").and_then(|tool| tool.get("poetry"));
            let poetry = poetry.and_then(|poetry| poetry.get("dependencies")).and_then(Value::as_table);
            ships.extend(poetry.into_iter().flat_map(toml::Table::keys).cloned());
            let entry_points = project.and_then(|project| project.get("entry-points"));
            if entry_points.is_some_and(|points| points.get("pytest11").is_some()) {
                ships.insert("pytest".to_owned());
            }
        }
        Self { folder: folder.to_owned(), ships }
    }
}

/// Returns the name at the begin of a requirement such as `flask>=2; python_version > "3"`.
fn requirement_name(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.trim().chars().take_while(|c| is_name(*c)).collect::<String>().to_ascii_lowercase()
}
