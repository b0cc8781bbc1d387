use super::*;

fn kind(text: &str) -> CommandKind {
    recognize(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
}

#[test]
fn program_and_subcommand_make_a_test_run() {
    for (command, runner) in [
        ("cargo test", TestRunner::Cargo),
        ("cargo +nightly --offline test nothing", TestRunner::Cargo),
        ("cargo --config x.toml t", TestRunner::Cargo),
        ("cargo llvm-cov --workspace", TestRunner::Cargo),
        ("cargo llvm-cov nextest", TestRunner::Nextest),
        ("cargo nextest run -p x", TestRunner::Nextest),
        ("cargo hack test --each-feature", TestRunner::Cargo),
        ("sh tools/pytest -q", TestRunner::Pytest),
        ("python3 -m pytest tests", TestRunner::Pytest),
        ("python3.12 -X dev -m unittest discover", TestRunner::Unittest),
        ("uv run --with coverage pytest -q", TestRunner::Pytest),
        ("uv run python -m pytest", TestRunner::Pytest),
        ("poetry run coverage run -m pytest", TestRunner::Pytest),
        ("env A=1 B=2 timeout -k 5 60 pytest", TestRunner::Pytest),
        ("bash -c pytest", TestRunner::Pytest),
        ("/usr/bin/go test ./...", TestRunner::Go),
        ("go -C sub test ./...", TestRunner::Go),
        ("npx --yes jest@29 --ci", TestRunner::Jest),
        ("pnpm exec vitest run", TestRunner::Vitest),
        ("yarn jest", TestRunner::Jest),
        ("yarn workspace web jest", TestRunner::Jest),
        ("node node_modules/.bin/mocha", TestRunner::Mocha),
        ("node --experimental-vm-modules node_modules/jest/bin/jest.js", TestRunner::Jest),
        ("node --test", TestRunner::Node),
        ("c8 mocha", TestRunner::Mocha),
        ("bun test", TestRunner::Bun),
        ("deno test -A", TestRunner::Deno),
        ("dotnet test --no-build", TestRunner::Dotnet),
        ("./mvnw -B verify", TestRunner::Maven),
        ("./gradlew :app:test -x lint", TestRunner::Gradle),
        ("bundle exec rspec", TestRunner::Rspec),
        ("vendor/bin/phpunit", TestRunner::Phpunit),
        ("ctest --output-on-failure", TestRunner::Ctest),
        ("npx ava", TestRunner::Ava),
    ] {
        assert_eq!(kind(command), Runner(runner), "{command}");
    }
}

#[test]
fn words_among_the_arguments_do_not_make_a_test_run() {
    for command in [
        "cargo clippy --features test",
        "cargo clippy --manifest-path tools/test",
        "cargo --manifest-path tools/test clippy",
        "cargo build -p test",
        "cargo doc --document-private-items test",
        "cargo nextest list",
        "sh tools/pip install pytest",
        "python -m pip install pytest",
        "uv run mypy src/pytest",
        "npm install vitest",
        "yarn add jest",
        "pnpm add -D ava",
        "go vet ./test",
        "go build -o pytest ./cmd/test",
        "deno lint test",
        "dotnet build test",
        "mvn package -DskipTests",
        "ruff check tests",
        "npx eslint test",
        "env cargo fmt --check",
        "vitest bench",
    ] {
        assert_eq!(kind(command), NoTests, "{command}");
    }
}

#[test]
fn scripts_and_tasks_claim_tests_by_their_name() {
    for command in
        ["make test", "just unit-tests", "npm test", "npm run test:unit", "sh scripts/test.sh", "tox"]
    {
        assert_eq!(kind(command), Unknown { names_tests: true }, "{command}");
    }
    for command in ["make lint", "just latest", "sh check.sh", "npm run build", "./gradlew assemble -x test"]
    {
        assert_eq!(kind(command), Unknown { names_tests: false }, "{command}");
    }
}

#[test]
fn the_workspace_option_of_a_package_manager_hides_no_test_run() {
    for command in [
        "npm -w a test",
        "npm --workspace a run test",
        "pnpm -w test",
        "pnpm -w run test",
        "npm --workspace a run test",
        "pnpm --filter a test",
        "pnpm -r test",
        "pnpm recursive run test",
        "yarn workspace a test",
        "yarn workspaces foreach -A run test",
    ] {
        assert_eq!(kind(command), Unknown { names_tests: true }, "{command}");
    }
    for command in [
        "npm -w a install",
        "npm -w test install",
        "pnpm -w install test",
        "pnpm --filter test install",
        "yarn workspace test add x",
    ] {
        assert_ne!(kind(command), Unknown { names_tests: true }, "{command}");
    }
}
