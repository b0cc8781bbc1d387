//! Bad input gets a clear answer and the right exit code.

use std::process::Stdio;

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";

fn approved() -> Sandbox {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    sandbox
}

fn assert_output(sandbox: &Sandbox, arguments: &[&str], exit: i32, parts: &[&str]) {
    let (code, said) = sandbox.run_redacted(arguments);
    assert_eq!(code, exit, "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing in\n{said}");
    }
}

#[test]
fn usage_errors_have_exit_code_2() {
    let sandbox = Sandbox::new();
    assert_output(&sandbox, &["no-such-command"], 2, &["unrecognized subcommand"]);
    assert_output(&sandbox, &["post-work"], 2, &["WP-ID"]);
    assert_output(&sandbox, &["post-work", "WP-1-A", "--staged", "--worktree"], 2, &["cannot be used with"]);
    assert_output(&sandbox, &["--version"], 0, &["countersign "]);
    assert_output(&sandbox, &["-C", "nowhere", "pre-work", "WP-1-A"], 2, &["nowhere"]);
    assert_output(&sandbox, &["--config", "none.yaml", "pre-work", "WP-1-A"], 2, &["none.yaml"]);
}

#[test]
fn rules_are_explained() {
    let sandbox = Sandbox::bare_folder();
    assert_output(&sandbox, &["explain", "scope/outside"], 0, &["Why:", "What to do:", "CX-573F"]);
    assert_output(&sandbox, &["explain", "scope/outsid"], 2, &["did you mean `scope/outside`?"]);
    assert_output(&sandbox, &["rules"], 0, &["manifest/post-sha1"]);
    assert_output(&sandbox, &["rules", "--format", "json"], 0, &["\"id\": \"packet/id\""]);
    assert_output(&sandbox, &["completions", "bash"], 0, &["_countersign"]);
}

#[test]
fn hashes_are_printed_for_every_version() {
    let sandbox = approved();
    sandbox.edit("src/lib.rs", "//! Says hello.", "//! Says hello twice.");
    assert_output(
        &sandbox,
        &["cor701-sha", "src/lib.rs"],
        0,
        &["HEAD", "index", "worktree", "the change on disk", "**Line Delta**: 0"],
    );
    sandbox.git(&["add", "src/lib.rs"]);
    assert_output(
        &sandbox,
        &["cor701-sha", "src/lib.rs", "--format", "json"],
        0,
        &["countersign.cor701/v1", "\"name\": \"index\"", "the staged change"],
    );
    assert_output(&sandbox, &["-C", "src", "cor701-sha", "lib.rs", "--rev", "HEAD"], 0, &["src/lib.rs"]);
    sandbox.write("new.txt", "x\n");
    assert_output(
        &sandbox,
        &["cor701-sha", "new.txt"],
        0,
        &["does not exist", "**Pre-SHA1**: `0000000000000000000000000000000000000000`"],
    );
    assert_output(&sandbox, &["cor701-sha", "nothing.txt"], 2, &["exists neither before nor after"]);
    assert_output(&sandbox, &["cor701-sha", "../outside.txt"], 2, &["outside of the repository"]);
}

#[test]
fn packets_are_shown() {
    let sandbox = approved();
    assert_output(
        &sandbox,
        &["show", "WP-1-Farewell"],
        0,
        &["status: Ready for Dev", "file src/lib.rs", "not filled", "SKELETON APPROVED"],
    );
    assert_output(
        &sandbox,
        &["show", "WP-1-Farewell", "--format", "json"],
        0,
        &["countersign.packet/v1", "\"generation\": \"G2 (2026-02-01)\""],
    );
    assert_output(&sandbox, &["show", "WP-1-Farewel"], 2, &["did you mean `WP-1-Farewell`?"]);
    sandbox.write("contract.md", "# Contract — tokens\n\n**Status:** active\n");
    assert_output(&sandbox, &["show", "contract.md"], 0, &["status: active", "0 of 0 tasks done"]);
    assert_output(
        &sandbox,
        &["show", ".GOV/roles_shared/TASK_BOARD.md"],
        2,
        &["is a task board; only task packets"],
    );
}

#[test]
fn odd_packets_are_distinguished() {
    let sandbox = approved();
    sandbox.write(PACKET, "");
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 1, &["[packet/readable]", "the packet is empty"]);
    sandbox.write(PACKET, b"# Task Packet: WP-1-Farewell\n\xff\n");
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 1, &["not UTF-8"]);
    sandbox.write(PACKET, "# Task Packet: WP-1-Farewell\n".repeat(800_000));
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 1, &["countersign reads at most"]);
    sandbox.remove(PACKET);
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 1, &["[packet/found]"]);
    sandbox.write(&format!("{PACKET}/x"), "x");
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 1, &["[packet/regular-file]"]);
}

#[test]
fn the_environment_does_not_choose_the_repository() {
    let sandbox = approved();
    let other = Sandbox::new();
    let mut program = sandbox.program();
    program
        .env("GIT_DIR", other.root.join(".git"))
        .env("GIT_WORK_TREE", &other.root)
        .env("GIT_INDEX_FILE", other.root.join("x"));
    let output = program.args(["pre-work", "WP-1-Farewell"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_keeps_the_verdict_and_a_full_disk_does_not_pass() {
    let sandbox = approved();
    let mut child = sandbox
        .program()
        .args(["pre-work", "WP-1-Farewell", "--verbose"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let status = sandbox
            .program()
            .args(["pre-work", "WP-1-Farewell"])
            .stdout(full)
            .stderr(Stdio::null())
            .status()
            .expect("runs");
        assert_eq!(status.code(), Some(2), "a report that could not be written is no pass");
    }
}

#[cfg(unix)]
#[test]
fn unreadable_files_are_reported() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = approved();
    let packet = sandbox.root.join(PACKET);
    std::fs::set_permissions(&packet, std::fs::Permissions::from_mode(0o000)).expect("mode");
    if std::fs::read(&packet).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    assert_output(&sandbox, &["pre-work", "WP-1-Farewell"], 2, &[PACKET, "ermission denied"]);
}

#[test]
fn self_test_passes_and_lists_its_cases() {
    let sandbox = Sandbox::bare_folder();
    let (exit, said) = sandbox.run_redacted(&["self-test"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("self-test: PASSED") && said.contains("manifest"), "{said}");
    let (exit, said) = sandbox.run_redacted(&["self-test", "--format", "json"]);
    assert_eq!(exit, 0, "{said}");
    let document: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(document["schema"], "countersign.self-test/v1");
    assert!(document["cases"].as_array().is_some_and(|all| all.len() >= 25));
}

#[test]
fn reports_say_who_approved_and_who_wrote() {
    let sandbox = Sandbox::bare_folder();
    assert_eq!(sandbox.run_redacted(&["demo", "--keep", "."]).0, 0, "the demo plays");
    let base = sandbox.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let range = format!("{base}..HEAD");
    let arguments = ["post-work", "WP-1-Farewell", "--no-run", "--range", &range];
    let (exit, said) = sandbox.run_redacted(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(exit, 0, "{said}");
    let document: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let approval = &document["packet"]["approval"];
    assert_eq!(approval["signature"], "mira140220260915");
    assert_eq!(approval["introduced"]["committer"], "Mira <mira@example.org>");
    assert_eq!(approval["introduced"]["governance_only"], true);
    assert_eq!(approval["introduced"]["inside_work"], true);
    assert_eq!(approval["records"], serde_json::json!({"audit": true, "gate log": true, "refinement": true}));
    assert_eq!((&approval["code_commits"], &approval["same_hand"]), (&1.into(), &serde_json::json!([])));
    assert_eq!((&approval["in_order"], &approval["before_packet"]), (&true.into(), &serde_json::json!([])));
    let order: Vec<_> = approval["order"].as_array().expect("order").iter().map(|m| &m["event"]).collect();
    assert_eq!(order.len(), 6);
    let (_, said) = sandbox.run_redacted(&[&arguments[..], &["--verbose"]].concat());
    assert!(said.contains("record   gate log: agrees with the packet"), "{said}");
    assert!(said.contains("order    work prepared: 2026-02-14T09:18:00.000Z"), "{said}");
}
