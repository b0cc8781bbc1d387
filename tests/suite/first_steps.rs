//! The first commands of a new user, and what they say.

use crate::support::initialized::{REFINEMENT, approved, governed, run_ok};
use crate::support::repo::{Sandbox, isolated_command};

fn fenced() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    run_ok(&sandbox, &["init", "--fence", "src/", "--no-steps"]);
    sandbox.commit("fence");
    sandbox
}

#[test]
fn a_fence_gets_a_workflow_and_nothing_else() {
    let sandbox = fenced();
    run_ok(&sandbox, &["init", "--ci", "github"]);
    let status = sandbox.git(&["status", "--porcelain", "-uall"]);
    assert_eq!(status, "?? .github/workflows/countersign.yml");
    let (exit, said) = sandbox.run_redacted(&["init"]);
    assert!(exit == 2 && said.contains("has no packets"), "{exit} {said}");
    let sandbox = Sandbox::new();
    sandbox.git(&["switch", "-q", "-c", "trunk"]);
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    run_ok(&sandbox, &["init", "--fence", "src/", "--no-steps", "--ci", "github"]);
    assert!(sandbox.read(".github/workflows/countersign.yml").contains("branches: [trunk]"));
    let status = sandbox.git(&["status", "--porcelain", "-uall"]);
    assert_eq!(status, "?? .github/workflows/countersign.yml\n?? countersign.yaml");
}

#[test]
fn a_refinement_that_is_recorded_is_not_recorded_again() {
    let sandbox = approved();
    let said = run_ok(&sandbox, &["refine", "WP-1-Two"]);
    assert!(said.contains("nothing was written"), "{said}");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    // A changed one needs a new signature, and the command says so.
    sandbox.edit(REFINEMENT, "Section 2.1 says it in one sentence.", "Section 2.1 says it.");
    let said = run_ok(&sandbox, &["refine", "WP-1-Two"]);
    assert!(said.contains("the approver signs again"), "{said}");
}

#[test]
fn the_pre_push_hook_checks_the_scope() {
    let origin = fenced();
    let clone = Sandbox::bare_folder();
    clone.git(&["clone", "-q", &origin.root.display().to_string(), "."]);
    run_ok(&clone, &["hook", "install", "pre-push"]);
    let push = || {
        let mut command = isolated_command("git", &clone.root, &clone.home());
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(program.to_path_buf()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).expect("PATH"));
        command.args(["push", "-q", "origin", "HEAD"]).output().expect("git runs")
    };
    clone.git(&["switch", "-q", "-c", "work"]);
    clone.write("src/b.txt", "two\n");
    clone.commit("inside");
    let output = push();
    assert!(output.status.success(), "{output:?}");
    clone.write("evil.sh", "x\n");
    clone.commit("outside");
    let output = push();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains("evil.sh is changed"), "{said}");
    assert!(said.contains("pre-push: FAILED"), "{said}");
}

#[test]
fn the_report_of_a_hook_counts_once() {
    let sandbox = fenced();
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("deploy.sh", "x\n");
    sandbox.git(&["add", "deploy.sh"]);
    let (exit, said) = sandbox.run_redacted(&["hook", "run", "pre-commit"]);
    assert!(exit == 1 && said.contains("pre-commit: FAILED") && said.contains("1 path"), "{said}");
    assert_eq!(said.matches("--staged: HEAD to the index").count(), 1, "{said}");
}

#[test]
fn a_hook_of_somebody_else_is_not_removed() {
    let sandbox = fenced();
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n");
    let (exit, said) = sandbox.run_redacted(&["hook", "remove", "pre-commit"]);
    assert!(exit == 2 && said.contains("does not remove it; delete this line"), "{exit} {said}");
}

#[test]
fn an_output_that_cannot_be_written_is_said_once() {
    let sandbox = fenced();
    for output in ["x", "json=/"] {
        let (exit, said) = sandbox.run_redacted(&["verify", "--output", output]);
        assert!(exit == 2 && said.matches("error: ").count() == 1, "{output}: {exit}\n{said}");
    }
}

#[test]
fn a_configuration_without_a_version_is_refused() {
    let sandbox = governed();
    for (text, exit) in [("", 2), ("# nothing\n", 2), ("version: 1\n", 0)] {
        sandbox.write("countersign.yaml", text);
        let (found, said) = sandbox.run_redacted(&["list"]);
        assert_eq!(found, exit, "{text:?}: {said}");
        assert!(exit == 0 || said.contains("add `version: 1`"), "{said}");
    }
}

#[test]
fn a_folder_without_documents_is_no_empty_success() {
    let folder = Sandbox::bare_folder();
    for command in ["list", "fix", "check"] {
        let (exit, said) = folder.run_redacted(&[command]);
        assert_eq!(exit, 2, "{command}: {said}");
    }
    let sandbox = governed();
    assert_eq!(sandbox.run(&["list"]).status.code(), Some(0));
}

#[test]
fn a_bare_repository_takes_hashes_and_no_hooks() {
    let sandbox = fenced();
    let bare = Sandbox::bare_folder();
    bare.git(&["clone", "-q", "--bare", &sandbox.root.display().to_string(), "."]);
    let said = run_ok(&bare, &["cor701-sha", "src/a.txt", "--rev", "HEAD~1"]);
    assert!(said.contains("src/a.txt"), "{said}");
    let (exit, said) = bare.run_redacted(&["hook", "install", "pre-commit"]);
    assert!(exit == 2 && said.contains("run the command in a clone"), "{exit} {said}");
}
