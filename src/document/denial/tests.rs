//! Tests of the reader of notes.

use super::*;

#[test]
fn a_clean_note_takes_no_success_back() {
    for note in [
        "(non-blocking notes)",
        "(not blocking)",
        "(0 tests failed)",
        "(0 of 34 tests failed)",
        "(none of the 34 tests failed)",
        "(0/12 failed)",
        "(no known errors)",
        "(no new or known errors)",
        "(34 passed; failed: 0)",
        "(failures=0)",
        "(did not fail)",
        ", error handling reviewed",
        "(fail-closed paths checked)",
        "(invalid input is refused)",
        "all 34 tests",
        "(34/34)",
        "(34 of 34 tests)",
        "(see page 2/3)",
        "(supersedes prior FAIL)",
        "(the earlier run failed)",
        "(PASS | FAIL)",
        "(failed 0, passed 34)",
        "(passed 34 failed 0)",
        "(errors are handled)",
        "(no longer fails)",
        "(the failure was fixed)",
        "(all errors fixed)",
        "(see src/error.rs:12)",
        "(0 / 12 failed)",
        "(no warnings or errors)",
        "(no test has failed)",
        "(without any errors)",
        "(error-free)",
        "(zero out of 34 failed)",
        "(after the errors were fixed)",
        "(supersedes the prior FAIL)",
        "(34 tests, 0 failures)",
        "(no compile errors)",
        "(no unwrap/expect/panic/todo in the change)",
        "(`just validator-error-codes`)",
        "(audit done; ENRICHMENT_NEEDED=NO)",
        "with a warning",
        "without warnings",
    ] {
        assert!(!takes_back(note), "{note}");
    }
}

#[test]
fn a_denial_in_a_note_takes_the_success_back() {
    for note in [
        "(0 passed / failed)",
        "(0 passed all failed)",
        "(0 passed of 3 failed)",
        "(passed 0 failed 3)",
        "(no: it failed)",
        "(no doubt it failed)",
        "(no wonder tests fail)",
        "(without fixing the errors)",
        "(old tests failed)",
        "(prior run failed, this too)",
        "(error code 101)",
        "(fail case)",
        "(error state)",
        "(ends in an error state)",
        "(failure cases remain)",
        "(previous known errors remain)",
        "(0/34)",
        "(29/34 without failures)",
        "(29 of the 34 tests)",
        "(29 out of 34)",
        "(part 29/34)",
        "(no tests were run)",
        "(not fully tested)",
        "(FALSE)",
        "(TODO)",
        "(zero failures in 0 tests)",
        "(0 new failures, 3 known remain)",
        "(no new failures; same 3 as before)",
        "(TODO: run e2e)",
        "(unit; TBD)",
        "(tests run: no)",
        "(see tests/failed.md)",
        "(no doubt compile errors)",
        "(TESTS FAIL | NOT RUN)",
        "(not error-free)",
        "(no failures on Linux, one on Windows)",
        "(all errors fixed but two)",
        "(some errors fixed)",
        "(no errors fixed)",
        "FAIL | PASS",
        ": no",
        " for now",
        "(3 tests failed)",
        "(0 passed, 3 failed)",
        "(0 passed 3 failed)",
        "(no waiver; 3 failed)",
        "(not 0 failures)",
        "(not without errors)",
        "(no idea why tests fail)",
        "(1/12 failed)",
        "(12 of 34 tests failed)",
        "(failed: 3)",
        "(failed: 0, later failed: 3)",
        "with known errors",
        "(errors remain)",
        ", error handling fails",
        "(2 error cases)",
        "(30/34)",
        "(30 of 34 tests)",
        "except e2e",
        "without the e2e tests",
        "(all but two)",
        "(withdrawn)",
        "(1 FAIL)",
        "(not run)",
        "(e2e wasn't run)",
        "(not all tests)",
        "(no longer)",
        "(earlier FAIL, and now a FAIL again)",
    ] {
        assert!(takes_back(note), "{note}");
    }
}

#[test]
fn a_long_clause_takes_little_time() {
    let start = std::time::Instant::now();
    for part in
        ["0 fail ", "no errors or ", "fail-free ", "expected error, ", "1 of 2 the of ", "0 / 1 fail "]
    {
        let _ = takes_back(&part.repeat(10_000));
    }
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
    assert!(takes_back(&"0 fail ".repeat(1000)));
    assert!(!takes_back(&"0 fail, ".repeat(1000)));
}
