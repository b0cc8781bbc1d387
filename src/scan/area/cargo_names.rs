//! What the folder and the name of a package of Cargo say.

use super::names;
use crate::scan::area_kind::AreaKind;

/// Returns the area that the folder and the name of a package say. Its own name alone makes
/// only a private package a tool: `release` can be a product.
pub(super) fn area_by_name(folder: &str, name: &str, is_private: bool) -> AreaKind {
    let last = folder.rsplit('/').next().unwrap_or_default();
    let is_own_name = last.replace('_', "-") == name.replace('_', "-") && folder.contains('/');
    let folders = folder.split('/').filter(|name| !name.is_empty());
    let by_folder = names::area_of_folders(folders, false, |_| false);
    let above = || {
        let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
        names::area_of_folders(above.split('/').filter(|name| !name.is_empty()), false, |_| false)
    };
    let is_of_developers = |word: &str| matches!(word, "xtask" | "xtasks" | "codegen");
    let may_be_tool = is_private || name.split(['-', '_']).any(is_of_developers);
    let by_folder = match by_folder {
        Some(AreaKind::Tools) if is_own_name && !may_be_tool => above(),
        by_folder => by_folder,
    };
    let is_test = names::is_test_name(name) && names::is_test_name(&name.replace('_', "-"));
    let of_tests = || is_test.then_some(AreaKind::Tests);
    let of_name = || {
        let is_double = |word: &str| matches!(word, "mock" | "mocks" | "fake" | "fakes");
        if is_private && name.split(['-', '_']).next_back().is_some_and(is_double) {
            return Some(AreaKind::Tests);
        }
        // A program for those who work on the repository.
        if is_private && !folder.is_empty() {
            match name.split(['-', '_']).next_back().unwrap_or_default() {
                "dev" | "devtools" => return Some(AreaKind::Tools),
                "testbin" | "testbins" => return Some(AreaKind::Tests),
                _ => {}
            }
        }
        match names::folder_area(name) {
            Some(AreaKind::Benchmarks) => Some(AreaKind::Benchmarks),
            Some(AreaKind::Tools) if may_be_tool => Some(AreaKind::Tools),
            _ => (names::is_generator(name) && may_be_tool).then_some(AreaKind::Tools),
        }
    };
    by_folder.or_else(of_tests).or_else(of_name).unwrap_or(AreaKind::Product)
}

/// Returns whether the name and the description of a program, in small letters, say that it makes
/// releases of the product.
pub(super) fn is_release_tool(name: &str, description: &str) -> bool {
    let mut words = name.split(['-', '_']);
    let is_named = words.next_back().is_some_and(|last| matches!(last, "release" | "releases" | "releaser"));
    let has = |wanted: &[&str]| {
        let mut words = description.split(|c: char| !c.is_alphanumeric());
        words.any(|word| wanted.contains(&word))
    };
    is_named
        && words.next().is_some()
        && has(&["tool", "tools", "tooling", "script", "scripts", "helper", "helpers"])
        && has(&["release", "releases", "releasing"])
}

/// Returns whether a name says, from some word on, that the package is for tests:
/// `shop-test-support`.
pub(super) fn ends_as_test_name(name: &str) -> bool {
    let starts = name.match_indices(['-', '_']).map(|(at, _)| at + 1).chain(std::iter::once(0));
    starts.filter_map(|at| name.get(at..)).any(names::is_test_name)
}

/// Returns the name of the folder around a folder.
pub(super) fn parent_name(folder: &str) -> &str {
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    above.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_makes_releases_says_so_twice() {
        assert!(is_release_tool("shop-release", "tools for the releases of the shop"));
        assert!(is_release_tool("shop_releaser", "helper that signs a release"));
        for (name, description) in [
            ("shop-release", "reads what the shop released"),
            ("os-release", "reads the file about the release of a system"),
            ("release", "a tool for releases"),
            ("release-shop", "a tool for releases"),
            ("shop-release", "a tool for tides"),
        ] {
            assert!(!is_release_tool(name, description), "{name}: {description}");
        }
    }
}
