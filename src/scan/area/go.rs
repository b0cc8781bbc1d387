//! Modules of Go.

use std::collections::{HashMap, HashSet};

use super::{Areas, relative};

/// A module of Go, by its `go.mod`.
#[derive(Debug)]
pub(super) struct GoModule {
    /// The folder of the manifest, relative to the root of the repository.
    pub folder: String,
    /// The name of the module, with which the paths of its packages begin.
    pub name: String,
    /// Whether it is a program inside of another module, and neither of them needs the other:
    /// a tool that is built with its own dependencies.
    pub is_apart: bool,
}

impl GoModule {
    /// Returns whether it is a module of the Go project itself.
    pub(super) fn is_of_go(&self) -> bool {
        matches!(self.name.as_str(), "std" | "cmd") || self.name.starts_with("golang.org/")
    }
}

/// Reads manifests, each with its folder. `has_file` returns whether the tree has a file.
pub(super) fn read_modules(manifests: &[(String, String)], has_file: &dyn Fn(&str) -> bool) -> Vec<GoModule> {
    let facts: Vec<(&str, &str, Vec<&str>)> = manifests
        .iter()
        .map(|(folder, text)| {
            let (name, needed) = read_manifest(text);
            (folder.as_str(), name, needed)
        })
        .collect();
    let needed: HashSet<&str> = facts.iter().flat_map(|(_, _, needed)| needed.iter().copied()).collect();
    let names: HashMap<&str, &str> = facts.iter().map(|(folder, name, _)| (*folder, *name)).collect();
    let is_apart = |(folder, name, own): &(&str, &str, Vec<&str>)| {
        let above = folder.rmatch_indices('/').filter_map(|(at, _)| folder.get(..at));
        let mut above = above.chain(std::iter::once("")).filter(|place| place != folder);
        let Some(outer) = above.find_map(|place| names.get(place)) else { return false };
        has_file(&format!("{folder}/main.go")) && !needed.contains(name) && !own.contains(outer)
    };
    facts
        .iter()
        .map(|one| GoModule {
            folder: one.0.to_owned(),
            name: one.1.to_owned(),
            is_apart: !one.0.is_empty() && is_apart(one),
        })
        .collect()
}

/// Returns the name of a module, and the names of those that it requires.
fn read_manifest(text: &str) -> (&str, Vec<&str>) {
    let (mut name, mut needed, mut in_list) = ("", Vec::new(), false);
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("module"), Some(own)) => name = own.trim_matches('"'),
            (Some("require" | "replace"), Some("(")) => in_list = true,
            (Some("require" | "replace"), Some(other)) => needed.push(other),
            (Some(")"), _) => in_list = false,
            (Some(other), _) if in_list => needed.push(other),
            _ => {}
        }
    }
    (name, needed)
}

impl Areas {
    /// Returns the folder of the module of Go around a folder, and the path by which others
    /// import the package in that folder; `None` outside of a module.
    pub(crate) fn go_package(&self, folder: &str) -> Option<(&str, String)> {
        let module = self.go.get(self.find_facts(folder)?.go?)?;
        let inside = relative(folder, &module.folder);
        let inside = if folder == module.folder { "" } else { inside };
        (!module.name.is_empty()).then(|| (module.folder.as_str(), join_import(&module.name, inside)))
    }
}

/// Returns the path by which a package is imported.
fn join_import(module: &str, inside: &str) -> String {
    if inside.is_empty() { module.to_owned() } else { format!("{module}/{inside}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(manifests: &[(&str, &str)], files: &[&str]) -> Vec<String> {
        let all: Vec<_> = manifests.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let modules = read_modules(&all, &|file| files.contains(&file));
        modules.into_iter().filter(|module| module.is_apart).map(|module| module.folder).collect()
    }

    #[test]
    fn a_program_with_a_module_of_its_own_is_apart() {
        let root = ("", "module example.org/a\n\nrequire example.org/x v1.0.0\n");
        let tool = ("cmd/gen", "module example.org/a/cmd/gen\n\nrequire (\n\texample.org/y v1.0.0\n)\n");
        assert_eq!(apart(&[root, tool], &["cmd/gen/main.go"]), ["cmd/gen"]);
        // A library, a module alone, one that needs the module around it, and one that it needs.
        assert!(apart(&[root, tool], &["cmd/gen/gen.go"]).is_empty());
        assert!(apart(&[tool], &["cmd/gen/main.go"]).is_empty());
        let service = ("svc", "module example.org/a/svc\n\nrequire example.org/a v0.0.0\n");
        assert!(apart(&[root, service], &["svc/main.go"]).is_empty());
        let user = ("", "module example.org/a\n\nreplace (\n\texample.org/a/cmd/gen => ./cmd/gen\n)\n");
        assert!(apart(&[user, tool], &["cmd/gen/main.go"]).is_empty());
    }
}
