//! Packages of Cargo: which files are targets, and which packages are for tests only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use toml::Value;

use super::cargo_features::{FeatureUser, enabled_features, is_feature_for_debugging};
use super::cargo_manifest::{
    CargoDependency, CargoDependencyKind, CargoManifest, CargoTarget, CargoWorkspaceKeys, FeatureTable,
};
use super::names;
use crate::scan::area_kind::AreaKind;

/// A package of Cargo, or a workspace without one.
#[derive(Debug)]
pub(super) struct CargoPackage {
    /// The folder of the manifest, relative to the root of the repository.
    pub folder: String,
    /// The name of the package; empty for a workspace without one.
    pub name: String,
    /// Area of the whole package; [`AreaKind::Product`] if its targets decide.
    pub kind: AreaKind,
    /// Paths of targets relative to `folder` with their areas, the longest path first.
    targets: Vec<(String, AreaKind)>,
    /// The packages of the repository that it uses.
    uses: Vec<CargoDependency>,
    /// What its features switch on.
    features: FeatureTable,
    is_publishable: bool,
    has_binary: bool,
    /// Whether it is in no workspace although one is around it.
    is_apart: bool,
}

/// Packages of a tree.
#[derive(Debug, Default)]
pub(super) struct CargoPackages {
    pub all: Vec<CargoPackage>,
    /// Features of each package that builds of a product switch on.
    pub enabled: Vec<BTreeSet<String>>,
}

impl CargoPackages {
    /// Reads manifests, each with its folder. `has_file` returns whether the tree has a
    /// file. A manifest that cannot be read is a package with the usual targets.
    pub(super) fn read(manifests: &[(String, String)], has_file: &dyn Fn(&str) -> bool) -> Self {
        let read = |text: &str| {
            let mut manifest =
                toml::from_str::<CargoManifest>(text).unwrap_or_else(|_| CargoManifest::unreadable());
            if let Some(workspace) = &mut manifest.workspace {
                let members = workspace.default_members.iter().map(|member| normalize("", member));
                workspace.default_members = members.collect();
            }
            manifest
        };
        let parsed: Vec<(&String, CargoManifest)> =
            manifests.iter().map(|(folder, text)| (folder, read(text))).collect();
        let mut all: Vec<CargoPackage> = Vec::with_capacity(parsed.len());
        let workspaces =
            parsed.iter().filter_map(|(folder, one)| Some((folder.as_str(), one.workspace.as_ref()?)));
        let roots: HashMap<&str, _> = workspaces.collect();
        let packages: BTreeSet<&str> = parsed
            .iter()
            .filter(|(_, one)| one.package.is_some())
            .map(|(folder, _)| folder.as_str())
            .collect();
        for (folder, manifest) in &parsed {
            // The nearest root is the workspace.
            let above = folder.rmatch_indices('/').filter_map(|(at, _)| folder.get(..at));
            let above = above.chain(std::iter::once("")).filter(|place| place != folder);
            let find = |place: &str| roots.get_key_value(place).map(|(root, one)| (*root, *one));
            let outer = above.into_iter().find_map(find);
            let shared = find(folder).or(outer);
            let is_inside = folder
                .rmatch_indices('/')
                .filter_map(|(at, _)| folder.get(..at))
                .chain(std::iter::once(""))
                .any(|place| place != folder.as_str() && packages.contains(place));
            let surroundings = (outer.map(|(_, one)| one), is_inside && shared.is_none());
            all.push(CargoPackage::new(folder, manifest, shared, surroundings, has_file));
        }
        let mut out = Self { all, enabled: Vec::new() };
        out.find_test_support();
        let users = out.all.iter().map(|package| FeatureUser {
            folder: &package.folder,
            is_product: package.kind == AreaKind::Product,
            uses: &package.uses,
            features: &package.features,
        });
        out.enabled = enabled_features(&users.collect::<Vec<_>>());
        out
    }

    /// Marks the packages that only tests use, and takes the mark of its folder from a
    /// package that the product uses.
    fn find_test_support(&mut self) {
        let index: BTreeMap<String, usize> =
            self.all.iter().enumerate().map(|(at, package)| (package.folder.clone(), at)).collect();
        // Each round follows one more dependency; a longer chain keeps what names say.
        for _ in 0..8 {
            let mut used = vec![[false; 2]; self.all.len()];
            for package in self.all.iter().filter(|package| !package.is_apart) {
                for CargoDependency { folder, kind, .. } in &package.uses {
                    let Some(slot) = index.get(folder).and_then(|at| used.get_mut(*at)) else { continue };
                    let by_product =
                        package.kind == AreaKind::Product && *kind == CargoDependencyKind::Normal;
                    let by_tests = *kind == CargoDependencyKind::Tests
                        || (*kind == CargoDependencyKind::Normal && package.kind != AreaKind::Product);
                    slot[0] |= by_product;
                    slot[1] |= by_tests;
                }
            }
            let mut changed = false;
            for (package, [by_product, by_tests]) in self.all.iter_mut().zip(used) {
                let kind = package.kind_when_used(by_product, by_tests);
                changed |= kind != package.kind;
                package.kind = kind;
            }
            if !changed {
                break;
            }
        }
    }
}

impl CargoPackage {
    fn new(
        folder: &str,
        manifest: &CargoManifest,
        workspace: Option<(&str, &CargoWorkspaceKeys)>,
        (workspace_above, is_nested): (Option<&CargoWorkspaceKeys>, bool),
        has_file: &dyn Fn(&str) -> bool,
    ) -> Self {
        let package = manifest.package.as_ref();
        let name = package.map_or_else(String::new, |package| package.name.clone());
        let is_published = |value: &Value| match value {
            Value::Boolean(publish) => *publish,
            Value::Array(registries) => !registries.is_empty(),
            _ => true,
        };
        // A registry refuses a package without a description or a license.
        let is_publishable = package.is_some_and(|package| {
            package.publish.as_ref().is_none_or(is_published)
                && package.description.is_some()
                && (package.license.is_some() || package.license_file.is_some())
        });
        let is_fuzzing = package
            .and_then(|package| package.metadata.as_ref())
            .and_then(|metadata| metadata.get("cargo-fuzz"))
            .is_some();
        let is_apart = manifest.workspace.as_ref().is_some_and(|own| own.members.is_empty())
            && workspace_above.is_some_and(|above| !above.members.is_empty());
        // A program that nobody gets and that a usual build leaves out.
        let default_members = workspace.filter(|(_, one)| !one.default_members.is_empty());
        let is_left_out = default_members.is_some_and(|(root, one)| {
            let own = folder.strip_prefix(root).map_or(folder, |own| own.trim_start_matches('/'));
            let above = own.rmatch_indices('/').filter_map(|(at, _)| own.get(..at));
            let mut globs = above.map(|above| format!("{above}/*")).chain(["*".to_owned()]);
            !(one.default_members.contains(own) || globs.any(|glob| one.default_members.contains(&glob)))
        });
        let is_private = package
            .and_then(|package| package.publish.as_ref())
            .is_some_and(|value| value.as_bool() == Some(false));
        let at = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        let by_any_folder = folder.split('/').find_map(|name| match name {
            "example" | "examples" => Some(AreaKind::Examples),
            "tools" => Some(AreaKind::Tools),
            "benches" | "benchmarks" => Some(AreaKind::Benchmarks),
            _ => None,
        });
        let says_tool = package.and_then(|package| package.description.as_ref()).is_some_and(|text| {
            let text = text.as_str().unwrap_or_default().to_lowercase();
            text.contains("development tool") || text.contains("developer tool")
        });
        let is_program =
            has_file(&at("src/main.rs")) && manifest.lib.is_none() && !has_file(&at("src/lib.rs"));
        Self {
            kind: match () {
                () if is_fuzzing => AreaKind::Tests,
                // No build of the repository's workspace contains it, and nobody gets it.
                () if is_apart && !is_publishable => AreaKind::Tools,
                () if is_left_out && is_private && is_program => AreaKind::Tools,
                // Inside of another package, and in no workspace: only its own folder builds it.
                () if is_nested && !is_publishable => AreaKind::Tools,
                () if is_private && by_any_folder.is_some() => by_any_folder.unwrap_or(AreaKind::Tools),
                () if says_tool && area_by_name(folder, &name) == AreaKind::Tools => AreaKind::Tools,
                () => area_by_name(folder, &name),
            },
            targets: targets(manifest),
            uses: dependencies(folder, manifest, workspace),
            features: manifest.features.clone(),
            is_publishable: is_publishable && !says_tool,
            is_apart,
            has_binary: !manifest.bin.is_empty() || has_file(&at("src/main.rs")),
            folder: folder.to_owned(),
            name,
        }
    }

    /// Returns the area of the package, given which areas use it.
    fn kind_when_used(&self, by_product: bool, by_tests: bool) -> AreaKind {
        let by_name = area_by_name(&self.folder, &self.name);
        if by_product {
            return AreaKind::Product;
        }
        let mut words = self.name.split(['-', '_']);
        let (first, last) = (words.next(), words.next_back());
        let has_test_name = names::is_test_name(&self.name)
            || names::folder_area(&self.name) == Some(AreaKind::Tests)
            || last == Some("testing");
        // `test-helpers-rs` without a user in the product.
        if first == Some("test") && last.is_some() && !self.has_binary && !self.is_publishable {
            return AreaKind::Tests;
        }
        let only_tests_use = by_tests && !self.has_binary && (!self.is_publishable || has_test_name);
        match self.kind {
            AreaKind::Product if only_tests_use => AreaKind::Tests,
            // What is handed out is a product, whatever its folder is called.
            AreaKind::Tools | AreaKind::Documentation if self.is_publishable => AreaKind::Product,
            AreaKind::Product if by_name != AreaKind::Product && !self.is_publishable => by_name,
            kind => kind,
        }
    }

    /// Returns the files that manifests name as roots of crates, relative to the folder.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        let is_source = |path: &&str| path.rsplit_once('.').is_some_and(|(_, extension)| extension == "rs");
        self.targets.iter().map(|(path, _)| path.as_str()).filter(is_source)
    }

    /// Returns the area of a file of the package; `path` is relative to its folder. The
    /// flag is false if only names of folders decide.
    pub(super) fn area_of(&self, path: &str) -> (AreaKind, bool) {
        let target = self.targets.iter().find(|(target, _)| is_below_target(path, target));
        let own = target.map(|(_, kind)| *kind);
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let by_names =
            || names::area_of_folders(folders.split('/').filter(|name| !name.is_empty()), false, |_| false);
        match (own, self.kind) {
            // Data of tests is below a folder of tests.
            (Some(kind @ (AreaKind::Tests | AreaKind::Benchmarks)), _) => {
                let is_data = by_names() == Some(AreaKind::Fixtures);
                (if is_data { AreaKind::Fixtures } else { kind }, true)
            }
            (Some(AreaKind::Product), kind) | (Some(kind), AreaKind::Product) => (kind, true),
            (_, kind) if kind != AreaKind::Product => (kind, true),
            (_, _) => by_names().map_or((AreaKind::Unassigned, true), |kind| (kind, false)),
        }
    }
}

/// Returns whether a path is a target, or below the folder of a target. An empty target
/// is the folder of the manifest with the modules beside it.
fn is_below_target(path: &str, target: &str) -> bool {
    if target.is_empty() {
        let first = path.split('/').next().unwrap_or_default();
        return path == first || names::folder_area(first).is_none();
    }
    path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the area that the folder and the name of a package say.
fn area_by_name(folder: &str, name: &str) -> AreaKind {
    let by_folder =
        names::area_of_folders(folder.split('/').filter(|name| !name.is_empty()), false, |_| false);
    let is_test = names::is_test_name(name) && names::is_test_name(&name.replace('_', "-"));
    let of_tests = || is_test.then_some(AreaKind::Tests);
    let of_name = || {
        let is_generator =
            |word: &str| matches!(word, "gen" | "codegen" | "generator" | "generate" | "xtask");
        if name.split(['-', '_']).next().is_some_and(is_generator)
            || name.split(['-', '_']).next_back().is_some_and(is_generator)
        {
            return Some(AreaKind::Tools);
        }
        let kind = names::folder_area(name)?;
        matches!(kind, AreaKind::Benchmarks | AreaKind::Tools).then_some(kind)
    };
    by_folder.or_else(of_tests).or_else(of_name).unwrap_or(AreaKind::Product)
}

/// Maximum number of targets of one package.
const MAX_TARGETS: usize = 2_000;

/// Returns the targets of a manifest: those with a path, and the folders in which Cargo
/// looks for the others.
fn targets(manifest: &CargoManifest) -> Vec<(String, AreaKind)> {
    let mut out: Vec<(String, AreaKind)> = Vec::new();
    let mut add = |targets: &[CargoTarget], kind: AreaKind| {
        for (target, path) in targets.iter().filter_map(|target| Some((target, target.path.as_deref()?))) {
            let path = normalize("", path);
            // Programs that tests start, such as `required-features = ["test-fakes"]`.
            let is_for_tests = target.required_features.iter().any(|feature| {
                feature.split(['-', '_']).any(|word| matches!(word, "test" | "tests" | "testing"))
            });
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            // The modules of a target are beside it; below `src/`, Cargo knows them.
            let is_usual = matches!(folder.as_str(), "src" | "src/bin");
            let by_name = names::area_of_folders(folder.split('/'), false, |_| false);
            let is_for_debugging =
                target.required_features.iter().any(|feature| is_feature_for_debugging(feature));
            let kind = if is_for_tests || folder == "testing" { AreaKind::Tests } else { kind };
            let kind = if is_for_debugging { AreaKind::Tools } else { kind };
            let kind = if kind == AreaKind::Product { by_name.unwrap_or(kind) } else { kind };
            if !(is_usual || folder.is_empty() && kind != AreaKind::Product) {
                out.push((folder, kind));
            }
            out.push((path, kind));
        }
    };
    add(manifest.lib.as_slice(), AreaKind::Product);
    add(&manifest.bin, AreaKind::Product);
    add(&manifest.example, AreaKind::Examples);
    add(&manifest.test, AreaKind::Tests);
    add(&manifest.bench, AreaKind::Benchmarks);
    let build = match manifest.package.as_ref().and_then(|package| package.build.as_ref()) {
        Some(Value::String(path)) => normalize("", path),
        _ => "build.rs".to_owned(),
    };
    out.push((build, AreaKind::Tools));
    if manifest.package.is_some() {
        let usual = [
            ("src", AreaKind::Product),
            ("tests", AreaKind::Tests),
            ("benches", AreaKind::Benchmarks),
            ("examples", AreaKind::Examples),
        ];
        let usual = usual.map(|(folder, kind)| (folder.to_owned(), kind));
        for (folder, kind) in usual {
            if !out.iter().any(|(path, _)| *path == folder) {
                out.push((folder, kind));
            }
        }
    }
    // Every file is compared with the targets.
    out.truncate(MAX_TARGETS);
    out.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    out
}

/// Returns the folders of the packages that a manifest names by path.
fn dependencies(
    folder: &str,
    manifest: &CargoManifest,
    workspace: Option<(&str, &CargoWorkspaceKeys)>,
) -> Vec<CargoDependency> {
    let mut out = Vec::new();
    let mut add = |table: &BTreeMap<String, Value>, kind: CargoDependencyKind| {
        for (name, value) in table {
            let path = value.get("path").and_then(Value::as_str).map(|path| normalize(folder, path));
            let inherited = || {
                let (root, workspace) = workspace?;
                value.get("workspace").and_then(Value::as_bool).filter(|inherits| *inherits)?;
                let path = workspace.dependencies.get(name)?.get("path")?.as_str()?;
                Some(normalize(root, path))
            };
            let is_optional = value.get("optional").and_then(Value::as_bool) == Some(true);
            let kind = if is_optional { CargoDependencyKind::Optional } else { kind };
            let shared = || workspace.and_then(|(_, workspace)| workspace.dependencies.get(name));
            let asked =
                [Some(value), shared()].into_iter().flatten().filter_map(|value| value.get("features"));
            let asked = asked.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
            let Some(folder) = path.or_else(inherited) else { continue };
            let features = asked.map(str::to_owned).collect();
            out.push(CargoDependency { name: name.clone(), folder, kind, features });
        }
    };
    add(&manifest.dependencies, CargoDependencyKind::Normal);
    add(&manifest.build_dependencies, CargoDependencyKind::Normal);
    add(&manifest.dev_dependencies, CargoDependencyKind::Tests);
    for tables in manifest.target.values() {
        add(&tables.dependencies, CargoDependencyKind::Normal);
        add(&tables.build_dependencies, CargoDependencyKind::Normal);
        add(&tables.dev_dependencies, CargoDependencyKind::Tests);
    }
    out
}

/// Returns a path relative to the root of the repository, without `.` and `..`.
pub(super) fn normalize(folder: &str, path: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}
