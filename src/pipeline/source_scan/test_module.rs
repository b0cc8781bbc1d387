//! Modules that Rust sources declare for tests only.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{Language, test_code};
use crate::text::RepoPath;

/// Maximum number of parent modules that are followed.
const MAX_MODULE_DEPTH: usize = 8;

/// Facts about the package of a Rust file.
#[derive(Clone, Copy)]
pub(super) struct PackageFacts<'a> {
    /// The features that builds of the package switch on.
    pub enabled: Option<&'a BTreeSet<String>>,
    /// The roots of its crates that the manifest names.
    pub roots: &'a [RepoPath],
}

/// Finds Rust files that are modules of tests. Every file is examined once.
#[derive(Default)]
pub(super) struct TestModules {
    known: BTreeMap<RepoPath, bool>,
}

impl TestModules {
    /// Returns true if a Rust file is the body of a module that is declared
    /// for tests only (`#[cfg(test)] mod name;`), directly or by one of its
    /// parents. `read` returns the bytes of a file, if it exists.
    pub(super) fn contains(
        &mut self,
        path: &RepoPath,
        package: PackageFacts<'_>,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    ) -> bool {
        self.is_test_module(path, package, read, 0)
    }

    fn is_test_module(
        &mut self,
        path: &RepoPath,
        package: PackageFacts<'_>,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
        depth: usize,
    ) -> bool {
        if Language::from_path(path) != Language::Rust || depth > MAX_MODULE_DEPTH {
            return false;
        }
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        let text = path.to_text().into_owned();
        let (folder, file) = text.rsplit_once('/').unwrap_or(("", &text));
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        if matches!(stem, "lib" | "main") || package.roots.contains(path) {
            return false;
        }
        let (parent_folder, name) =
            if stem == "mod" { folder.rsplit_once('/').unwrap_or(("", folder)) } else { (folder, stem) };
        let (mut is_test, mut is_product) = (false, false);
        let parents = find_parents(path, parent_folder, name, package.roots, read);
        if parents.is_empty() {
            let answer = self.is_inline_test_module(parent_folder, name, package, read, depth);
            self.known.insert(path.clone(), answer);
            return answer;
        }
        for (parent, bytes) in parents {
            match test_code::declared_for_tests(&bytes, name, file, package.enabled) {
                None => {}
                Some(true) => is_test = true,
                Some(false) if self.is_test_module(&parent, package, read, depth + 1) => is_test = true,
                Some(false) => is_product = true,
            }
        }
        // One declaration as product code is enough to make the file product
        // code.
        let answer = is_test && !is_product;
        self.known.insert(path.clone(), answer);
        answer
    }
}

impl TestModules {
    /// Returns whether a file that no file beside or above its folder can declare is declared
    /// for tests in inline modules of a file further above: `mod a { #[cfg(test)] mod name; }`.
    fn is_inline_test_module(
        &mut self,
        folder: &str,
        name: &str,
        package: PackageFacts<'_>,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
        depth: usize,
    ) -> bool {
        let mut within: Vec<&str> = Vec::new();
        let mut place = folder;
        while !place.is_empty() && within.len() < MAX_MODULE_DEPTH {
            let (above, module) = place.rsplit_once('/').unwrap_or(("", place));
            within.insert(0, module);
            let beside = [format!("{above}/lib.rs"), format!("{above}/main.rs"), format!("{above}/mod.rs")];
            let files = beside.into_iter().chain([format!("{above}.rs")]);
            let files: Vec<(RepoPath, Vec<u8>)> = files
                .map(|file| RepoPath::from(file.trim_start_matches('/')))
                .filter_map(|file| read(&file).map(|bytes| (file, bytes)))
                .collect();
            let mut answers = Vec::new();
            for (file, bytes) in &files {
                match test_code::declared_inline_for_tests(bytes, &within, name, package.enabled) {
                    None => {}
                    Some(true) => answers.push(true),
                    Some(false) => answers.push(self.is_test_module(file, package, read, depth + 1)),
                }
            }
            if !files.is_empty() {
                return !answers.is_empty() && answers.into_iter().all(|is_test| is_test);
            }
            place = above;
        }
        false
    }
}

/// Returns the files that may declare a module, with their bytes.
fn find_parents(
    path: &RepoPath,
    parent_folder: &str,
    name: &str,
    roots: &[RepoPath],
    read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) -> Vec<(RepoPath, Vec<u8>)> {
    let sibling = |name: &str| {
        let parent = RepoPath::from(format!("{parent_folder}/{name}.rs").trim_start_matches('/'));
        if parent == *path { None } else { read(&parent).map(|bytes| (parent, bytes)) }
    };
    // A `mod.rs` next to a crate root declares no modules of the crate.
    let is_beside = |root: &&RepoPath| root.folder() == parent_folder.as_bytes() && *root != path;
    let named = roots.iter().filter(is_beside).filter_map(|root| Some((root.clone(), read(root)?)));
    let usual: Vec<_> = [sibling("lib"), sibling("main")].into_iter().flatten().collect();
    let mut roots = usual.clone();
    roots.extend(named);
    roots.sort();
    roots.dedup();
    let mut parents = roots;
    if usual.is_empty() {
        parents.extend(sibling("mod"));
    }
    let folder_file = RepoPath::from(format!("{parent_folder}.rs").as_str());
    if !parent_folder.is_empty() && folder_file != *path {
        parents.extend(read(&folder_file).map(|bytes| (folder_file.clone(), bytes)));
    }
    // `orders.rs` declares `orders_tests.rs` with `#[path = "orders_tests.rs"]`.
    let tested_module = ["_tests", "_test"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
    parents.extend(tested_module.and_then(sibling));
    // So does it with a file in a folder of its own: `#[path = "unit/orders_tests.rs"]`.
    if let Some(tested) = tested_module {
        let above = parent_folder.rsplit_once('/').map_or("", |(above, _)| above);
        let candidates = [format!("{above}/{tested}.rs"), format!("{above}/mod.rs"), format!("{above}.rs")];
        let roots = [format!("{above}/lib.rs"), format!("{above}/main.rs")];
        let files = candidates.into_iter().chain(roots);
        let files = files.map(|file| RepoPath::from(file.trim_start_matches('/')));
        parents.extend(
            files.filter(|file| file != path).filter_map(|file| read(&file).map(|bytes| (file, bytes))),
        );
    }
    parents
}
