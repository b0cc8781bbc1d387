//! Work with a packet on a branch that is rebased, updated, picked or amended: it keeps its
//! approval, and a change outside the scope stays one.

use crate::keys::{public_key, write_key};
use crate::support::host::{Host, Run};
use crate::support::initialized::run_ok;
use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Word.md";
const SIGNERS: &str = ".GOV/roles_shared/allowed_signers";
const TEXT: &str = "# Task Packet: WP-1-Word\n\n## METADATA\n- WP_ID: WP-1-Word\n- DATE: 2026-03-01\n\
    - **Status:** In Progress\n- USER_SIGNATURE: <pending>\n\n## SCOPE\n- What: Add the word.\n- Why: It is missing.\n\
    - IN_SCOPE_PATHS:\n  - src/\n- OUT_OF_SCOPE:\n  - deploy.sh\n\n## QUALITY_GATE\n### TEST_PLAN\n```bash\n\
    grep -qx two src/a.txt\n```\n### DONE_MEANS\n- src/a.txt has the line two.\n";

/// How a branch gets what main gained.
#[derive(Debug, Clone, Copy)]
enum Rewrite {
    Rebase,
    Merge,
    CherryPick,
    Amend,
    RebaseAndSquash,
}

const REWRITES: [Rewrite; 5] =
    [Rewrite::Rebase, Rewrite::Merge, Rewrite::CherryPick, Rewrite::Amend, Rewrite::RebaseAndSquash];

/// A branch with an approved packet and work in two commits; main is ahead by one commit.
fn branch_behind_main(edit: impl Fn(&Sandbox)) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write(
        "countersign.yaml",
        "version: 1\nprofile: standard\nsteps:\n  - {name: tests, run: [grep, -qx, two, src/a.txt], tests: false}\n\
         rules: {packet/section: off, packet/field: off}\n",
    );
    let signer = format!("mira@example.org namespaces=\"countersign\" {}\n", public_key("mira"));
    sandbox.write(SIGNERS, signer);
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Word"]);
    sandbox.write(PACKET, TEXT);
    let key = write_key(&sandbox, "mira");
    run_ok(&sandbox, &["approve", "WP-1-Word", "--ssh-key", &key, "--yes"]);
    sandbox.commit("packet");
    sandbox.write("src/a.txt", "one\ntwo\n");
    run_ok(&sandbox, &["manifest", "WP-1-Word", "--write"]);
    sandbox.commit("work");
    sandbox.write("src/b.txt", "more\n");
    edit(&sandbox);
    run_ok(&sandbox, &["manifest", "WP-1-Word", "--write", "--range", "main..HEAD"]);
    sandbox.write("src/b.txt", "more\n");
    run_ok(&sandbox, &["manifest", "WP-1-Word", "--write"]);
    sandbox.commit("more work");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write("README.md", "text\n");
    sandbox.commit("main moves");
    sandbox.git(&["switch", "-q", "feat/WP-1-Word"]);
    sandbox
}

fn rewrite(sandbox: &Sandbox, how: Rewrite) {
    match how {
        Rewrite::Rebase => drop(sandbox.git(&["rebase", "-q", "main"])),
        Rewrite::Merge => drop(sandbox.git(&["merge", "-q", "--no-edit", "main"])),
        Rewrite::CherryPick => {
            sandbox.git(&["switch", "-q", "-c", "picked", "main"]);
            sandbox.git(&["cherry-pick", "main~1..feat/WP-1-Word"]);
        }
        Rewrite::Amend => drop(sandbox.git(&["commit", "-q", "--amend", "-m", "better words"])),
        Rewrite::RebaseAndSquash => {
            sandbox.git(&["rebase", "-q", "main"]);
            // The packet keeps its commit; the work becomes one.
            sandbox.git(&["reset", "-q", "--soft", "main~0"]);
            sandbox.git(&["reset", "-q", "HEAD", "--", "src"]);
            sandbox.git(&["commit", "-q", "-m", "packet and manifests"]);
            sandbox.git(&["add", "src"]);
            sandbox.git(&["commit", "-q", "-m", "all work"]);
        }
    }
}

fn judge(sandbox: &Sandbox, selection: &[&str]) -> (i32, String) {
    let arguments = [&["post-work", "WP-1-Word", "--no-run"], selection].concat();
    sandbox.run_redacted(&arguments)
}

#[test]
fn an_approval_by_key_survives_every_rewrite_of_its_branch() {
    for how in REWRITES {
        let sandbox = branch_behind_main(|_| ());
        rewrite(&sandbox, how);
        for selection in [&["--range", "main...HEAD"][..], &["--range", "main..HEAD"], &[]] {
            let (exit, said) = judge(&sandbox, selection);
            assert_eq!(exit, 0, "{how:?} {selection:?}\n{said}");
        }
        let (exit, said) = sandbox.run_redacted(&["verify", "--packet", "WP-1-Word", "--no-run"]);
        assert_eq!(exit, 0, "{how:?}\n{said}");
    }
}

#[test]
fn a_change_outside_the_scope_survives_no_rewrite() {
    for how in REWRITES {
        let sandbox = branch_behind_main(|sandbox| sandbox.write("deploy.sh", "x\n"));
        if matches!(how, Rewrite::RebaseAndSquash) {
            continue;
        }
        rewrite(&sandbox, how);
        for selection in [&["--range", "main...HEAD"][..], &["--range", "main..HEAD"], &[]] {
            let (exit, said) = judge(&sandbox, selection);
            assert!(exit == 1 && said.contains("deploy.sh is changed"), "{how:?} {selection:?}\n{said}");
        }
    }
}

#[test]
fn a_key_that_main_withdrew_approves_no_rewritten_branch() {
    for how in [Rewrite::Rebase, Rewrite::Merge, Rewrite::CherryPick] {
        let sandbox = branch_behind_main(|_| ());
        sandbox.git(&["switch", "-q", "main"]);
        sandbox.write(SIGNERS, format!("otto namespaces=\"countersign\" {}\n", public_key("otto")));
        sandbox.commit("mira left");
        sandbox.git(&["switch", "-q", "feat/WP-1-Word"]);
        if matches!(how, Rewrite::CherryPick) {
            sandbox.git(&["switch", "-q", "-c", "picked", "main"]);
            sandbox.git(&["cherry-pick", "main~2..feat/WP-1-Word"]);
        } else {
            rewrite(&sandbox, how);
        }
        let (exit, said) = judge(&sandbox, &["--range", "main...HEAD"]);
        assert!(exit == 1 && said.contains("approval/signed"), "{how:?}\n{said}");
    }
}

/// A branch of a fence, and main with a change that conflicts and a new CI file.
fn fence_in_conflict() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nprofile: fence\nscope: [src/]\nsteps: none\n");
    sandbox.write("src/a.txt", "one\n");
    sandbox.write(".github/workflows/ci.yml", "on: push\n");
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("src/a.txt", "work\n");
    sandbox.commit("work");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write("src/a.txt", "main\n");
    sandbox.write(".github/workflows/ci.yml", "on: [push]\n");
    sandbox.commit("main moves");
    sandbox.git(&["switch", "-q", "work"]);
    let merge = crate::support::repo::isolated_command("git", &sandbox.root, &sandbox.home())
        .args(["merge", "-q", "main"])
        .output()
        .expect("git runs");
    assert!(!merge.status.success(), "a conflict");
    sandbox.write("src/a.txt", "both\n");
    sandbox.git(&["add", "-A"]);
    sandbox
}

#[test]
fn a_merge_of_main_under_way_is_not_the_work_of_the_branch() {
    let judge = |sandbox: &Sandbox| {
        let hook = sandbox.run_redacted(&["hook", "run", "pre-commit"]);
        let verify = sandbox.run_redacted(&["verify", "--no-run"]);
        assert_eq!(hook.0, verify.0, "{}\n{}", hook.1, verify.1);
        verify
    };
    let sandbox = fence_in_conflict();
    let (exit, said) = judge(&sandbox);
    assert!(exit == 0 && said.contains("a merge of `main` is under way"), "{said}");
    // The merge adds something that neither side has.
    sandbox.write("deploy.sh", "x\n");
    sandbox.git(&["add", "-A"]);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("deploy.sh is changed"), "{said}");
    // The merge drops what main brought.
    let sandbox = fence_in_conflict();
    sandbox.write(".github/workflows/ci.yml", "on: push\n");
    sandbox.git(&["add", "-A"]);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("ci.yml is changed"), "{said}");
    // Something that is not of main is merged.
    let sandbox = fence_in_conflict();
    sandbox.git(&["branch", "other", "main"]);
    sandbox.git(&["merge", "--abort"]);
    sandbox.git(&["switch", "-q", "other"]);
    sandbox.write("deploy.sh", "x\n");
    sandbox.commit("not main");
    sandbox.git(&["switch", "-q", "work"]);
    sandbox.git(&["merge", "-q", "-X", "ours", "--no-commit", "other"]);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("deploy.sh is changed"), "{said}");
}

/// The checkout of a pull request with its two parents and no more history.
fn check_out_with_depth_two(sandbox: Sandbox) -> (Sandbox, Run) {
    let work = sandbox.git(&["rev-parse", "HEAD"]);
    let host = Host { origin: sandbox, work };
    let merge = host.merge_into("main", "refs/pull/7/merge");
    let run = Run::pull_request(&host, "main", &merge);
    (host.check_out(&merge, 2, &["+refs/pull/7/merge:refs/remotes/pull/7/merge"]), run)
}

#[test]
fn a_packet_signed_by_a_key_is_judged_without_its_history() {
    let judge = |edit: &dyn Fn(&Sandbox), exit: i32, says: &str| {
        let sandbox = branch_behind_main(edit);
        let (clone, run) = check_out_with_depth_two(sandbox);
        for command in [
            &["verify", "--range", "auto", "--packet", "WP-1-Word", "--no-run"][..],
            &["post-work", "WP-1-Word", "--range", "auto", "--no-run"],
        ] {
            let (found, said) = run.run(&clone, command);
            assert!(found == exit && said.contains(says), "{command:?}: {found}, not {exit}\n{said}");
        }
    };
    judge(&|_| (), 0, "judged as one commit");
    judge(&|sandbox| sandbox.write("deploy.sh", "x\n"), 1, "deploy.sh is changed");
    // The contract is not the one that was signed.
    judge(
        &|sandbox| {
            let text = sandbox.read(PACKET);
            sandbox.write(PACKET, text.replace("src/a.txt has the line two.", "src/a.txt exists."));
        },
        1,
        "contract",
    );
    // The signature is gone, so the order of approval and work needs the history.
    judge(
        &|sandbox| {
            for path in sandbox.git(&["ls-files", "*.sig"]).lines() {
                sandbox.git(&["rm", "-q", path]);
            }
        },
        2,
        "git fetch --unshallow",
    );
}
