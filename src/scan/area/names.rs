//! Names of folders and files that say what they are for. They decide where no manifest
//! does.

use crate::scan::area_kind::AreaKind;

/// Folders of third-party code and of files that tools generate.
fn is_vendored_folder(name: &str) -> bool {
    matches!(
        name,
        "node_modules"
            | "vendor"
            | "third_party"
            | "third-party"
            | "target"
            | "dist"
            | ".git"
            | ".yarn"
            | "bower_components"
            | "Pods"
    )
}

/// Returns whether a folder of this name holds examples.
fn is_examples(name: &str) -> bool {
    matches!(
        name,
        "example"
            | "examples"
            | "_examples"
            | "demo"
            | "demos"
            | "sample"
            | "samples"
            | "playground"
            | "playgrounds"
            | "sandbox"
            | "sandboxes"
            | "tutorial"
            | "tutorials"
            | "quickstart"
            | "quickstarts"
    )
}

/// Returns whether all folders of examples in a path have names that packages of a product have
/// as well: one that takes samples, or one that runs code in a sandbox.
pub(super) fn is_weak_example(folder: &str) -> bool {
    let mut examples = folder.split('/').filter(|name| folder_area(name) == Some(AreaKind::Examples));
    examples.all(|name| matches!(name, "sample" | "sandbox"))
}

/// Returns whether a folder of this name holds benchmarks.
fn is_benchmarks(name: &str) -> bool {
    matches!(
        name,
        "bench" | "benches" | "benchmark" | "benchmarks" | "benchmarking" | "perf" | "performance-tests"
    )
}

/// Returns whether a folder of this name holds tests.
fn is_tests(name: &str) -> bool {
    matches!(
        name,
        "test"
            | "mocks"
            | "fakes"
            | "testdoubles"
            | "tests"
            | "__tests__"
            | "__test__"
            | "__mocks__"
            | "__stubs__"
            | "__mock__"
            | "__utils__"
            | "__helpers__"
            | "__support__"
            | "__setup__"
            | "__e2e__"
            | "spec"
            | "specs"
            | "e2e"
            | "cypress"
            | "playwright"
            | "testutil"
            | "testutils"
            | "testhelper"
            | "testhelpers"
            | "testsupport"
            | "testlib"
            | "typetests"
            | "typecheck"
            | "typechecks"
            | "dtslint"
            | "tsd"
            | "smoke"
            | "loadtest"
            | "loadtests"
            | "fuzz"
            | "fuzzers"
            | "fuzzing"
            | "integration_test"
            | "integration_tests"
            | "unit_tests"
            | "testsuite"
            | "mutation-tests"
    )
}

/// Returns whether a folder of this name holds fixtures.
fn is_fixtures(name: &str) -> bool {
    matches!(
        name,
        "fixture"
            | "fixtures"
            | "__fixtures__"
            | "__testfixtures__"
            | "__snapshots__"
            | "testdata"
            | "testfixtures"
            | "testfiles"
            | "test_files"
            | "test-files"
            | "snapshots"
            | "golden"
            | "goldens"
            | "cassettes"
    )
}

/// Returns whether a folder of this name holds tools.
fn is_tools(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "scripts"
            | "tool"
            | "tools"
            | "tooling"
            | "ci"
            | "hack"
            | "xtask"
            | "xtasks"
            | "build"
            | "dev"
            | "devtools"
            | "devel"
            | "release"
            | "packaging"
            | "maintainers"
    )
}

/// Returns whether a folder of this name holds documentation.
fn is_documentation(name: &str) -> bool {
    let sources = ["docs_src", "docs-src", "doc_src", "docs_snippets", "doc_snippets"];
    matches!(name, "doc" | "docs" | "documentation" | "website" | "www" | "site") || sources.contains(&name)
}

/// Folders in which an application keeps its code. Below them, only tests have names of
/// their own.
fn is_source_folder(name: &str) -> bool {
    matches!(
        name,
        "src"
            | "app"
            | "lib"
            | "pages"
            | "components"
            | "server"
            | "client"
            | "routes"
            | "electron"
            | "source"
            | "internal"
            | "pkg"
    )
}

/// Returns whether a path is third-party code, or output of a build. Below `src/`, only
/// `node_modules` has this meaning.
pub(super) fn is_vendored(text: &str) -> bool {
    let (mut below_source, mut parent) = (false, "");
    let Some((folders, file)) = text.rsplit_once('/') else { return is_minified(text) };
    for name in folders.split('/') {
        below_source |= name == "src";
        let is_asset_library =
            matches!(name, "lib" | "libs" | "vendors") && matches!(parent, "public" | "static" | "assets");
        parent = name;
        // `_vendor` is what Python's tools for copied packages call their folder.
        if matches!(name, "node_modules" | "_vendor")
            || is_asset_library
            || (!below_source && is_vendored_folder(name))
        {
            return true;
        }
    }
    is_minified(file)
}

fn is_minified(file: &str) -> bool {
    // The last one is copied from the distribution of Go.
    file.ends_with(".min.js")
        || file.ends_with(".min.mjs")
        || file.ends_with(".bundle.js")
        || file == "wasm_exec.js"
}

/// Returns the area that a folder's own name says; `None` if it says nothing.
pub(super) fn folder_area(name: &str) -> Option<AreaKind> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return folder_area(&name.to_ascii_lowercase());
    }
    let words = || name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    let begins_or_ends = |all: &[&str]| {
        let (first, last) = (words().next(), words().next_back());
        first.is_some_and(|word| all.contains(&word)) || last.is_some_and(|word| all.contains(&word))
    };
    if is_fixtures(name) || (is_test_name(name) && words().any(|word| matches!(word, "data" | "fixtures"))) {
        return Some(AreaKind::Fixtures);
    }
    // Pages of components for developers.
    let is_showcase = name.split(['.', '-']).next() == Some("storybook");
    if is_tests(name) || is_test_name(name) || is_showcase {
        return Some(AreaKind::Tests);
    }
    // `device-demo-app`
    let is_demo = words().any(|word| word == "demo") && begins_or_ends(&["app", "apps", "site"]);
    if is_demo || is_examples(name) || begins_or_ends(&["example", "examples", "demo", "demos", "playground"])
    {
        return Some(AreaKind::Examples);
    }
    if is_benchmarks(name)
        || begins_or_ends(&["bench", "benches", "benchmark", "benchmarks", "perf", "perftest"])
    {
        return Some(AreaKind::Benchmarks);
    }
    if is_documentation(name) {
        return Some(AreaKind::Documentation);
    }
    // `.github`, `.circleci`, `.storybook` and others are read by tools of the developers.
    let is_for_scripts = name.ends_with("-scripts");
    (is_tools(name) || is_for_scripts || name.starts_with('.')).then_some(AreaKind::Tools)
}

/// Returns whether a name of several words says that its code is for tests.
pub(super) fn is_test_name(name: &str) -> bool {
    if !name.bytes().any(|byte| matches!(byte, b'-' | b'_' | b'.')) {
        return false;
    }
    let words: Vec<&str> = name.split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
    let is_test = |word: &str| matches!(word, "test" | "tests" | "testing" | "testutil" | "testutils");
    let first_helper = words.get(1).is_some_and(|word| {
        let helpers = [
            "util",
            "utils",
            "helper",
            "helpers",
            "support",
            "data",
            "fixtures",
            "lib",
            "kit",
            "harness",
            "app",
            "apps",
            "common",
            "server",
            "suite",
            "runner",
            "project",
            "projects",
            "cases",
            "d",
            "types",
            "tool",
            "tools",
            "integration",
        ];
        helpers.contains(word)
    });
    words.len() > 1
        && (words.last().is_some_and(|word| {
            matches!(*word, "test" | "tests" | "testutil" | "testutils" | "loadtest" | "fuzz" | "e2e")
        }) || (words.first().is_some_and(|word| is_test(word)) && first_helper)
            || (words.iter().any(|word| is_test(word))
                && words.iter().any(|word| matches!(*word, "utils" | "helpers"))))
}

/// Returns the area that the folders of a path say, from the outermost to the innermost;
/// `None` if they say nothing. `starts_package` is true for a folder whose inner
/// structure is the product's own: names below it have no special meaning, except those
/// of tests.
pub(super) fn area_of_folders<'a>(
    folders: impl Iterator<Item = &'a str>,
    tests_below_source: bool,
    mut starts_package: impl FnMut(&str) -> bool,
) -> Option<AreaKind> {
    let mut found: Option<AreaKind> = None;
    let mut below_source = false;
    let mut parent = "";
    for (depth, name) in folders.enumerate() {
        // `issues/1599/`: a program that shows a fault.
        let is_issue = parent == "issues" && name.bytes().all(|byte| byte.is_ascii_digit());
        let own = if is_issue { Some(AreaKind::Examples) } else { folder_area(name) };
        let own = match own {
            Some(AreaKind::Tests) if !below_source || (tests_below_source && !is_weak_test_name(name)) => own,
            Some(AreaKind::Fixtures) if !below_source => own,
            Some(AreaKind::Benchmarks)
                if tests_below_source && matches!(name, "benchmarks" | "__benchmarks__") =>
            {
                own
            }
            // Below the code of the product, data of tests is for tests; other data is not.
            Some(AreaKind::Fixtures) if tests_below_source && name != "golden" => Some(AreaKind::Tests),
            // Scripts that operate a server are run by hand.
            Some(AreaKind::Tools) if name == "scripts" && matches!(parent, "server" | "backend") => own,
            Some(AreaKind::Tools) if name == "build" => own.filter(|_| depth == 0),
            Some(AreaKind::Tools | AreaKind::Documentation) if depth > 0 && !name.starts_with('.') => {
                own.filter(|_| !below_source && depth < 2)
            }
            _ => own.filter(|_| !below_source),
        };
        found = match (found, own) {
            // Input files of tests are inside of the folder of tests.
            (Some(AreaKind::Tests), Some(AreaKind::Fixtures)) => own,
            (None, own) => own,
            (found, _) => found,
        };
        parent = name;
        let starts = starts_package(name);
        below_source |= found.is_none() && (is_source_folder(name) || starts);
    }
    found
}

/// Returns whether a folder of this name below the code of the product is often a part
/// of the product.
fn is_weak_test_name(name: &str) -> bool {
    matches!(name, "typecheck" | "typechecks" | "fuzz" | "fuzzing" | "smoke" | "playwright" | "specs")
}

/// Returns whether names of folders make a file a part of the product's sources.
pub(super) fn is_below_sources(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folders, _)| folders.split('/').any(is_source_folder))
}

/// Returns whether the first or the last word of a name is one of a program that writes code.
pub(super) fn is_generator(name: &str) -> bool {
    let is = |word: &str| matches!(word, "gen" | "codegen" | "generator" | "generate" | "xtask");
    let mut words = name.split(['-', '_']);
    words.next().is_some_and(is) || words.next_back().is_some_and(is)
}
