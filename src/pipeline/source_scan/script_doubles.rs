//! Scripts that are named after test doubles, and that only tests import.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::{AreaKind, Language, Treatment};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};
use super::go_files::{FILES_AT_ONCE, ReadFiles};

/// Maximum number of scripts that are examined; further ones are the product.
const MAX_DOUBLES: usize = 500;

/// The end of a path in quotes, as in an import: the part before the last name, and that name
/// without the ending of a script.
static IMPORTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"["'`](?P<folders>[^"'`\n]*/)(?P<name>[^"'`\n/]+?)(?:\.[cm]?[jt]sx?)?["'`]"#).ok()
});

/// Marks scripts that are named after doubles as test code, if tests import them and nothing
/// else does. Any text that ends with the name of such a script counts as an import of it, if it
/// is not a path to another file.
pub(super) fn mark_script_doubles(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    (requested, file_scans): (&[RepoPath], &mut [FileScan]),
    read: &ReadFiles<'_>,
) {
    let is_double = |path: &RepoPath, scan: &FileScan| {
        let is_product = scan.area.is_some_and(|area| area.kind == AreaKind::Product);
        let is_script = scan.language.is_some_and(Language::is_script);
        is_script && is_product && !scan.matches.hits.is_empty() && is_named_double(path)
    };
    let named = requested.iter().zip(&*file_scans).enumerate();
    let doubles: BTreeMap<String, usize> = named
        .filter(|(_, (path, scan))| is_double(path, scan))
        .map(|(at, (path, _))| (module_path(&path.to_text()), at))
        .take(MAX_DOUBLES)
        .collect();
    if doubles.is_empty() {
        return;
    }
    // For each double the modules of the product that import it, and whether a test does.
    let mut users: BTreeMap<&str, (BTreeSet<String>, bool)> = BTreeMap::new();
    let scripts: Vec<RepoPath> =
        paths.iter().filter(|path| Language::from_path(path).is_script()).cloned().collect();
    for chunk in scripts.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |path, text| {
            let Some(text) = text else { return };
            let own = module_path(&path.to_text());
            for double in find_imports(&path.to_text(), text, &doubles) {
                let entry = users.entry(double).or_default();
                if context.treatment(path, text) == Treatment::Tests {
                    entry.1 = true;
                } else if own != double {
                    entry.0.insert(own.clone());
                }
            }
        });
    }
    // A double may import another one.
    let mut of_product: BTreeSet<&str> = BTreeSet::new();
    loop {
        let is_product = |user: &String| !doubles.contains_key(user) || of_product.contains(user.as_str());
        let more: Vec<&str> = users
            .iter()
            .filter(|(double, (by, _))| !of_product.contains(*double) && by.iter().any(is_product))
            .map(|(double, _)| *double)
            .collect();
        if more.is_empty() {
            break;
        }
        of_product.extend(more);
    }
    for (double, (_, by_tests)) in &users {
        let slot = doubles.get(*double).and_then(|at| file_scans.get_mut(*at));
        if let (Some(scan), true, false) = (slot, *by_tests, of_product.contains(double)) {
            scan.mark_as_test_code(context.rule_set);
        }
    }
}

/// Returns whether a script is named after a test double, or its folder if it is the index.
fn is_named_double(path: &RepoPath) -> bool {
    let module = module_path(&path.to_text());
    let name = module.rsplit('/').next().unwrap_or_default();
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            words.push('-');
        }
        words.push(c.to_ascii_lowercase());
    }
    words.split(['-', '_', '.']).any(|word| {
        matches!(
            word,
            "mock" | "mocks" | "stub" | "stubs" | "fake" | "fakes" | "fixture" | "fixtures" | "dummy"
        )
    })
}

/// Returns the path by which others import a script: without its ending, and the folder for
/// an index.
pub(super) fn module_path(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    stem.strip_suffix("/index").unwrap_or(stem).to_owned()
}

/// Returns the doubles that the text of a script at a path may import.
pub(super) fn find_imports<'d>(
    path: &str,
    text: &[u8],
    doubles: &'d BTreeMap<String, usize>,
) -> BTreeSet<&'d str> {
    let Some(imported) = IMPORTED.as_ref() else { return BTreeSet::new() };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut out = BTreeSet::new();
    for found in imported.captures_iter(text) {
        let (Some(folders), Some(name)) = (found.name("folders"), found.name("name")) else { continue };
        let (folders, name) =
            (String::from_utf8_lossy(folders.as_bytes()), String::from_utf8_lossy(name.as_bytes()));
        let is_relative = folders.starts_with('.');
        let whole = format!("{folders}{name}");
        // `…/mocks/index.js`
        let whole = whole.strip_suffix("/index").unwrap_or(&whole);
        let target = if is_relative { resolve(folder, whole) } else { String::new() };
        let last = whole.rsplit('/').next().unwrap_or_default();
        out.extend(doubles.keys().map(String::as_str).filter(|double| {
            let is_named = double.rsplit('/').next() == Some(last);
            // The root of another form of path is not known.
            *double == target || (is_named && (!is_relative || target.is_empty()))
        }));
    }
    out
}

/// Returns a relative path from a folder as a path of the tree; empty if it leaves the tree.
pub(super) fn resolve(folder: &str, path: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                if names.pop().is_none() {
                    return String::new();
                }
            }
            name => names.push(name),
        }
    }
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_name_a_script_by_any_form_of_path() {
        let doubles = BTreeMap::from([("src/mock".to_owned(), 0), ("src/tide/mocks".to_owned(), 1)]);
        let find = |own: &str, text: &str| -> Vec<&str> {
            find_imports(own, text.as_bytes(), &doubles).into_iter().collect()
        };
        assert_eq!(find("src/a", "import { b } from './mock.js';"), ["src/mock"]);
        assert_eq!(find("src/index.ts", "import b from './mock';"), ["src/mock"]);
        assert_eq!(find("src/tide/a", "require(\"../mock\")"), ["src/mock"]);
        assert_eq!(find("src/tide/a", "import b from './mocks/index.ts'"), ["src/tide/mocks"]);
        assert_eq!(find("lib/a", "import b from '@/tide/mocks'"), ["src/tide/mocks"]);
        assert_eq!(find("lib/a", "import b from '#src/mock.js'"), ["src/mock"]);
        assert!(find("lib/a", "import b from './mock'").is_empty());
        assert!(find("lib/a", "import b from 'mock'").is_empty());
    }

    #[test]
    fn names_of_doubles_are_words() {
        let is = |path: &str| is_named_double(&RepoPath::from(path));
        assert!(is("src/mock.ts") && is("src/shopMock.ts") && is("src/fixtures/index.ts"));
        assert!(!is("src/mocker.ts") && !is("src/index.ts") && !is("mock/index.d/a.ts"));
    }
}
