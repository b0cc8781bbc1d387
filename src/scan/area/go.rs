//! Modules of Go.

use std::collections::{HashMap, HashSet};

use super::{Areas, FolderFacts, below, names, relative};
use crate::scan::area_kind::{Area, AreaBasis, AreaKind};
use crate::scan::language::Language;

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
        has_file(&format!("{folder}/main.go"))
            && is_named_after_tools(folder)
            && !needed.contains(name)
            && !own.contains(outer)
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

/// Returns whether the folder of a program says that it is for developers: `cmd/ndpgen`,
/// `tools/x`. A service in a folder of its own is a product.
fn is_named_after_tools(folder: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or_default();
    let is_generator = ["gen", "codegen", "generator", "lint", "linter"].iter().any(|end| {
        last.strip_suffix(end).is_some_and(|before| folder.contains("cmd/") || before.ends_with('-'))
    });
    is_generator || folder.split('/').any(|name| names::folder_area(name) == Some(AreaKind::Tools))
}

/// Returns the name of a module, and the names of those that it requires.
fn read_manifest(text: &str) -> (&str, Vec<&str>) {
    let (mut name, mut needed, mut in_list) = ("", Vec::new(), false);
    for line in text.lines().map(|line| line.split("//").next().unwrap_or_default()) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("module"), Some(own)) => name = own.trim_matches('"'),
            (Some("require(" | "replace("), None) | (Some("require" | "replace"), Some("(")) => {
                in_list = true;
            }
            (Some("require" | "replace"), Some(other)) => needed.push(other),
            (Some(")"), _) => in_list = false,
            (Some(other), _) if in_list => needed.push(other),
            _ => {}
        }
    }
    (name, needed)
}

impl Areas {
    /// Go, and what belongs to the package around it: queries, shell scripts.
    pub(super) fn area_in_others(&self, text: &str, facts: Option<&FolderFacts>, language: Language) -> Area {
        let folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_go = language == Language::Go;
        let module = facts.and_then(|facts| facts.go).and_then(|at| self.go.get(at));
        let has_package = facts.is_some_and(|facts| match language {
            Language::Go => facts.go.is_some(),
            _ => facts.cargo.or(facts.node).or(facts.python).or(facts.go).is_some(),
        });
        let basis = if has_package { AreaBasis::Manifest } else { AreaBasis::Name };
        let entry = facts.and_then(|facts| self.node.get(facts.node?));
        let is_entry = entry.is_some_and(|node| {
            node.kind == AreaKind::Product && node.is_entry(relative(text, &node.folder))
        });
        // A program without an ending is one for the language that its first line names.
        if language == Language::Plain && is_entry {
            return Area::new(AreaKind::Product, AreaBasis::Manifest);
        }
        let mut folders = folder.split('/').filter(|name| !name.is_empty());
        // In Go, helpers for tests are packages of their own.
        let is_folder = |name: &str| self.folder_names.contains(name);
        let is_support = is_go && folders.any(|name| is_go_test_support(name, &is_folder));
        let support = is_support.then_some(AreaKind::Tests);
        // A library in `tools/` or `sample/` is a part of the product; see `area_of_content`.
        let may_be_library = |kind: &AreaKind| match kind {
            AreaKind::Tools => true,
            AreaKind::Examples => names::is_weak_example(folder),
            _ => false,
        };
        let is_library = |kind: &AreaKind| is_go && may_be_library(kind);
        let by_name = self.area_of_names(folder, facts, language);
        match by_name.filter(|kind| !is_library(kind)).or(support) {
            Some(kind) => Area::new(kind, AreaBasis::Name),
            None if is_go && (module.is_some_and(|module| module.is_apart) || is_for_developers(folder)) => {
                Area::new(AreaKind::Tools, AreaBasis::Manifest)
            }
            None => Area::new(AreaKind::Product, basis),
        }
    }

    /// Returns the area that the names of folders say. In a project inside of another one,
    /// names count from its own folder, too.
    pub(super) fn area_of_names(
        &self,
        folder: &str,
        facts: Option<&FolderFacts>,
        language: Language,
    ) -> Option<AreaKind> {
        let by_names = |folder: &str| {
            names::area_of_folders(folder.split('/').filter(|name| !name.is_empty()), true, |_| false)
        };
        by_names(folder).or_else(|| {
            let project = self.nearest_project(facts?, language)?;
            by_names(below(folder, project))
        })
    }

    /// Returns the folder of the nearest manifest that describes a project: for Go that of its
    /// module, for other languages any.
    fn nearest_project(&self, facts: &FolderFacts, language: Language) -> Option<&str> {
        let go = facts.go.and_then(|at| self.go.get(at)).map(|module| module.folder.as_str());
        if language == Language::Go {
            return go;
        }
        let cargo = facts.cargo.and_then(|at| self.cargo.all.get(at)).filter(|one| !one.name.is_empty());
        let node = facts.node.and_then(|at| self.node.get(at)).filter(|one| one.is_named());
        let python = facts.python.and_then(|at| self.python.get(at)).filter(|one| one.is_project);
        let folders = [
            go,
            cargo.map(|one| one.folder.as_str()),
            node.map(|one| one.folder.as_str()),
            python.map(|one| one.folder.as_str()),
        ];
        folders.into_iter().flatten().max_by_key(|folder| folder.len())
    }

    /// Returns the folder of the module of Go around a folder, and the path by which others
    /// import the package in that folder; `None` outside of a module.
    pub(crate) fn go_package(&self, folder: &str) -> Option<(&str, String)> {
        let module = self.go.get(self.find_facts(folder)?.go?)?;
        let inside = below(folder, &module.folder);
        (!module.name.is_empty()).then(|| (module.folder.as_str(), join_import(&module.name, inside)))
    }
}

/// Returns whether a Go package of this name is for tests, as `httptest` and `mockstore` are.
/// A name that merely ends with the word, as `backtest` does, is not: what is before the word
/// must be a package of the tree, or a usual subject of tests. `is_folder` returns whether
/// the tree has a folder of a name.
fn is_go_test_support(name: &str, is_folder: &dyn Fn(&str) -> bool) -> bool {
    if let Some(rest) = name.strip_prefix("mock") {
        let is_word = |rest: &str| {
            ["ery", "ing", "ingbird", "up", "ups", "tail", "er", "ers", "ito", "umentary"].contains(&rest)
        };
        return !is_word(rest);
    }
    if name == "testing" {
        return true;
    }
    let subject = name.strip_suffix("test").or_else(|| name.strip_suffix("testing"));
    let Some(subject) = subject.map(|rest| rest.trim_end_matches(['-', '_'])) else { return false };
    let is_word = ["back", "speed", "la", "fas", "con", "at", "pro", "grea", "harv", "de", "pen", "split"]
        .contains(&subject);
    let usual = [
        "http",
        "grpc",
        "net",
        "io",
        "fs",
        "os",
        "log",
        "slog",
        "db",
        "sql",
        "dns",
        "tls",
        "ssh",
        "git",
        "api",
        "app",
        "cmd",
        "cli",
        "e2e",
        "integration",
        "unit",
        "func",
        "acceptance",
        "system",
        "smoke",
        "regress",
        "conformance",
        "store",
        "storage",
        "server",
        "client",
        "auth",
        "cache",
        "queue",
        "user",
        "load",
        "stress",
        "quick",
        "iter",
        "crypto",
        "cluster",
        "kube",
        "env",
        "base",
        "core",
        "common",
    ];
    !is_word && !subject.is_empty() && (usual.contains(&subject) || is_folder(subject))
}

/// Returns whether a folder is below a command such as `cmd/shop-scripts`.
fn is_for_developers(folder: &str) -> bool {
    let mut names = folder.split('/').skip_while(|name| *name != "cmd").skip(1);
    names.next().is_some_and(|name| name.ends_with("-scripts"))
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
