//! Commands of every day, and commands of any length.

use super::tests::protects;
use super::tests_wrappers::is_seen;

/// Command lines of every day, and a file of the work that they do not run.
const HONEST: &[(&str, &str)] = &[
    ("npm --prefix web test", "web/src/a.js"),
    ("npm -w a run check -- src/a.js", "src/a.js"),
    ("npx prettier --check src/a.js", "src/a.js"),
    ("npx -y eslint src/a.js", "src/a.js"),
    ("npx -w web eslint src/a.js", "web/src/a.js"),
    ("npm exec -w web -- eslint src/a.js", "web/src/a.js"),
    ("pnpm --filter web test", "web/test.js"),
    ("pnpm --filter web exec vitest run src/a.test.ts", "web/src/a.test.ts"),
    ("pnpm -C web eslint src/a.js", "web/src/a.js"),
    ("pnpm tsc -p tsconfig.json", "tsconfig.json"),
    ("yarn workspace web test src/a.js", "web/src/a.js"),
    ("yarn lint src/a.js", "src/a.js"),
    ("bun build src/a.ts", "src/a.ts"),
    ("bun --cwd web test src/a.ts", "web/src/a.ts"),
    ("bun run test src/a.ts", "src/a.ts"),
    ("bunx vitest run src/a.ts", "src/a.ts"),
    ("deno lint src/a.ts", "src/a.ts"),
    ("deno fmt --check src/a.ts", "src/a.ts"),
    ("deno check src/a.ts", "src/a.ts"),
    ("deno test -A src/a.ts", "src/a.ts"),
    ("uv run pytest tests/a.py", "tests/a.py"),
    ("uv run --directory web pytest tests/a.py", "web/tests/a.py"),
    ("uv run ruff check src/a.py", "src/a.py"),
    ("uv run -m pytest tests/a.py", "tests/a.py"),
    ("poetry run mypy src/a.py", "src/a.py"),
    ("hatch run test:pytest tests/a.py", "tests/a.py"),
    ("pipenv run black --check src/a.py", "src/a.py"),
    ("tox -e py312", "tests/a.py"),
    ("env -C web pytest tests/a.py", "web/tests/a.py"),
    ("env A=src/a.py pytest", "src/a.py"),
    ("make -C web check", "api/makefile"),
    ("cargo -C web test", "web/src/lib.rs"),
    ("cargo test --manifest-path web/Cargo.toml", "web/src/lib.rs"),
    ("cargo +nightly fmt --check", "src/lib.rs"),
    ("go -C web test ./...", "web/a/a.go"),
    ("go -C web run ./cmd/x", "web/cmd/x/main.go"),
    ("go -C cmd/x run .", "cmd/x/main.go"),
    ("go vet ./...", "a.go"),
    ("dotenv -- jest src/a.test.js", "src/a.test.js"),
    ("cross-env CI=1 jest src/a.test.js", "src/a.test.js"),
    ("mise exec -- pytest tests/a.py", "tests/a.py"),
    ("direnv exec . pytest tests/a.py", "tests/a.py"),
    ("nix develop -c pytest tests/a.py", "tests/a.py"),
    ("docker compose run --rm app pytest tests/a.py", "tests/a.py"),
    ("docker run --rm -v .:/w -w /w image pytest tests/a.py", "tests/a.py"),
    ("docker build -t app .", "src/a.py"),
    ("sh -c 'cd web && pytest tests/a.py'", "web/tests/a.py"),
    ("sh -c '(cd web && ./x.sh)'", "x.sh"),
    ("sh -c 'cd /tmp && ./x.sh'", "web/x.sh"),
    ("git diff --exit-code -- src/a.sh", "src/a.sh"),
    ("ruff check python src/a.py", "src/a.py"),
    ("pip install -e python src/a.py", "src/a.py"),
    ("cargo run -- src/a.sh", "src/a.sh"),
    ("pwsh -Command Invoke-Pester tests/a.ps1", "src/a.ps1"),
    ("mytool --lang python src/a.py", "src/a.py"),
    ("find src -name x.sh", "src/x.sh"),
    ("find . -name x -exec grep a src/x.sh ;", "src/x.sh"),
    ("coverage report --include src/a.py", "src/a.py"),
    ("python -m coverage run -m pytest tests/a.py", "tests/a.py"),
    ("python -m tox -- tests/a.py", "tests/a.py"),
    ("python -m pytest src/a.py", "src/a.py"),
    ("tsx --test tests/a.ts", "tests/a.ts"),
    ("pnpm tsx --test tests/a.ts", "tests/a.ts"),
    ("yarn node --test tests/a.js", "tests/a.js"),
    ("bun lint src/a.ts", "src/a.ts"),
    ("php artisan test tests/a.php", "tests/a.php"),
    ("docker compose run --rm app pytest", "rm"),
    ("sh -c 'for d in web api; do (cd $d && ./x.sh); done'", "x.sh"),
    ("npm exec -- jest --config ci/jest.js --workspace a", "web/ci/jest.js"),
    ("npm exec -- make -C web check", "makefile"),
    ("bun run lint src/a.ts", "src/a.ts"),
    ("node node_modules/.bin/jest src/a.js", "src/a.js"),
    ("nix develop github:a/b -c pytest tests/a.py", "a/b/flake.nix"),
    ("nix build .#app", "web/flake.nix"),
    ("sh -c 'for f in tests/*.sh; do bash $f; done'", "tests/a.sh"),
    ("sh -c 'for f in src/a.py; do ruff check $f; done'", "src/a.py"),
    ("sh -c 'for f in src/a.py; do ruff check \"$f\"; done; node x.js'", "src/a.py"),
    ("sh -c 'test -f src/a.sh && grep -q a src/a.sh'", "src/a.sh"),
];

#[test]
fn files_that_a_command_reads_or_tests_are_the_work() {
    let seen: Vec<_> = HONEST.iter().filter(|(text, path)| is_seen(text, path)).collect();
    assert!(seen.is_empty(), "{seen:#?}");
}

#[test]
fn what_cannot_be_read_is_searched_for_scripts() {
    let nested = |depth: usize| {
        (0..depth).fold("./ci/x.sh".to_owned(), |code, _| {
            format!("sh -c \"{}\"", code.replace('\\', "\\\\").replace('"', "\\\""))
        })
    };
    for depth in [1, 3, 6, 9, 12] {
        assert!(protects(&["sh", "-c", &nested(depth)], "ci/x.sh"), "{depth}");
    }
    let many: Vec<&str> = ["env"; 100].into_iter().chain(["bash", "ci/x.sh"]).collect();
    assert!(protects(&many, "ci/x.sh"));
    assert!(!protects(&many, "web/ci/x.sh"));
}

#[test]
fn wrappers_of_any_number_are_read_in_bounded_time() {
    let start = std::time::Instant::now();
    for repeated in [
        &["env", "-C", "a"][..],
        &["npm", "exec", "-w", "a", "--"],
        &["pnpm", "-r", "exec"],
        &["yarn", "workspace", "a"],
        &["bun", "run"],
        &["mise", "exec", "a", "--"],
        &["nix", "develop", "-c"],
        &["docker", "run", "a"],
        &["find", "-exec"],
        &["sh", "-c", "$0 $@"],
        &["env", "-S"],
        &["a", "node", "x.js"],
        &["pwsh"],
        &["cmd", "/c"],
        &["deno", "task"],
        &["make", "-C", "a"],
    ] {
        let words: Vec<&str> = repeated.iter().copied().cycle().take(1_500).chain(["ci/x.sh"]).collect();
        protects(&words, "ci/x.sh");
        let code = repeated.join(" ");
        for separator in [" ", "; ", " $(", " `", " (", " \"", " && cd a && "] {
            let code = format!("{code}{separator}").repeat(250);
            protects(&["sh", "-c", &code], "ci/x.sh");
        }
    }
    for code in ["A=$A/x; ", "cd a; ", "for f in a b c; do ", "A=a $A $A; ", "(cd a; "] {
        protects(&["sh", "-c", &code.repeat(1_000)], "ci/x.sh");
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
