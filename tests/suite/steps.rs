//! Steps as processes: no shell, the process tree is killed, Ctrl-C, logs.

#![cfg(unix)]

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

/// An approved packet and a configuration with one step. No work is needed:
/// pre-work runs the step.
fn with_step(run: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.write(
        "countersign.yaml",
        format!("version: 1\nsteps:\n  - name: proof\n    run: {run}\n    gates: [pre-work]\n{more}"),
    );
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    sandbox
}

/// A time to sleep, in seconds, that no other process on this machine uses.
fn sleep_command(number: u32) -> String {
    format!("sleep {number}.{:07}", std::process::id())
}

fn is_alive(mark: &str) -> bool {
    let output = Command::new("ps").args(["-eo", "args"]).output().expect("ps");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .any(|line| line.contains(mark) && !line.contains("ps -eo"))
}

fn is_gone(mark: &str) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if !is_alive(mark) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn no_shell_sees_the_arguments() {
    let sandbox = with_step(r#"[echo, "$(touch pwned)", "; touch pwned", "`touch pwned`"]"#, "");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert_eq!(exit, 0, "{said}");
    assert!(!sandbox.root.join("pwned").exists());
}

#[test]
fn a_timeout_kills_the_process_tree() {
    let (first, second, third) = (sleep_command(4711), sleep_command(4712), sleep_command(4713));
    let run = format!(r#"[sh, -c, "{first} & setsid {second} & {third}"]"#);
    let sandbox = with_step(&run, "    timeout: 1s\n");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("did not finish within 1 s"), "{said}");
    assert!(is_gone(&first) && is_gone(&third));
    #[cfg(target_os = "linux")]
    assert!(is_gone(&second), "a child in a session of its own");
}

#[test]
fn orphans_of_a_step_are_killed_too() {
    let sandbox = with_step(&format!(r#"[sh, -c, "{} & exit 0"]"#, sleep_command(4721)), "");
    let start = Instant::now();
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert_eq!(exit, 0, "{said}");
    assert!(start.elapsed() < Duration::from_secs(20), "the gate does not wait for an open pipe");
    assert!(is_gone(&sleep_command(4721)));
}

#[test]
fn ctrl_c_ends_the_step_and_gives_no_result() {
    let sandbox = with_step(&format!(r#"[sh, -c, "{}"]"#, sleep_command(4731)), "");
    let mut child = sandbox
        .program()
        .args(["pre-work", "WP-1-Farewell"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let start = Instant::now();
    while !is_alive(&sleep_command(4731)) && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let code = child.wait().expect("ends").code();
    let mut said = String::new();
    child.stderr.take().expect("stderr").read_to_string(&mut said).expect("text");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert!(is_gone(&sleep_command(4731)));
}

#[test]
fn variables_are_dropped_and_kept_as_configured() {
    let sandbox = with_step(
        r#"[sh, -c, "test -z \"$GIT_DIR\" && test -z \"$SECRET\" && test \"$MODE\" = strict"]"#,
        "    environment:\n      keep: [PATH, SECRET]\n      drop: [SECRET]\n      set: {MODE: strict}\n",
    );
    let mut program = sandbox.program();
    program.env("SECRET", "x").env("GIT_DIR", "/nowhere").args(["pre-work", "WP-1-Farewell"]);
    let output = program.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn logs_have_a_hash_and_a_tail_without_escapes() {
    let sandbox = with_step(r#"[sh, -c, "printf 'one\\n\\033[31mtwo\\033]0;x\\007\\n'; exit 1"]"#, "");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell", "--format", "json"]);
    assert_eq!(exit, 1);
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let step = &value["run"]["steps"][0];
    assert_eq!(step["log_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(step["tail"][0], "one");
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'));
}

#[test]
fn two_gates_at_once_do_not_affect_each_other() {
    let sandbox = with_step("[sleep, \"1\"]", "");
    let start = |sandbox: &Sandbox| {
        sandbox.program().args(["pre-work", "WP-1-Farewell"]).stdout(Stdio::null()).spawn().expect("runs")
    };
    let (mut first, mut second) = (start(&sandbox), start(&sandbox));
    assert_eq!(first.wait().expect("ends").code(), Some(0));
    assert_eq!(second.wait().expect("ends").code(), Some(0));
}

#[test]
fn logs_do_not_follow_a_link_out_of_the_repository() {
    let sandbox = with_step("[echo, x]", "logs: target/logs\n");
    let elsewhere = sandbox.root.with_file_name("elsewhere");
    std::fs::create_dir(&elsewhere).expect("folder");
    std::fs::create_dir(sandbox.root.join("target")).expect("folder");
    std::fs::write(sandbox.root.join(".git/info/exclude"), "/target\n").expect("file");
    std::os::unix::fs::symlink(&elsewhere, sandbox.root.join("target/logs")).expect("link");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert!(exit == 2 && said.contains("target/logs is not a folder of the repository"), "{exit} {said}");
    assert_eq!(std::fs::read_dir(&elsewhere).expect("folder").count(), 0);
    std::fs::remove_file(sandbox.root.join("target/logs")).expect("removed");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert_eq!(exit, 0, "{said}");
    assert!(sandbox.root.join("target/logs/WP-1-Farewell").is_dir());
}

#[test]
fn steps_get_no_credentials_and_no_open_files() {
    let sandbox = with_step(
        r#"[sh, -c, "env | grep -E 'TOKEN|SECRET|SSH_AUTH_SOCK' && exit 1; { true >&7; } 2>/dev/null && exit 2; exit 0"]"#,
        "",
    );
    let program = sandbox.program();
    let path = std::path::PathBuf::from(program.get_program());
    // A shell opens descriptor 7, as a CI runner or a supervisor may.
    let mut shell = crate::support::repo::isolated_command("sh", &sandbox.root, &sandbox.home());
    for name in ["GITHUB_TOKEN", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK"] {
        shell.env(name, "x");
    }
    let line = format!("exec 7>open-file; exec {} pre-work WP-1-Farewell", path.display());
    let output = shell.args(["-c", &line]).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(sandbox.root.join("open-file").exists());
    assert!(!said.contains("exit code"), "{said}");
}

#[test]
fn named_credentials_reach_a_step() {
    let sandbox = with_step(
        r#"[sh, -c, "test \"$GITHUB_TOKEN\" = x && test -z \"$CI_JOB_TOKEN\""]"#,
        "    environment:\n      keep: [\"*\", GITHUB_TOKEN]\n",
    );
    let mut program = sandbox.program();
    program.env("GITHUB_TOKEN", "x").env("CI_JOB_TOKEN", "x").args(["pre-work", "WP-1-Farewell"]);
    let output = program.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_step_that_compares_files_leaves_the_index_as_it_is() {
    let sandbox =
        with_step(r#"[sh, -c, "git status --short; git diff --exit-code; git diff HEAD --stat"]"#, "");
    // The times of the files differ from the index, so that git would refresh it. Without
    // the pause they could be equal.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    for path in ["src/lib.rs", "Cargo.toml"] {
        let text = sandbox.read(path);
        sandbox.write(path, text);
    }
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Farewell"]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_junit_file_counts_only_if_the_step_wrote_it() {
    let file = "<testsuite><testcase name='a'/><testcase name='b'><skipped/></testcase></testsuite>";
    let failed = "<testsuite><testcase name='a'><failure/></testcase></testsuite>";
    let judge = |run: &str, junit: &str, left_over: bool| {
        let sandbox = with_step(run, &format!("    junit: {junit}\n"));
        if left_over {
            sandbox.write("target/junit.xml", file);
        }
        sandbox.run_redacted(&["pre-work", "WP-1-Farewell"])
    };
    let write = |text: &str, path: &str| format!(r#"[sh, -c, "mkdir -p target; echo \"{text}\" > {path}"]"#);
    let (exit, said) = judge(&write(file, "target/junit.xml"), "target/junit.xml", true);
    assert!(exit == 0 && said.contains("passed, 1 test"), "{exit} {said}");
    let (exit, said) = judge("[sh, -c, \"exit 0\"]", "target/junit.xml", true);
    assert!(exit == 1 && said.contains("the step did not write target/junit.xml"), "{said}");
    let (exit, said) = judge(&write(failed, "target/junit.xml"), "target/junit.xml", false);
    assert!(exit == 1 && said.contains("contains 1 failed tests"), "{said}");
    let (exit, said) = judge(&write("<testsuite/>", "target/junit.xml"), "target/junit.xml", false);
    assert!(exit == 1 && said.contains("ran no test (JUnit)"), "{said}");
    let (exit, said) = judge(&write(file, "report.xml"), "report.xml", false);
    assert!(exit == 1 && said.contains("not in a folder that the base ignores"), "{said}");
    let (exit, said) =
        judge("[sh, -c, \"mkdir -p target; ln -s x target/junit.xml\"]", "target/junit.xml", false);
    assert!(exit == 1 && said.contains("is not a regular file"), "{said}");
}
