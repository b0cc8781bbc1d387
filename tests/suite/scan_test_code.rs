//! Scans in real repositories: code that only tests use.

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

#[test]
fn go_doubles_that_only_tests_use_are_tests() {
    const BAD: &str = "func (m *MockStore) Get() { panic(\"a\") }\n";
    let sandbox = Sandbox::new();
    sandbox.write("go.mod", "module example.org/a\n");
    sandbox
        .write("main.go", "package main\n\nimport \"example.org/a/store\"\n\nfunc main() { store.Open() }\n");
    sandbox.write("store/store.go", "package store\n\nfunc Open() {}\n");
    sandbox.write("store/mock.go", format!("package store\n\ntype MockStore struct{{}}\n\n{BAD}"));
    sandbox.write("store/store_test.go", "package store\n\nvar _ = MockStore{}\n");
    let count = |sandbox: &Sandbox| {
        let (_, found) = report(sandbox, &["scan", "--set", "product"]);
        rules(&found).iter().filter(|rule| *rule == "scan/go-panic").count()
    };
    assert_eq!(count(&sandbox), 0);
    // The product uses it: in its package, or in another one.
    sandbox.write("store/store.go", "package store\n\nfunc Open() { _ = MockStore{} }\n");
    assert_eq!(count(&sandbox), 1);
    sandbox.write("store/store.go", "package store\n\nfunc Open() {}\n");
    sandbox.write(
        "main.go",
        "package main\n\nimport s \"example.org/a/store\"\n\nfunc main() { _ = s.MockStore{} }\n",
    );
    assert_eq!(count(&sandbox), 1);
    // In a library, its users can use it.
    sandbox.write("main.go", "package a\n");
    assert_eq!(count(&sandbox), 1);
}

/// Returns the paths of the findings of `scan`, of the given files.
fn scanned(files: &[(&str, &str)]) -> Vec<String> {
    let sandbox = Sandbox::new();
    files.iter().for_each(|(path, text)| sandbox.write(path, *text));
    let (_, found) = report(&sandbox, &["scan"]);
    let all = found["findings"].as_array().expect("findings").iter();
    all.filter_map(|one| one["place"]["path"].as_str().map(str::to_owned)).collect()
}

#[test]
fn go_code_of_the_product_is_not_hidden_by_what_names_it() {
    const MODULE: (&str, &str) = ("go.mod", "module example.org/a\n");
    const BAD: &str = "func A() { panic(\"a\") }\n";
    let bad = |package: &str| format!("package {package}\n\n{BAD}");
    // A test builds a program by its path.
    let test = "package e2e\n\nvar args = []string{\"go\", \"build\", \"example.org/a/cmd/a\"}\n";
    assert_eq!(
        scanned(&[MODULE, ("cmd/a/main.go", &bad("main")), ("e2e/e2e_test.go", test)]),
        ["cmd/a/main.go"]
    );
    // A generator at the root makes no program of a library.
    let generator = "//go:build ignore\n\npackage main\n";
    let test = "package a\n\nimport \"example.org/a/retry\"\n";
    let files = [MODULE, ("gen.go", generator), ("a_test.go", test), ("retry/retry.go", &bad("retry"))];
    assert_eq!(scanned(&files), ["retry/retry.go"]);
    // An import with an escape.
    let main = "package main\n\nimport \"example.org/a/inter\\x6eal/store\"\n";
    let test = "package it\n\nimport \"example.org/a/internal/store\"\n";
    let files = [MODULE, ("main.go", main), ("it/a_test.go", test), ("internal/store/s.go", &bad("store"))];
    assert_eq!(scanned(&files), ["internal/store/s.go"]);
    // A service with a module of its own, and a generator with one.
    let service = [
        MODULE,
        ("services/billing/go.mod", "module example.org/a/services/billing\n"),
        ("services/billing/main.go", &bad("main")),
        ("cmd/agen/go.mod", "module example.org/a/cmd/agen\n"),
        ("cmd/agen/main.go", &bad("main")),
    ];
    assert_eq!(scanned(&service), ["services/billing/main.go"]);
    // Tags and owners count where they are meant.
    for header in [
        "package a\n\nconst h = `\n//go:build wireinject\n`\n",
        "// Copyright 2024 Acme. Portions Copyright 2011 The Go Authors. All rights reserved.\n\npackage a\n",
        "// Copyright 2011 The Go Authors. All rights reserved.\n// Modifications (c) 2024 Acme.\n\npackage a\n",
        "// As in \"Copyright 2011 The Go Authors. All rights reserved.\"\n\npackage a\n",
    ] {
        assert_eq!(scanned(&[MODULE, ("a.go", &format!("{header}\n{BAD}"))]), ["a.go"], "{header}");
    }
}

#[test]
fn code_of_the_product_is_not_hidden_by_tests_in_it() {
    let script =
        "export function pay(a) { console.log(a); }\nif (import.meta.vitest) { const log = vi.fn(); }\n";
    assert_eq!(scanned(&[("package.json", "{\"name\": \"a\"}\n"), ("src/a.ts", script)]), ["src/a.ts"]);
    // The root of another crate beside a `mod.rs`.
    let manifest =
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[bin]]\nname = \"b\"\npath = \"src/foo/tool.rs\"\n";
    let files = [
        ("Cargo.toml", manifest),
        ("src/lib.rs", "pub mod foo;\n"),
        ("src/foo/mod.rs", "pub mod bar;\n"),
        ("src/foo/tool.rs", "#[cfg(test)]\nmod bar;\n"),
        ("src/foo/bar.rs", "fn a() { b.unwrap(); }\n"),
    ];
    assert_eq!(scanned(&files), ["src/foo/bar.rs"]);
    // A build may switch the assertions on.
    let guarded = "#[cfg(debug_assertions)]\nfn a() { b.unwrap(); }\n";
    assert_eq!(scanned(&[("src/lib.rs", guarded)]), ["src/lib.rs"]);
}
