//! What the main branch withdraws stays withdrawn for a branch that started earlier, and work
//! cannot give itself or another packet permissions. Each test has a twin that must pass.

use crate::support::repo::{Sandbox, isolated_command};

const CONFIG: &str = "version: 1\nmain_branch: main\nprofile: standard\nsteps: none\nmanifests: off\n\
    waivers: {from: contract}\n";
pub const PACKET: &str = ".GOV/task_packets/WP-1-Word.md";
pub const FOLDER: &str = ".GOV/task_packets/WP-1-Word";
pub const TEXT: &str = "# Task Packet: WP-1-Word\n\n## SCOPE\n- What: say a word\n- IN_SCOPE_PATHS:\n  - src/\n\n\
    ## TEST_PLAN\n```bash\nsh check.sh\n```\n\n## DONE_MEANS\n- It says the word.\n";
pub const WAIVER: &str = "\n## WAIVERS GRANTED\n- Waiver ID: W-1\n  - Policy: CX-573F\n  - Date: 2026-02-14\n  \
    - Scope: `other.txt`\n  - Justification: needed for it\n  - Approver: Mira\n";
pub const REGISTRY: &str = ".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md";
pub const BOARD: &str = ".GOV/roles_shared/TASK_BOARD.md";

/// A main branch with the packet, and the branch `work`, which is checked out.
pub fn governed(packet: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for path in ["src/a.txt", "src/b.txt", "other.txt", "check.sh"] {
        sandbox.write(path, "one\n");
    }
    sandbox.write("countersign.yaml", CONFIG);
    sandbox.commit("project");
    sandbox.write(PACKET, packet);
    sandbox.commit("packet");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox
}

/// Adds two revisions of another packet to the main branch, of which the second is active.
pub fn with_other_packet() -> Sandbox {
    let sandbox = governed(TEXT);
    sandbox.git(&["switch", "-q", "main"]);
    for (id, scope) in [("WP-2-Other-v1", "other.txt"), ("WP-2-Other-v2", "check.sh")] {
        let text = TEXT.replace("WP-1-Word", id).replace("src/", scope);
        sandbox.write(&format!(".GOV/task_packets/{id}.md"), text);
    }
    let row = |base: &str, id: &str| format!("| {base} | .GOV/task_packets/{id}.md | In Progress | x |\n");
    let head = "# Work Packet Traceability Registry\n\n| Base WP ID | Active Packet | Task Board | Notes |\n\
        |---|---|---|---|\n";
    let rows = row("WP-1-Word", "WP-1-Word") + &row("WP-2-Other", "WP-2-Other-v2");
    sandbox.write(REGISTRY, format!("{head}{rows}"));
    sandbox.write(
        BOARD,
        "# Task Board\n\n## In Progress\n- **[WP-1-Word]** - [IN_PROGRESS]\n- **[WP-2-Other-v2]** - \
         [IN_PROGRESS]\n\n## Superseded (Archive)\n- **[WP-2-Other-v1]** - [SUPERSEDED]\n",
    );
    sandbox.commit("another packet");
    sandbox.git(&["switch", "-q", "-C", "work"]);
    sandbox
}

/// Commits work on a path.
pub fn work(sandbox: &Sandbox, path: &str) {
    sandbox.append(path, "two\n");
    sandbox.commit("work");
}

/// Moves the main branch on, and returns to the work.
pub fn on_main(sandbox: &Sandbox, change: impl Fn(&Sandbox)) {
    sandbox.git(&["switch", "-q", "main"]);
    change(sandbox);
    sandbox.commit("main moves on");
    sandbox.git(&["switch", "-q", "work"]);
}

/// Runs `post-work` with three dots, and demands the exit code and a text.
pub fn judge(sandbox: &Sandbox, id: &str, exit: i32, says: &str) {
    let arguments = ["post-work", id, "--range", "main...work", "--no-run"];
    let (found, said) = sandbox.run_redacted(&arguments);
    assert!(found == exit && said.contains(says), "{id}, not {exit} with {says}: {found} {said}");
}

pub fn verify(sandbox: &Sandbox, exit: i32, says: &str) {
    let (found, said) = sandbox.run_redacted(&["verify", "--range", "main..work", "--no-run"]);
    assert!(found == exit && said.contains(says), "not {exit} with {says}: {found} {said}");
}

#[test]
fn a_second_file_of_a_packet_is_no_contract_of_its_own() {
    let wider = TEXT.replace("  - src/\n", "  - src/\n  - other.txt\n");
    let sandbox = governed(TEXT);
    sandbox.write(&format!("{FOLDER}/packet.md"), &wider);
    sandbox.commit("a second file");
    verify(&sandbox, 1, "adds a second file of the packet `WP-1-Word`");
    // The same the other way round.
    let sandbox = governed(TEXT);
    on_main(&sandbox, |sandbox| {
        std::fs::create_dir_all(sandbox.root.join(FOLDER)).expect("folder");
        sandbox.git(&["mv", PACKET, &format!("{FOLDER}/packet.md")]);
    });
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.write(PACKET, &wider);
    sandbox.commit("a second file");
    verify(&sandbox, 1, "adds a second file of the packet `WP-1-Word`");
    // A new packet and a new revision are contracts of their own.
    let sandbox = governed(TEXT);
    for id in ["WP-1-Word-v2", "WP-3-New"] {
        sandbox.write(&format!(".GOV/task_packets/{id}.md"), TEXT.replace("WP-1-Word", id));
    }
    let folder = TEXT.replace("WP-1-Word", "WP-4-Folder");
    sandbox.write(".GOV/task_packets/WP-4-Folder/packet.md", folder);
    sandbox.commit("new packets");
    verify(&sandbox, 0, "contract only");
}

#[test]
fn a_waiver_is_granted_with_the_contract() {
    let sandbox = governed(TEXT);
    sandbox.append(PACKET, WAIVER);
    sandbox.commit("a waiver");
    verify(&sandbox, 1, "adds or alters the waiver `W-1`");
    // Main allows the work to grant waivers, or the waiver was there and goes.
    let sandbox = governed(TEXT);
    on_main(&sandbox, |sandbox| sandbox.edit("countersign.yaml", "{from: contract}", "{from: work}"));
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.append(PACKET, WAIVER);
    sandbox.commit("a waiver");
    verify(&sandbox, 0, "contract only");
    let sandbox = governed(&format!("{TEXT}{WAIVER}"));
    sandbox.write(PACKET, TEXT);
    sandbox.commit("no waiver");
    verify(&sandbox, 0, "contract only");
}

/// A change of the main branch.
type Edit<'a> = &'a dyn Fn(&Sandbox);

#[test]
fn a_waiver_that_main_withdrew_waives_nothing() {
    let packet = format!("{TEXT}{WAIVER}");
    let end = |from: &'static str, to: &'static str| move |sandbox: &Sandbox| sandbox.edit(PACKET, from, to);
    let changes: [(&str, Edit<'_>); 4] = [
        ("removed", &|sandbox: &Sandbox| sandbox.write(PACKET, TEXT)),
        ("narrowed", &end("`other.txt`", "`check.sh`")),
        ("ended", &end("Approver: Mira\n", "Approver: Mira\n  - Expiry: 2026-02-15\n")),
        ("revoked", &end("Approver: Mira\n", "Approver: Mira\n  - Status: REVOKED\n")),
    ];
    for (name, change) in changes {
        let sandbox = governed(&packet);
        work(&sandbox, "other.txt");
        judge(&sandbox, "WP-1-Word", 0, "PASSED");
        on_main(&sandbox, change);
        judge(&sandbox, "WP-1-Word", 1, "error[waiver/void]");
        let two = ["post-work", "WP-1-Word", "--range", "main..work", "--no-run"];
        assert_eq!(sandbox.run_redacted(&two).0, 1, "{name}");
    }
    // Main moved on in other files, and gave the packet a waiver, which the work merged.
    let sandbox = governed(TEXT);
    work(&sandbox, "other.txt");
    judge(&sandbox, "WP-1-Word", 1, "error[scope/outside]");
    on_main(&sandbox, |sandbox| {
        sandbox.append(PACKET, WAIVER);
        sandbox.write("notes.txt", "x\n");
    });
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
    // A copy of the same words counts as well, because main has them.
    let sandbox = governed(TEXT);
    work(&sandbox, "other.txt");
    on_main(&sandbox, |sandbox| sandbox.append(PACKET, WAIVER));
    sandbox.append(PACKET, WAIVER);
    sandbox.commit("the waiver of main");
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
}

#[test]
fn a_packet_that_main_ended_permits_no_work() {
    let status = |text: &str| TEXT.replacen("\n\n", &format!("\n\n- **Status:** {text}\n\n"), 1);
    for ended in ["Superseded", "Abandoned", "Superseded by WP-1-Word-v2", "**Cancelled** by Mira"] {
        let sandbox = governed(TEXT);
        work(&sandbox, "src/a.txt");
        judge(&sandbox, "WP-1-Word", 0, "PASSED");
        on_main(&sandbox, |sandbox| sandbox.write(PACKET, status(ended)));
        judge(&sandbox, "WP-1-Word", 1, "error[packet/closed]");
        let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Word"]);
        assert!(exit == 1 && said.contains("error[packet/active]"), "{ended}: {exit} {said}");
    }
    for open in ["In Progress", "Ready for Dev", "Done", "Blocked"] {
        let sandbox = governed(TEXT);
        work(&sandbox, "src/a.txt");
        on_main(&sandbox, |sandbox| sandbox.write(PACKET, status(open)));
        judge(&sandbox, "WP-1-Word", 0, "PASSED");
    }
}

#[test]
fn the_board_and_the_registry_of_main_end_a_packet() {
    let judge_after = |change: &dyn Fn(&Sandbox), exit: i32, says: &str| {
        let sandbox = with_other_packet();
        work(&sandbox, "check.sh");
        judge(&sandbox, "WP-2-Other-v2", 0, "PASSED");
        on_main(&sandbox, change);
        judge(&sandbox, "WP-2-Other-v2", exit, says);
    };
    let entry = "- **[WP-2-Other-v2]** - [IN_PROGRESS]\n";
    judge_after(
        &|sandbox| sandbox.edit(BOARD, entry, "- **[WP-2-Other-v2]** - [ABANDONED]\n"),
        1,
        "ABANDONED",
    );
    judge_after(
        &|sandbox| {
            sandbox.edit(BOARD, entry, "");
            sandbox.append(BOARD, "\n## Given up\n- **[WP-2-Other-v2]** - [ABANDONED]\n");
        },
        1,
        "ABANDONED",
    );
    let third = |sandbox: &Sandbox| {
        let text = sandbox.read(".GOV/task_packets/WP-2-Other-v2.md").replace("-v2", "-v3");
        sandbox.write(".GOV/task_packets/WP-2-Other-v3.md", text);
    };
    let newer = |sandbox: &Sandbox| {
        third(sandbox);
        sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v3.md");
    };
    judge_after(&newer, 1, "names `WP-2-Other-v3` as the active packet");
    // Main goes back to the first revision.
    let back = |sandbox: &Sandbox| sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v1.md");
    judge_after(&back, 1, "names `WP-2-Other-v1` as the active packet");
    // Main moves on without a word about the packet, or only writes the path in another way.
    judge_after(&third, 0, "PASSED");
    judge_after(
        &|sandbox| sandbox.edit(BOARD, "[WP-1-Word]** - [IN_PROGRESS]", "[WP-1-Word]** - [FAIL]"),
        0,
        "PASSED",
    );
    judge_after(
        &|sandbox| sandbox.edit(REGISTRY, ".GOV/task_packets/WP-2-Other-v2.md", "WP-2-Other-v2"),
        0,
        "PASSED",
    );
    // The superseded revision permits nothing, whoever names it.
    let sandbox = with_other_packet();
    work(&sandbox, "other.txt");
    judge(&sandbox, "WP-2-Other-v1", 1, "lists the packet as SUPERSEDED");
    verify(&sandbox, 1, "error[packet/closed]");
    // Work that activates its own revision.
    let sandbox = with_other_packet();
    on_main(&sandbox, third);
    sandbox.git(&["reset", "-q", "--hard", "main"]);
    sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v3.md");
    work(&sandbox, "check.sh");
    judge(&sandbox, "WP-2-Other-v3", 0, "PASSED");
}

#[test]
fn the_work_changes_no_record_of_another_packet() {
    let judge_with = |change: &dyn Fn(&Sandbox), exit: i32, says: &str| {
        let sandbox = with_other_packet();
        change(&sandbox);
        work(&sandbox, "src/a.txt");
        judge(&sandbox, "WP-1-Word", exit, says);
        sandbox
    };
    let refused = "error[scope/other-packet]";
    let row = "| WP-2-Other | .GOV/task_packets/WP-2-Other-v2.md | In Progress | x |\n";
    judge_with(&|sandbox| sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v1.md"), 1, refused);
    judge_with(&|sandbox| sandbox.edit(REGISTRY, row, ""), 1, refused);
    judge_with(&|sandbox| sandbox.edit(REGISTRY, "Base WP ID", "Base"), 0, "PASSED");
    judge_with(&|sandbox| sandbox.edit(REGISTRY, "Active Packet", "Packet"), 1, refused);
    judge_with(&|sandbox| sandbox.edit(BOARD, "[SUPERSEDED]", "[IN_PROGRESS]"), 1, refused);
    judge_with(&|sandbox| sandbox.edit(BOARD, "- **[WP-2-Other-v1]** - [SUPERSEDED]\n", ""), 1, refused);
    #[cfg(unix)]
    judge_with(
        &|sandbox| {
            sandbox.remove(REGISTRY);
            std::os::unix::fs::symlink("../../src/a.txt", sandbox.root.join(REGISTRY)).expect("link");
        },
        1,
        "error[approval/record-removed]",
    );
    // The work adds rows, moves its own, and writes others in another form.
    let honest = |sandbox: &Sandbox| {
        sandbox.edit(REGISTRY, row, "| `WP-2-Other` | `WP-2-Other-v2.md` | In  Progress | y |\n");
        sandbox.append(REGISTRY, "| WP-3-New | .GOV/task_packets/WP-3-New.md | Ready | new |\n");
        sandbox.edit(REGISTRY, "WP-1-Word.md | In Progress", "WP-1-Word.md | Done");
        sandbox.edit(BOARD, "- **[WP-1-Word]** - [IN_PROGRESS]\n", "");
        sandbox.append(BOARD, "\n## Done\n- **[WP-1-Word]** - [VALIDATED]\n");
    };
    let sandbox = judge_with(&honest, 0, "PASSED");
    // Main changes the row of the other packet, and the work merges that.
    on_main(&sandbox, |sandbox| {
        sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v1.md");
        sandbox.edit(BOARD, "[SUPERSEDED]", "[SUPERSEDED]\n- **[WP-2-Other-v0]** - [SUPERSEDED]");
    });
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
    let sandbox = with_other_packet();
    work(&sandbox, "src/a.txt");
    on_main(&sandbox, |sandbox| sandbox.edit(REGISTRY, "WP-2-Other-v2.md", "WP-2-Other-v1.md"));
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    judge(&sandbox, "WP-1-Word", 0, "PASSED");
    // Whoever merged the new row may not put the old one back.
    sandbox.edit(REGISTRY, "WP-2-Other-v1.md", "WP-2-Other-v2.md");
    sandbox.commit("the old row");
    judge(&sandbox, "WP-1-Word", 1, refused);
}

#[test]
fn a_typed_contract_restricts_a_packet_in_a_single_file() {
    let contract = |path: &str| {
        format!(
            "{{\"schema_id\":\"hsk.work_packet_contract@1\",\"schema_version\":\"work_packet_contract_v1\",\
             \"contract_authority\":\"PRIMARY_MACHINE_READABLE\",\"wp_id\":\"WP-1-Word\",\
             \"base_wp_id\":\"WP-1-Word\",\"lifecycle\":{{\"status\":\"IN_PROGRESS\",\"risk_tier\":\"LOW\"}},\
             \"scope\":{{\"summary\":\"x\",\"allowed_paths\":[\"{path}\"],\"acceptance_criteria\":[\"It says \
             the word.\"]}}}}\n"
        )
    };
    for (path, exit, says) in [("src/b.txt", 1, "error[scope/outside]"), ("src/", 0, "PASSED")] {
        let sandbox = governed(TEXT);
        on_main(&sandbox, |sandbox| sandbox.write(&format!("{FOLDER}/packet.json"), contract(path)));
        sandbox.git(&["reset", "-q", "--hard", "main"]);
        work(&sandbox, "src/a.txt");
        judge(&sandbox, "WP-1-Word", exit, says);
    }
    // Main adds the contract after the work began.
    let sandbox = governed(TEXT);
    work(&sandbox, "src/a.txt");
    on_main(&sandbox, |sandbox| sandbox.write(&format!("{FOLDER}/packet.json"), contract("src/b.txt")));
    judge(&sandbox, "WP-1-Word", 1, "has a typed contract of the packet, which is missing here");
}

#[test]
fn the_coder_does_not_approve_the_own_packet_where_duties_are_separate() {
    let judge_by = |author: &str, committer: &str, setting: &str, exit: i32, says: &str| {
        let commit_as = |sandbox: &Sandbox, author: &str| {
            sandbox.git(&["add", "-A"]);
            let mut command = isolated_command("git", &sandbox.root, &sandbox.home());
            for (role, mail) in [("AUTHOR", author), ("COMMITTER", committer)] {
                let name = mail.split('@').next().unwrap_or_default();
                command.env(format!("GIT_{role}_NAME"), name).env(format!("GIT_{role}_EMAIL"), mail);
            }
            assert!(command.args(["commit", "-q", "-m", "commit"]).status().expect("git runs").success());
        };
        let sandbox = Sandbox::new();
        sandbox.write("src/a.txt", "one\n");
        sandbox.write("countersign.yaml", format!("{CONFIG}{setting}"));
        sandbox.commit("project");
        sandbox.write(PACKET, TEXT);
        commit_as(&sandbox, author);
        sandbox.git(&["switch", "-q", "-c", "work"]);
        if committer == HOST {
            sandbox.append("src/a.txt", "two\n");
            commit_as(&sandbox, "tess@example.org");
        } else {
            work(&sandbox, "src/a.txt");
        }
        judge(&sandbox, "WP-1-Word", exit, says);
    };
    let separate = "approval: {separation_of_duties: true}\n";
    let (tess, mira) = ("tess@example.org", "mira@example.org");
    judge_by(tess, tess, separate, 1, "error[approval/separation-of-duties]");
    judge_by(mira, mira, separate, 0, "PASSED");
    // One person alone can work; the report does not say that somebody else approved.
    judge_by(tess, tess, "", 0, "who committed the packet was not compared");
    // A host that merges on its pages is the committer of both; the authors count.
    judge_by(mira, HOST, separate, 0, "PASSED");
    judge_by(tess, HOST, separate, 1, "error[approval/separation-of-duties]");
    judge_by(HOST, HOST, separate, 1, "names a host and no person");
}

/// The committer of merges on the pages of GitHub.
const HOST: &str = "noreply@github.com";
