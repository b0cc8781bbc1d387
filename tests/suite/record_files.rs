//! Records with one file per packet, and the tables of older repositories.

use crate::support::initialized::{
    AUDIT, LOG, PACKET, SHARED_AUDIT, answer_refinement, approved, assert_refused, commit, fill_packet,
    governed, run_ok, signature_now, use_shared_records,
};
use crate::support::repo::{Sandbox, isolated_command};

/// Approves a packet on a branch of its own, from main.
fn approve_on_branch(sandbox: &Sandbox, id: &str, signer: &str) {
    sandbox.git(&["switch", "-q", "-c", &format!("feat/{id}"), "main"]);
    run_ok(sandbox, &["new", "refinement", id, "--anchor", "9-11"]);
    answer_refinement(sandbox, &format!(".GOV/refinements/{id}.md"));
    run_ok(sandbox, &["refine", id]);
    run_ok(sandbox, &["sign", id, &signature_now(signer)]);
    run_ok(sandbox, &["prepare", id, "--coder", "coder-a"]);
    run_ok(sandbox, &["new", "packet", id]);
    let packet = format!(".GOV/task_packets/{id}.md");
    fill_packet(sandbox, &packet);
    sandbox.edit(&packet, "has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n");
    commit(sandbox, "packet");
    run_ok(sandbox, &["pre-work", id]);
}

#[test]
fn two_packets_on_two_branches_merge_both_ways() {
    for (first, second) in [("WP-1-Alpha", "WP-2-Beta"), ("WP-2-Beta", "WP-1-Alpha")] {
        let sandbox = governed();
        assert!(!sandbox.root.join(".gitattributes").exists(), "no merge attributes are needed");
        approve_on_branch(&sandbox, "WP-1-Alpha", "mira");
        approve_on_branch(&sandbox, "WP-2-Beta", "anna");
        sandbox.git(&["switch", "-q", "main"]);
        for branch in [first, second] {
            // `git` of the sandbox fails on a conflict.
            sandbox.git(&["merge", "-q", "--no-ff", "--no-edit", &format!("feat/{branch}")]);
        }
        run_ok(&sandbox, &["check"]);
        run_ok(&sandbox, &["task-board-check"]);
        for id in [first, second] {
            let listed = run_ok(&sandbox, &["list"]);
            let line = listed.lines().find(|line| line.contains(id)).unwrap_or_default();
            assert!(line.contains("READY_FOR_DEV"), "{listed}");
            sandbox.git(&["switch", "-q", &format!("feat/{id}")]);
            sandbox.git(&["merge", "-q", "--no-edit", "main"]);
            run_ok(&sandbox, &["pre-work", id]);
        }
    }
}

#[test]
fn with_the_tables_of_older_repositories_the_same_branches_conflict() {
    let sandbox = governed();
    use_shared_records(&sandbox);
    approve_on_branch(&sandbox, "WP-1-Alpha", "mira");
    approve_on_branch(&sandbox, "WP-2-Beta", "anna");
    let mut git = isolated_command("git", &sandbox.root, &sandbox.home());
    let output = git.args(["merge", "--no-edit", "feat/WP-1-Alpha"]).output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("CONFLICT"), "the test above shows nothing: {said}");
}

#[test]
fn a_table_and_files_of_packets_are_one_record() {
    let sandbox = governed();
    use_shared_records(&sandbox);
    approve_on_branch(&sandbox, "WP-1-Alpha", "mira");
    // The repository changes to one file per packet; what is in the tables stays there.
    run_ok(&sandbox, &["init"]);
    let kept = sandbox.root.join(".GOV/roles_shared/SIGNATURE_AUDIT/.gitkeep");
    assert!(!kept.exists(), "`init` changes no old record");
    for folder in ["SIGNATURE_AUDIT", "TASK_BOARD", "WP_TRACEABILITY_REGISTRY"] {
        sandbox.write(&format!(".GOV/roles_shared/{folder}/.gitkeep"), "");
    }
    sandbox.write(".GOV/roles/orchestrator/ORCHESTRATOR_GATES/.gitkeep", "");
    commit(&sandbox, "files");
    run_ok(&sandbox, &["new", "refinement", "WP-2-Beta", "--anchor", "9-11"]);
    answer_refinement(&sandbox, ".GOV/refinements/WP-2-Beta.md");
    run_ok(&sandbox, &["refine", "WP-2-Beta"]);
    // A signature in the table is used for the files, too.
    let audit = sandbox.read(SHARED_AUDIT);
    let used = audit.split('|').map(str::trim).find(|cell| cell.starts_with("mira")).expect("a signature");
    assert_refused(&sandbox, &["sign", "WP-2-Beta", used], "SIGNATURE_AUDIT.md:9");
    run_ok(&sandbox, &["sign", "WP-2-Beta", &signature_now("anna")]);
    assert!(sandbox.read(SHARED_AUDIT).contains("mira") && !sandbox.read(SHARED_AUDIT).contains("anna"));
    run_ok(&sandbox, &["check"]);
    // The second entry of a packet is found, whatever file has it.
    let board = ".GOV/roles_shared/TASK_BOARD/WP-1-Alpha.md";
    sandbox.write(board, "## Done\n\n- **[WP-1-Alpha]** - [VALIDATED]\n");
    let (exit, said) = sandbox.run_redacted(&["task-board-check"]);
    assert!(exit == 1 && said.contains("board/one-state") && said.contains(board), "{said}");
}

#[test]
fn entries_of_others_are_kept_and_a_file_is_read_by_itself() {
    let sandbox = approved();
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.git(&["merge", "-q", "--ff-only", "feat/WP-1-Two"]);
    approve_on_branch(&sandbox, "WP-2-Beta", "anna");
    let assert_blocked = |what: &str, rule: &str, path: &str| {
        let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-2-Beta"]);
        assert!(exit != 0 && said.contains(rule) && said.contains(path), "{what}: {exit} {said}");
        sandbox.git(&["checkout", "-q", "--", "."]);
    };
    sandbox.remove(AUDIT);
    assert_blocked("a removed signature", "approval/record-removed", AUDIT);
    sandbox.edit(AUDIT, "mira", "otto");
    assert_blocked("a changed signature", "approval/record-removed", AUDIT);
    sandbox.edit(LOG, "coder-a", "coder-b");
    assert_blocked("a changed log", "approval/record-removed", LOG);
    // A fence without an end hides nothing behind its file.
    sandbox.append(AUDIT, "\n```\n");
    run_ok(&sandbox, &["pre-work", "WP-2-Beta"]);
    sandbox.git(&["checkout", "-q", "--", "."]);
    sandbox.append(LOG, "{");
    assert_blocked("a broken log", "the gate log cannot be read", LOG);
}

#[test]
fn the_work_on_a_packet_changes_only_its_own_files() {
    let sandbox = approved();
    for (path, text, is_own) in [
        (".GOV/roles_shared/TASK_BOARD/WP-1-Two.md", "\n", true),
        (".GOV/roles_shared/TASK_BOARD/WP-9-Other.md", "## Done\n\n- **[WP-9-Other]** - [STUB]\n", false),
        (".GOV/roles_shared/TASK_BOARD/notes.md", "# Notes\n", false),
        (".GOV/roles_shared/SIGNATURE_AUDIT/WP-9-Other.md", "# Nothing\n", false),
    ] {
        sandbox.append(path, text);
        let (_, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
        let is_found = said.lines().any(|line| line.contains("scope/") && !line.contains("passed"))
            && said.contains(path);
        assert_eq!(is_found, !is_own, "{path}: {said}");
        sandbox.git(&["clean", "-fdq"]);
        sandbox.git(&["checkout", "-q", "--", "."]);
    }
    assert!(sandbox.read(PACKET).contains("a.txt"));
}

#[cfg(unix)]
#[test]
fn a_file_of_a_record_that_is_a_link_stops_the_gates() {
    let sandbox = approved();
    let link = ".GOV/roles_shared/SIGNATURE_AUDIT/WP-9-Link.md";
    std::os::unix::fs::symlink("WP-1-Two.md", sandbox.root.join(link)).expect("link");
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Two"]);
    assert!(exit == 2 && said.contains(link) && said.contains("regular file"), "{exit} {said}");
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert!(exit == 1 && said.contains("text/readable") && said.contains(link), "{exit} {said}");
}
