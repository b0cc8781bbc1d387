use super::*;

fn argv(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn count(command: &str, log: &str) -> Option<u64> {
    match count_step_tests(&argv(command), log, None, "step") {
        TestCount::Ran { tests, .. } => Some(tests),
        _ => None,
    }
}

#[test]
fn runners_behind_wrappers_and_their_options_are_known() {
    let is_runner = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        matches!(program::recognize(&words), program::CommandKind::Runner(_))
    };
    for words in [
        &["npx", "-c", "jest"][..],
        &["npm", "exec", "--call=jest --ci"],
        &["env", "-S", "pytest -q"],
        &["env", "-C", "web", "pytest"],
        &["env", "-iC", "web", "pytest"],
        &["timeout", "-k5", "60", "pytest"],
        &["uv", "run", "--directory=web", "pytest"],
        &["uv", "run", "-m", "pytest"],
        &["uv", "tool", "run", "pytest"],
        &["corepack", "pnpm", "-C", "web", "vitest"],
        &["pnpm", "-r", "exec", "vitest"],
        &["npm", "-w", "web", "exec", "vitest"],
        &["mise", "exec", "node@20", "--", "pytest"],
    ] {
        assert!(is_runner(words), "{words:?}");
    }
    for words in [
        &["npx", "-c", "jest || true"][..],
        &["npx", "-c", "eslint jest"],
        &["env", "-C", "pytest", "ruff"],
        &["timeout", "60", "mypy", "pytest"],
        &["pnpm", "add", "vitest"],
    ] {
        assert!(!is_runner(words), "{words:?}");
    }
}

#[test]
fn cargo_counts_tests_that_ran_and_ignores_filtered_ones() {
    let ran = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out\n\ntest result: ok. 0 passed; 0 failed; 0 ignored\n";
    assert_eq!(count("cargo test", ran), Some(2));
    let filtered = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n";
    assert_eq!(count("cargo +stable test nothing", filtered), Some(0));
    assert_eq!(count("cargo test", "test result: ok. 0 passed; 0 failed; 7 ignored;\n"), Some(0));
    assert_eq!(count("cargo test --no-run", "Finished\n"), None);
    let colored = "test result: \u{1b}[32mok\u{1b}[0m. 3 passed; 1 failed; 0 ignored\n";
    assert_eq!(count("just test", colored), Some(4));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn summaries_of_all_known_runners_are_read_and_skipped_tests_do_not_count() {
    let cases: &[(&str, &str, Option<u64>)] = &[
        ("cargo nextest run", "     Summary [   0.012s] 3 tests run: 3 passed, 1 skipped\n", Some(3)),
        ("cargo nextest run x", "    Starting 0 tests across 1 binary\n", Some(0)),
        ("python -m pytest", "===== 3 passed, 1 skipped in 0.12s =====\n", Some(3)),
        ("pytest -q", "2 failed, 1 passed in 0.10s\n", Some(3)),
        ("pytest", "collected 0 items\n\n==== no tests ran in 0.01s ====\n", Some(0)),
        ("pytest", "==== 4 skipped in 0.01s ====\n", Some(0)),
        ("pytest", "==== 4 deselected in 0.01s ====\n", Some(0)),
        ("pytest", "===== 1 passed, 5 subtests passed in 0.03s =====\n", Some(1)),
        ("pytest -q", "2 passed, 1 warning, 3 subtests passed in 0.10s\n", Some(2)),
        ("pytest", "==== 12 passed, 2 warnings in 61.34s (0:01:01) ====\n", Some(12)),
        ("python -m unittest", "Ran 3 tests in 0.001s\n\nOK\n", Some(3)),
        ("python -m unittest", "Ran 3 tests in 0.001s\n\nOK (skipped=3)\n", Some(0)),
        ("python -m unittest", "Ran 3 tests in 0.001s\n\nFAILED (failures=1, skipped=1)\n", Some(2)),
        ("python -m unittest", "Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", Some(0)),
        (
            "go test ./...",
            "ok  \tx/a\t0.1s\n?   \tx/b\t[no test files]\nok  \tx/c\t0.1s [no tests to run]\n",
            Some(1),
        ),
        ("go test ./...", "?   \tx/b\t[no test files]\n", Some(0)),
        ("go test -v ./...", "=== RUN   TestA\n--- SKIP: TestA (0.00s)\nPASS\nok  \tx/a\t0.1s\n", Some(0)),
        (
            "go test -v ./...",
            "--- PASS: TestA (0.00s)\n    --- PASS: TestA/x (0.00s)\n--- SKIP: TestB (0.00s)\nok  \tx/a\t0.1s\n",
            Some(1),
        ),
        (
            "go test -json",
            "{\"Time\":\"t\",\"Action\":\"pass\",\"Package\":\"x\",\"Test\":\"TestA\",\"Elapsed\":0}\n{\"Time\":\"t\",\"Action\":\"skip\",\"Package\":\"x\",\"Test\":\"TestB\",\"Elapsed\":0}\n",
            Some(1),
        ),
        ("gotestsum", "DONE 5 tests, 2 skipped in 0.3s\n", Some(3)),
        ("npx jest", "Tests:       1 failed, 1 skipped, 2 passed, 4 total\n", Some(3)),
        ("npx jest", "Tests:       4 skipped, 4 total\n", Some(0)),
        ("npx jest", "No tests found, exiting with code 0\n", Some(0)),
        ("npx vitest run", " Test Files  1 passed (1)\n      Tests  2 passed | 1 skipped (3)\n", Some(2)),
        ("npx vitest run", " Test Files  1 skipped (1)\n      Tests  3 skipped (3)\n", Some(0)),
        ("vitest", "No test files found, exiting with code 0\n", Some(0)),
        ("mocha", "  2 passing (4ms)\n  1 pending\n  1 failing\n", Some(3)),
        ("mocha", "  0 passing (1ms)\n  3 pending\n", Some(0)),
        ("ava", "  2 tests passed\n  1 test failed\n  1 test skipped\n", Some(3)),
        ("node --test", "ℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ skipped 1\n", Some(2)),
        ("node --test", "# tests 0\n# suites 0\n# pass 0\n# fail 0\n", Some(0)),
        (
            "bun test",
            " 2 pass\n 1 skip\n 0 fail\n 3 expect() calls\nRan 3 tests across 1 file. [1ms]\n",
            Some(2),
        ),
        ("deno test", "ok | 3 passed (2 steps) | 0 failed | 1 ignored (5ms)\n", Some(3)),
        ("deno test", "error: No test modules found\n", Some(0)),
        (
            "dotnet test",
            "Passed!  - Failed:     0, Passed:     3, Skipped:     1, Total:     4, Duration: 5 ms\n",
            Some(3),
        ),
        (
            "dotnet test",
            "Test summary: total: 4, failed: 1, succeeded: 2, skipped: 1, duration: 1s\n",
            Some(3),
        ),
        (
            "mvn test",
            "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.1 s -- in A\n[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1\n",
            Some(3),
        ),
        ("mvn test", "[INFO] No tests to run.\n", Some(0)),
        (
            "gradle test",
            "> Task :a:test SKIPPED\n> Task :b:test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s\n",
            Some(0),
        ),
        ("mvn test", "[INFO] Tests are skipped.\n[INFO] BUILD SUCCESS\n", Some(0)),
        ("gradle test", "> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s\n", Some(0)),
        ("gradle test", "> Task :test FAILED\n\n5 tests completed, 1 failed, 2 skipped\n", Some(3)),
        ("rspec", "5 examples, 0 failures, 2 pending\n", Some(3)),
        ("rspec", "0 examples, 0 failures\n", Some(0)),
        ("rails test", "5 runs, 9 assertions, 0 failures, 0 errors, 1 skips\n", Some(4)),
        ("phpunit", "OK (3 tests, 5 assertions)\n", Some(3)),
        ("phpunit", "Tests: 4, Assertions: 5, Failures: 1, Skipped: 2.\n", Some(2)),
        ("phpunit", "No tests executed!\n", Some(0)),
        (
            "ctest",
            "1/3 Test #1: a ...   Passed\n2/3 Test #2: b ...***Skipped\n100% tests passed, 0 tests failed out of 3\n",
            Some(2),
        ),
        ("ctest", "100% tests passed out of 2\n", Some(2)),
        (
            "ctest",
            "1/3 Test #1: a ...***Skipped 0.00 sec\n2/3 Test #2: b ...***Not Run (Disabled) 0.00 sec\n3/3 Test #3: c ... Passed 0.0 sec\n\n100% tests passed out of 2\n",
            Some(1),
        ),
        (
            "ctest",
            "100% tests passed out of 2\n\nThe following tests did not run:\n\t  1 - a (Skipped)\n\t  2 - b (Disabled)\n\t  3 - c (Skipped)\n",
            Some(0),
        ),
        ("ctest", "No tests were found!!!\n", Some(0)),
        ("bats tests", "4 tests, 0 failures, 1 skipped\n", Some(3)),
        ("bats tests", "1..2\nok 1 a\nok 2 b # skip later\n", Some(1)),
        ("bats tests", "1..2\nok 1 a # skip\nok 2 b # SKIP\n", Some(0)),
        (
            "dotnet test",
            "Test run summary: Passed!\n  total: 3\n  failed: 0\n  succeeded: 3\n  skipped: 0\n  duration: 1s\n",
            Some(3),
        ),
        (
            "dotnet test",
            "Test run summary: Zero tests ran\n  total: 0\n  failed: 0\n  succeeded: 0\n",
            Some(0),
        ),
        ("mvn test", "[WARNING] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Flakes: 1\n", Some(3)),
        ("gotestsum --rerun-fails", "DONE 2 runs, 5 tests, 2 skipped in 0.3s\n", Some(3)),
        ("pytest -qq", "..sx      [ 50%]\n..        [100%]\n", Some(5)),
        ("pytest -qq", "ss                     [100%]\n", Some(0)),
        ("go test -list . ./...", "TestA\nok  \ta\t0.002s\n", Some(0)),
        ("make check", "test result: ok. 2 passed; 0 failed;\n===== 3 passed in 0.1s =====\n", Some(5)),
        ("sh unit.sh", "Ran 0 tests in 0.000s\n\nOK\n", Some(0)),
    ];
    for (command, log, tests) in cases {
        assert_eq!(count(command, log), *tests, "{command}: {log}");
    }
}

#[test]
fn an_unknown_number_of_tests_is_not_zero() {
    let of = |command: &str, log: &str, declared, name: &str| {
        count_step_tests(&argv(command), log, declared, name)
    };
    assert_eq!(of("sh check.sh", "fine\n", None, "tests"), TestCount::Unknown);
    assert_eq!(of("sh tests.sh", "fine\n", None, "step"), TestCount::Unknown);
    assert_eq!(of("sh check.sh", "fine\n", Some(true), "step"), TestCount::Unknown);
    assert_eq!(of("./gradlew test", "BUILD SUCCESSFUL in 1s\n", None, "step"), TestCount::Unknown);
    let up_to_date =
        "> Task :compileTestJava UP-TO-DATE\n> Task :test UP-TO-DATE\n\nBUILD SUCCESSFUL in 1s\n";
    let from_cache =
        "> Task :a:test NO-SOURCE\n> Task :b:integrationTest FROM-CACHE\nBUILD SUCCESSFUL in 1s\n";
    for log in [up_to_date, from_cache] {
        for command in ["./gradlew test", "gradle check", "sh ci.sh"] {
            let count = of(command, log, None, "step");
            assert_eq!(count, TestCount::EarlierResults { runner: "gradle" }, "{command}: {log}");
        }
    }
    // One test task ran; and a task that only compiles tests says nothing about them.
    for log in [
        "> Task :a:test UP-TO-DATE\n> Task :b:test\nBUILD SUCCESSFUL in 1s\n",
        "> Task :app:test UP-TO-DATE\n> Task :app:testDebugUnitTest\nBUILD SUCCESSFUL in 1s\n",
        "> Task :compileTestJava UP-TO-DATE\nBUILD SUCCESSFUL in 1s\n",
    ] {
        assert_eq!(of("./gradlew test", log, None, "step"), TestCount::Unknown, "{log}");
    }
    for (log, runner) in [
        ("There are no tests to run\n", "mix test"),
        ("No tests ran.\n", "dart test"),
        ("[info] No tests to run for Test / test\n[success] Total time: 1 s\n", "sbt test"),
        ("ERROR: No test targets were found, yet testing was requested\n", "bazel test"),
        ("> Task :test NO-SOURCE\nBUILD SUCCESSFUL in 1s\n", "gradle"),
    ] {
        assert_eq!(of("make check", log, None, "step"), TestCount::Ran { tests: 0, runner }, "{log}");
    }
    // Another part of the project ran tests; and results that bazel keeps are those of its tests.
    for log in [
        "[info] No tests to run for a / Test / test\n[info] Passed: Total 5, Failed 0\n",
        "No tests ran.\n00:01 +3: All tests passed!\n",
        "//a:test (cached) PASSED in 0.1s\nExecuted 0 out of 1 test: 1 test passes.\n",
    ] {
        assert_eq!(of("make check", log, None, "tests"), TestCount::Unknown, "{log}");
    }
    let cached = "ok  \texample.org/a\t(cached)\n";
    assert_eq!(of("go test ./...", cached, None, "x"), TestCount::Ran { tests: 1, runner: "go test" });
    assert_eq!(of("sh check.sh", "fine\n", None, "lint"), TestCount::NotATestRun);
    assert_eq!(of("cargo clippy --features test", "", None, "tests"), TestCount::NotATestRun);
    assert_eq!(of("cargo test", "", Some(false), "tests"), TestCount::NotATestRun);
    assert_eq!(of("cargo test", "Finished\n", None, "x"), TestCount::NotShown { runner: "cargo test" });
    // The output of a linter is not searched for summaries.
    assert_eq!(of("ruff check", "Ran 0 tests in 0.000s\n", None, "lint"), TestCount::NotATestRun);
}

/// Returns the runner whose summary counts failed tests.
fn failed(command: &str, log: &str) -> Option<&'static str> {
    find_failed_summary(&argv(command), log, None).map(|summary| summary.runner)
}

#[test]
fn summaries_with_failed_tests_are_found() {
    for (command, log) in [
        ("cargo test", "test result: FAILED. 1 passed; 1 failed; 0 ignored; finished in 0.00s\n"),
        ("cargo test", "error: could not compile `a` (test \"it\") due to 1 previous error\n"),
        (
            "cargo test",
            "test result: ok. 1 passed; 0 failed; 0 ignored\nerror: test failed, to rerun pass `--lib`\n",
        ),
        (
            "cargo nextest run",
            "     Summary [   0.012s] 3 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped\n",
        ),
        ("pytest", "=== 1 failed, 1 passed in 0.03s ===\n"),
        ("pytest -q", "1 error in 0.03s\n"),
        ("pytest -q", "2 passed, 1 warning, 1 error in 0.03s\n"),
        ("pytest -qq", ".F      [100%]\nFAILED tests/test_a.py::test_b - assert 1 == 2\n"),
        ("sh tools/pytest", "\u{1b}[31m=== 1 failed in 0.03s ===\u{1b}[0m\r\n"),
        ("python -m unittest", "Ran 3 tests in 0.001s\n\nFAILED (errors=1, skipped=1)\n"),
        ("go test ./...", "ok  \tx/a\t0.1s\nFAIL\tx/b\t0.003s\nFAIL\n"),
        ("go test ./...", "FAIL\tx/b [build failed]\n"),
        ("gotestsum", "DONE 5 tests, 2 skipped, 1 failure in 0.3s\n"),
        ("npx jest", "Test Suites: 1 failed, 1 passed, 2 total\nTests:       1 passed, 1 total\n"),
        ("npm test", "Tests:       1 failed, 1 skipped, 1 passed, 3 total\n"),
        ("vitest run", " Test Files  1 failed | 1 passed (2)\n      Tests  1 passed (1)\n"),
        ("vitest run", " Test Files  1 passed (1)\n      Tests  1 passed (1)\n     Errors  1 error\n"),
        ("mocha", "  2 passing (4ms)\n  1 failing\n"),
        ("npx ava", "  1 test passed\n  1 test failed\n"),
        ("node --test", "# tests 3\n# pass 2\n# fail 1\n"),
        ("bun test", " 2 pass\n 1 fail\nRan 3 tests across 1 file. [1ms]\n"),
        ("deno test", "FAILED | 3 passed (2 steps) | 1 failed (5ms)\n"),
        ("dotnet test", "Failed!  - Failed:     1, Passed:     3, Skipped:     1, Total:     5\n"),
        ("dotnet test", "Test run summary: Failed!\n  total: 3\n  failed: 1\n  succeeded: 2\n"),
        ("mvn test", "[ERROR] Tests run: 3, Failures: 0, Errors: 1, Skipped: 0\n"),
        ("gradle test", "5 tests completed, 1 failed, 2 skipped\n"),
        ("gradle test", "> There were failing tests. See the report at: file:///x\nBUILD SUCCESSFUL in 1s\n"),
        ("rspec", "5 examples, 1 failure, 2 pending\n"),
        ("rspec", "5 examples, 0 failures, 1 error occurred outside of examples\n"),
        ("rails test", "5 runs, 9 assertions, 0 failures, 1 errors, 1 skips\n"),
        ("phpunit", "Tests: 4, Assertions: 5, Failures: 1, Skipped: 2.\n"),
        ("ctest", "67% tests passed, 1 tests failed out of 3\n"),
        ("bats x", "4 tests, 1 failure\n"),
        ("bats x", "1..2\nok 1 a\nnot ok 2 b\n"),
        ("make check", "=== 1 failed, 1 passed in 0.03s ===\n=== 2 passed in 0.03s ===\n"),
        ("docker compose up", "tests-1  | === 1 failed, 1 passed in 0.03s ===\n"),
        ("pnpm -r test", "packages/a test: Tests:       1 failed, 1 total\n"),
        ("npx playwright test", "Running 3 tests using 1 worker\n  1 failed\n  2 passed (3.1s)\n"),
    ] {
        assert!(failed(command, log).is_some(), "{command}: {log}");
    }
}

#[test]
fn expected_failures_retries_and_words_of_tests_are_no_failures() {
    for (command, log) in [
        ("cargo test", "test result: ok. 2 passed; 0 failed; 0 ignored\n"),
        ("pytest", "=== 2 passed, 1 xfailed, 1 xpassed, 1 rerun, 3 warnings in 0.03s ===\n"),
        (
            "pytest -s",
            "case: 1 failed, 1 passed is shown\n=== 1 failed in 0.1s ===\n.\n=== 2 passed in 0.03s ===\n",
        ),
        ("sh test.sh", "the runner says `1 failed, 1 passed in 0.03s`\n=== 2 passed in 0.03s ===\n"),
        (
            "sh test.sh",
            "1 failed\n  1 failed job was found\nFAILED to connect, retry\nFAIL\n3 passed in 0.1s\n",
        ),
        (
            "cargo nextest run",
            "  TRY 1 FAIL [   0.1s] a b\n     Summary [   0.012s] 3 tests run: 3 passed (1 flaky), 0 skipped\n",
        ),
        (
            "npx jest",
            "Test Suites: 1 passed, 1 total\nTests:       1 todo, 2 passed, 3 total\nSnapshots:   0 total\n",
        ),
        ("vitest run", " Test Files  1 passed (1)\n      Tests  2 passed | 1 expected fail (3)\n"),
        ("mocha", "  2 passing (4ms)\n  1 pending\n"),
        ("npx ava", "  1 test passed\n  1 known failure\n"),
        ("node --test", "# tests 2\n# pass 1\n# fail 0\n# cancelled 0\n# todo 1\n"),
        ("python -m unittest", "Ran 3 tests in 0.001s\n\nOK (expected failures=1)\n"),
        ("go test ./...", "ok  \tx/a\t0.1s\n"),
        (
            "gradle test",
            "A > b() FAILED\nA > b() PASSED\n2 tests completed, 1 failed\nBUILD SUCCESSFUL in 1s\n",
        ),
        (
            "mvn test",
            "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Flakes: 1\n[INFO] BUILD SUCCESS\n",
        ),
        ("bats x", "1..2\nok 1 a\nnot ok 2 b # TODO later\n"),
        ("rspec", "5 examples, 0 failures, 2 pending\n"),
        ("ctest", "100% tests passed, 0 tests failed out of 3\n"),
        ("npx playwright test", "Running 3 tests using 1 worker\n  1 flaky\n  2 passed (3.1s)\n"),
        ("ruff check", "=== 1 failed in 0.1s ===\n"),
    ] {
        assert_eq!(failed(command, log), None, "{command}: {log}");
    }
    assert_eq!(find_failed_summary(&argv("sh x"), "=== 1 failed in 0.1s ===\n", Some(false)), None);
}

#[test]
fn long_outputs_with_many_failures_are_read_once() {
    let log = "not ok 1 a\n  1 failing\n# fail 1\n".repeat(20_000);
    let start = std::time::Instant::now();
    assert_eq!(failed("sh x", &log), None);
    // Quadratic time would take minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
