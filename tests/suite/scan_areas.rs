//! Scans in real repositories: which files are tests.

use crate::scans::{report, rules};
use crate::support::repo::Sandbox;

#[test]
fn test_modules_in_files_of_their_own_are_tests() {
    let sandbox = Sandbox::new();
    sandbox.write("src/lib.rs", "#[cfg(test)]\nmod checks;\nmod real;\n");
    sandbox.write("src/checks.rs", "mod deep;\nfn a() { b.unwrap(); }\n");
    sandbox.write("src/checks/deep.rs", "fn a() { b.unwrap(); }\n");
    sandbox.write("src/real.rs", "fn a() { b.unwrap(); }\n");
    let (_, found) = report(&sandbox, &["scan"]);
    assert_eq!(rules(&found).len(), 1);
    assert_eq!(found["findings"][0]["place"]["path"], "src/real.rs");
}

#[test]
fn go_packages_that_only_tests_import_are_tests() {
    const BAD: &str = "func A() { panic(\"a\") }\n";
    let sandbox = Sandbox::new();
    sandbox.write("go.mod", "module example.org/a\n");
    sandbox.write("cmd/a/main.go", "package main\n\nimport \"example.org/a/internal/real\"\n");
    sandbox.write("internal/real/real.go", format!("package real\n\n{BAD}"));
    sandbox.write(
        "internal/real/real_test.go",
        "package real_test\n\nimport . \"example.org/a/internal/real\"\n",
    );
    // Only tests import the helper, and only the helper imports the next one.
    sandbox.write(
        "support/try/try.go",
        format!("package try\n\nimport _ `example.org/a/support/deep`\n\n{BAD}"),
    );
    sandbox.write("support/deep/deep.go", format!("package deep\n\n{BAD}"));
    sandbox.write("internal/real/more_test.go", "package real\n\nimport \"example.org/a/support/try\"\n");
    // No package imports this one, only its own tests do.
    sandbox.write("internal/alone/alone.go", format!("package alone\n\n{BAD}"));
    sandbox
        .write("internal/alone/a_test.go", "package alone_test\n\nimport \"example.org/a/internal/alone\"\n");
    let places = |sandbox: &Sandbox| -> Vec<String> {
        let (_, found) = report(sandbox, &["scan"]);
        let all = found["findings"].as_array().expect("findings").iter();
        all.filter_map(|one| one["place"]["path"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(places(&sandbox), ["internal/alone/alone.go", "internal/real/real.go"]);
    // One import by the product is enough, in whatever form.
    sandbox.write("cmd/a/more.go", "package main\n\nimport(x `example.org/a/support/try`)\n");
    assert_eq!(
        places(&sandbox),
        ["internal/alone/alone.go", "internal/real/real.go", "support/deep/deep.go", "support/try/try.go"]
    );
    // The packages of a library are for its users, unless they are internal.
    sandbox.remove("cmd/a/main.go");
    sandbox.remove("cmd/a/more.go");
    sandbox.write("internal/real/again_test.go", "package real\n\nimport \"example.org/a/internal/try\"\n");
    sandbox.write("internal/try/try.go", format!("package try\n\n{BAD}"));
    assert_eq!(
        places(&sandbox),
        ["internal/alone/alone.go", "internal/real/real.go", "support/deep/deep.go", "support/try/try.go"]
    );
}

#[test]
fn tests_of_a_crate_with_another_root_are_tests() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n\n[lib]\npath = \"src/mine.rs\"\n",
    );
    sandbox.write("src/mine.rs", "#[cfg(test)]\nmod checks;\n#[cfg(doctest)]\nmod checks;\nmod real;\n");
    sandbox.write("src/checks.rs", "fn a() { b.unwrap(); }\n");
    sandbox.write("src/real.rs", "fn a() { b.unwrap(); }\n");
    // A file that no target names declares nothing.
    sandbox.write("src/lib.rs", "#[cfg(test)]\nmod real;\n");
    let (_, found) = report(&sandbox, &["scan"]);
    assert_eq!(rules(&found).len(), 1, "{found}");
    assert_eq!(found["findings"][0]["place"]["path"], "src/real.rs");
}
