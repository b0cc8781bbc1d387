//! Packages of Go that only tests import.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;

use crate::scan::{AreaKind, Language};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};

/// Maximum number of packages with findings that are examined; further ones are the product.
const MAX_PACKAGES: usize = 2_000;
/// Number of files that are read at once.
const FILES_AT_ONCE: usize = 256;

/// Reads several files; `None` for a file that cannot be read.
pub(super) type ReadFiles<'a> = dyn Fn(&[RepoPath]) -> Vec<Option<Vec<u8>>> + 'a;

/// Marks the files of packages that only tests import as test code.
///
/// Only packages that no other module imports count: those below `internal/`, and all of a
/// module that is a program. Every file that holds the quoted path of a package counts as its
/// importer, in whatever form. A package without importers is the product.
pub(super) fn mark_test_packages(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    (requested, file_scans): (&[RepoPath], &mut [FileScan]),
    read: &ReadFiles<'_>,
) {
    let mut with_findings: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (path, scan)) in requested.iter().zip(&*file_scans).enumerate() {
        let is_product = scan.area.is_some_and(|area| area.kind == AreaKind::Product);
        if is_go(path) && is_product && !scan.matches.hits.is_empty() {
            with_findings.entry(path.folder().to_string()).or_default().push(at);
        }
    }
    let mut programs: BTreeMap<&str, bool> = BTreeMap::new();
    let packages: Vec<(&str, String)> = with_findings
        .keys()
        .filter_map(|folder| {
            let (module, import) = context.areas.go_package(folder)?;
            let is_internal = folder.split('/').any(|name| name == "internal");
            let mut is_program =
                || *programs.entry(module).or_insert_with(|| is_program(module, paths, read));
            (is_internal || is_program()).then_some((folder.as_str(), import))
        })
        .take(MAX_PACKAGES)
        .collect();
    let of_tests = find_test_packages(context, paths, &packages, read);
    for at in of_tests.iter().filter_map(|folder| with_findings.get(*folder)).flatten() {
        if let Some(scan) = file_scans.get_mut(*at) {
            scan.mark_as_test_code(context.rule_set);
        }
    }
}

fn is_go(path: &RepoPath) -> bool {
    path.as_bytes().ends_with(b".go")
}

/// Returns whether a module has a program at its root, or one in `cmd/`.
fn is_program(module: &str, paths: &[RepoPath], read: &ReadFiles<'_>) -> bool {
    let commands = if module.is_empty() { "cmd".to_owned() } else { format!("{module}/cmd") };
    let is_place = |path: &&RepoPath| {
        let folder = path.folder();
        let above = RepoPath::from_bytes(folder);
        is_go(path) && (*folder == module.as_bytes() || *above.folder() == commands.as_bytes())
    };
    let places: Vec<RepoPath> = paths.iter().filter(is_place).take(FILES_AT_ONCE).cloned().collect();
    let is_main =
        |text: &Vec<u8>| text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == b"package main");
    read(&places).iter().flatten().any(is_main)
}

/// Who imports a package.
#[derive(Default)]
struct Importers {
    /// Folders of files that are no tests.
    folders: BTreeSet<String>,
    by_tests: bool,
}

/// Returns the folders of those packages that only tests import, directly or by other such
/// packages.
fn find_test_packages<'p>(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    packages: &[(&'p str, String)],
    read: &ReadFiles<'_>,
) -> BTreeSet<&'p str> {
    let mut out = BTreeSet::new();
    let quoted: Vec<String> =
        packages.iter().flat_map(|(_, name)| [format!("\"{name}\""), format!("`{name}`")]).collect();
    let search = if quoted.is_empty() { None } else { AhoCorasick::new(&quoted).ok() };
    let Some(search) = search else { return out };
    let mut importers: Vec<Importers> = packages.iter().map(|_| Importers::default()).collect();
    let sources: Vec<RepoPath> = paths.iter().filter(|path| is_go(path)).cloned().collect();
    for chunk in sources.chunks(FILES_AT_ONCE) {
        for (path, text) in chunk.iter().zip(read(chunk)) {
            // What cannot be read could import anything.
            let Some(text) = text else { return out };
            let folder = path.folder().to_string();
            let kind = context.areas.area(context.settings, path, Language::Go).kind;
            for found in search.find_iter(&text) {
                let at = found.pattern().as_usize() / 2;
                let (Some((own, _)), Some(found)) = (packages.get(at), importers.get_mut(at)) else {
                    continue;
                };
                if *own == folder {
                    continue;
                }
                match kind {
                    AreaKind::Tests
                    | AreaKind::Fixtures
                    | AreaKind::Examples
                    | AreaKind::Benchmarks
                    | AreaKind::Tools
                    | AreaKind::Documentation => found.by_tests = true,
                    _ => {
                        found.folders.insert(folder.clone());
                    }
                }
            }
        }
    }
    // A helper of helpers: each round follows one more import.
    loop {
        let before = out.len();
        for ((folder, _), found) in packages.iter().zip(&importers) {
            let is_reached = found.folders.iter().any(|importer| !out.contains(importer.as_str()));
            if !is_reached && (found.by_tests || !found.folders.is_empty()) {
                out.insert(*folder);
            }
        }
        if out.len() == before {
            return out;
        }
    }
}
