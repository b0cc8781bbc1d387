//! `validator-gate`: a session passes through its steps, and no record is lost.

use crate::support::initialized::{PACKET, STATE, approved, assert_refused, commit, run_ok};
use crate::support::repo::Sandbox;

const WP: &str = "WP-1-Two";

fn gate(step: &str) -> Vec<&str> {
    let mut out = vec!["validator-gate", step, WP];
    // Another person than the validator acknowledges a report.
    let by = if step == "acknowledge" { "user-1" } else { "val-1" };
    out.extend(["--by", by].iter().filter(|_| step != "status"));
    out
}

fn present_arguments(verdict: &str) -> Vec<&str> {
    vec!["validator-gate", "present", WP, verdict, "--by", "val-1"]
}

fn append_report(sandbox: &Sandbox, verdict: &str) {
    sandbox.append(PACKET, &format!("\n### Report\n- Verdict: {verdict}\n"));
}

fn state(sandbox: &Sandbox) -> serde_json::Value {
    serde_json::from_str(&sandbox.read(STATE)).expect("JSON")
}

#[test]
fn a_session_passes_through_all_steps() {
    let sandbox = approved();
    assert!(run_ok(&sandbox, &gate("status")).contains("no report was presented"));
    for step in ["acknowledge", "append", "commit"] {
        assert_refused(&sandbox, &gate(step), "no report of `WP-1-Two` was presented");
    }
    run_ok(&sandbox, &present_arguments("FAIL"));
    assert_refused(&sandbox, &present_arguments("OUTDATED_ONLY"), "a session of `WP-1-Two` is in progress");
    assert_refused(&sandbox, &gate("append"), "the last gate of `WP-1-Two` is REPORT_PRESENTED");
    run_ok(&sandbox, &gate("acknowledge"));
    assert_refused(&sandbox, &gate("append"), "no report in .GOV/task_packets/WP-1-Two.md has a verdict");
    append_report(&sandbox, "PASS");
    assert_refused(&sandbox, &gate("append"), "has the verdict PASS, but the session has FAIL");
    append_report(&sandbox, "FAIL");
    run_ok(&sandbox, &gate("append"));
    assert_refused(&sandbox, &gate("commit"), "Commit .GOV/task_packets/WP-1-Two.md with the report first");
    commit(&sandbox, "report");
    run_ok(&sandbox, &gate("commit"));
    assert_refused(&sandbox, &gate("commit"), "is complete; its last gate is COMMITTED");
    let ended = state(&sandbox)["validation_sessions"][WP].clone();
    assert_eq!((ended["status"].as_str(), ended["verdict"].as_str()), (Some("COMMITTED"), Some("FAIL")));
    assert!(ended["completed"].is_string());
    // The next session keeps a FAIL in the archive.
    run_ok(&sandbox, &present_arguments("OUTDATED_ONLY"));
    let now = state(&sandbox);
    assert_eq!(now["archived_sessions"][0], ended);
    assert_eq!(now["validation_sessions"][WP]["verdict"].as_str(), Some("OUTDATED_ONLY"));
    let said = run_ok(&sandbox, &gate("status"));
    assert!(
        said.contains("before: FAIL (COMMITTED)")
            && said.contains("next: countersign validator-gate acknowledge"),
        "{said}"
    );
    run_ok(&sandbox, &["governance-check"]);
}

#[test]
fn a_session_that_is_given_up_is_kept() {
    let sandbox = approved();
    assert_refused(&sandbox, &["validator-gate", "reset", WP, "--reason", "x"], "has no session to reset");
    run_ok(&sandbox, &present_arguments("FAIL"));
    assert_refused(&sandbox, &["validator-gate", "reset", WP, "--reason", " "], "a reset needs a reason");
    run_ok(&sandbox, &["validator-gate", "reset", WP, "--reason", "wrong \"report\"", "--by", "mira"]);
    let now = state(&sandbox);
    assert_eq!(now["validation_sessions"], serde_json::json!({}));
    assert_eq!(now["archived_sessions"][0]["reset"]["reason"].as_str(), Some("wrong \"report\""));
    run_ok(&sandbox, &present_arguments("OUTDATED_ONLY"));
    run_ok(&sandbox, &["check"]);
    // The archive is part of the chain.
    sandbox.edit(STATE, "\"verdict\": \"FAIL\"", "\"verdict\": \"PASS\"");
    sandbox.edit(STATE, "\"verdict\": \"FAIL\"", "\"verdict\": \"PASS\"");
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert!(exit == 1 && said.contains("[validator/chain]"), "{said}");
    let (exit, said) = sandbox.run_redacted(&gate("acknowledge"));
    assert!(exit == 2 && said.contains("this gate or an earlier one was edited"), "{exit} {said}");
}

#[test]
fn identities_are_two_where_they_are_configured() {
    let sandbox = approved();
    sandbox.append("countersign.yaml", "validator:\n  identities: [val-1, \"Mira <mira@example.org>\"]\n");
    commit(&sandbox, "identities");
    assert_refused(&sandbox, &["validator-gate", "present", WP, "FAIL"], "does not list the identity");
    run_ok(&sandbox, &present_arguments("OUTDATED_ONLY"));
    assert_refused(
        &sandbox,
        &["validator-gate", "acknowledge", WP, "--by", "val-1"],
        "`val-1` presented the report and cannot acknowledge it",
    );
    sandbox.git(&["config", "user.name", "Somebody"]);
    sandbox.git(&["config", "user.email", "mira@example.org"]);
    run_ok(&sandbox, &["validator-gate", "acknowledge", WP]);
    run_ok(&sandbox, &["check"]);
}

#[test]
fn older_files_are_read_and_kept_readable() {
    let sandbox = approved();
    let old = ".GOV/roles/validator/VALIDATOR_GATES.json";
    let text = "{\r\n  \"validation_sessions\": {\r\n    \"WP-1-Gone\": { \"wpId\": \"WP-1-Gone\", \"verdict\": \"PASS\", \"status\": \"COMMITTED\", \"started\": \"2026-01-01T00:00:00.000Z\", \"gates\": [] },\r\n    \"WP-1-Two\": {\r\n      \"wpId\": \"WP-1-Two\",\r\n      \"verdict\": \"PASS\",\r\n      \"status\": \"REPORT_PRESENTED\",\r\n      \"note\": \"kept\",\r\n      \"gates\": [\r\n        { \"gate\": \"REPORT_PRESENTED\", \"verdict\": \"PASS\", \"timestamp\": \"2026-01-18T03:04:15.654Z\" }\r\n      ]\r\n    }\r\n  },\r\n  \"archived_sessions\": []\r\n}\r\n";
    sandbox.write(old, text);
    run_ok(&sandbox, &gate("acknowledge"));
    let now = sandbox.read(old);
    let before: String = text.chars().take(text.find("REPORT_PRESENTED").expect("status")).collect();
    assert!(now.starts_with(&before) && !now.replace("\r\n", "").contains('\n'), "{now}");
    assert!(!sandbox.root.join(STATE).exists());
    append_report(&sandbox, "PASS");
    run_ok(&sandbox, &gate("append"));
    commit(&sandbox, "report");
    run_ok(&sandbox, &gate("commit"));
    run_ok(&sandbox, &present_arguments("FAIL"));
    let now: serde_json::Value = serde_json::from_str(&sandbox.read(old)).expect("JSON");
    assert_eq!(now["archived_sessions"][0]["note"].as_str(), Some("kept"));
    assert_eq!(now["archived_sessions"][0]["gates"].as_array().map(Vec::len), Some(4));
    assert_eq!(now["validation_sessions"]["WP-1-Gone"]["verdict"].as_str(), Some("PASS"));
}

#[test]
fn a_committed_session_is_not_lost_and_its_verdict_is_kept() {
    let sandbox = approved();
    run_ok(&sandbox, &present_arguments("FAIL"));
    commit(&sandbox, "presented");
    // Removing the file does not remove a FAIL.
    let kept = sandbox.read(STATE);
    sandbox.remove(STATE);
    assert_refused(
        &sandbox,
        &present_arguments("OUTDATED_ONLY"),
        "lacks gates of `WP-1-Two` that its version in HEAD has",
    );
    // Another verdict in the session's head does not either.
    sandbox.write(STATE, kept.replacen("\"verdict\": \"FAIL\"", "\"verdict\": \"PASS\"", 1));
    assert_refused(
        &sandbox,
        &gate("acknowledge"),
        "has the verdict `PASS`, but the presented verdict was `FAIL`",
    );
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert!(exit == 1 && said.contains("[validator/"), "{said}");
    sandbox.write(STATE, &kept);
    run_ok(&sandbox, &gate("acknowledge"));
}

#[test]
fn a_report_of_an_earlier_session_proves_nothing() {
    let sandbox = approved();
    append_report(&sandbox, "OUTDATED_ONLY");
    run_ok(&sandbox, &present_arguments("OUTDATED_ONLY"));
    run_ok(&sandbox, &gate("acknowledge"));
    assert_refused(&sandbox, &gate("append"), "no report was added in");
    append_report(&sandbox, "OUTDATED_ONLY");
    run_ok(&sandbox, &gate("append"));
    assert_refused(&sandbox, &gate("commit"), "Commit .GOV/task_packets/WP-1-Two.md with the report first");
}

#[test]
fn reasons_are_one_line_of_plain_text() {
    let sandbox = approved();
    run_ok(&sandbox, &present_arguments("FAIL"));
    for reason in ["two\nlines", "hidden\u{200b}"] {
        assert_refused(
            &sandbox,
            &["validator-gate", "reset", WP, "--reason", reason],
            "invisible characters",
        );
    }
}

#[test]
fn the_number_of_earlier_reports_is_part_of_the_chain() {
    let sandbox = approved();
    append_report(&sandbox, "OUTDATED_ONLY");
    run_ok(&sandbox, &present_arguments("OUTDATED_ONLY"));
    run_ok(&sandbox, &gate("acknowledge"));
    let kept = sandbox.read(STATE);
    for forged in ["\"reports\": \"0\"", "\"reports\": \"x\"", "\"was\": \"1\""] {
        sandbox.write(STATE, kept.replace("\"reports\": \"1\"", forged));
        let (exit, said) = sandbox.run_redacted(&gate("append"));
        assert!(exit != 0, "{forged}: {said}");
        let (exit, said) = sandbox.run_redacted(&["check"]);
        assert!(exit == 1 && said.contains("[validator/chain]"), "{forged}: {said}");
    }
}

#[test]
fn a_session_is_found_in_both_places_and_under_its_own_id() {
    let sandbox = approved();
    run_ok(&sandbox, &present_arguments("FAIL"));
    commit(&sandbox, "presented");
    let kept = sandbox.read(STATE);
    // The older file for all packets is not a bypass.
    sandbox.remove(STATE);
    sandbox.write(
        ".GOV/roles/validator/VALIDATOR_GATES.json",
        "{\"validation_sessions\": {\"WP-1-Two\": {\"wpId\": \"WP-1-Two\", \"verdict\": \"PASS\", \"status\": \"REPORT_PRESENTED\", \"gates\": [{\"gate\": \"REPORT_PRESENTED\", \"verdict\": \"PASS\", \"timestamp\": \"2026-01-18T03:04:15.654Z\"}]}}, \"archived_sessions\": []}",
    );
    for arguments in [gate("acknowledge"), vec!["validator-gate", "reset", WP, "--reason", "x"]] {
        assert_refused(&sandbox, &arguments, "lacks gates of `WP-1-Two`");
    }
    sandbox.remove(".GOV/roles/validator/VALIDATOR_GATES.json");
    sandbox.write(STATE, kept.replace("\"wpId\": \"WP-1-Two\"", "\"wpId\": \"WP-9-X\""));
    let (exit, said) = sandbox.run_redacted(&["validator-gate", "reset", WP, "--reason", "x"]);
    assert!(exit == 2 && said.contains("differs from the id in its `wpId`"), "{exit} {said}");
}

#[test]
fn another_person_than_the_presenter_acknowledges() {
    let sandbox = approved();
    run_ok(&sandbox, &present_arguments("FAIL"));
    for by in ["val-1", " VAL-1 "] {
        let arguments = ["validator-gate", "acknowledge", WP, "--by", by];
        assert_refused(&sandbox, &arguments, "presented the report and cannot acknowledge it");
    }
    run_ok(&sandbox, &gate("acknowledge"));
}

#[test]
fn a_pass_needs_an_audit_without_errors() {
    let sandbox = approved();
    assert_refused(&sandbox, &present_arguments("PASS"), "the audit of `WP-1-Two` has");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.append("countersign.yaml", "evidence:\n  allow: [\"grep *\"]\n");
    commit(&sandbox, "an allowed command");
    sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    sandbox.write("a.txt", "one\ntwo\n");
    sandbox.edit(PACKET, "- **Status:** Ready for Dev", "- **Status:** In Progress");
    for (key, value) in [("CODER_MODEL", "coder-a"), ("CODER_REASONING_STRENGTH", "HIGH")] {
        let text = sandbox.read(PACKET);
        let line = text.lines().find(|line| line.contains(&format!("{key}:"))).expect("field").to_owned();
        sandbox.edit(PACKET, &line, &format!("- {key}: {value}"));
    }
    run_ok(&sandbox, &["fix", "--unsafe", ".GOV/roles_shared/TASK_BOARD.md"]);
    run_ok(&sandbox, &["evidence", WP, "--yes", "--write"]);
    let text = sandbox.read(PACKET);
    let hint = text.lines().find(|line| line.starts_with("- (One entry for every criterion")).expect("hint");
    let entry = "- REQUIREMENT: \"a.txt has a second line, `two`.\"\n  - EVIDENCE: `a.txt:2`";
    sandbox.write(PACKET, text.replace(hint, entry));
    run_ok(&sandbox, &["manifest", WP, "--write"]);
    commit(&sandbox, "work");
    run_ok(&sandbox, &["audit", WP]);
    run_ok(&sandbox, &present_arguments("PASS"));
    // A later error stops the PASS of the next session.
    run_ok(&sandbox, &["validator-gate", "reset", WP, "--reason", "again", "--by", "val-1"]);
    sandbox.write("outside.txt", "x\n");
    commit(&sandbox, "more");
    assert_refused(&sandbox, &present_arguments("PASS"), "scope/outside");
}
