//! The main branch after a merge: others moved it while a packet was worked on. Their
//! commits are not the packet's work, and no start of a range hides a part of the work.

use countersign::{ChangedFile, DemoRepository, RecordedHashes};

use crate::support::host::Run;
use crate::support::repo::Sandbox;
use crate::support::second_packet;

const WP: &str = "WP-1-Farewell";
const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const BRANCH: &str = "feat/WP-1-Farewell";

fn changed_files() -> Vec<ChangedFile> {
    let files = DemoRepository::work_files().into_iter();
    files.map(|(path, before, after)| DemoRepository::changed_file(path, before, Some(after))).collect()
}

fn merge_base(sandbox: &Sandbox) -> String {
    let text = sandbox.read(PACKET);
    let line = text.lines().find(|line| line.contains("MERGE_BASE_SHA")).expect("field").to_owned();
    line.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 40).expect("id").to_owned()
}

fn write_code(sandbox: &Sandbox) {
    for (path, _, after) in DemoRepository::work_files() {
        sandbox.write(path, after);
    }
}

fn write_handover(sandbox: &Sandbox) {
    let base = merge_base(sandbox);
    let text = DemoRepository::packet_text(&base, RecordedHashes::Correct, &changed_files());
    sandbox.write(PACKET, text);
}

/// The contract on main, and the complete work on its branch. `edit` adds to the work.
fn with_work(edit: impl Fn(&Sandbox)) -> Sandbox {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["switch", "-q", "-c", BRANCH]);
    write_code(&sandbox);
    write_handover(&sandbox);
    edit(&sandbox);
    sandbox.commit("work");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox
}

/// Commits a file of somebody else on main.
fn advance_main(sandbox: &Sandbox, path: &str) -> String {
    sandbox.append(path, "text\n");
    sandbox.commit("somebody else's work")
}

fn bring_in(sandbox: &Sandbox, how: &str) {
    if how == "rebase" {
        sandbox.git(&["rebase", "-q", "main", BRANCH]);
        sandbox.git(&["switch", "-q", "main"]);
        sandbox.git(&["merge", "-q", "--ff-only", BRANCH]);
    } else {
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "Merge the work", BRANCH]);
    }
}

/// Judges a push to main as a host does.
fn judge_push(sandbox: &Sandbox, before: &str) -> (i32, String) {
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let event = serde_json::json!({"ref": "refs/heads/main", "before": before});
    Run::github("push", &head, event).run(sandbox, &["verify", "--range", "auto", "--no-run"])
}

fn judge(sandbox: &Sandbox, range: &str) -> (i32, String) {
    sandbox.run_redacted(&["post-work", WP, "--no-run", "--range", range])
}

#[test]
fn a_push_to_main_passes_after_main_moved_on() {
    for how in ["merge", "rebase"] {
        let sandbox = with_work(|_| ());
        let before = advance_main(&sandbox, "NEWS");
        bring_in(&sandbox, how);
        let (exit, said) = judge_push(&sandbox, &before);
        assert!(exit == 0 && said.contains("0 errors, 0 warnings"), "{how}: {exit}\n{said}");
        // After a rebase the work builds on the other commit; the pass says that it is not about it.
        let remark = "; not judged here: 1 earlier commit with code of no packet";
        assert_eq!(said.contains(remark), how == "rebase", "{said}");
        // The same fault as before the merge fails.
        let sandbox = with_work(|sandbox| sandbox.write("deploy.sh", "x\n"));
        let before = advance_main(&sandbox, "NEWS");
        bring_in(&sandbox, how);
        let (exit, said) = judge_push(&sandbox, &before);
        assert!(exit != 0, "{how}: {said}");
        let (exit, said) = judge(&sandbox, &format!("{before}..HEAD"));
        assert!(exit == 1 && said.contains("deploy.sh is changed"), "{how}: {said}");
    }
}

#[test]
fn everything_runs_on_main_after_the_merge() {
    for later in [None, Some("LATER")] {
        let sandbox = with_work(|_| ());
        let before = advance_main(&sandbox, "NEWS");
        bring_in(&sandbox, "merge");
        if let Some(path) = later {
            sandbox.git(&["switch", "-q", "-c", "other"]);
            advance_main(&sandbox, path);
            sandbox.git(&["switch", "-q", "main"]);
            sandbox.git(&["merge", "-q", "--no-ff", "-m", "Merge other work", "other"]);
        }
        let (exit, said) = sandbox.run_redacted(&["audit", WP]);
        assert!(exit == 0 && said.contains(before.get(..12).expect("id")), "{exit}\n{said}");
        let present = ["validator-gate", "present", WP, "PASS", "--by", "val-1"];
        let (exit, said) = sandbox.run_redacted(&present);
        assert_eq!(exit, 0, "{said}");
    }
    // The work itself is not excused.
    let sandbox = with_work(|sandbox| sandbox.write("deploy.sh", "x\n"));
    advance_main(&sandbox, "NEWS");
    bring_in(&sandbox, "merge");
    let (exit, said) = sandbox.run_redacted(&["audit", WP]);
    assert!(
        exit == 1 && said.contains("deploy.sh is changed") && !said.contains("NEWS is changed"),
        "{said}"
    );
}

#[test]
fn the_second_of_two_pushes_does_not_hide_the_first() {
    let sandbox = Sandbox::with_packet();
    write_code(&sandbox);
    sandbox.write("deploy.sh", "x\n");
    let before = sandbox.commit("first push: breaks the scope");
    write_handover(&sandbox);
    sandbox.append("src/lib.rs", "// more\n");
    sandbox.commit("second push");
    for (exit, said) in [judge_push(&sandbox, &before), judge(&sandbox, &format!("{before}..HEAD"))] {
        assert!(exit == 1 && said.contains("error[change/range-start]"), "{exit}\n{said}");
    }
    let (exit, said) = sandbox.run_redacted(&["audit", WP]);
    assert!(exit == 1 && said.contains("deploy.sh is changed"), "{said}");
    // Code of no packet in a push of its own fails there, and the second push says so.
    let sandbox = Sandbox::with_packet();
    let start = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write("deploy.sh", "x\n");
    let before = sandbox.commit("first push: code of no packet");
    assert_ne!(judge_push(&sandbox, &start).0, 0);
    write_code(&sandbox);
    write_handover(&sandbox);
    sandbox.commit("second push");
    let (exit, said) = judge_push(&sandbox, &before);
    assert!(exit == 0 && said.contains("changes deploy.sh)"), "{exit}\n{said}");
    // Code together with the packet's own document is its work, whatever the scope says.
    let sandbox = Sandbox::with_packet();
    sandbox.write("deploy.sh", "x\n");
    write_handover(&sandbox);
    let before = sandbox.commit("first push");
    write_code(&sandbox);
    sandbox.commit("second push");
    let (exit, said) = judge_push(&sandbox, &before);
    assert!(exit == 1 && said.contains("deploy.sh together with"), "{exit}\n{said}");
}

#[test]
fn a_start_inside_of_the_work_fails() {
    let build = || {
        let sandbox = Sandbox::with_packet();
        sandbox.git(&["switch", "-q", "-c", BRANCH]);
        sandbox.write("deploy.sh", "x\n");
        let inside = sandbox.commit("outside the scope, and nothing else");
        write_code(&sandbox);
        write_handover(&sandbox);
        sandbox.commit("work");
        sandbox.git(&["switch", "-q", "main"]);
        (sandbox, inside)
    };
    for arguments in [["merge", "-q", "--ff-only", BRANCH].as_slice(), &["merge", "-q", "--no-ff", BRANCH]] {
        let (sandbox, inside) = build();
        let before = sandbox.git(&["rev-parse", "HEAD"]);
        sandbox.git(arguments);
        let (exit, said) = judge(&sandbox, &format!("{inside}..HEAD"));
        assert!(exit == 1 && said.contains("error[change/range-start]"), "{exit}\n{said}");
        let (exit, said) = judge(&sandbox, &format!("{before}..HEAD"));
        assert!(exit == 1 && said.contains("deploy.sh is changed"), "{exit}\n{said}");
        let (exit, said) = sandbox.run_redacted(&["audit", WP]);
        assert!(exit == 1 && said.contains("deploy.sh is changed"), "{exit}\n{said}");
    }
    // On the branch itself, the start of the range is not on main at all.
    let (sandbox, inside) = build();
    sandbox.git(&["switch", "-q", BRANCH]);
    let (exit, said) = judge(&sandbox, &format!("{inside}..HEAD"));
    assert!(exit == 1 && said.contains("error[change/range-start]"), "{exit}\n{said}");
}

#[test]
fn code_in_the_scope_counts_unless_another_packet_accounts_for_it() {
    let sandbox = with_work(|_| ());
    advance_main(&sandbox, "Cargo.lock");
    sandbox.append("src/farewell_notes.md", "x\n");
    let before = sandbox.commit("others, outside the scope");
    bring_in(&sandbox, "merge");
    let (_, said) = judge(&sandbox, &format!("{before}..HEAD"));
    assert!(!said.contains("change/range-start"), "{said}");
    // A file in the scope, by nobody's packet.
    let sandbox = with_work(|_| ());
    sandbox.write("src/farewell.rs", "// early\n");
    sandbox.commit("early work");
    sandbox.remove("src/farewell.rs");
    let before = sandbox.commit("and back");
    bring_in(&sandbox, "merge");
    let (exit, said) = judge(&sandbox, &format!("{before}..HEAD"));
    assert!(exit == 1 && said.contains("of no other packet that was worked on"), "{exit}\n{said}");
    // The same by another packet, whose own file the commits change.
    let sandbox = Sandbox::with_packet();
    let base = merge_base(&sandbox);
    second_packet::approve(&sandbox, &base, &["src/farewell.rs".to_owned()]);
    sandbox.commit("second packet");
    sandbox.git(&["switch", "-q", "-c", BRANCH]);
    write_code(&sandbox);
    write_handover(&sandbox);
    sandbox.commit("work");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write("src/farewell.rs", "// early\n");
    sandbox.append(second_packet::PACKET, "\n");
    sandbox.commit("work of the second packet");
    sandbox.remove("src/farewell.rs");
    let before = sandbox.commit("and back");
    bring_in(&sandbox, "merge");
    let (_, said) = judge(&sandbox, &format!("{before}..HEAD"));
    assert!(!said.contains("change/range-start"), "{said}");
}

#[test]
fn a_queue_of_two_packets_is_judged_by_both() {
    for evil in [false, true] {
        let sandbox = Sandbox::with_packet();
        let base = merge_base(&sandbox);
        let scope = ["src/other.rs".to_owned()];
        second_packet::approve(&sandbox, &base, &scope);
        let start = sandbox.commit("second packet");
        sandbox.git(&["switch", "-q", "-c", BRANCH]);
        write_code(&sandbox);
        write_handover(&sandbox);
        sandbox.commit("work");
        sandbox.git(&["switch", "-q", "-c", "second", "main"]);
        let text = "// other\n";
        sandbox.write("src/other.rs", text);
        if evil {
            sandbox.write("deploy.sh", "x\n");
        }
        let changed = [DemoRepository::changed_file("src/other.rs", None, Some(text))];
        sandbox.write(second_packet::PACKET, second_packet::packet(&base, &scope, Some(&changed)));
        sandbox.commit("work of the second packet");
        sandbox.git(&["switch", "-q", "--detach", "main"]);
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "first", BRANCH]);
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "second", "second"]);
        let head = sandbox.git(&["rev-parse", "HEAD"]);
        let event = serde_json::json!({"merge_group": {
            "base_ref": "refs/heads/main", "base_sha": start, "head_sha": head,
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-2",
        }});
        let run = Run::github("merge_group", &head, event);
        let (exit, said) = run.run(&sandbox, &["verify", "--range", "auto", "--no-run"]);
        if evil {
            assert!(exit == 2 && said.contains("--packet WP-1-Invoices"), "{exit}\n{said}");
        } else {
            assert!(exit == 0 && said.contains("WP-1-Farewell, WP-1-Invoices"), "{exit}\n{said}");
        }
        let both = ["verify", "--range", "auto", "--no-run", "--packet", WP, "--packet", second_packet::WP];
        let (exit, said) = run.run(&sandbox, &both);
        assert!(
            exit == i32::from(evil) && (!evil || said.contains("deploy.sh is changed")),
            "{exit}\n{said}"
        );
    }
}
