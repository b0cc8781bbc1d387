//! The ledger as a user meets it: what gates leave in it, that it decides nothing, and
//! that what it says can be checked.

use std::process::Stdio;
use std::time::Duration;

use countersign::DemoRepository;
use serde_json::Value;

use crate::support::repo::Sandbox;

#[cfg(unix)]
mod kills;
mod tampering;
mod waiting;

pub(super) const DATABASE: &str = ".git/countersign/ledger.db";
pub(super) const JUDGE: [&str; 2] = ["pre-work", "WP-1-Farewell"];

/// An approved packet whose pre-work runs one step; `more` is appended to the step and
/// `head` stands before the steps.
pub(super) fn with_step(run: &str, more: &str, head: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    let text =
        format!("version: 1\n{head}steps:\n  - name: proof\n    run: {run}\n    gates: [pre-work]\n{more}");
    sandbox.write("countersign.yaml", text);
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    sandbox
}

pub(super) fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let output = sandbox.run(&[arguments, &["--format", "json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

pub(super) fn jobs(sandbox: &Sandbox) -> Vec<Value> {
    json(sandbox, &["jobs", "--limit", "10000"])["jobs"].as_array().expect("jobs").clone()
}

/// The state of the newest job of a command.
pub(super) fn state_of(sandbox: &Sandbox, command: &str) -> String {
    let wanted = format!("countersign.{command}@1");
    let found = jobs(sandbox).into_iter().find(|job| job["protocol_id"] == wanted.as_str());
    found.map_or_else(|| "none".to_owned(), |job| job["state"].as_str().expect("state").to_owned())
}

#[test]
fn a_gate_leaves_a_job_its_operation_and_its_problems() {
    let sandbox = with_step("[sh, -c, exit 3]", "", "");
    let (exit, said) = sandbox.run_redacted(&JUDGE);
    assert_eq!(exit, 1, "{said}");
    let jobs = jobs(&sandbox);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    let job = &jobs[0];
    assert_eq!((&job["state"], &job["verdict"]), (&Value::from("failed"), &Value::from("failed")));
    assert_eq!((&job["operations"], &job["wp_id"]), (&Value::from(1), &Value::from("WP-1-Farewell")));
    assert_eq!(
        (&job["job_kind"], &job["access_mode"]),
        (&Value::from("workflow_run"), &Value::from("analysis_only"))
    );
    let problems = json(&sandbox, &["problems", "WP-1-Farewell"]);
    let codes: Vec<&str> = problems["problems"]
        .as_array()
        .expect("list")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert!(codes.contains(&"step/failed"), "{problems}");
    let (exit, said) = sandbox.run_redacted(&["log", "--all"]);
    assert_eq!(exit, 0, "{said}");
    for part in ["G-SCHEMA pass process.run", "G-DET pass", "proc.exec:sh: allow", "exit 3", "pre-work: FAIL"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(sandbox.run_redacted(&["log", "verify"]).0, 0);
    // The same run once more is the same problem; a run without it resolves it.
    sandbox.run(&JUDGE);
    let again = json(&sandbox, &["problems", "WP-1-Farewell"]);
    let failed = again["problems"].as_array().expect("list").iter().find(|one| one["code"] == "step/failed");
    assert_eq!(failed.expect("problem")["count"], 2);
}

#[test]
fn the_ledger_changes_no_report() {
    let text = |sandbox: &Sandbox| {
        let mut report = json(sandbox, &JUDGE);
        let job = report["run"]["ledger"]["job"].clone();
        report.as_object_mut().expect("report").remove("run");
        (report.to_string(), job)
    };
    let sandbox = with_step("[sh, -c, exit 0]", "", "");
    let (first, job) = text(&sandbox);
    assert!(job.is_string(), "recorded");
    let (second, _) = text(&sandbox);
    assert_eq!(first, second, "with entries of an earlier run");
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(sandbox.root.join(format!("{DATABASE}{end}"))).expect("ledger");
    }
    sandbox.write(DATABASE, "this is no database at all, and it is long enough to be read as one");
    let (third, job) = text(&sandbox);
    assert_eq!((first.as_str(), job), (third.as_str(), Value::Null), "with a broken ledger");
    std::fs::remove_file(sandbox.root.join(DATABASE)).expect("ledger");
    std::fs::create_dir(sandbox.root.join(DATABASE)).expect("a folder in its place");
    assert_eq!(text(&sandbox).0, first, "with a folder in its place");
}

#[test]
fn a_required_ledger_that_cannot_be_used_stops_the_gate() {
    for (mode, expected) in [("required", 2), ("best-effort", 0), ("\"off\"", 0)] {
        let sandbox = with_step("[sh, -c, touch ran]", "", &format!("ledger: {mode}\n"));
        std::fs::create_dir_all(sandbox.root.join(DATABASE)).expect("a folder in its place");
        let (exit, said) = sandbox.run_redacted(&[&JUDGE[..], &["--verbose"]].concat());
        if expected == 2 {
            assert_eq!(exit, 2, "{mode}: {said}");
            assert!(said.contains("ledger: required"), "{said}");
            assert!(!sandbox.root.join("ran").exists(), "the step ran without a record");
        } else {
            assert!(sandbox.root.join("ran").exists(), "{mode}: {said}");
            assert_eq!(said.contains("nothing was recorded"), mode == "best-effort", "{said}");
        }
    }
    let sandbox = with_step("[sh, -c, exit 0]", "", "ledger: \"off\"\n");
    sandbox.run(&JUDGE);
    assert!(!sandbox.root.join(DATABASE).exists(), "switched off");
    let sandbox = with_step("[sh, -c, exit 0]", "", "ledger: sometimes\n");
    let (exit, said) = sandbox.run_redacted(&JUDGE);
    assert!(exit == 2 && said.contains("best-effort"), "{exit}: {said}");
}

#[cfg(unix)]
#[test]
fn evidence_that_cannot_be_trusted_poisons_the_job() {
    let cases = [
        ("[git, config, core.abbrev, \"12\"]", "poisoned"),
        ("[sh, -c, \"rm -f .git/countersign/ledger.db*\"]", "poisoned"),
        ("[sh, -c, \"rm .git/countersign/logs/*/*.log\"]", "poisoned"),
        ("[sh, -c, \"echo x >> src/lib.rs\"]", "failed"),
        ("[git, config, core.hooksPath, /tmp/other]", "poisoned"),
        ("[sh, -c, \"mkdir -p .git/hooks; echo > .git/hooks/pre-push\"]", "poisoned"),
        ("[git, config, core.hooksPath, .git/other]", "poisoned"),
        ("[git, config, branch.other.remote, origin]", "completed"),
        ("[git, update-ref, refs/remotes/origin/x, HEAD]", "failed"),
        ("[sh, -c, exit 1]", "failed"),
        ("[sh, -c, exit 0]", "completed"),
    ];
    for (run, expected) in cases {
        let sandbox = with_step(run, "    tests: false\n", "rules: {step/unknown-tests: \"off\"}\n");
        let (exit, said) = sandbox.run_redacted(&JUDGE);
        let state = state_of(&sandbox, "pre-work");
        // A log that is gone is an error of the run, which has no report.
        if run.contains("*.log") {
            assert_eq!((exit, state.as_str()), (2, "poisoned"), "{run}: {said}");
            continue;
        }
        assert!(
            state == expected || (expected == "completed" && state == "completed_with_issues"),
            "{run}: {state}: {said}"
        );
        assert_eq!(said.contains("cannot be trusted"), expected == "poisoned", "{run}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_poisoned_run_is_reported_until_a_person_acknowledges_it() {
    let sandbox = with_step("[sh, -c, \"test -e ok || git config core.abbrev 12\"]", "", "");
    sandbox.append(".git/info/exclude", "ok\n");
    sandbox.run(&JUDGE);
    assert_eq!(state_of(&sandbox, "pre-work"), "poisoned");
    sandbox.write("ok", "");
    let (_, said) = sandbox.run_redacted(&JUDGE);
    assert!(said.contains("jobs acknowledge"), "{said}");
    let other = sandbox.run_redacted(&["check"]).1;
    assert!(!other.contains("jobs acknowledge"), "only of its packet: {other}");
    let poisoned = json(&sandbox, &["jobs", "--state", "poisoned"])["jobs"][0]["job_id"].clone();
    let id = &poisoned.as_str().expect("id")[..8];
    let acknowledge = ["jobs", "acknowledge", id, "--reason", "looked at it"];
    let mut agent = sandbox.program();
    let refused = agent.args(acknowledge).env("CLAUDECODE", "1").output().expect("runs");
    assert_eq!(refused.status.code(), Some(2), "an agent");
    assert_eq!(sandbox.run_redacted(&["jobs", "acknowledge", id, "--reason", " "]).0, 2, "without a reason");
    assert_eq!(sandbox.run_redacted(&["jobs", "acknowledge", "zz", "--reason", "x"]).0, 2, "another job");
    assert!(sandbox.run_redacted(&JUDGE).1.contains("jobs acknowledge"));
    assert_eq!(sandbox.run_redacted(&acknowledge).0, 0);
    assert!(!sandbox.run_redacted(&JUDGE).1.contains("jobs acknowledge"));
    assert_eq!(state_of(&sandbox, "pre-work"), "completed");
}

#[test]
fn commands_that_write_are_operations() {
    let sandbox = Sandbox::with_packet();
    let (exit, said) = sandbox.run_redacted(&["new", "stub", "WP-2-Next"]);
    assert_eq!(exit, 0, "{said}");
    let jobs = jobs(&sandbox);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(
        (&jobs[0]["job_kind"], &jobs[0]["access_mode"]),
        (&Value::from("doc_edit"), &Value::from("apply_scoped"))
    );
    let (_, said) = sandbox.run_redacted(&["log", "--all"]);
    assert!(said.contains("document.apply: done (fs.write:"), "{said}");
    assert!(jobs.iter().all(|job| job["operations"] != 0), "{jobs:?}");
    // A command that shows and does not write is a job without an operation.
    for arguments in [&["fix", "--diff"][..], &["manifest", "WP-1-Farewell"]] {
        sandbox.run(arguments);
        let after = self::jobs(&sandbox);
        let previews: Vec<&Value> = after.iter().filter(|job| job["access_mode"] == "preview_only").collect();
        assert!(!previews.is_empty(), "{arguments:?}: {after:?}");
        assert!(
            previews.iter().all(|job| job["operations"] == 0 && job["state"] == "completed"),
            "{after:?}"
        );
    }
    assert_eq!(sandbox.run_redacted(&["log", "verify"]).0, 0);
}

#[test]
fn no_secret_reaches_the_ledger() {
    let marker = "hunter2hunter2hunter2";
    let run =
        format!("[sh, -c, exit 0, --token, {marker}, \"PASSWORD={marker}\", \"https://me:{marker}@a/b\"]");
    let sandbox = with_step(&run, "", "");
    sandbox.run(&JUDGE);
    sandbox.run(&["log", "verify"]);
    assert_eq!(jobs(&sandbox).len(), 1);
    for entry in std::fs::read_dir(sandbox.root.join(".git/countersign")).expect("folder").flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        let found = bytes.windows(marker.len()).any(|window| window == marker.as_bytes());
        assert!(!found, "{} holds the secret", entry.path().display());
    }
}

#[test]
fn working_trees_share_one_ledger() {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["worktree", "add", "-q", "../second", "-b", "second"]);
    sandbox.run(&["check"]);
    let mut other = sandbox.program();
    let second = sandbox.root.with_file_name("second");
    let output = other.current_dir(&second).args(["check"]).output().expect("runs");
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    let jobs = jobs(&sandbox);
    let trees: Vec<&str> = jobs.iter().filter_map(|job| job["worktree"].as_str()).collect();
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert!(trees.iter().any(|tree| tree.contains("second")), "{trees:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_gate_is_cancelled() {
    let sandbox = with_step("[sleep, \"60\"]", "", "");
    let mut program = sandbox.program();
    let mut child = program.args(JUDGE).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    // The job is there before its step starts.
    let mut waited = 0;
    while state_of(&sandbox, "pre-work") != "running" {
        std::thread::sleep(Duration::from_millis(50));
        waited += 1;
        assert!(waited < 200, "the job is not recorded");
    }
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.expect("kill").success());
    assert_eq!(child.wait().expect("ends").code(), Some(2));
    assert_eq!(state_of(&sandbox, "pre-work"), "cancelled");
}

#[test]
fn retention_is_said() {
    let sandbox = Sandbox::with_packet();
    for _ in 0..4 {
        sandbox.run(&["check"]);
    }
    let (exit, said) = sandbox.run_redacted(&["ledger", "prune", "--jobs", "1"]);
    assert!(exit == 0 && said.starts_with("removed 3 jobs"), "{said}");
    let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
    assert!(exit == 0 && said.contains("were removed by retention"), "{said}");
    let output = sandbox.run(&["log", "export"]);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let entry: Value = serde_json::from_str(line).expect("one document a line");
        assert!(entry["event"]["event_id"].is_string(), "{line}");
    }
    let empty = Sandbox::new();
    for command in [&["jobs"][..], &["problems"], &["log"], &["log", "verify"], &["ledger", "prune"]] {
        assert_eq!(empty.run_redacted(command).0, 0, "{command:?}");
    }
}
