//! Keys of `package.json` that determine what a test step runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::change::{ChangedFile, FileContent};

/// The values that determine test runs, by the name of their key.
pub(crate) type Keys = BTreeMap<String, Value>;

/// Keys of `package.json` that configure test runners.
const NODE_KEYS: [&str; 12] = [
    "jest",
    "mocha",
    "ava",
    "tap",
    "wireit",
    "nyc",
    "c8",
    "vitest",
    "overrides",
    "resolutions",
    "nx",
    "packageManager",
];
/// Test runners of JavaScript: the first word of the names of their packages.
const NODE_RUNNERS: [&str; 14] = [
    "jest",
    "vitest",
    "mocha",
    "ava",
    "tap",
    "tape",
    "uvu",
    "jasmine",
    "karma",
    "playwright",
    "cypress",
    "wdio",
    "c8",
    "nyc",
];

/// What a dependency on a package of the same workspace is compared as: any range is this one
/// package.
const WORKSPACE: &str = "workspace:";
/// Lists of dependencies.
const LISTS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// Reads the keys of a `package.json`.
pub(super) fn read_node(text: &str) -> Option<Keys> {
    let Value::Object(file) = serde_json::from_str(text).ok()? else { return None };
    let mut out = Keys::new();
    if let Some(scripts) = file.get("scripts") {
        match scripts {
            Value::Object(scripts) => {
                out.extend(scripts.iter().map(|(name, value)| (format!("scripts.{name}"), value.clone())));
            }
            other => drop(out.insert("scripts".to_owned(), other.clone())),
        }
    }
    let workspaces = file.get("workspaces");
    out.extend(list_entries(workspaces, "workspaces"));
    out.extend(list_entries(workspaces.and_then(|all| all.get("packages")), "workspaces"));
    for (first, second) in [("pnpm", "overrides"), ("pnpm", "patchedDependencies")] {
        let value = file.get(first).and_then(|all| all.get(second));
        out.extend(value.map(|value| (format!("{first}.{second}"), value.clone())));
    }
    for key in NODE_KEYS {
        out.extend(file.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    for list in LISTS {
        out.extend(replaced_runners(list, file.get(list)));
    }
    out.extend(provided_runners(&file));
    // The versions that `catalog:` stands for.
    for table in [file.get("catalog"), workspaces.and_then(|all| all.get("catalog"))] {
        out.extend(replaced_runners("catalog", table));
    }
    for tables in [file.get("catalogs"), workspaces.and_then(|all| all.get("catalogs"))] {
        for (name, table) in tables.and_then(Value::as_object).into_iter().flatten() {
            out.extend(replaced_runners(&format!("catalogs.{name}"), Some(table)));
        }
    }
    Some(out)
}

/// Returns whether a key says that a package is a test runner, or has a program of that name: a
/// workspace links both in place of what a registry has.
pub(super) fn is_provided_runner(key: &str) -> bool {
    key == "name" || key.starts_with("bin.")
}

/// Returns the keys by which a package takes the place of a test runner.
fn provided_runners(file: &serde_json::Map<String, Value>) -> Keys {
    let is_runner = |name: &str| {
        let scope = name.strip_prefix('@').and_then(|name| name.split('/').next());
        NODE_RUNNERS.contains(&scope.unwrap_or(name))
    };
    let mut out = Keys::new();
    let name = file.get("name").filter(|name| name.as_str().is_some_and(is_runner));
    out.extend(name.map(|name| ("name".to_owned(), name.clone())));
    let programs = file.get("bin").and_then(Value::as_object).into_iter().flatten();
    let programs = programs.filter(|(program, _)| is_runner(program));
    out.extend(programs.map(|(program, value)| (format!("bin.{program}"), value.clone())));
    out
}

/// Returns a key for each test runner in a table that comes from somewhere else than a registry,
/// or under another name.
fn replaced_runners(list: &str, table: Option<&Value>) -> Vec<(String, Value)> {
    let named = table.and_then(Value::as_object).into_iter().flatten();
    let replaced = named.filter_map(|(name, value)| {
        let runner = name.trim_start_matches('@').split(['/', '-']).next().unwrap_or_default();
        let source = value.as_str().filter(|_| NODE_RUNNERS.contains(&runner)).and_then(source_of)?;
        Some((format!("{list}.{name}"), Value::from(source)))
    });
    replaced.collect()
}

/// Returns where a dependency comes from; `None` for a version of a registry. `catalog:` is a
/// version that another part of the manifest or a protected file names.
fn source_of(text: &str) -> Option<&str> {
    let is_range = |range: &str| !range.contains(['/', ':', '@']) && !range.starts_with('.');
    match text {
        _ if text.strip_prefix("catalog:").is_some_and(is_range) => None,
        _ if text.strip_prefix(WORKSPACE).is_some_and(is_range) => Some(WORKSPACE),
        _ => text.contains([':', '/']).then_some(text),
    }
}

/// Returns one key for each entry of a list, so that a new entry alters no other.
pub(super) fn list_entries(list: Option<&Value>, name: &str) -> Vec<(String, Value)> {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries.map(|entry| (format!("{name} {entry}"), Value::Bool(true))).collect()
}

/// The names that a change gives to packages of the repository.
#[derive(Debug, Default)]
pub(super) struct LocalPackages {
    new: BTreeSet<String>,
    /// Whether any package may be new to the workspace: a manifest of the change is too large to
    /// be read, or alters the list of packages.
    is_open: bool,
}

impl LocalPackages {
    /// Reads the names of the packages of a change.
    pub(super) fn of(files: &[ChangedFile]) -> Self {
        let mut out = Self::default();
        for file in files.iter().filter(|file| file.after.is_some()) {
            let name: &[u8] = file.change.path.file_name();
            // pnpm reads these, too.
            out.is_open |= matches!(name, b"package.yaml" | b"package.yml" | b"package.json5");
            if name != b"package.json" {
                continue;
            }
            let (after, before) = (file.after.as_ref(), file.before.as_ref());
            let (after, before) = (after.and_then(parse), before.and_then(parse));
            // Another program may be able to read it.
            out.is_open |= after.is_none();
            let packages = |manifest: &Option<Value>| manifest.as_ref()?.get("workspaces").cloned();
            out.is_open |= packages(&after).is_some() && packages(&after) != packages(&before);
            // A package that moved can be new to the workspace.
            let (now, old) = (after.as_ref().and_then(name_of), before.as_ref().and_then(name_of));
            out.new.extend(now.filter(|now| old.as_ref() != Some(now)));
        }
        out
    }

    /// Returns whether a changed key only says that a test runner is, or is no longer, the
    /// package of the workspace, and that package was there before the change.
    pub(super) fn is_harmless(&self, key: &str, old: &Keys, new: &Keys) -> bool {
        let Some(name) = LISTS.iter().find_map(|list| key.strip_prefix(list)?.strip_prefix('.')) else {
            return false;
        };
        let is_local = |value: Option<&Value>| value.is_none_or(|value| value == WORKSPACE);
        is_local(old.get(key)) && is_local(new.get(key)) && !self.is_open && !self.new.contains(name)
    }
}

fn parse(content: &FileContent) -> Option<Value> {
    let text = std::str::from_utf8(&content.bytes).ok().filter(|_| !content.is_released())?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
}

/// Returns the name of the package of a manifest.
fn name_of(manifest: &Value) -> Option<String> {
    Some(manifest.get("name")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Change, FileMode, TreeEntry};
    use crate::digest::git_blob_id;
    use crate::text::RepoPath;

    fn file(path: &str, before: Option<&str>, after: &str) -> ChangedFile {
        let entry = |text: &str| TreeEntry { mode: FileMode::Regular, id: git_blob_id(text.as_bytes()) };
        let change = Change::from_entries(RepoPath::from(path), before.map(entry), Some(entry(after)));
        let bytes = |text: &str| text.as_bytes().to_vec();
        ChangedFile::new(change.expect("a change"), before.map(bytes), Some(bytes(after)))
    }

    /// Returns the changed keys of a manifest that are not harmless.
    fn changed(before: &str, after: &str, others: Vec<ChangedFile>) -> Vec<String> {
        let manifest = |rest: &str| format!("{{\"name\": \"web\", {rest}}}");
        let (before, after) = (manifest(before), manifest(after));
        let (old, new) = (read_node(&before).expect("keys"), read_node(&after).expect("keys"));
        let mut files = others;
        files.push(file("web/package.json", Some(&before), &after));
        let local = LocalPackages::of(&files);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let changed = names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name) && !local.is_harmless(name, &old, &new));
        changed.cloned().collect()
    }

    fn on(source: &str) -> String {
        format!("\"devDependencies\": {{\"vitest\": \"{source}\"}}")
    }

    #[test]
    fn a_catalog_is_a_version_and_its_own_sources_count() {
        assert!(changed(&on("^3.0.0"), &on("catalog:"), Vec::new()).is_empty());
        assert!(changed(&on("catalog:"), &on("catalog:next"), Vec::new()).is_empty());
        for (at, key) in [
            ("\"workspaces\": {\"catalog\": {\"vitest\": \"file:./a\"}}", "catalog.vitest"),
            ("\"catalogs\": {\"x\": {\"vitest\": \"npm:a@1\"}}", "catalogs.x.vitest"),
        ] {
            assert_eq!(changed("\"x\": 1", at, Vec::new()), [key]);
        }
        let plain = "\"catalog\": {\"vitest\": \"^3\"}";
        assert!(changed("\"x\": 1", plain, Vec::new()).is_empty());
    }

    #[test]
    fn a_runner_of_the_workspace_is_one_that_was_there_before() {
        let key = ["devDependencies.vitest"];
        assert!(changed("\"x\": 1", &on("workspace:*"), Vec::new()).is_empty());
        assert!(changed(&on("workspace:*"), &on("workspace:^"), Vec::new()).is_empty());
        assert!(changed(&on("workspace:*"), &on("^3"), Vec::new()).is_empty());
        for source in ["workspace:../fake", "workspace:fake@*", "link:../fake", "catalog:../x"] {
            assert_eq!(changed(&on("^3"), &on(source), Vec::new()), key, "{source}");
        }
        // The change adds the package, or gives its name to another one.
        let own = "{\"name\": \"vitest\"}";
        for before in [None, Some("{\"name\": \"other\"}")] {
            let fake = file("fake/package.json", before, own);
            assert_eq!(changed(&on("^3"), &on("workspace:*"), vec![fake]), key);
        }
        let listed = file("package.json", Some("{}"), "{\"workspaces\": [\"old/*\"]}");
        assert_eq!(changed(&on("^3"), &on("workspace:*"), vec![listed]), key);
        // The same name in another folder, and manifests that another program reads.
        let gone = ChangedFile::new(
            Change::from_entries(
                RepoPath::from("fixtures/fake/package.json"),
                Some(TreeEntry { mode: FileMode::Regular, id: git_blob_id(own.as_bytes()) }),
                None,
            )
            .expect("a change"),
            Some(own.as_bytes().to_vec()),
            None,
        );
        let moved = file("fake/package.json", None, own);
        assert_eq!(changed(&on("^3"), &on("workspace:*"), vec![gone, moved]), key);
        for (path, text) in [
            ("fake/package.yaml", "name: vitest\n"),
            ("fake/package.json5", "{name: 'vitest'}"),
            ("fake/package.json", "{\"name\": \"vitest\", \"x\": 1e999}"),
        ] {
            assert_eq!(changed(&on("^3"), &on("workspace:*"), vec![file(path, None, text)]), key, "{path}");
        }
        let same = file("real/package.json", Some(own), "{\"name\": \"vitest\", \"main\": \"x.js\"}");
        assert!(changed(&on("^3"), &on("workspace:*"), vec![same]).is_empty());
    }

    #[test]
    fn a_package_in_the_place_of_a_runner_has_keys() {
        let keys = |text: &str| read_node(text).expect("keys").into_keys().collect::<Vec<_>>();
        assert_eq!(keys("{\"name\": \"vitest\", \"version\": \"3.0.1\"}"), ["name"]);
        assert_eq!(keys("{\"name\": \"@vitest/runner\"}"), ["name"]);
        assert_eq!(keys("{\"name\": \"a\", \"bin\": {\"jest\": \"x.js\", \"a\": \"y.js\"}}"), ["bin.jest"]);
        let peer = "{\"peerDependencies\": {\"vitest\": \"file:../x\", \"jest\": \"^29\"}}";
        assert_eq!(keys(peer), ["peerDependencies.vitest"]);
        assert!(keys("{\"name\": \"vitest-helpers\", \"bin\": {\"vitest-report\": \"x.js\"}}").is_empty());
    }
}
