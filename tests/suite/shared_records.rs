//! What the registry and the task board say of packets, and packets that take another form or
//! get another revision. Each test has a twin with the opposite result.

use crate::support::repo::Sandbox;
use crate::withdrawn::{
    BOARD, FOLDER, PACKET, REGISTRY, TEXT, WAIVER, governed, judge, on_main, verify, with_other_packet, work,
};

const REFUSED: &str = "error[scope/other-packet]";
const ENTRY: &str = "- **[WP-2-Other-v2]** - [IN_PROGRESS]\n";

/// Lets the main branch list the second packet under another heading, and restarts the work there.
fn listed(section: &str, state: &str) -> Sandbox {
    let sandbox = with_other_packet();
    on_main(&sandbox, |sandbox| {
        sandbox.edit(BOARD, ENTRY, "");
        sandbox.append(BOARD, &format!("\n## {section}\n- **[WP-2-Other-v2]** - [{state}]\n"));
    });
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox
}

#[test]
fn work_may_unblock_another_packet_and_reopens_none() {
    for (before, after, exit, says) in [
        (("Blocked", "BLOCKED"), ("Ready for Dev", "READY_FOR_DEV"), 0, "PASSED"),
        (("Blocked", "BLOCKED"), ("In Progress", "IN_PROGRESS"), 1, REFUSED),
        (("Done", "VALIDATED"), ("Ready for Dev", "READY_FOR_DEV"), 1, REFUSED),
        (("Done", "ABANDONED"), ("Ready for Dev", "READY_FOR_DEV"), 1, REFUSED),
        (("Given up", "ABANDONED"), ("Ready for Dev", "READY_FOR_DEV"), 1, REFUSED),
    ] {
        let sandbox = listed(before.0, before.1);
        let lines =
            |(section, state): (&str, &str)| format!("## {section}\n- **[WP-2-Other-v2]** - [{state}]\n");
        sandbox.edit(BOARD, &lines(before), &lines(after));
        work(&sandbox, "src/a.txt");
        judge(&sandbox, "WP-1-Word", exit, says);
    }
    // An entry that is gone no longer says that the packet is over.
    let sandbox = listed("Done", "VALIDATED");
    sandbox.edit(BOARD, "- **[WP-2-Other-v2]** - [VALIDATED]\n", "");
    work(&sandbox, "src/a.txt");
    judge(&sandbox, "WP-1-Word", 1, "no longer says that `WP-2-Other-v2` is over");
}

#[test]
fn a_link_and_another_heading_remove_no_packet() {
    let path = ".GOV/task_packets/WP-2-Other-v2.md";
    for (link, exit, says) in [
        ("[WP-2-Other-v2](../task_packets/WP-2-Other-v2.md)", 0, "PASSED"),
        ("[`WP-2-Other-v2`](../task_packets/WP-2-Other-v2.md)", 0, "PASSED"),
        ("[WP-2-Other-v2](../task_packets/WP-2-Other-v1.md)", 1, REFUSED),
        ("[WP-2-Other-v1](../task_packets/WP-2-Other-v1.md)", 1, REFUSED),
    ] {
        let sandbox = with_other_packet();
        sandbox.edit(REGISTRY, path, link);
        work(&sandbox, "src/a.txt");
        judge(&sandbox, "WP-1-Word", exit, says);
    }
    let rename = |sandbox: &Sandbox| sandbox.edit(BOARD, "## Superseded (Archive)", "## Archive");
    let sandbox = with_other_packet();
    rename(&sandbox);
    work(&sandbox, "src/a.txt");
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
    // Under the other heading, the packet is still over.
    let sandbox = with_other_packet();
    on_main(&sandbox, rename);
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.edit(BOARD, ENTRY, &format!("{ENTRY}- **[WP-2-Other-v1]** - [IN_PROGRESS]\n"));
    work(&sandbox, "src/a.txt");
    judge(&sandbox, "WP-1-Word", 1, REFUSED);
}

#[test]
fn the_board_validates_a_packet_that_is_not_open() {
    let judge_after = |status: &str, exit: i32, says: &str| {
        let with_status =
            |status: &str| TEXT.replace("\n\n## SCOPE", &format!("\n\n- **Status:** {status}\n\n## SCOPE"));
        let sandbox = governed(&with_status("In Progress"));
        work(&sandbox, "src/a.txt");
        on_main(&sandbox, |sandbox| {
            sandbox.write(PACKET, with_status(status));
            sandbox.write(BOARD, "# Task Board\n\n## Done\n- **[WP-1-Word]** - [VALIDATED]\n");
        });
        judge(&sandbox, "WP-1-Word", exit, says);
    };
    judge_after("Done", 1, "lists the packet as VALIDATED");
    judge_after("In Progress", 0, "PASSED");
}

#[test]
fn a_packet_in_another_form_is_compared_with_the_trusted_one() {
    let judge_moved = |from: &str, to: &str, expected: &[&str]| {
        let sandbox = governed(TEXT);
        std::fs::create_dir_all(sandbox.root.join(FOLDER)).expect("folder");
        sandbox.git(&["mv", PACKET, &format!("{FOLDER}/packet.md")]);
        sandbox.edit(&format!("{FOLDER}/packet.md"), from, to);
        work(&sandbox, "src/a.txt");
        let judge = ["post-work", "WP-1-Word", "--range", "main...work", "--no-run"];
        let (_, said) = sandbox.run_redacted(&judge);
        let errors = said.lines().filter(|line| line.starts_with("error["));
        let rules: Vec<&str> = errors.filter_map(|line| line.get(6..)?.split(']').next()).collect();
        assert_eq!(rules, expected, "{said}");
    };
    // The move of the file is one error, and the contract is the same.
    judge_moved("say a word", "say a word", &["scope/protected"]);
    judge_moved(
        "  - src/\n",
        "  - src/\n  - other.txt\n",
        &["approval/unsigned-contract", "scope/protected"],
    );
}

#[test]
fn a_waiver_is_granted_in_a_new_revision() {
    let sandbox = governed(TEXT);
    sandbox.append(PACKET, WAIVER);
    sandbox.commit("a waiver");
    verify(&sandbox, 1, "add the packet `WP-1-Word-v2`");
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    let second = TEXT.replace("WP-1-Word", "WP-1-Word-v2");
    sandbox.write(".GOV/task_packets/WP-1-Word-v2.md", format!("{second}{WAIVER}"));
    sandbox.commit("a new revision");
    verify(&sandbox, 0, "contract only");
    sandbox.git(&["branch", "-q", "-f", "main", "work"]);
    work(&sandbox, "other.txt");
    judge(&sandbox, "WP-1-Word-v2", 0, "W-1");
    judge(&sandbox, "WP-1-Word", 1, "error[scope/outside]");
}

#[test]
fn a_revert_of_closed_work_names_the_next_revision() {
    let text = TEXT.replace("\n\n## SCOPE", "\n\n- **Status:** In Progress\n\n## SCOPE");
    let sandbox = governed(&text);
    sandbox.edit(PACKET, "In Progress", "Validated (PASS)");
    work(&sandbox, "src/a.txt");
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
    sandbox.git(&["branch", "-q", "-f", "main", "work"]);
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    judge(&sandbox, "WP-1-Word", 1, "bring `WP-1-Word-v2` with the reverted paths");
    // The records stay, and the next revision has the paths.
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.write(".GOV/task_packets/WP-1-Word-v2.md", text.replace("WP-1-Word", "WP-1-Word-v2"));
    sandbox.commit("the next revision");
    sandbox.git(&["branch", "-q", "-f", "main", "work"]);
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("revert");
    judge(&sandbox, "WP-1-Word-v2", 0, "PASSED");
}

#[test]
fn a_change_without_code_reopens_no_packet_by_the_records() {
    let other = ".GOV/task_packets/WP-2-Other-v1.md";
    let line = "- **[WP-2-Other-v1]** - [SUPERSEDED]\n";
    let open = |sandbox: &Sandbox| {
        sandbox.edit(BOARD, line, "");
        sandbox.edit(BOARD, ENTRY, "- **[WP-2-Other-v1]** - [IN_PROGRESS]\n");
    };
    let back = |sandbox: &Sandbox| {
        sandbox.edit(REGISTRY, "task_packets/WP-2-Other-v2.md", "task_packets/WP-2-Other-v1.md");
    };
    let said = "error[approval/unsigned-contract]: the change reopens `WP-2-Other-v1`";
    // The board and the registry together. One of them alone still ends the packet.
    let sandbox = with_other_packet();
    open(&sandbox);
    back(&sandbox);
    sandbox.commit("records");
    verify(&sandbox, 1, said);
    for edit in [&open as &dyn Fn(&Sandbox), &back] {
        let sandbox = with_other_packet();
        edit(&sandbox);
        sandbox.commit("records");
        verify(&sandbox, 0, "contract only");
    }
    // Where the registry is silent, the board ends the packet, and the other way round.
    for (without, edit, says) in [
        (REGISTRY, &open as &dyn Fn(&Sandbox), "lists as SUPERSEDED"),
        (BOARD, &back, "replaces by a newer revision"),
    ] {
        let sandbox = with_other_packet();
        on_main(&sandbox, |sandbox| sandbox.remove(without));
        sandbox.git(&["reset", "-q", "--hard", "main"]);
        edit(&sandbox);
        sandbox.commit("records");
        verify(&sandbox, 1, says);
    }
    // A verdict on the board binds while the packet says nothing else of its state.
    let sandbox = with_other_packet();
    on_main(&sandbox, |sandbox| {
        sandbox.remove(REGISTRY);
        sandbox.edit(BOARD, line, "- **[WP-2-Other-v1]** - [VALIDATED]\n");
    });
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.edit(other, "\n\n## SCOPE", "\n- **Status:** In Progress\n\n## SCOPE");
    sandbox.commit("open again");
    verify(&sandbox, 1, said);
    // A next revision is how a packet goes on, and a packet that ends may leave the board.
    let sandbox = with_other_packet();
    let third = ".GOV/task_packets/WP-2-Other-v3.md";
    sandbox.write(third, sandbox.read(other).replace("WP-2-Other-v1", "WP-2-Other-v3"));
    sandbox.edit(REGISTRY, "task_packets/WP-2-Other-v2.md", "task_packets/WP-2-Other-v3.md");
    sandbox.edit(BOARD, ENTRY, "- **[WP-2-Other-v3]** - [READY_FOR_DEV]\n");
    sandbox.commit("the next revision");
    verify(&sandbox, 0, "contract only");
    let sandbox = with_other_packet();
    sandbox.edit(other, "\n\n## SCOPE", "\n- **Status:** Superseded\n\n## SCOPE");
    sandbox.edit(BOARD, line, "");
    sandbox.remove(REGISTRY);
    sandbox.commit("tidy");
    let (_, said) = sandbox.run_redacted(&["verify", "--range", "main..work", "--no-run"]);
    assert!(!said.contains("reopens"), "{said}");
}
