//! Packages of Cargo: which files are targets, and which packages are for tests only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use toml::Value;

use super::cargo_cfg::conditions_of;
use super::cargo_features::{FeatureUser, enabled_features};
use super::cargo_manifest::{
    CargoDependency, CargoDependencyKind, CargoManifest, CargoTarget, CargoWorkspaceKeys, FeatureTable,
};
use super::cargo_names::{area_by_name, ends_as_test_name, is_release_tool, parent_name};
use super::cargo_targets::{is_below_target, targets};
use super::{names, normalize};
use crate::scan::area_kind::AreaKind;
use crate::scan::test_code::{is_feature_of_benchmarks, is_feature_of_tests};

/// A package of Cargo, or a workspace without one.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, and not states of one")]
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
    /// Whether the manifest says that it is not published.
    is_private: bool,
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
    /// file, or for a name with `/` at its end a file below that folder. A manifest that
    /// cannot be read is a package with the usual targets.
    /// `aliases` are packages that the developers run as a command of Cargo with their name.
    pub(super) fn read(
        manifests: &[(String, String)],
        aliases: &BTreeSet<String>,
        has_file: &dyn Fn(&str) -> bool,
    ) -> Self {
        let read = |text: &str| {
            let mut manifest =
                toml::from_str::<CargoManifest>(text).unwrap_or_else(|_| CargoManifest::unreadable());
            if let Some(workspace) = &mut manifest.workspace {
                let members = workspace.default_members.iter().map(|member| normalize("", member));
                workspace.default_members = members.collect();
                workspace.has_root_package = manifest.package.is_some();
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
            all.push(CargoPackage::new(folder, manifest, shared, surroundings, aliases, has_file));
        }
        let mut out = Self { all, enabled: Vec::new() };
        out.find_test_support();
        let users = out.all.iter().zip(&parsed).map(|(package, (_, manifest))| FeatureUser {
            folder: &package.folder,
            is_product: package.kind == AreaKind::Product,
            uses: &package.uses,
            features: &package.features,
            programs: &manifest.bin,
        });
        out.enabled = enabled_features(&users.collect::<Vec<_>>());
        out
    }

    /// Adds the conditions that the repository switches on itself: in configurations of Cargo, and in
    /// the build script of a package.
    pub(super) fn add_conditions(
        &mut self,
        configurations: &[(String, String)],
        build_script: &dyn Fn(&str) -> Option<String>,
    ) {
        let of_all: BTreeSet<String> =
            configurations.iter().flat_map(|(_, text)| conditions_of(text)).collect();
        for (package, enabled) in self.all.iter().zip(&mut self.enabled) {
            enabled.extend(of_all.iter().cloned());
            enabled.extend(build_script(&package.folder).iter().flat_map(|text| conditions_of(text)));
        }
    }

    /// Marks packages that need one that is not published: no registry takes them.
    fn find_unpublishable(&mut self) {
        let mut private: BTreeSet<String> =
            self.all.iter().filter(|one| one.is_private).map(|one| one.folder.clone()).collect();
        loop {
            let needs_private = |one: &CargoPackage| {
                one.uses
                    .iter()
                    .any(|used| used.kind != CargoDependencyKind::Tests && private.contains(&used.folder))
            };
            let more: Vec<String> = self
                .all
                .iter()
                .filter(|one| !private.contains(&one.folder) && needs_private(one))
                .map(|one| one.folder.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            private.extend(more);
        }
        for package in self.all.iter_mut().filter(|one| private.contains(&one.folder)) {
            package.is_publishable = false;
        }
    }

    /// Marks the packages that only tests use, and takes the mark of its folder from a
    /// package that the product uses.
    fn find_test_support(&mut self) {
        self.find_unpublishable();
        let index: BTreeMap<String, usize> =
            self.all.iter().enumerate().map(|(at, package)| (package.folder.clone(), at)).collect();
        // Each round follows one more dependency; a longer chain keeps what names say.
        for _ in 0..8 {
            let mut used = vec![[false; 4]; self.all.len()];
            for package in self.all.iter().filter(|package| !package.is_apart) {
                for CargoDependency { folder, kind, .. } in &package.uses {
                    let Some(slot) = index.get(folder).and_then(|at| used.get_mut(*at)) else { continue };
                    let by_product =
                        package.kind == AreaKind::Product && *kind == CargoDependencyKind::Normal;
                    let by_tests = *kind == CargoDependencyKind::Tests
                        || (*kind == CargoDependencyKind::Normal && package.kind != AreaKind::Product);
                    slot[0] |= by_product;
                    slot[1] |= by_tests;
                    slot[2] |= package.kind == AreaKind::Product && *kind == CargoDependencyKind::Optional;
                    slot[3] |= *kind == CargoDependencyKind::Build;
                }
            }
            let mut changed = false;
            for (package, [by_product, by_tests, by_feature, by_build]) in self.all.iter_mut().zip(used) {
                let kind = package.kind_when_used(by_product, by_tests && !by_feature);
                // A private library that build scripts alone need writes code of the product.
                let is_of_builds = by_build && !by_product && !by_feature && !package.has_binary;
                let kind = match kind {
                    AreaKind::Product if is_of_builds && package.is_private => AreaKind::Tools,
                    kind => kind,
                };
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
        aliases: &BTreeSet<String>,
        has_file: &dyn Fn(&str) -> bool,
    ) -> Self {
        let package = manifest.package.as_ref();
        let name = package.map_or_else(String::new, |package| package.name.clone());
        let is_published = |value: &Value| match value {
            Value::Boolean(publish) => *publish,
            Value::Array(registries) => !registries.is_empty(),
            _ => true,
        };
        // The version of what is never released.
        let is_unversioned = package
            .and_then(|package| package.version.as_ref())
            .is_some_and(|version| version.as_str() == Some("0.0.0"));
        // `publish.workspace = true`
        let publish = package.and_then(|package| package.publish.as_ref());
        let is_inherited = publish.is_some_and(|value| value.get("workspace").is_some());
        let of_workspace = workspace.and_then(|(_, one)| one.package.as_ref()?.publish.as_ref());
        let publish = if is_inherited { of_workspace } else { publish };
        // A registry refuses a package without a description or a license.
        let is_publishable = package.is_some_and(|package| {
            !is_unversioned
                && publish.is_none_or(is_published)
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
        // Without `default-members`, a build of a workspace with a package builds that package.
        let is_below_root = !folder.is_empty()
            && default_members.is_none()
            && workspace.is_some_and(|(root, one)| root != folder && one.has_root_package);
        let is_left_out = is_below_root
            || default_members.is_some_and(|(root, one)| {
                let own = folder.strip_prefix(root).map_or(folder, |own| own.trim_start_matches('/'));
                let above = own.rmatch_indices('/').filter_map(|(at, _)| own.get(..at));
                let mut globs = above.map(|above| format!("{above}/*")).chain(["*".to_owned()]);
                !(one.default_members.contains(own) || globs.any(|glob| one.default_members.contains(&glob)))
            });
        let is_private = publish.is_some_and(|value| value.as_bool() == Some(false));
        let at = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        let in_tasks = parent_name(folder) == "tasks";
        let by_any_folder = folder.split('/').find_map(|name| match name {
            "tasks" if in_tasks => Some(AreaKind::Tools),
            "example" | "examples" => Some(AreaKind::Examples),
            "tools" => Some(AreaKind::Tools),
            "benches" | "benchmarks" => Some(AreaKind::Benchmarks),
            _ => None,
        });
        let description = package.and_then(|package| package.description.as_ref()?.as_str());
        let description = description.unwrap_or_default().to_lowercase();
        let says_tool = description.contains("development tool") || description.contains("developer tool");
        // `cargo shopdev` of `.cargo/config.toml`, beside the program of the root.
        let is_alias = aliases.contains(&name)
            && workspace.is_some_and(|(root, one)| root != folder && one.has_root_package);
        // A plugin has other targets than the workspace around it.
        let is_plugin = manifest.lib.as_ref().is_some_and(CargoTarget::is_for_other_programs);
        let is_program =
            has_file(&at("src/main.rs")) && manifest.lib.is_none() && !has_file(&at("src/lib.rs"));
        // `shop-release`, "tools for the releases of the shop", which no registry takes.
        let is_unpublished = is_private
            || package.is_some_and(|package| package.version.is_none() && !package.name.is_empty());
        let releases = is_program && is_unpublished && is_release_tool(&name, &description);
        Self {
            kind: match () {
                () if is_fuzzing => AreaKind::Tests,
                () if releases => AreaKind::Tools,
                // No build of the repository's workspace contains it, and nobody gets it.
                () if is_apart && !is_publishable && !is_plugin => AreaKind::Tools,
                () if is_left_out && is_private && is_program => AreaKind::Tools,
                () if is_alias && is_program => AreaKind::Tools,
                // Inside of another package, and in no workspace: only its own folder builds it.
                () if is_nested && !is_publishable => AreaKind::Tools,
                () if is_private && by_any_folder.is_some() => by_any_folder.unwrap_or(AreaKind::Tools),
                () if says_tool && area_by_name(folder, &name, true) == AreaKind::Tools => AreaKind::Tools,
                () => area_by_name(folder, &name, is_private),
            },
            targets: targets(manifest, is_program || has_file(&at("src/lib.rs"))),
            uses: dependencies(folder, manifest, workspace),
            features: manifest.features.clone(),
            is_publishable: is_publishable && !says_tool && !is_alias && !releases,
            is_private,
            is_apart,
            has_binary: !manifest.bin.is_empty()
                || has_file(&at("src/main.rs"))
                || (package.is_some_and(|package| package.autobins) && has_file(&at("src/bin/"))),
            folder: folder.to_owned(),
            name,
        }
    }

    /// Returns the area of the package, given which areas use it.
    fn kind_when_used(&self, by_product: bool, by_tests: bool) -> AreaKind {
        let by_name = area_by_name(&self.folder, &self.name, self.is_private);
        if by_product {
            return AreaKind::Product;
        }
        let mut words = self.name.split(['-', '_']);
        let (first, last) = (words.next(), words.next_back());
        let has_test_name = ends_as_test_name(&self.name)
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
            let kind = match kind {
                kind if !is_optional => kind,
                _ if is_for_tests(&manifest.features, name) => CargoDependencyKind::Tests,
                _ => CargoDependencyKind::Optional,
            };
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
    add(&manifest.build_dependencies, CargoDependencyKind::Build);
    add(&manifest.dev_dependencies, CargoDependencyKind::Tests);
    for tables in manifest.target.values() {
        add(&tables.dependencies, CargoDependencyKind::Normal);
        add(&tables.build_dependencies, CargoDependencyKind::Build);
        add(&tables.dev_dependencies, CargoDependencyKind::Tests);
    }
    out
}

/// Returns whether only features that are named after tests switch on an optional dependency.
fn is_for_tests(features: &FeatureTable, name: &str) -> bool {
    let explicit = format!("dep:{name}");
    let switches_on = |entry: &String| *entry == explicit || entry == name;
    let mut of_name = features.iter().filter(|(_, list)| list.iter().any(switches_on)).peekable();
    // Without such a feature, the dependency is a feature of its own name.
    let is_of_tests = |feature: &str| is_feature_of_tests(feature) && !is_feature_of_benchmarks(feature);
    of_name.peek().is_some() && of_name.all(|(feature, _)| is_of_tests(feature))
}
