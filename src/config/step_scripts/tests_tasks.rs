//! Modules of Python that run scripts, and task runners, in pairs: what runs, and what does not.

use super::tests_spellings::assert_pairs;
use crate::config::Config;
use crate::text::{RepoPath, Source};

/// Command lines, and the files that they run.
const RUN: &[(&str, &str)] = &[
    ("python -m cProfile x.py", "x.py"),
    ("python -m cProfile -o out ci/x.py", "ci/x.py"),
    ("python -m cProfile -s cumtime -m tools.x", "tools/x.py"),
    ("python -m pdb ci/x.py", "ci/x.py"),
    ("python -m pdb -c continue ci/x.py", "ci/x.py"),
    ("python -m trace --trace ci/x.py", "ci/x.py"),
    ("python -m trace --count -C . ci/x.py", "ci/x.py"),
    ("python -m runpy ci.x", "ci/x.py"),
    ("python -m coverage run ci/x.py", "ci/x.py"),
    ("python -m coverage run -m ci.x", "ci/x.py"),
    ("python -m profile ci/x.py", "ci/x.py"),
    ("python -m debugpy --listen 5678 ci/x.py", "ci/x.py"),
    ("python -m torch.distributed.run ci/x.py", "ci/x.py"),
    ("python -m pytest -p tools.plug", "tools/plug.py"),
    ("pytest -ptools.plug", "tools/plug.py"),
    ("ipython ci/x.py", "ci/x.py"),
    ("kernprof -l ci/x.py", "ci/x.py"),
    ("moon run web:test", "apps/web/moon.yml .moon/tasks.yml"),
    ("nx test web", "apps/web/project.json nx.json"),
    ("npx nx run web:test", "nx.json"),
    ("turbo run test", "turbo.json"),
    ("earthly ./ci+test", "ci/Earthfile"),
    ("earthly +test", "Earthfile"),
    ("mise run check", "mise.toml mise/tasks/check"),
    ("rake -R ci/tasks test", "ci/tasks/a.rake"),
    ("rake test", "lib/tasks/x.rake rakelib/a.rake"),
    ("nox -s tests", "noxfile.py"),
    ("deno task check", "deno.json"),
    ("task check", "taskfile.yml"),
    ("python3.11 -um cProfile ci/x.py", "ci/x.py"),
    ("uv run -m cProfile ci/x.py", "ci/x.py"),
    ("coverage run -m cProfile ci/x.py", "ci/x.py"),
    ("python -W error -m trace -t ci/x.py", "ci/x.py"),
    ("poetry run python -m pdb -m tools.x", "tools/x.py"),
    ("python -m runpy tools.x", "tools/__init__.py"),
    ("bundle exec rails runner ci/x.rb", "ci/x.rb"),
    ("concurrently 'bash ci/x.sh'", "ci/x.sh"),
    ("npx concurrently --names a,b ./ci/x.sh ./ci/y.sh", "ci/x.sh ci/y.sh"),
];

/// Command lines, and files that they do not run.
const READ: &[(&str, &str)] = &[
    ("python manage.py test -p tests", "tests.py"),
    ("python manage.py runserver -p src", "src/__init__.py"),
    ("python scripts/x.py -p app", "app/__init__.py"),
    ("python -m http.server -p api", "api/__init__.py"),
    ("bun run watch src/a.ts", "src/a.ts"),
    ("bun run lint src/a.ts", "src/a.ts"),
    ("npm run watch src/a.ts", "src/a.ts"),
    ("pnpm run watch src/a.ts", "src/a.ts"),
    ("python -m cProfile -m pytest tests/a.py", "tests/a.py"),
    ("python -m coverage report src/a.py", "src/a.py"),
    ("python -m trace --trace ci/x.py src/a.py", "src/a.py"),
    ("python -m py_compile src/a.py", "src/a.py"),
    ("python -m json.tool src/a.json", "src/a.json"),
    ("python -m doctest src/a.py", "src/a.py"),
    ("hatch run pytest tests/a.py", "tests/a.py"),
    ("composer test tests/a.php", "tests/a.php"),
    ("nx test web --file=src/a.js", "src/a.js"),
    ("turbo run test --filter=web", "web/src/a.js"),
    ("npx run-s lint test", "src/a.js"),
    ("nx affected --target=test --files=src/a.ts", "src/a.ts"),
    ("nx test web", "apps/web/src/a.ts"),
    ("hyperfine --warmup 3 'pytest tests/a.py'", "tests/a.py"),
    ("rake test TEST=test/a.rb", "test/a.rb"),
    ("rake spec SPEC=spec/a_spec.rb", "spec/a_spec.rb lib/a.rb"),
    ("turbo run test --filter=./apps/web", "apps/web/src/a.ts"),
    ("npx concurrently -n a,b 'eslint src/a.js' 'tsc -p src'", "src/a.js"),
    ("npx concurrently npm:lint npm:test", "lint"),
    ("mix run --no-start -e 'IO.puts 1'", "lib/a.ex"),
    ("pnpm watch src/a.ts", "src/a.ts"),
    ("bun --watch test src/a.ts", "src/a.ts"),
    ("poetry run python -m pytest -p no:cacheprovider tests/a.py", "tests/a.py no.py"),
    ("python -m uvicorn app.main:app", "src/a.py"),
    ("python -m flask --app app run -p 5000", "app/a.py"),
];

#[test]
fn modules_and_task_runners_run_files() {
    assert_pairs(RUN, READ);
}

/// The words of a step that can name a script of a manifest.
fn words_of(run: &str) -> Vec<String> {
    let text = format!("version: 1\nsteps:\n  - name: t\n    run: {run}\n");
    let source = Source::from_text(RepoPath::from("countersign.yaml"), &text);
    Config::read(&source).expect("configuration").policy.step_words
}

#[test]
fn names_of_scripts_are_found_in_code_of_any_form() {
    for run in [
        "[npm, run, go]",
        "[sh, -c, 'npm run go && true']",
        "[sh, -c, 'sh -c \"npm run go\"']",
        "[sh, -c, 'run-p go a']",
        "[bash, -c, 'c=(npm run go); \"${c[@]}\"']",
        "[bash, -c, 'case $a in b) npm run go;; esac']",
        "[concurrently, 'npm run go', b]",
        "[sh, -c, 'npm-run-all a go']",
        "[sh, -c, 'timeout 5 bash -c \"cd web; pnpm go\"']",
    ] {
        assert!(words_of(run).iter().any(|word| word == "go"), "{run}");
    }
    for run in [
        "[bash, -c, 'c=(go a); npm test']",
        "[sh, -c, 'npm test && ./go go']",
        "[sh, -c, 'sh -c \"make go\" && npm test']",
    ] {
        assert!(!words_of(run).iter().any(|word| word == "go"), "{run}");
    }
    let deep = format!("[sh, -c, '{}']", "sh -c \"npm run ".repeat(2_000));
    let start = std::time::Instant::now();
    words_of(&deep);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
