//! Python projects.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use toml::Value;

use super::{Areas, FolderFacts, below, join, names, normalize};
use crate::scan::area_kind::{Area, AreaBasis, AreaKind};

/// Maximum number of packages that a manifest names. Every file is compared with them.
const MAX_PACKAGES: usize = 200;

/// A Python project: a folder with a `pyproject.toml` or another manifest.
#[derive(Debug)]
pub(super) struct PythonProject {
    /// The folder of the manifest, relative to the root of the repository.
    pub folder: String,
    /// Names of the packages that users of the project get with it.
    pub ships: BTreeSet<String>,
    /// Folders of packages that the manifest names, or the folder around them, relative to
    /// `folder`.
    pub packages: Vec<String>,
    /// Whether the manifest describes a project of its own: `requirements.txt` does not.
    pub is_project: bool,
}

/// Names of manifests of Python projects.
pub(super) const MANIFESTS: [&str; 6] =
    ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "manage.py"];

/// Arguments of `setup()` that name packages or folders of packages, with their values.
static SETUP_ARGUMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:packages\s*=\s*\[(?P<packages>[^\]]*)\]",
        r"|package_dir\s*=\s*\{(?P<folders>[^}]*)\}",
        r"|find_(?:namespace_)?packages\s*\(\s*(?:where\s*=\s*)?(?P<where>[^,)\[]*)",
        r"|name\s*=\s*(?P<name>[^,)\n]*))",
    ))
    .ok()
});
/// A quoted text, and whether a colon follows it.
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'](?P<text>[^"'\n]*)["'](?P<key>\s*:)?"#).ok());

impl PythonProject {
    /// Reads a manifest.
    pub(super) fn read(folder: &str, name: &str, text: &str) -> Self {
        let (mut ships, mut found) = (BTreeSet::new(), Vec::new());
        match name {
            "pyproject.toml" => {
                let file: Value =
                    toml::from_str::<toml::Table>(text).map_or(Value::Boolean(false), Value::Table);
                ships = read_dependencies(&file);
                read_packages(&file, &mut found);
            }
            "setup.cfg" => read_setup_cfg(text, &mut found),
            "setup.py" => read_setup_py(text, &mut found),
            _ => {}
        }
        let plain = |path: &String| normalize("", path.trim_end_matches("/*.py").trim_end_matches("/**"));
        let mut packages: Vec<String> = found.iter().map(plain).collect();
        packages.retain(|path| !path.is_empty() && !path.contains('*'));
        packages.sort();
        packages.dedup();
        packages.truncate(MAX_PACKAGES);
        let is_project = matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg");
        Self { folder: folder.to_owned(), ships, packages, is_project }
    }

    /// Adds what another manifest in the same folder names.
    pub(super) fn add_packages(&mut self, other: &Self) {
        self.packages.extend(other.packages.iter().cloned());
        self.packages.truncate(MAX_PACKAGES);
        self.is_project |= other.is_project;
    }

    /// Returns the part of a folder below a package that the manifest names; `None` if the
    /// folder is in none. The folder is relative to that of the manifest.
    pub(super) fn below_package<'a>(&self, folder: &'a str) -> Option<&'a str> {
        self.packages.iter().find_map(|package| {
            let rest = folder.strip_prefix(package.as_str())?;
            if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
        })
    }
}

impl Areas {
    /// Returns the area of a Python file.
    pub(super) fn area_in_python(&self, text: &str, facts: Option<&FolderFacts>) -> Area {
        let (folder, _) = text.rsplit_once('/').unwrap_or(("", text));
        let project = facts.and_then(|facts| facts.python).and_then(|at| self.python.get(at));
        let basis = if project.is_some() { AreaBasis::Manifest } else { AreaBasis::Name };
        let inside = project.map_or(folder, |project| below(folder, &project.folder));
        if let Some(rest) = project.and_then(|project| project.below_package(inside)) {
            // Folders below a package are modules. `src` stands for the package.
            let named = inside.strip_suffix(rest).unwrap_or_default().split('/');
            let is_test =
                |name: &str| matches!(names::folder_area(name), Some(AreaKind::Tests | AreaKind::Fixtures));
            if !named.into_iter().any(is_test) {
                let folders = ["src"].into_iter().chain(rest.split('/')).filter(|name| !name.is_empty());
                return match names::area_of_folders(folders, true, |_| false) {
                    Some(kind) => Area::new(kind, AreaBasis::Name),
                    None => Area::new(AreaKind::Product, AreaBasis::Manifest),
                };
            }
        }
        let by_names = |start: &str, folders: &str| {
            let mut above = start.to_owned();
            // In a package of Python, folders are modules: `tools/` is one of the product.
            let starts_package = |name: &str| {
                above = join(&above, name);
                self.folders.get(&above).is_some_and(|facts| facts.is_python_package)
            };
            let folders = folders.split('/').filter(|name| !name.is_empty());
            names::area_of_folders(folders, true, starts_package)
        };
        let nested = project.filter(|project| project.is_project && !project.folder.is_empty());
        let kind =
            by_names("", folder).or_else(|| nested.and_then(|project| by_names(&project.folder, inside)));
        // A script beside the manifest of a program in another language builds or releases it.
        let is_beside = |folder: Option<&str>| folder == Some("");
        let is_of_others = folder.is_empty()
            && project.is_none()
            && facts.is_some_and(|facts| {
                let cargo = facts.cargo.and_then(|at| self.cargo.all.get(at));
                let go = facts.go.and_then(|at| self.go.get(at));
                is_beside(cargo.map(|one| one.folder.as_str()))
                    || is_beside(go.map(|one| one.folder.as_str()))
            });
        match kind {
            Some(kind) => Area::new(kind, AreaBasis::Name),
            None if is_of_others => Area::new(AreaKind::Tools, AreaBasis::Manifest),
            None => Area::new(AreaKind::Product, basis),
        }
    }
}

/// Returns the names of the packages that a project depends on.
fn read_dependencies(file: &Value) -> BTreeSet<String> {
    let mut ships = BTreeSet::new();
    let project = file.get("project");
    let listed = project.and_then(|project| project.get("dependencies")).and_then(Value::as_array);
    ships.extend(listed.into_iter().flatten().filter_map(Value::as_str).map(requirement_name));
    let poetry = get(file, &["tool", "poetry", "dependencies"]).and_then(Value::as_table);
    ships.extend(poetry.into_iter().flat_map(toml::Table::keys).cloned());
    let entry_points = project.and_then(|project| project.get("entry-points"));
    if entry_points.is_some_and(|points| points.get("pytest11").is_some()) {
        ships.insert("pytest".to_owned());
    }
    ships
}

fn get<'a>(file: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(file, |value, key| value.get(key))
}

/// Returns the texts of a value: itself, those of a list, or the values of a table.
fn texts(value: Option<&Value>) -> Vec<&str> {
    let many = value.and_then(Value::as_array).into_iter().flatten();
    let named = value.and_then(Value::as_table).into_iter().flat_map(toml::Table::values);
    many.chain(named).chain(value).filter_map(Value::as_str).collect()
}

/// Adds the packages that a `pyproject.toml` names, as the build tools read it.
fn read_packages(file: &Value, out: &mut Vec<String>) {
    let project = file.get("project");
    let poetry = get(file, &["tool", "poetry"]);
    for own in [project, poetry].into_iter().flatten() {
        out.extend(own.get("name").and_then(Value::as_str).map(package_of_project));
        // `name = "package.module:function"`
        out.extend(texts(own.get("scripts")).into_iter().filter_map(package_of_entry));
        out.extend(texts(own.get("gui-scripts")).into_iter().filter_map(package_of_entry));
    }
    for package in
        poetry.and_then(|poetry| poetry.get("packages")).and_then(Value::as_array).into_iter().flatten()
    {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        if let Some(include) = text("include") {
            out.push(format!("{}/{include}", text("from").unwrap_or_default()));
        }
    }
    for key in ["packages", "only-include", "include", "sources"] {
        for target in
            [&["tool", "hatch", "build", "targets", "wheel", key][..], &["tool", "hatch", "build", key]]
        {
            out.extend(texts(get(file, target)).into_iter().map(str::to_owned));
        }
    }
    let setuptools = |keys: &[&str]| get(file, &[&["tool", "setuptools"], keys].concat());
    out.extend(texts(setuptools(&["packages"])).into_iter().map(folder_of_module));
    for key in [&["packages", "find", "where"][..], &["package-dir"]] {
        out.extend(texts(setuptools(key)).into_iter().map(str::to_owned));
    }
    for key in [
        &["tool", "flit", "module", "name"][..],
        &["tool", "uv", "build-backend", "module-name"],
        &["tool", "maturin", "python-source"],
    ] {
        out.extend(texts(get(file, key)).into_iter().map(folder_of_module));
    }
}

/// Adds the packages that a `setup.cfg` names.
fn read_setup_cfg(text: &str, out: &mut Vec<String>) {
    let (mut section, mut key) = (String::new(), String::new());
    for line in text.lines() {
        let is_continued = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim().to_owned();
            key.clear();
            continue;
        }
        let mut value = line;
        if !is_continued {
            let (name, rest) = line.split_once(['=', ':']).unwrap_or((line, ""));
            key = name.trim().to_owned();
            value = rest.trim();
        }
        let values = value.split(',').map(str::trim).filter(|value| !value.is_empty());
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => out.extend(values.map(package_of_project)),
            ("options", "packages") => {
                out.extend(values.filter(|value| !value.contains(':')).map(folder_of_module));
            }
            ("options", "package_dir") => {
                out.extend(values.filter_map(|value| Some(value.split_once('=')?.1.trim().to_owned())));
            }
            ("options.packages.find", "where") => out.extend(values.map(str::to_owned)),
            _ => {}
        }
    }
}

/// Adds the packages that a `setup.py` names in plain texts.
fn read_setup_py(text: &str, out: &mut Vec<String>) {
    let (Some(arguments), Some(quoted)) = (SETUP_ARGUMENTS.as_ref(), QUOTED.as_ref()) else { return };
    for found in arguments.captures_iter(text).take(MAX_PACKAGES) {
        for (group, is_module) in [("packages", true), ("folders", false), ("where", false), ("name", true)] {
            let Some(value) = found.name(group) else { continue };
            for one in quoted.captures_iter(value.as_str()).take(MAX_PACKAGES) {
                let Some(text) = one.name("text").filter(|_| one.name("key").is_none()) else { continue };
                out.push(match group {
                    "name" => package_of_project(text.as_str()),
                    _ if is_module => folder_of_module(text.as_str()),
                    _ => text.as_str().to_owned(),
                });
            }
        }
    }
}

/// Returns the folder of a package with the name of a project.
fn package_of_project(name: &str) -> String {
    name.trim().replace(['-', '.'], "_")
}

/// Returns the folder of a package: `a.b` is `a/b`.
fn folder_of_module(name: &str) -> String {
    name.trim().replace('.', "/")
}

/// Returns the folder of the package of an entry point; `None` for a single module.
fn package_of_entry(entry: &str) -> Option<String> {
    let module = entry.split(':').next()?.trim();
    Some(module.split_once('.')?.0.to_owned())
}

/// Returns the name at the begin of a requirement such as `flask>=2; python_version > "3"`.
fn requirement_name(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.trim().chars().take_while(|c| is_name(*c)).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_packages() {
        let packages = |name: &str, text: &str| PythonProject::read("", name, text).packages;
        let toml = "[project]\nname = 'sea-weed'\n[project.scripts]\nrun = 'tools.main:go'\none = 'single:go'\n\
             [tool.poetry]\npackages = [{include = 'demo'}, {include = 'kit', from = 'lib'}]\n\
             [tool.hatch.build.targets.wheel]\npackages = ['bench']\n\
             [tool.setuptools.packages.find]\nwhere = ['dev', '.']\n";
        assert_eq!(
            packages("pyproject.toml", toml),
            ["bench", "demo", "dev", "lib/kit", "sea_weed", "tools"]
        );
        let cfg = "[metadata]\nname = bench\n[options]\npackages =\n  demo\n  demo.tools\npackage_dir =\n  =scripts\n\
             [options.packages.find]\nwhere = lib\n";
        assert_eq!(packages("setup.cfg", cfg), ["bench", "demo", "demo/tools", "lib", "scripts"]);
        let find = "[options]\npackages = find:\n";
        assert!(packages("setup.cfg", find).is_empty());
        let setup = "setup(name='x-y', packages=['scripts', \"scripts.sub\"], package_dir={'': 'tools'})\n";
        assert_eq!(packages("setup.py", setup), ["scripts", "scripts/sub", "tools", "x_y"]);
        assert_eq!(packages("setup.py", "setup(packages=find_packages('dev'))"), ["dev"]);
        assert!(packages("setup.py", "setup(packages=find_packages(exclude=['tests']))").is_empty());
        assert!(packages("requirements.txt", "tools\n").is_empty());
    }
}
