//! Clones and repositories in which the main branch is missing, or is not the branch that
//! one would expect.

use crate::support::repo::Sandbox;

/// A fence on main, and a branch with a committed file outside of it.
fn with_violation() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    let (exit, said) = sandbox.run_redacted(&["init", "--fence", "src/", "--no-steps"]);
    assert_eq!(exit, 0, "{said}");
    sandbox.commit("fence");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("evil", "x\n");
    sandbox.commit("outside");
    sandbox
}

fn clone_of(origin: &Sandbox, arguments: &[&str]) -> Sandbox {
    let clone = Sandbox::bare_folder();
    let url = format!("file://{}", origin.root.display());
    let mut all = vec!["clone", "-q"];
    all.extend(arguments);
    all.extend([url.as_str(), "."]);
    clone.git(&all);
    clone
}

fn verify_in(sandbox: &Sandbox, variables: &[&str]) -> (i32, String) {
    let mut command = sandbox.program();
    for name in variables {
        command.env(name, "true");
    }
    let output = command.arg("verify").output().expect("countersign runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code().unwrap_or(-1), said.concat())
}

#[test]
fn a_clone_without_the_main_branch_is_not_judged() {
    let origin = with_violation();
    let fetch = "+refs/heads/main:refs/remotes/origin/main";
    for arguments in [
        ["--single-branch", "-b", "work"].as_slice(),
        &["--depth", "1", "-b", "work"],
        &["--depth", "1", "--no-single-branch", "-b", "work"],
    ] {
        let clone = clone_of(&origin, arguments);
        for variables in [[].as_slice(), &["CI"], &["CI", "GITHUB_ACTIONS"]] {
            let (exit, said) = verify_in(&clone, variables);
            assert!(exit == 2 && said.contains("git fetch"), "{arguments:?}: {exit}\n{said}");
        }
        // A change on disk does not hide what is committed.
        clone.write("src/b.txt", "two\n");
        let (exit, said) = verify_in(&clone, &[]);
        assert_eq!(exit, 2, "{arguments:?}: {said}");
        let deepen = clone.root.join(".git/shallow").exists();
        let mut arguments = vec!["fetch", "-q"];
        arguments.extend(deepen.then_some("--unshallow"));
        arguments.extend(["origin", fetch]);
        clone.git(&arguments);
        let (exit, said) = verify_in(&clone, &["CI"]);
        assert!(exit == 1 && said.contains("evil is changed"), "{exit}\n{said}");
    }
    // The honest twin: the main branch is in the clone, or is the branch itself.
    origin.git(&["switch", "-q", "main"]);
    let clone = clone_of(&origin, &["--single-branch", "-b", "main"]);
    assert_eq!(verify_in(&clone, &["CI"]).0, 0);
    clone.git(&["switch", "-q", "-c", "inside"]);
    clone.write("src/b.txt", "two\n");
    clone.commit("inside");
    assert_eq!(verify_in(&clone, &["CI"]).0, 0);
}

#[test]
fn init_on_a_branch_trusts_the_main_branch() {
    for fence in [true, false] {
        let sandbox = Sandbox::new();
        sandbox.write("src/a.txt", "one\n");
        sandbox.commit("project");
        sandbox.git(&["switch", "-q", "-c", "chore/setup"]);
        let arguments = if fence {
            ["init", "--fence", "src/", "--no-steps"].as_slice()
        } else {
            &["init", "--no-steps"]
        };
        let (exit, said) = sandbox.run_redacted(arguments);
        assert!(exit == 0 && said.contains("`main` is the main branch"), "{said}");
        assert!(sandbox.read("countersign.yaml").contains("main_branch: main\n"));
    }
    // Without another branch, the checked-out one is the main branch.
    let sandbox = Sandbox::new();
    sandbox.git(&["switch", "-q", "-c", "trunk"]);
    sandbox.run_redacted(&["init", "--fence", "src/", "--no-steps"]);
    assert!(sandbox.read("countersign.yaml").contains("main_branch: trunk\n"));
    let sandbox = Sandbox::new();
    sandbox.commit("empty");
    let (_, said) = sandbox.run_redacted(&["init", "--fence", "src/", "--no-steps", "--main", "nosuch"]);
    assert!(said.contains("There is no branch `nosuch` yet"), "{said}");
}

#[test]
fn a_main_branch_that_is_gone_is_named_as_the_cause() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write(
        "countersign.yaml",
        "version: 1\nprofile: fence\nmain_branch: gone\nscope: [src/]\nsteps: []\n",
    );
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("evil", "x\n");
    sandbox.commit("outside");
    let (exit, said) = verify_in(&sandbox, &[]);
    assert!(exit == 2 && said.contains("names `gone` as the main branch"), "{exit}\n{said}");
    let (exit, said) = sandbox.run_redacted(&["verify", "--base", "main"]);
    assert!(exit == 1 && said.contains("evil is changed"), "{exit}\n{said}");
}

#[test]
fn a_remote_head_without_its_branch_is_ignored() {
    let origin = with_violation();
    origin.git(&["switch", "-q", "main"]);
    origin.git(&["branch", "-q", "-m", "main", "master"]);
    let clone = clone_of(&origin, &[]);
    origin.git(&["branch", "-q", "-m", "master", "main"]);
    clone.git(&["fetch", "-q", "--prune"]);
    clone.git(&["switch", "-q", "-c", "own", "origin/main"]);
    let (exit, said) = verify_in(&clone, &[]);
    assert!(exit == 0 && said.contains("nothing to check"), "{exit}\n{said}");
    clone.write("evil", "x\n");
    clone.commit("outside");
    let (exit, said) = verify_in(&clone, &[]);
    assert!(exit == 1 && said.contains("evil is changed"), "{exit}\n{said}");
}

#[test]
fn what_init_writes_passes_as_the_first_configuration() {
    let build = || {
        let sandbox = Sandbox::new();
        sandbox.write("src/a.txt", "one\n");
        sandbox.write("old.md", "one\n");
        sandbox.commit("project");
        sandbox.git(&["switch", "-q", "-c", "setup"]);
        let (exit, said) = sandbox.run_redacted(&["init", "--no-steps", "--ci", "github"]);
        assert_eq!(exit, 0, "{said}");
        sandbox
    };
    let sandbox = build();
    let (exit, said) = sandbox.run_redacted(&["verify"]);
    assert!(exit == 0 && said.contains("PASSED, first configuration"), "{exit}\n{said}");
    sandbox.commit("set up");
    let (exit, said) = sandbox.run_redacted(&["verify", "--range", "main..HEAD"]);
    assert!(exit == 0 && said.contains("PASSED, first configuration"), "{exit}\n{said}");
    // Code, and a document that only the pointer makes a specification.
    for (named, path) in [("src/b.txt", "src/b.txt"), ("old.md", "old.md")] {
        let sandbox = build();
        sandbox.append(path, "two\n");
        sandbox.edit(".GOV/roles_shared/SPEC_CURRENT.md", "Spec_v01.md", named);
        sandbox.remove("Spec_v01.md");
        sandbox.commit("set up");
        let (exit, said) = sandbox.run_redacted(&["verify", "--range", "main..HEAD"]);
        assert!(exit == 1 && said.contains(&format!("together with {path}")), "{exit}\n{said}");
    }
}

#[test]
fn a_repository_without_rules_says_how_to_begin() {
    let sandbox = Sandbox::new();
    sandbox.commit("empty");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("a.txt", "x\n");
    let (exit, said) = verify_in(&sandbox, &[]);
    assert!(exit == 2 && said.contains("countersign init --fence"), "{exit}\n{said}");
}
