//! Jobs that wait: work that no validator has seen, and a report that its user has not
//! seen. What the next command of the packet says moves them on.

use serde_json::Value;

use crate::support::greeter::{WP, greeter_sandbox};
use crate::support::initialized::{approved, run_ok};
use crate::support::repo::Sandbox;

use super::{jobs, state_of};

/// The states of a command's jobs, the oldest first.
fn states_of(sandbox: &Sandbox, command: &str) -> Vec<String> {
    let wanted = format!("countersign.{command}@1");
    let of_command = |job: &Value| job["protocol_id"] == wanted.as_str();
    let mut out: Vec<String> = jobs(sandbox)
        .into_iter()
        .filter(of_command)
        .map(|job| job["state"].as_str().expect("state").to_owned())
        .collect();
    out.reverse();
    out
}

#[test]
fn passed_work_waits_for_a_validator() {
    let sandbox = greeter_sandbox(Some(countersign::RecordedHashes::Correct));
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "work"]);
    let judge = ["post-work", WP, "--no-run"];
    run_ok(&sandbox, &judge);
    assert_eq!(states_of(&sandbox, "post-work"), ["awaiting_validation"]);
    // A second run takes the place of the first one.
    run_ok(&sandbox, &judge);
    assert_eq!(states_of(&sandbox, "post-work"), ["completed", "awaiting_validation"]);
    // Work that fails waits for nobody, and moves nothing.
    sandbox.append("src/invoices.rs", "// not allowed\n");
    assert_eq!(sandbox.run_redacted(&["post-work", WP, "--no-run", "--worktree"]).0, 1);
    assert_eq!(states_of(&sandbox, "post-work"), ["completed", "awaiting_validation", "failed"]);
    sandbox.remove("src/invoices.rs");
    run_ok(&sandbox, &["validator-gate", "present", WP, "FAIL", "--by", "val-1"]);
    assert_eq!(states_of(&sandbox, "post-work"), ["completed", "completed", "failed"]);
    assert_eq!(state_of(&sandbox, "validator-gate"), "awaiting_user");
    run_ok(&sandbox, &["log", "verify"]);
}

#[test]
fn a_presented_report_waits_for_its_user() {
    let sandbox = approved();
    let (id, step) = ("WP-1-Two", |step: &'static str, rest: &[&'static str]| {
        [&["validator-gate", step, "WP-1-Two"], rest].concat()
    });
    run_ok(&sandbox, &step("present", &["FAIL", "--by", "val-1"]));
    assert_eq!(states_of(&sandbox, "validator-gate"), ["awaiting_user"]);
    // What is refused is a job that failed, says why, and moves nothing.
    let (exit, _) = sandbox.run_redacted(&step("append", &["--by", "val-1"]));
    assert_eq!(exit, 1);
    assert_eq!(states_of(&sandbox, "validator-gate"), ["awaiting_user", "failed"]);
    let refused = jobs(&sandbox).into_iter().next().expect("the newest job");
    let reason = refused["status_reason"].as_str().expect("a reason");
    assert!(reason.starts_with("refused: ") && reason.contains("REPORT_PRESENTED"), "{refused}");
    assert!(refused["wp_id"] == id && refused["operations"] == 0, "{refused}");
    run_ok(&sandbox, &step("acknowledge", &["--by", "user-1"]));
    assert_eq!(states_of(&sandbox, "validator-gate"), ["completed", "failed", "completed"]);
    // A session that is given up is cancelled.
    run_ok(&sandbox, &step("reset", &["--reason", "again", "--by", "val-1"]));
    run_ok(&sandbox, &step("present", &["FAIL", "--by", "val-1"]));
    run_ok(&sandbox, &step("reset", &["--reason", "again", "--by", "val-1"]));
    let states = states_of(&sandbox, "validator-gate");
    assert_eq!(states[3..], ["completed", "cancelled", "completed"]);
    run_ok(&sandbox, &["log", "verify"]);
}

#[test]
fn commands_that_refuse_are_jobs() {
    let sandbox = Sandbox::with_packet();
    for (arguments, command) in [
        (&["new", "packet", "WP-1-Farewell"][..], "new"),
        (&["sign", "WP-9-Missing", "ilja300420261000"][..], "sign"),
        (&["prepare", "WP-9-Missing", "--coder", "Tess"][..], "prepare"),
        (&["manifest", "WP-9-Missing", "--write"][..], "manifest"),
        (&["init", "--layout", "docs"][..], "init"),
    ] {
        let (exit, said) = sandbox.run_redacted(arguments);
        assert_ne!(exit, 0, "{arguments:?}: {said}");
        assert_eq!(state_of(&sandbox, command), "failed", "{arguments:?}");
    }
    run_ok(&sandbox, &["log", "verify"]);
}
