//! Packages of Go that only tests import.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use bstr::BStr;

use crate::scan::{AreaKind, Language};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};
use super::go_doubles::{self, DoubleCandidate};
use super::go_files::{FILES_AT_ONCE, ReadFiles, is_go};

/// Maximum number of packages with findings that are examined; further ones are the product.
const MAX_PACKAGES: usize = 2_000;
/// Maximum number of files in which a program is looked for.
const MAX_PROGRAM_FILES: usize = 256;

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
    let places: OnceCell<BTreeMap<&str, Vec<RepoPath>>> = OnceCell::new();
    let mut programs: BTreeMap<&str, bool> = BTreeMap::new();
    let packages: Vec<(&str, String)> = with_findings
        .keys()
        .filter_map(|folder| {
            let (module, import) = context.areas.go_package(folder)?;
            // A program cannot be imported.
            let texts = with_findings.get(folder).into_iter().flatten();
            let mut texts = texts.filter_map(|at| file_scans.get(*at)?.text.as_ref());
            if texts.any(|text| is_main(text.source.text().as_bytes())) {
                return None;
            }
            let is_internal = folder.split('/').any(|name| name == "internal");
            let mut is_program = || {
                let places = places.get_or_init(|| program_places(context, paths)).get(module);
                *programs
                    .entry(module)
                    .or_insert_with(|| places.is_some_and(|places| is_program(places, read)))
            };
            (is_internal || is_program()).then_some((folder.as_str(), import))
        })
        .take(MAX_PACKAGES)
        .collect();
    let of_tests = find_test_packages(context, paths, &packages, read);
    let in_packages = of_tests.iter().filter_map(|folder| with_findings.get(*folder)).flatten().copied();
    let mut marked: BTreeSet<usize> = in_packages.collect();
    let eligible: BTreeSet<&str> = packages.iter().map(|(folder, _)| *folder).collect();
    let with_tests = folders_that_take_tests(requested, file_scans);
    let (mut doubles, mut candidates) = (Vec::new(), Vec::new());
    let in_eligible = with_findings.iter().filter(|(folder, _)| eligible.contains(folder.as_str()));
    for at in in_eligible.flat_map(|(_, files)| files.iter().copied()).filter(|at| !marked.contains(at)) {
        let (Some(path), Some(scan)) = (requested.get(at), file_scans.get(at)) else { continue };
        let text = scan.text.as_ref().map_or("", |text| text.source.text()).as_bytes();
        let says_so = is_named_double(path) || go_doubles::asserts_test(text);
        if says_so || with_tests.contains(&path.folder()) || go_doubles::declares_double(text) {
            doubles.push(at);
            candidates.push(DoubleCandidate { path: path.clone(), says_so });
        }
    }
    let unused = go_doubles::find_unused(context, paths, &candidates, read);
    marked.extend(doubles.iter().zip(unused).filter_map(|(at, is_unused)| is_unused.then_some(*at)));
    for at in marked {
        if let Some(scan) = file_scans.get_mut(at) {
            scan.mark_as_test_code(context.rule_set);
        }
    }
}

/// Returns the folders with a file that takes a test although its name is none of a test.
fn folders_that_take_tests<'p>(requested: &'p [RepoPath], file_scans: &[FileScan]) -> BTreeSet<&'p BStr> {
    let takes_test = |path: &RepoPath, scan: &FileScan| {
        let is_of_tests = scan.area.is_some_and(|area| area.kind == AreaKind::Tests);
        is_of_tests && is_go(path) && !path.as_bytes().ends_with(b"_test.go")
    };
    let found = requested.iter().zip(file_scans).filter(|(path, scan)| takes_test(path, scan));
    found.map(|(path, _)| path.folder()).collect()
}

/// Returns whether a file is named after a test double.
fn is_named_double(path: &RepoPath) -> bool {
    let name = path.file_name().to_string();
    let stem = name.split('.').next().unwrap_or_default();
    let is_double = |word: &str| {
        let doubles = ["mock", "mocks", "stub", "stubs", "fake", "fakes", "dummy", "double", "doubles"];
        // `fortest.go`, `testonly.go`, `test_hooks.go`: what a package has for tests of others.
        let of_tests = [
            "testing",
            "testutil",
            "testutils",
            "fortest",
            "fortests",
            "fortesting",
            "testonly",
            "testhelper",
            "testhelpers",
            "testhook",
            "testhooks",
            "testsupport",
            "testkit",
        ];
        doubles.contains(&word) || of_tests.contains(&word)
    };
    let words: Vec<&str> = stem.split(['_', '-']).collect();
    let pairs = [
        "for_test",
        "for_tests",
        "for_testing",
        "test_only",
        "test_helper",
        "test_helpers",
        "test_hook",
        "test_hooks",
        "test_support",
        "test_util",
        "test_utils",
    ];
    let is_pair = |two: &[&str]| pairs.contains(&two.join("_").as_str());
    words.iter().any(|word| is_double(word)) || words.windows(2).any(is_pair)
}

/// Returns for each module the files that can belong to a program: those at its root and in
/// `cmd/`, and each `main.go` of the product.
fn program_places<'c>(context: &ScanContext<'c>, paths: &[RepoPath]) -> BTreeMap<&'c str, Vec<RepoPath>> {
    let mut out: BTreeMap<&str, Vec<RepoPath>> = BTreeMap::new();
    for path in paths.iter().filter(|path| is_go(path)) {
        let folder = path.folder().to_string();
        let Some((module, _)) = context.areas.go_package(&folder) else { continue };
        let below = folder.strip_prefix(module).unwrap_or(&folder).trim_start_matches('/');
        let is_command = below.strip_prefix("cmd/").is_some_and(|name| !name.contains('/'));
        let is_main = || {
            path.file_name() == "main.go"
                && context.areas.area(context.settings, path, Language::Go).kind == AreaKind::Product
        };
        if below.is_empty() || is_command || is_main() {
            let places = out.entry(module).or_default();
            if places.len() < MAX_PROGRAM_FILES {
                places.push(path.clone());
            }
        }
    }
    out
}

/// Returns whether one of the files belongs to a program.
fn is_program(places: &[RepoPath], read: &ReadFiles<'_>) -> bool {
    let mut found = false;
    for chunk in places.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |_, text| found |= text.is_some_and(|text| is_main(text) && !is_left_out(text)));
    }
    found
}

/// Returns whether a file is part of a program.
fn is_main(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        line.strip_prefix(b"package main").is_some_and(|rest| !rest.starts_with(b"_"))
    })
}

/// Returns whether a build tag leaves a file out, as that of a generator does.
fn is_left_out(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"//go:build") || line.starts_with(b"// +build"))
}

/// Returns whether a quoted text before the first function or type has an escape.
fn has_escaped_import(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').take_while(|line| {
        !["func ", "type ", "var ", "const "].iter().any(|start| line.starts_with(start.as_bytes()))
    });
    let mut lines = lines.skip_while(|line| !line.starts_with(b"import"));
    lines.any(|line| {
        let quoted = memchr::memchr(b'"', line).and_then(|at| line.get(at..));
        quoted.is_some_and(|quoted| quoted.contains(&b'\\'))
    })
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
    let mut is_known = true;
    let mut add = |path: &RepoPath, text: Option<&[u8]>| {
        let kind = context.areas.area(context.settings, path, Language::Go).kind;
        let is_outside = matches!(
            kind,
            AreaKind::Tests
                | AreaKind::Fixtures
                | AreaKind::Examples
                | AreaKind::Benchmarks
                | AreaKind::Tools
                | AreaKind::Documentation
        );
        // What cannot be read, or writes an import with escapes, could import anything.
        let Some(text) = text.filter(|text| is_outside || !has_escaped_import(text)) else {
            is_known = false;
            return;
        };
        let folder = path.folder().to_string();
        for found in search.find_iter(text) {
            let at = found.pattern().as_usize() / 2;
            let (Some((own, _)), Some(found)) = (packages.get(at), importers.get_mut(at)) else { continue };
            if *own == folder {
                continue;
            }
            if is_outside {
                found.by_tests = true;
            } else {
                found.folders.insert(folder.clone());
            }
        }
    };
    for chunk in sources.chunks(FILES_AT_ONCE) {
        read(chunk, &mut add);
    }
    if !is_known {
        return out;
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
