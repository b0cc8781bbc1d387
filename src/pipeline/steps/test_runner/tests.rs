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
        ("ctest", "No tests were found!!!\n", Some(0)),
        ("bats tests", "4 tests, 0 failures, 1 skipped\n", Some(3)),
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
    assert_eq!(of("sh check.sh", "fine\n", None, "lint"), TestCount::NotATestRun);
    assert_eq!(of("cargo clippy --features test", "", None, "tests"), TestCount::NotATestRun);
    assert_eq!(of("cargo test", "", Some(false), "tests"), TestCount::NotATestRun);
    assert_eq!(of("cargo test", "Finished\n", None, "x"), TestCount::NotShown { runner: "cargo test" });
    // The output of a linter is not searched for summaries.
    assert_eq!(of("ruff check", "Ran 0 tests in 0.000s\n", None, "lint"), TestCount::NotATestRun);
}
