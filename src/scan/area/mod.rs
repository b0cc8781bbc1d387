//! Which files are the product, and what the others are for.
//!
//! The configuration decides first, then attributes for git hosts, then the package
//! manifests of the file's language, and names of folders last. The content of a file
//! can say that a tool wrote it, or that only tests use it.

mod attributes;
mod cargo;
mod cargo_aliases;
mod cargo_cfg;
mod cargo_features;
mod cargo_manifest;
mod cargo_names;
mod cargo_targets;
mod content;
mod copies;
mod file_names;
mod folder_facts;
mod generated;
mod go;
mod json_comments;
#[cfg(test)]
mod manifest_tests;
mod names;
mod node;
mod node_scripts;
mod node_sites;
mod paths;
mod python;
mod snapshots;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::text::RepoPath;

use self::attributes::LinguistAttributes;
use self::cargo::CargoPackages;
use self::folder_facts::FolderFacts;
use self::go::GoModule;
use self::node::NodePackage;
use self::paths::{below, join, normalize, relative};
use self::python::PythonProject;
use super::area_kind::{Area, AreaBasis, AreaKind};
use super::language::Language;
use super::settings::ScanSettings;
use super::test_code::is_test_file_name;

/// Names of files other than those of Python that can decide areas. `config.toml` is Cargo's if
/// it is in `.cargo/`.
const MANIFESTS: [&str; 6] =
    ["Cargo.toml", "package.json", "go.mod", "tsconfig.json", ".gitattributes", "config.toml"];

/// Returns whether a file of this name can decide the areas of other files.
pub(crate) fn decides_areas(file_name: &str) -> bool {
    MANIFESTS.contains(&file_name) || python::MANIFESTS.contains(&file_name)
}

/// The areas of a tree.
#[derive(Debug, Default)]
pub(crate) struct Areas {
    folders: HashMap<String, FolderFacts>,
    cargo: CargoPackages,
    node: Vec<NodePackage>,
    python: Vec<PythonProject>,
    go: Vec<GoModule>,
    attributes: LinguistAttributes,
    /// The names of all folders, if there is a module of Go.
    folder_names: HashSet<String>,
    /// Paths without extension of `.rs` files whose expected output is beside them.
    compiler_inputs: Vec<String>,
}

impl Areas {
    /// Reads the manifests of a tree. `paths` are all its files, sorted; `read` returns
    /// the bytes of a file.
    pub(crate) fn read(paths: &[RepoPath], read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>) -> Self {
        let mut out = Self::default();
        // A file, or any file below a folder whose name ends with `/`.
        let has_file = |file: &str| {
            let at = paths.partition_point(|path| path.as_bytes() < file.as_bytes());
            let is_below =
                |path: &RepoPath| file.ends_with('/') && path.as_bytes().starts_with(file.as_bytes());
            paths.get(at).is_some_and(|path| path.as_bytes() == file.as_bytes() || is_below(path))
        };
        let mut found: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        for path in paths {
            let Some(text) = path.as_str() else { continue };
            let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
            let is_snapshot = name.rsplit_once('.').is_some_and(|(_, extension)| extension == "snap");
            if !out.folders.contains_key(folder) {
                out.folders.insert(folder.to_owned(), FolderFacts::default());
            }
            if name == "__init__.py" {
                out.facts_mut(folder).is_python_package = true;
            } else if is_snapshot && (folder == "__snapshots__" || folder.ends_with("/__snapshots__")) {
                let beside = folder.strip_suffix("__snapshots__").unwrap_or_default().trim_end_matches('/');
                out.facts_mut(beside).snapshots.push(name.to_owned());
            } else if let Some(stem) = name.strip_suffix(".stderr") {
                out.compiler_inputs.push(join(folder, stem));
            } else if decides_areas(name) && !names::is_vendored(text) && is_of_cargo(folder, name) {
                let content = read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                let known = decided_name(name);
                found.entry(known).or_default().push((folder.to_owned(), content.unwrap_or_default()));
                if python::MANIFESTS.contains(&name) {
                    let text =
                        found.get(known).and_then(|all| all.last()).map_or("", |(_, text)| text.as_str());
                    out.python.push(PythonProject::read(folder, name, text));
                }
            }
        }
        out.compiler_inputs.sort();
        let mut take = |name: &str| found.remove(name).unwrap_or_default();
        let configurations = take("config.toml");
        let aliases = cargo_aliases::packages_with_alias(&configurations);
        out.cargo = CargoPackages::read(&take("Cargo.toml"), &aliases, &has_file);
        let build_script = |folder: &str| {
            let bytes = read(&RepoPath::from(join(folder, "build.rs").as_str()));
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        out.cargo.add_conditions(&configurations, &build_script);
        out.go = go::read_modules(&take("go.mod"), &has_file);
        // A program for those who work on the repository is no product.
        let is_product = |folder: &str| names::area_of_folders(folder.split('/'), false, |_| false).is_none();
        let has_others =
            out.cargo.all.iter().any(|one| one.kind == AreaKind::Product && !one.name.is_empty())
                || out.go.iter().any(|one| is_product(&one.folder))
                || out.python.iter().any(|one| one.is_project && is_product(&one.folder));
        out.node = node::read_packages(&take("package.json"), &take("tsconfig.json"));
        node_sites::mark_sites(&mut out.node, has_others, &has_file);
        out.attributes = LinguistAttributes::read(take(".gitattributes"));
        out.link_folders();
        out
    }

    fn facts_mut(&mut self, folder: &str) -> &mut FolderFacts {
        self.folders.entry(folder.to_owned()).or_default()
    }

    /// Adds the folders that contain only folders, and links each folder to the packages
    /// above it.
    fn link_folders(&mut self) {
        let mut all: Vec<String> = Vec::new();
        for folder in self.folders.keys() {
            let mut above = folder.as_str();
            while let Some((parent, _)) = above.rsplit_once('/') {
                if self.folders.contains_key(parent) {
                    break;
                }
                all.push(parent.to_owned());
                above = parent;
            }
        }
        all.push(String::new());
        for folder in all {
            self.folders.entry(folder).or_default();
        }
        for (at, package) in self.cargo.all.iter().enumerate() {
            self.folders.entry(package.folder.clone()).or_default().cargo = Some(at);
        }
        for (at, package) in self.node.iter().enumerate() {
            self.folders.entry(package.folder.clone()).or_default().node = Some(at);
        }
        for at in 0..self.python.len() {
            let Some(folder) = self.python.get(at).map(|project| project.folder.clone()) else { continue };
            let facts = self.folders.entry(folder).or_default();
            let Some(known) = facts.python.replace(at) else { continue };
            // `pyproject.toml` says more about dependencies than the others beside it.
            let says_more = self.python.get(known).is_some_and(|known| !known.ships.is_empty());
            let (kept, other) = if says_more { (known, at) } else { (at, known) };
            facts.python = Some(kept);
            if let Ok([kept, other]) = self.python.get_disjoint_mut([kept, other]) {
                kept.add_packages(other);
            }
        }
        for (at, module) in self.go.iter().enumerate() {
            self.folders.entry(module.folder.clone()).or_default().go = Some(at);
        }
        let mut order: Vec<String> = self.folders.keys().cloned().collect();
        order.sort();
        if !self.go.is_empty() {
            let last = |folder: &String| folder.rsplit('/').next().unwrap_or_default().to_owned();
            self.folder_names = order.iter().map(last).collect();
        }
        for folder in order {
            let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            let above = if folder.is_empty() { FolderFacts::default() } else { self.facts(parent) };
            let facts = self.facts_mut(&folder);
            facts.cargo = facts.cargo.or(above.cargo);
            facts.node = facts.node.or(above.node);
            facts.python = facts.python.or(above.python);
            facts.go = facts.go.or(above.go);
            facts.snapshot_folder =
                if facts.snapshots.is_empty() { above.snapshot_folder } else { Some(folder.clone()) };
        }
    }

    /// Returns the facts about a folder; for a folder that the tree does not have, those
    /// of the nearest folder above.
    fn facts(&self, folder: &str) -> FolderFacts {
        self.find_facts(folder).cloned().unwrap_or_default()
    }

    fn find_facts(&self, folder: &str) -> Option<&FolderFacts> {
        let mut folder = folder;
        loop {
            if let Some(facts) = self.folders.get(folder) {
                return Some(facts);
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            if folder.is_empty() {
                return self.folders.get("");
            }
        }
    }

    /// Returns the area of a file by its path.
    pub(crate) fn area(&self, settings: &ScanSettings, path: &RepoPath, language: Language) -> Area {
        let text = path.to_text();
        let of = Area::new;
        if settings.exclude.matches(&text) {
            return of(AreaKind::Excluded, AreaBasis::Configuration);
        }
        let attributes = self.attributes.find(&text);
        if let Some((kind, _)) = attributes.iter().find(|(_, is_set)| *is_set) {
            return of(*kind, AreaBasis::Attribute);
        }
        if names::is_vendored(&text) && !attributes.contains(&(AreaKind::Vendored, false)) {
            return of(AreaKind::Vendored, AreaBasis::Name);
        }
        if settings.tests.matches(&text) {
            return of(AreaKind::Tests, AreaBasis::Configuration);
        }
        let area = self.area_by_manifest(&text, language);
        if settings.product.is_empty() || matches!(area.kind, AreaKind::Tests | AreaKind::Fixtures) {
            return area;
        }
        match (settings.product.matches(&text), area.kind) {
            (true, _) => of(AreaKind::Product, AreaBasis::Configuration),
            (false, AreaKind::Product) => of(AreaKind::Unassigned, AreaBasis::Configuration),
            (false, _) => area,
        }
    }

    fn area_by_manifest(&self, text: &str, language: Language) -> Area {
        let (folder, file) = text.rsplit_once('/').unwrap_or(("", text));
        let facts = self.find_facts(folder);
        let area = match language {
            Language::Rust => self.area_in_cargo(text, facts),
            language if language.is_script() => self.area_in_node(text, facts),
            Language::Python => self.area_in_python(text, facts),
            _ => self.area_in_others(text, facts, language),
        };
        let is_test = is_test_file_name(file, language);
        match area.kind {
            _ if language.is_script() && self.is_input_of_cargo(text, facts) => {
                Area::new(AreaKind::Fixtures, AreaBasis::Manifest)
            }
            AreaKind::Product | AreaKind::Unassigned | AreaKind::Examples if is_test => {
                Area::new(AreaKind::Tests, AreaBasis::Name)
            }
            AreaKind::Tests if !is_test && self.is_test_input(text, folder, file, facts) => {
                Area::new(AreaKind::Fixtures, AreaBasis::Name)
            }
            AreaKind::Product => match file_names::file_area(file, language) {
                Some(kind) => Area::new(kind, AreaBasis::Name),
                None => area,
            },
            _ => area,
        }
    }

    fn area_in_cargo(&self, text: &str, facts: Option<&FolderFacts>) -> Area {
        let package = facts.and_then(|facts| facts.cargo).and_then(|at| self.cargo.all.get(at));
        let (folder, _) = text.rsplit_once('/').unwrap_or(("", text));
        let Some(package) = package else {
            let folders = folder.split('/').filter(|name| !name.is_empty());
            let kind = names::area_of_folders(folders, false, |_| false).unwrap_or(AreaKind::Product);
            return Area::new(kind, AreaBasis::Name);
        };
        let (kind, by_manifest) = package.area_of(relative(text, &package.folder));
        Area::new(kind, if by_manifest { AreaBasis::Manifest } else { AreaBasis::Name })
    }

    fn area_in_node(&self, text: &str, facts: Option<&FolderFacts>) -> Area {
        let package = facts.and_then(|facts| facts.node).and_then(|at| self.node.get(at));
        let (folder, _) = text.rsplit_once('/').unwrap_or(("", text));
        let Some(package) = package else {
            let folders = folder.split('/').filter(|name| !name.is_empty());
            // A script without a package, in an example of a program in another language.
            let in_example = || folder.split('/').any(|name| matches!(name, "example" | "examples"));
            let kind = names::area_of_folders(folders, true, |_| false)
                .or_else(|| in_example().then_some(AreaKind::Examples));
            return Area::new(kind.unwrap_or(AreaKind::Product), AreaBasis::Name);
        };
        let (kind, by_manifest) = package.area_of(relative(text, &package.folder));
        Area::new(kind, if by_manifest { AreaBasis::Manifest } else { AreaBasis::Name })
    }

    /// Returns the area that the content of a file of the product says; `None` if it says
    /// nothing.
    pub(crate) fn area_of_content(
        &self,
        path: &RepoPath,
        language: Language,
        text: &[u8],
    ) -> Option<AreaKind> {
        let name = path.to_text();
        let (folder, _) = name.rsplit_once('/').unwrap_or(("", &name));
        let facts = self.find_facts(folder);
        let ships = |package: &str| match language {
            Language::Python => facts
                .and_then(|facts| facts.python)
                .and_then(|at| self.python.get(at))
                .is_some_and(|project| project.ships.contains(package)),
            _ => facts
                .and_then(|facts| facts.node)
                .and_then(|at| self.node.get(at))
                .is_some_and(|node| node.ships.contains(package)),
        };
        let is_program = language == Language::Go && content::is_go_program(text);
        let of_program = is_program.then(|| self.area_of_names(folder, facts, language)).flatten();
        let of_program = of_program.filter(|kind| matches!(kind, AreaKind::Tools | AreaKind::Examples));
        let is_of_go = facts.and_then(|facts| self.go.get(facts.go?)).is_some_and(GoModule::is_of_go);
        let place = copies::CopyPlace {
            is_of_go,
            package: self.node_name(facts),
            is_among_others: language == Language::Python
                && facts.is_some_and(FolderFacts::is_without_python),
        };
        let is_copy = copies::is_copy(language, place, text);
        let found = content::area_of_content(language, text, &ships)
            .or(is_copy.then_some(AreaKind::Vendored))
            .or(of_program)?;
        let is_denied = matches!(found, AreaKind::Generated | AreaKind::Vendored)
            && self.attributes.find(&name).contains(&(found, false));
        (!is_denied).then_some(found)
    }

    /// Returns the nearest folder with a manifest of the language of a file; `None` if
    /// there is none.
    pub(crate) fn manifest_folder(&self, path: &RepoPath, language: Language) -> Option<&str> {
        let text = path.to_text();
        let facts = self.find_facts(text.rsplit_once('/').map_or("", |(folder, _)| folder))?;
        match language {
            Language::Rust => Some(self.cargo.all.get(facts.cargo?)?.folder.as_str()),
            Language::Python => Some(self.python.get(facts.python?)?.folder.as_str()),
            Language::Go => self.go.get(facts.go?).map(|module| module.folder.as_str()),
            language if language.is_script() => Some(self.node.get(facts.node?)?.folder.as_str()),
            _ => None,
        }
    }

    /// Returns the features that builds switch on in the package of a Rust file; `None`
    /// without a package.
    pub(crate) fn enabled_features(&self, path: &RepoPath) -> Option<&BTreeSet<String>> {
        let text = path.to_text();
        let facts = self.find_facts(text.rsplit_once('/').map_or("", |(folder, _)| folder))?;
        self.cargo.enabled.get(facts.cargo?)
    }

    /// Returns the roots of the crates in the package of a Rust file.
    pub(crate) fn crate_roots(&self, path: &RepoPath) -> Vec<RepoPath> {
        let text = path.to_text();
        let facts = self.find_facts(text.rsplit_once('/').map_or("", |(folder, _)| folder));
        let package = facts.and_then(|facts| self.cargo.all.get(facts.cargo?));
        package.map_or_else(Vec::new, |package| {
            package.roots().map(|root| RepoPath::from(join(&package.folder, root).as_str())).collect()
        })
    }

    /// Returns the names of the packages of Cargo that are products.
    pub(crate) fn product_crates(&self) -> impl Iterator<Item = &str> {
        let all = self.cargo.all.iter().filter(|package| package.kind == AreaKind::Product);
        all.map(|package| package.name.as_str()).filter(|name| !name.is_empty())
    }
}

/// Returns false for a `config.toml` that is not Cargo's.
fn is_of_cargo(folder: &str, name: &str) -> bool {
    name != "config.toml" || folder == ".cargo" || folder.ends_with("/.cargo")
}

/// Returns the constant with the name of a file that decides areas.
fn decided_name(name: &str) -> &'static str {
    MANIFESTS.into_iter().find(|known| *known == name).unwrap_or("python")
}
