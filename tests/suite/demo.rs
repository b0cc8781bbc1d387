//! The demo as a new user runs it.

use crate::support::repo::Sandbox;

#[test]
fn the_demo_runs_to_its_end() {
    let sandbox = Sandbox::bare_folder();
    let (exit, said) = sandbox.run_redacted(&["demo", "--keep", "kept"]);
    assert_eq!(exit, 0, "{said}");
    for part in [
        "[scope/outside]",
        "IN_SCOPE_PATHS:",
        "[manifest/post-sha1]",
        "git's object id",
        "step     tests: passed, 3 tests",
        #[cfg(feature = "ledger")]
        "G-CAP: `proc.exec:cargo` is not granted by the profile `readers`",
        #[cfg(feature = "ledger")]
        "events in order",
        "[ROOT]/kept",
    ] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let again = sandbox.run_redacted(&["demo", "--keep", "kept"]);
    assert_eq!(again.0, 2, "a folder that is not empty is left alone: {}", again.1);
    let (exit, said) = sandbox.run_redacted(&["-C", "kept", "post-work", "WP-1-Farewell", "--no-run"]);
    assert_eq!(exit, 0, "{said}");
}
