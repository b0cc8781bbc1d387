use super::*;
use crate::config::Config;
use crate::text::{RepoPath, Source};

pub(super) fn protects(argv: &[&str], path: &str) -> bool {
    let words: Vec<String> = argv.iter().map(|word| format!("{word:?}")).collect();
    let text = format!("version: 1\nsteps:\n  - name: t\n    run: [{}]\n", words.join(", "));
    let source = Source::from_text(RepoPath::from("countersign.yaml"), &text);
    let config = Config::read(&source).expect("configuration");
    let step = config.steps.expect("steps").remove(0);
    step_patterns(&step).iter().any(|pattern| pattern.covers(&RepoPath::from(path)))
}

#[test]
fn scripts_that_a_step_runs_are_protected() {
    for (argv, path) in [
        (&["./scripts/test.sh", "--all"][..], "scripts/test.sh"),
        (&["bash", "-e", "scripts/test.sh"], "scripts/test.sh"),
        (&["just", "test"], "justfile"),
        (&["env", "A=1", "make", "-f", "build/rules.mk", "check"], "build/rules.mk"),
        (&["make", "check"], "makefile"),
        (&["uv", "run", "python", "tools/check.py"], "tools/check.py"),
        (&["node", "scripts/run.mjs"], "scripts/run.mjs"),
        (&["node", "scripts/run"], "scripts/run.js"),
        (&["bash", "-euo", "pipefail", "scripts/test.sh"], "scripts/test.sh"),
        (&["bash", "scripts/run.sh", "test"], "scripts/run.sh"),
        (&["bash", "scripts/run.sh", "jest", "--test"], "scripts/run.sh"),
        (&["node", "scripts/run.js", "--test"], "scripts/run.js"),
        (&["env", "A=1", "./run.sh"], "run.sh"),
        (&["bash", "-lc", "scripts/test.sh"], "scripts/test.sh"),
        (&["sh", "-c", "cd backend && ./run-tests.sh"], "backend/run-tests.sh"),
        (&["make", "-C", "tools", "check"], "tools/makefile"),
        (&["make", "--file=build/x.mk"], "build/x.mk"),
        (&["make", "-fbuild/x.mk"], "build/x.mk"),
        (&["env", "-S", "bash scripts/test.sh"], "scripts/test.sh"),
        (&["timeout", "-s", "KILL", "60", "bash", "scripts/test.sh"], "scripts/test.sh"),
        (&["python3.12", "-W", "error", "tools/check.py"], "tools/check.py"),
        (&["python3", "-m", "tools.check"], "tools/check.py"),
        (&["python3", "tools/check"], "tools/check/__main__.py"),
        (&["node", "-r", "./setup.js", "scripts/run.js"], "scripts/run.js"),
        (&["uv", "run", "--with", "pyyaml", "python", "scripts/t.py"], "scripts/t.py"),
    ] {
        assert!(protects(argv, path), "{argv:?}");
    }
    for (argv, path) in [
        (&["cargo", "test"][..], "src/lib.rs"),
        (&["pytest", "tests/"], "tests/test_a.py"),
        (&["python", "-m", "pytest", "tests/test_a.py"], "tests/test_a.py"),
        (&["bash", "-c", "true"], "true"),
        (&["node", "--test", "test/a.test.mjs"], "test/a.test.mjs"),
        (&["deno", "test", "-A", "test/"], "test/a.ts"),
        (&["bun", "test", "test/a.ts"], "test/a.ts"),
        (&["just", "test"], "sub/justfile"),
        (&["/usr/bin/make", "x"], "usr/bin/make"),
        (&["npx", "jest", "tests/a.test.js"], "tests/a.test.js"),
        (&["go", "test", "./..."], "a/b.go"),
        (&["pytest", "./tests/test_a.py"], "tests/test_a.py"),
        (&["grep", "-q", "two", "src/a.txt"], "src/a.txt"),
        (&["ruff", "check", "src/a.py"], "src/a.py"),
        (&["bash", "scripts/lint.sh", "src/a.py"], "src/a.py"),
        (&["ruby", "-Itest", "test/a.rb"], "test/a.rb"),
    ] {
        assert!(!protects(argv, path), "{argv:?}");
    }
}

#[test]
fn launchers_shell_code_and_options_name_scripts() {
    for (argv, path) in [
        (&["timeout", "60", "scripts/test.sh"][..], "scripts/test.sh"),
        (&["env", "CI=1", "nice", "-n", "5", "scripts/test.sh"], "scripts/test.sh"),
        (&["setsid", "./scripts/test.sh"], "scripts/test.sh"),
        (&["stdbuf", "-oL", "scripts/test.sh"], "scripts/test.sh"),
        (&["flock", "/tmp/x", "scripts/test.sh"], "scripts/test.sh"),
        (&["xargs", "-a", "list", "scripts/test.sh"], "scripts/test.sh"),
        (&["busybox", "sh", "ci/t.sh"], "ci/t.sh"),
        (&["sh", "-c", ". scripts/env.sh; cargo test"], "scripts/env.sh"),
        (&["bash", "-c", "source ./scripts/env.sh && cargo test"], "scripts/env.sh"),
        (&["sh", "-c", "CI=1 ./x.sh"], "x.sh"),
        (&["sh", "-c", "exec ./x.sh"], "x.sh"),
        (&["sh", "-c", "! ./x.sh"], "x.sh"),
        (&["sh", "-c", "if ./x.sh; then exit 0; fi"], "x.sh"),
        (&["sh", "-c", "(./x.sh)"], "x.sh"),
        (&["sh", "-c", "{ ./x.sh; }"], "x.sh"),
        (&["sh", "-c", "x=$(./x.sh) && echo $x"], "x.sh"),
        (&["sh", "-c", "echo \"`./x.sh`\""], "x.sh"),
        (&["sh", "-c", "sh <x.sh"], "x.sh"),
        (&["sh", "-c", "cat ci/x.sh | sh"], "ci/x.sh"),
        (&["sh", "-c", "./x.sh>log 2>&1"], "x.sh"),
        (&["sh", "-c", "$PWD/ci/x.sh"], "ci/x.sh"),
        (&["sh", "-c", "sh \"$(pwd)/ci/x.sh\""], "ci/x.sh"),
        (&["sh", "-c", "ls | xargs ci/x.sh"], "ci/x.sh"),
        (&["sh", "-c", "find . -exec ci/x.sh {} +"], "ci/x.sh"),
        (&["sh", "-c", "for f in a; do ci/x.sh $f; done"], "ci/x.sh"),
        (&["bash", "-lc", "sh -c 'cd ci && ./x.sh'"], "ci/x.sh"),
        (&["sh", "+x", "scripts/test.sh"], "scripts/test.sh"),
        (&["bash", "-O", "extglob", "runtests"], "runtests"),
        (&["python3", "-um", "tools.run"], "tools/run.py"),
        (&["python3", "-m", "tools.run"], "tools/__init__.py"),
        (&["node", "--test", "--import", "./setup.mjs"], "setup.mjs"),
        (&["node", "--experimental-loader=./l.mjs", "--test"], "l.mjs"),
        (&["npx", "jest", "--config", "ci/jest.config.js"], "ci/jest.config.js"),
        (&["npx", "vitest", "run", "--config=ci/v.config.ts"], "ci/v.config.ts"),
        (&["npx", "mocha", "-r", "./test/setup"], "test/setup.js"),
        (&["pytest", "-c", "ci/pytest.ini"], "ci/pytest.ini"),
        (&["pytest", "-p", "tools.plug"], "tools/plug.py"),
        (&["cmake", "-P", "ci/t.cmake"], "ci/t.cmake"),
        (&["ctest", "-S", "ci/t.cmake"], "ci/t.cmake"),
        (&["awk", "-f", "ci/t.awk"], "ci/t.awk"),
        (&["cargo", "make", "ci"], "makefile.toml"),
        (&["docker", "compose", "run", "tests"], "docker-compose.yml"),
        (&["go", "run", "./tools/check"], "tools/check/main.go"),
        (&["cmd", "/c", "ci\\t.bat"], "ci/t.bat"),
        (&["./gradlew", "test"], "gradle/wrapper/gradle-wrapper.properties"),
        (&["expect", "ci/t.exp"], "ci/t.exp"),
        (&["julia", "ci/t.jl"], "ci/t.jl"),
        (&["pnpm", "exec", "tsx", "scripts/run.ts"], "scripts/run.ts"),
        (&["pnpm", "-w", "exec", "tsx", "scripts/run.ts"], "scripts/run.ts"),
        (&["npm", "-w", "a", "exec", "tsx", "scripts/run.ts"], "scripts/run.ts"),
        (&["bundle", "exec", "rake", "spec"], "rakefile"),
        (&["task", "-t", "ci/T.yml", "test"], "ci/t.yml"),
    ] {
        assert!(protects(argv, path), "{argv:?}");
    }
    // What a program reads, tests or builds is the work.
    for (argv, path) in [
        (&["cat", "src/a.sh"][..], "src/a.sh"),
        (&["sh", "-c", "cat src/a.txt | grep x"], "src/a.txt"),
        (&["timeout", "60", "pytest", "tests/test_a.py"], "tests/test_a.py"),
        (&["sh", "-c", "pytest tests/test_a.py > log.txt"], "tests/test_a.py"),
        (&["sh", "-c", "# ./x.sh\ntrue"], "x.sh"),
        (&["shellcheck", "scripts/a.sh"], "scripts/a.sh"),
        (&["go", "run", "./cmd/app"], "cmd/app/main.go"),
        (&["go", "run", "."], "main.go"),
        (&["npx", "jest", "--config", "package.json"], "package.json"),
        (&["pytest", "-p", "no:cacheprovider", "tests"], "no.py"),
        (&["docker", "build", "."], "docker-compose.yml"),
        (&["cargo", "run", "--", "x.sh"], "x.sh"),
        (&["node", "--test", "test/"], "test/a.js"),
    ] {
        assert!(!protects(argv, path), "{argv:?}");
    }
}

#[test]
fn code_of_any_length_and_depth_is_read_in_bounded_time() {
    let deep = "sh -c '".repeat(500);
    let long = "./x.sh | sh <x.sh; ".repeat(2_000);
    let start = std::time::Instant::now();
    protects(&["sh", "-c", &deep], "x.sh");
    assert!(protects(&["sh", "-c", &long], "x.sh"));
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
