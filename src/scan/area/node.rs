//! Packages with a `package.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::json_comments::read_with_comments;
use super::{file_names, names, node_scripts, normalize};
use crate::scan::area_kind::AreaKind;

/// Maximum number of folders that a package names as roots, or as outputs. Every file is
/// compared with them.
const MAX_FOLDERS: usize = 500;

/// A package with a `package.json`.
#[derive(Debug)]
pub(super) struct NodePackage {
    /// The folder of the manifest, relative to the root of the repository.
    pub folder: String,
    name: String,
    /// Area of the whole package; [`AreaKind::Product`] if its folders decide.
    pub kind: AreaKind,
    /// Names of the packages that users of this package get with it.
    pub ships: BTreeSet<String>,
    /// Names of the packages that only its developers need.
    develops_with: BTreeSet<String>,
    /// Folders and files of entry points and of compiler roots, relative to `folder`:
    /// they are the product, whatever they are called.
    roots: Vec<String>,
    /// The main file and the programs, relative to `folder`: they are the product even in a
    /// folder of tests.
    entries: Vec<String>,
    /// Folders that the compiler writes to.
    outputs: Vec<String>,
    /// Files that only scripts of the developers run, relative to `folder`.
    tools: Vec<String>,
    /// The commands that start and build it.
    makers: Vec<String>,
    is_private: bool,
    /// Whether it is a program, or has a script that builds, starts or deploys it.
    has_use: bool,
}

/// Scripts of applications, which other packages do not import.
const APPLICATION_SCRIPTS: [&str; 8] =
    ["start", "dev", "build", "serve", "deploy", "preview", "package", "watch"];
/// Keys of programs, and of extensions of an editor.
const PROGRAM_KEYS: [&str; 3] = ["bin", "contributes", "activationEvents"];

/// Reads the packages of a tree: manifests with their folders. A manifest that cannot be
/// read is a package whose folders decide.
///
/// `compilers` are the `tsconfig.json` files with their folders.
pub(super) fn read_packages(
    manifests: &[(String, String)],
    compilers: &[(String, String)],
) -> Vec<NodePackage> {
    let compilers: BTreeMap<&str, Value> =
        compilers.iter().map(|(folder, text)| (folder.as_str(), read_with_comments(text))).collect();
    let mut all: Vec<NodePackage> = manifests
        .iter()
        .map(|(folder, text)| {
            let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
            let mut package = NodePackage::new(folder, value.as_object().unwrap_or(&Map::new()));
            package.add_compiler(compilers.get(folder.as_str()));
            package
        })
        .collect();
    let by_name: BTreeMap<String, usize> = all
        .iter()
        .enumerate()
        .filter(|(_, package)| !package.name.is_empty())
        .map(|(at, package)| (package.name.clone(), at))
        .collect();
    // What the product needs is a part of the product, whatever its folder is called.
    for _ in 0..8 {
        let used: BTreeSet<usize> = all
            .iter()
            .filter(|package| package.kind == AreaKind::Product)
            .flat_map(|package| package.ships.iter().filter_map(|name| by_name.get(name).copied()))
            .collect();
        let mut changed = false;
        for at in used {
            if let Some(package) = all.get_mut(at).filter(|package| package.kind != AreaKind::Product) {
                package.kind = AreaKind::Product;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    mark_harnesses(&mut all);
    all
}

impl super::Areas {
    /// Returns the name of the package around a folder; empty without one.
    pub(super) fn node_name(&self, facts: Option<&super::FolderFacts>) -> &str {
        let package = facts.and_then(|facts| facts.node).and_then(|at| self.node.get(at));
        package.map_or("", |package| package.name.as_str())
    }
}

/// Marks private packages beside published ones that are no programs and that no other
/// package needs: the developers run them.
fn mark_harnesses(all: &mut [NodePackage]) {
    let used: BTreeSet<String> =
        all.iter().flat_map(|package| package.ships.iter().chain(&package.develops_with).cloned()).collect();
    let published: BTreeSet<String> = all
        .iter()
        .filter(|package| {
            !package.is_private && !package.name.is_empty() && package.kind == AreaKind::Product
        })
        .map(|package| parent(&package.folder).to_owned())
        .collect();
    for package in all.iter_mut() {
        let is_harness = package.is_private
            && !package.has_use
            && !package.folder.is_empty()
            && !used.contains(&package.name)
            && published.contains(parent(&package.folder));
        if package.kind == AreaKind::Product && is_harness {
            package.kind = AreaKind::Tools;
        }
    }
}

/// Returns the folder around a package; that of a scope, such as `@shop`, is a part of its name.
fn parent(folder: &str) -> &str {
    let above = |folder: &'_ str| folder.rfind('/').unwrap_or_default();
    let parent = folder.get(..above(folder)).unwrap_or_default();
    let is_scope = parent.rsplit('/').next().is_some_and(|name| name.starts_with('@'));
    if is_scope { parent.get(..above(parent)).unwrap_or_default() } else { parent }
}

/// Returns whether the entries of a package are TypeScript, which only a compiler reads: users
/// outside of the repository get something else, or nothing.
fn ships_sources(manifest: &Map<String, Value>) -> bool {
    let mut entries = Vec::new();
    for value in ["main", "module", "exports", "bin"].into_iter().filter_map(|key| manifest.get(key)) {
        collect_paths(value, &mut entries, 0);
    }
    let is_source = |path: &String| {
        [".ts", ".tsx", ".mts"].iter().any(|ending| path.ends_with(ending))
            && ![".d.ts", ".d.mts"].iter().any(|ending| path.ends_with(ending))
    };
    !entries.is_empty() && entries.iter().all(is_source) && !manifest.contains_key("publishConfig")
}

impl NodePackage {
    fn new(folder: &str, manifest: &Map<String, Value>) -> Self {
        let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_private = manifest.get("private").and_then(Value::as_bool) == Some(true);
        let name = text("name");
        let keys = |key: &str| manifest.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let ships = ["dependencies", "peerDependencies", "optionalDependencies"]
            .into_iter()
            .flat_map(keys)
            .cloned()
            .collect();
        let develops_with = keys("devDependencies").cloned().collect();
        let has_use = PROGRAM_KEYS.iter().any(|key| manifest.contains_key(*key))
            || node_scripts::entries(manifest).any(|(script, command)| {
                // A compiler alone makes no application.
                let is_compiled = script == "build" && command.split_whitespace().next() == Some("tsc");
                APPLICATION_SCRIPTS.contains(&script) && (!is_compiled || command.contains('&'))
            });
        let by_folders = |folder: &str| {
            let in_example = folder.split('/').any(|name| matches!(name, "example" | "examples"));
            names::area_of_folders(folder.split('/').filter(|name| !name.is_empty()), true, |_| false)
                .or_else(|| in_example.then_some(AreaKind::Examples))
        };
        let by_folder = by_folders(folder);
        let is_published = !is_private
            && !name.is_empty()
            && manifest.contains_key("version")
            && !ships_sources(manifest)
            && ["exports", "bin", "files", "types", "publishConfig", "repository"]
                .iter()
                .any(|key| manifest.contains_key(*key));
        let short = name.rsplit('/').next().unwrap_or_default();
        let is_mock = short
            .split(['-', '.', '_'])
            .any(|word| matches!(word, "msw" | "mock" | "mocks" | "fixtures" | "testing"));
        // A program that fills a database for developers; the name alone publishes nothing.
        let last = folder.rsplit('/').next().unwrap_or_default();
        let makes_data =
            matches!(last, "mockdata" | "mock-data" | "mock_data" | "fakedata" | "fake-data" | "seed-data");
        let makes_data = makes_data && !is_published && !manifest.contains_key("repository");
        let of_mocks = is_mock.then_some(AreaKind::Tests);
        let in_testing = folder.split('/').any(|name| name == "testing").then_some(AreaKind::Tests);
        let by_name = of_mocks.or(in_testing).or_else(|| names::folder_area(short)).filter(|_| is_private);
        let by_name = by_name.or_else(|| makes_data.then_some(AreaKind::Tests));
        let kind = match by_folder.or(by_name) {
            // A published package is a product, whatever its folder is called.
            Some(AreaKind::Tools | AreaKind::Documentation) if is_published => AreaKind::Product,
            // `packages/examples-kit`; what is in a folder of examples is one.
            Some(AreaKind::Examples | AreaKind::Benchmarks)
                if is_published && by_folders(parent(folder)).is_none() =>
            {
                AreaKind::Product
            }
            // The package of a whole repository is not named after a part of it.
            Some(_) if folder.is_empty() => AreaKind::Product,
            found => found.unwrap_or(AreaKind::Product),
        };
        let mut roots = Vec::new();
        for value in
            ["main", "module", "exports", "bin", "browser"].into_iter().filter_map(|key| manifest.get(key))
        {
            collect_paths(value, &mut roots, 0);
        }
        let mut entries = Vec::new();
        for value in ["main", "module", "bin"].into_iter().filter_map(|key| manifest.get(key)) {
            collect_paths(value, &mut entries, 0);
        }
        let outputs = Vec::new();
        Self {
            folder: folder.to_owned(),
            name,
            kind,
            ships,
            develops_with,
            roots,
            entries,
            outputs,
            tools: node_scripts::run_by_developers(manifest),
            makers: node_scripts::makers(manifest),
            is_private,
            has_use,
        }
    }

    /// Adds the folders that a `tsconfig.json` names.
    fn add_compiler(&mut self, config: Option<&Value>) {
        let Some(options) = config.and_then(|config| config.get("compilerOptions")) else { return };
        let texts = |key: &str| -> Vec<String> {
            let value = options.get(key);
            let many = value.and_then(Value::as_array).into_iter().flatten();
            let all = many.chain(value).filter_map(Value::as_str);
            all.map(|path| normalize("", path)).filter(|path| !path.is_empty()).collect()
        };
        self.roots.extend(texts("rootDir").into_iter().chain(texts("rootDirs")));
        self.outputs.extend(texts("outDir").into_iter().chain(texts("declarationDir")));
        let roots = &self.roots;
        self.outputs.retain(|output| !roots.contains(output));
        self.roots.truncate(MAX_FOLDERS);
        self.outputs.truncate(MAX_FOLDERS);
    }

    /// Returns whether a file is the main file or a program of the package.
    pub(super) fn is_entry(&self, path: &str) -> bool {
        self.entries.iter().any(|entry| is_script_of(path, entry))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the names of all packages that it needs.
    pub(super) fn needed(&self) -> impl Iterator<Item = &String> {
        self.ships.iter().chain(&self.develops_with)
    }

    /// Returns whether it can be a site: an application that has no entry for others.
    pub(super) fn may_be_site(&self) -> bool {
        let is_product = self.kind == AreaKind::Product && !self.folder.is_empty();
        is_product && self.has_use && self.roots.is_empty()
    }

    /// Returns whether it is a product by itself: one that is published, or an application of a
    /// folder of its own. A private library is a part of what needs it.
    pub(super) fn is_delivered(&self) -> bool {
        let is_own = self.has_use && !self.folder.is_empty();
        let is_shared = !self.roots.is_empty() && !self.is_private;
        self.kind == AreaKind::Product && self.is_named() && (is_own || is_shared)
    }

    /// Returns whether its scripts make it by one of some programs, and not by others.
    pub(super) fn is_made_by(&self, programs: &[&str]) -> bool {
        let is_program = |word: &str| programs.contains(&word.trim_start_matches("@11ty/"));
        let names = |command: &String| command.split(|c: char| c.is_whitespace() || c == '&').any(is_program);
        !self.makers.is_empty() && self.makers.iter().all(names)
    }

    /// Returns whether the package has a name: other manifests only set options.
    pub(super) fn is_named(&self) -> bool {
        !self.name.is_empty()
    }

    /// Returns the area of a file of the package; `path` is relative to its folder. The
    /// flag is false if only names of folders decide.
    pub(super) fn area_of(&self, path: &str) -> (AreaKind, bool) {
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        let is_in = |root: &String| is_below_root(path, root);
        if self.outputs.iter().any(is_in) {
            return (AreaKind::Vendored, true);
        }
        if self.kind == AreaKind::Product && self.is_entry(path) {
            return (AreaKind::Product, true);
        }
        let own = names::area_of_folders(folders.split('/').filter(|name| !name.is_empty()), true, |_| false);
        // A published package can hand out helpers for tests.
        let is_support = self.is_private && folders.split('/').any(|name| name == "testing");
        let own = own.or_else(|| is_support.then_some(AreaKind::Tests));
        match (own, self.kind) {
            (Some(kind @ (AreaKind::Tests | AreaKind::Fixtures)), _) => (kind, false),
            (_, kind) if kind != AreaKind::Product => (kind, true),
            (None, _) if folders.is_empty() && file_names::is_tool_configuration(file) => {
                (AreaKind::Tools, true)
            }
            (None, _) if folders.is_empty() && file_names::is_example_file(file) => {
                (AreaKind::Examples, false)
            }
            (None, _) if self.tools.iter().any(|tool| tool == path) => (AreaKind::Tools, true),
            (_, _) if self.roots.iter().any(is_in) => (AreaKind::Product, true),
            (Some(kind), _) => (kind, false),
            (None, _) => (AreaKind::Product, true),
        }
    }
}

/// Returns whether a path is a root, or below one. Node adds the ending of a script, and `*`
/// stands for any path.
fn is_below_root(path: &str, root: &str) -> bool {
    if let Some((start, end)) = root.split_once('*') {
        let rest = path.strip_prefix(start);
        return rest.is_some_and(|rest| !rest.is_empty() && rest.ends_with(end));
    }
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || is_script_of(path, root)
}

/// Returns whether a path is a file, or the script that Node finds under the name of the file.
fn is_script_of(path: &str, file: &str) -> bool {
    let endings = ["", ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx"];
    path.strip_prefix(file).is_some_and(|ending| endings.contains(&ending))
}

/// Collects the paths of entry points: strings in a value, without conditions.
fn collect_paths(value: &Value, out: &mut Vec<String>, depth: usize) {
    if depth > 8 || out.len() > 200 {
        return;
    }
    match value {
        Value::String(path) => {
            let path = normalize("", path);
            // `./*` is the whole package, in which names decide.
            let is_all = path.starts_with('*') || path.matches('*').count() > 1;
            out.extend((!path.is_empty() && !is_all).then_some(path));
        }
        Value::Array(all) => all.iter().for_each(|one| collect_paths(one, out, depth + 1)),
        Value::Object(all) => all.values().for_each(|one| collect_paths(one, out, depth + 1)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_areas;
    use crate::scan::AreaKind::{Product, Tests, Tools};

    #[test]
    fn a_program_that_makes_data_is_no_product_unless_it_is_published_or_needed() {
        let program = r#"{"name": "mockdata", "version": "1.0.0", "main": "a.js"}"#;
        let check = |manifest: &str, user: &str, expected| {
            let files = [("mockdata/package.json", manifest), ("shop/package.json", user)];
            assert_areas(&files, &[("mockdata/a.js", expected)]);
        };
        let user = r#"{"name": "shop", "dependencies": {"mockdata": "*"}}"#;
        check(program, "{}", Tests);
        check(program, user, Product);
        check(&program.replace("\"main\"", "\"repository\": \"r\", \"main\""), "{}", Product);
        assert_areas(&[("tides/package.json", program)], &[("tides/a.js", Product)]);
    }

    #[test]
    fn a_private_program_for_releases_is_a_tool() {
        let manifest =
            "[package]\nname = \"shop-release\"\ndescription = \"Tools for releases\"\nlicense = \"MIT\"\n";
        let check = |manifest: &str, file: &str, expected| {
            assert_areas(&[("rel/Cargo.toml", manifest), (file, "")], &[(file, expected)]);
        };
        check(manifest, "rel/src/main.rs", Tools);
        check(manifest, "rel/src/lib.rs", Product);
        check(&format!("{manifest}version = \"1.0.0\"\n"), "rel/src/main.rs", Product);
        check(&format!("{manifest}version = \"1.0.0\"\npublish = false\n"), "rel/src/main.rs", Tools);
    }
}
