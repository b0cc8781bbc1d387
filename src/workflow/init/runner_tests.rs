//! Tests of the detection of test commands.

use super::*;

fn detect(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let texts: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let read = |path: &str| texts.get(path).cloned();
    let files = ProjectFiles::new(texts.keys().cloned(), &read);
    detect_test_steps(&files).into_iter().map(|step| (step.folder, step.argv.join(" "))).collect()
}

fn in_root(files: &[(&str, &str)]) -> String {
    let found = detect(files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "");
    found[0].1.clone()
}

#[test]
fn lock_files_choose_the_package_manager() {
    let package = ("package.json", r#"{"scripts": {"test": "vitest run"}}"#);
    assert_eq!(in_root(&[package]), "npm test");
    assert_eq!(in_root(&[package, ("pnpm-lock.yaml", "")]), "pnpm test");
    assert_eq!(in_root(&[package, ("yarn.lock", "")]), "yarn test");
    assert_eq!(in_root(&[package, ("bun.lock", "")]), "bun run test");
    let named = ("package.json", r#"{"packageManager": "pnpm@9.1.0", "scripts": {"test": "x"}}"#);
    assert_eq!(in_root(&[named, ("package-lock.json", "")]), "pnpm test");
}

#[test]
fn packages_without_tests_have_no_step() {
    let default = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
    assert!(detect(&[("package.json", default)]).is_empty());
    assert!(detect(&[("package.json", "not json")]).is_empty());
    assert!(detect(&[("pyproject.toml", "[project]\n")]).is_empty());
    assert!(detect(&[("README.md", "")]).is_empty());
    assert!(detect(&[("Gemfile", ""), ("composer.json", "{}")]).is_empty());
}

#[test]
fn workspaces_cover_their_members() {
    assert_eq!(
        in_root(&[("Cargo.toml", "[workspace]\n"), ("a/Cargo.toml", "[package]\n"), ("b/Cargo.toml", "")]),
        "cargo test --workspace"
    );
    let member = r#"{"scripts": {"test": "jest"}}"#;
    assert_eq!(
        in_root(&[
            ("package.json", r#"{"workspaces": ["p/*"]}"#),
            ("yarn.lock", ""),
            ("p/a/package.json", member)
        ]),
        "yarn workspaces run test"
    );
    assert_eq!(
        in_root(&[
            ("package.json", "{}"),
            ("pnpm-workspace.yaml", ""),
            ("pnpm-lock.yaml", ""),
            ("a/package.json", member)
        ]),
        "pnpm --recursive test"
    );
}

#[test]
fn sub_projects_have_steps_of_their_own() {
    let found = detect(&[
        ("backend/Cargo.toml", "[package]\n"),
        ("web/package.json", r#"{"scripts": {"test": "vitest"}}"#),
        ("web/pnpm-lock.yaml", ""),
        ("tools/go.mod", ""),
        ("web/node_modules/x/package.json", r#"{"scripts": {"test": "x"}}"#),
        ("tests/fixtures/p/Cargo.toml", ""),
    ]);
    let expected = [("backend", "cargo test"), ("tools", "go test ./..."), ("web", "pnpm test")];
    assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn python_projects_use_their_own_tools() {
    let pytest = ("pyproject.toml", "[tool.pytest.ini_options]\n");
    let test = ("tests/test_a.py", "");
    assert_eq!(in_root(&[pytest, test]), "python -m pytest");
    assert_eq!(in_root(&[pytest, test, ("uv.lock", "")]), "uv run pytest");
    assert_eq!(in_root(&[pytest, test, ("poetry.lock", "")]), "poetry run pytest");
    assert_eq!(in_root(&[("setup.py", ""), test]), "python -m unittest discover");
    assert_eq!(in_root(&[("tox.ini", "[tox]\n"), test]), "tox");
}

#[test]
fn other_languages_are_detected() {
    assert_eq!(in_root(&[("pom.xml", ""), ("core/pom.xml", "")]), "mvn test");
    assert_eq!(
        in_root(&[("build.gradle.kts", ""), ("gradlew", ""), ("a/build.gradle", "")]),
        "./gradlew test"
    );
    assert_eq!(in_root(&[("App.sln", ""), ("App/App.csproj", "")]), "dotnet test App.sln");
    assert_eq!(in_root(&[("Gemfile", ""), ("spec/a_spec.rb", "")]), "bundle exec rspec");
    assert_eq!(in_root(&[("composer.json", "{}"), ("phpunit.xml.dist", "")]), "vendor/bin/phpunit");
}

#[test]
fn task_runners_count_where_no_tool_is_known() {
    assert_eq!(in_root(&[("Makefile", "all:\n\ntest: all\n\t./run\n")]), "make test");
    assert_eq!(in_root(&[("justfile", "build:\n  x\ntest *args:\n  y\n")]), "just test");
    assert_eq!(in_root(&[("go.mod", ""), ("Makefile", "test:\n")]), "go test ./...");
    assert!(detect(&[("Makefile", "test := a\ntests:\n")]).is_empty());
}
