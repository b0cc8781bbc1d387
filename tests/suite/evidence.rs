//! `evidence` runs a test plan without a shell and records the true results.

use crate::support::initialized::{PACKET, approved, assert_refused, commit, run_ok};
use crate::support::repo::Sandbox;

const ALLOWED: &str = "evidence:\n  allow: [\"grep *\", \"sh -c true\", \"cat *\"]\n";

/// Replaces the test plan of the packet and updates the signature records.
fn sandbox_with_plan(plan: &str) -> Sandbox {
    let sandbox = approved();
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.append("countersign.yaml", ALLOWED);
    let base = commit(&sandbox, "allowed");
    sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    let text = sandbox.read(PACKET).replace("grep -qx two a.txt", plan);
    let at = text.find("MERGE_BASE_SHA: ").expect("merge base") + 16;
    sandbox.write(PACKET, format!("{}{base}{}", &text[..at], &text[at + 40..]));
    sandbox.append("a.txt", "two\n");
    sandbox
}

fn count_logs(sandbox: &Sandbox) -> usize {
    walkdir::WalkDir::new(sandbox.root.join(".countersign"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .count()
}

#[test]
fn a_plan_is_run_and_recorded() {
    let sandbox = sandbox_with_plan("just pre-work WP-1-Two\ngrep -n 'two' a.txt\ngrep -c one a.txt");
    let before = sandbox.read(PACKET);
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two"]);
    assert!(exit == 2 && said.contains("pass --yes to confirm"), "{exit} {said}");
    assert_eq!(count_logs(&sandbox), 0, "nothing runs without a yes");
    let said = run_ok(&sandbox, &["evidence", "WP-1-Two", "--yes"]);
    assert!(said.contains("run      \"grep\" \"-n\" \"two\" \"a.txt\"\n"), "{said}");
    assert!(said.contains("skip     just pre-work WP-1-Two: a gate of countersign"), "{said}");
    assert!(said.contains("nothing was written") && said.contains("- PROOF_LINES: `2:two`"), "{said}");
    assert_eq!(sandbox.read(PACKET), before);
    run_ok(&sandbox, &["evidence", "WP-1-Two", "--yes", "--write"]);
    let text = sandbox.read(PACKET);
    let entries: Vec<&str> = text.split("- COMMAND: ").collect();
    assert_eq!(entries.len(), 3, "{text}");
    assert!(entries[1].starts_with(
        "`grep -n 'two' a.txt`\n  - EXIT_CODE: 0\n  - LOG_PATH: .countersign/logs/WP-1-Two/evidence-grep--n-"
    ));
    let (before_section, _) = before.split_once("## EVIDENCE\n").expect("section");
    assert!(text.starts_with(before_section));
    assert!(text.ends_with(before.split_once("## VALIDATION_REPORTS").expect("section").1));
    // A second run replaces the entries.
    run_ok(&sandbox, &["evidence", "WP-1-Two", "--yes", "--write"]);
    let again = sandbox.read(PACKET);
    assert_eq!(again.matches("- COMMAND: ").count(), 2);
    let stable = |text: &str| {
        let moving = |line: &&str| !line.contains("LOG_PATH") && !line.contains("SHA256");
        text.lines().filter(moving).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(stable(&text), stable(&again));
    run_ok(&sandbox, &["manifest", "WP-1-Two", "--write"]);
    let (_, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
    assert!(!said.contains("[evidence/command]") && !said.contains("[evidence/log]"), "{said}");
    // The log has the recorded hash.
    let log = entries[1].lines().find_map(|line| line.strip_prefix("  - LOG_PATH: ")).expect("path");
    sandbox.append(log, "three\n");
    assert!(sandbox.git(&["status", "--porcelain"]).lines().all(|line| !line.contains(".countersign")));
}

#[test]
fn what_needs_a_shell_or_is_not_allowed_is_refused_with_the_reason() {
    let plan = "touch pwned\ngrep two a.txt > pwned\ngrep $(touch pwned) a.txt\nLD_PRELOAD=x grep two a.txt\nsh -c true\nsh -c 'touch pwned'\ncd ..\ncat a.txt";
    let sandbox = sandbox_with_plan(plan);
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes", "--write"]);
    assert_eq!(exit, 1, "{said}");
    for part in [
        "refuse   touch pwned: the trusted configuration does not allow it",
        "refuse   grep two a.txt > pwned: `>` has a meaning only in a shell",
        "refuse   grep $(touch pwned) a.txt: `$` has a meaning only in a shell",
        "it sets a variable (`LD_PRELOAD=x`)",
        "run      \"sh\" \"-c\" \"true\"\n",
        "refuse   sh -c 'touch pwned': the trusted configuration does not allow it",
        "refuse   cd ..: it does not lead to a folder of the repository",
        "refuse   cat a.txt: it depends on `cd ..`",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!sandbox.root.join("pwned").exists());
    assert_eq!(sandbox.read(PACKET).matches("- COMMAND: ").count(), 1);
}

#[test]
fn failures_are_recorded_as_such() {
    let sandbox = sandbox_with_plan("grep -q three a.txt\ncat gone.txt");
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes", "--write"]);
    assert_eq!(exit, 1, "{said}");
    let text = sandbox.read(PACKET);
    assert!(text.contains("- COMMAND: `grep -q three a.txt`\n  - EXIT_CODE: 1\n"), "{text}");
    let (_, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
    assert!(said.contains("EXIT_CODE of `grep -q three a.txt` is not 0"), "{said}");
}

#[test]
fn the_allowed_list_is_that_of_the_policy_revision_and_logs_are_ignored() {
    let sandbox = sandbox_with_plan("touch pwned");
    sandbox.edit("countersign.yaml", "allow: [\"grep *\",", "allow: [\"touch *\", \"grep *\",");
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes"]);
    assert!(
        exit == 1 && said.contains("refuse   touch pwned") && !sandbox.root.join("pwned").exists(),
        "{said}"
    );
    let sandbox = sandbox_with_plan("grep two a.txt");
    sandbox.write(".gitignore", "");
    commit(&sandbox, "logs are no longer left out");
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes"]);
    assert!(exit == 2 && said.contains("git does not ignore .countersign/logs/"), "{said}");
    assert_refused(&sandbox, &["evidence", "WP-1-Nothing", "--yes"], "WP-1-Nothing");
}

#[test]
fn where_a_command_ran_is_reported_again() {
    let sandbox = sandbox_with_plan("cd sub\ncat ../a.txt");
    sandbox.write("sub/b.txt", "b\n");
    run_ok(&sandbox, &["evidence", "WP-1-Two", "--yes", "--write"]);
    assert!(sandbox.read(PACKET).contains("- FOLDER: `sub`\n"));
    sandbox.edit(PACKET, "cd sub\ncat ../a.txt", "cat ../a.txt");
    sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes", "--write"]);
    let text = sandbox.read(PACKET);
    assert!(text.contains("- FOLDER: `.`\n") && !text.contains("`sub`"), "{text}");
}

#[test]
fn a_branch_cannot_choose_its_own_policy_source() {
    let sandbox = approved();
    sandbox.git(&["branch", "-m", "main", "trunk"]);
    sandbox.git(&["switch", "-q", "trunk"]);
    sandbox.edit("countersign.yaml", "main_branch: main", "main_branch: trunk");
    sandbox.append("countersign.yaml", ALLOWED);
    commit(&sandbox, "our main branch is called trunk");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.edit("countersign.yaml", "main_branch: trunk", "main_branch: work");
    sandbox.edit("countersign.yaml", "\"grep *\"", "\"touch *\", \"grep *\"");
    sandbox.git(&["merge", "-q", "--no-commit", "--no-ff", "feat/WP-1-Two"]);
    let own = commit(&sandbox, "rules of my own");
    let text = sandbox.read(PACKET).replace("grep -qx two a.txt", "touch pwned");
    let at = text.find("MERGE_BASE_SHA: ").expect("merge base") + 16;
    sandbox.write(PACKET, format!("{}{own}{}", &text[..at], &text[at + 40..]));
    for is_committed in [false, true] {
        // The same holds after a commit.
        if is_committed {
            commit(&sandbox, "packet");
        }
        let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes"]);
        assert!(exit == 2 && said.contains("may both be the main branch"), "{exit} {said}");
    }
    assert!(!sandbox.root.join("pwned").exists());
}

#[test]
fn a_program_that_is_not_installed_is_no_result() {
    let sandbox = sandbox_with_plan("grep -c one a.txt\nno-such-program-here");
    sandbox.commit("work");
    sandbox.git(&["switch", "-q", "main"]);
    let text = sandbox.read("countersign.yaml").replace("\"cat *\"", "\"cat *\", no-such-program-here");
    sandbox.write("countersign.yaml", text);
    sandbox.git(&["commit", "-q", "-m", "allow more", "countersign.yaml"]);
    sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Two", "--yes", "--write"]);
    assert!(exit == 2 && said.contains("is not installed (not found in PATH)"), "{exit}\n{said}");
    let packet = sandbox.read(PACKET);
    // What ran is recorded, what could not run is not.
    assert_eq!(packet.matches("- COMMAND: ").count(), 1, "{packet}");
    assert!(!packet.contains("EXIT_CODE: 12"), "{packet}");
}

#[test]
fn pre_work_names_commands_that_cannot_become_evidence() {
    let sandbox = sandbox_with_plan("grep -c one a.txt\nls\nsh -c 'echo hi' && true");
    let (_, said) = sandbox.run_redacted(&["pre-work", "WP-1-Two", "--no-run"]);
    assert!(said.contains("`ls` cannot be run as evidence") && said.contains("`\"ls\"`"), "{said}");
    assert!(said.contains("&& true` cannot be run as evidence"), "{said}");
    assert!(!said.contains("`grep -c one a.txt` cannot"), "{said}");
    // Without a list of its own, the line for the configuration names the whole plan.
    let sandbox = approved();
    let text = sandbox.read(PACKET).replace("grep -qx two a.txt", "cargo test\ngrep -qx two a.txt");
    sandbox.write(PACKET, text);
    let (_, said) = sandbox.run_redacted(&["pre-work", "WP-1-Two", "--no-run"]);
    assert!(said.contains("`evidence: {allow: [\"cargo test\", \"grep -qx two a.txt\"]}`"), "{said}");
}
