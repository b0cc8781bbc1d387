//! `check`, `list` and the other document checks, as a person runs them.

use std::process::Command;

use countersign::DemoRepository;

use crate::support::memory;
use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const REFINEMENT: &str = ".GOV/refinements/WP-1-Farewell.md";
const BOARD: &str = ".GOV/roles_shared/TASK_BOARD.md";

fn write_documents(sandbox: &Sandbox) {
    let files =
        DemoRepository::base_files().into_iter().chain(DemoRepository::approved_files(&"a".repeat(40)));
    files.for_each(|(path, text)| sandbox.write(path, text));
}

fn governed() -> Sandbox {
    let sandbox = Sandbox::new();
    write_documents(&sandbox);
    sandbox.commit("all");
    sandbox
}

fn assert_output(sandbox: &Sandbox, arguments: &[&str], exit: i32, parts: &[&str]) -> String {
    let (code, said) = sandbox.run_redacted(arguments);
    assert_eq!(code, exit, "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing in\n{said}");
    }
    said
}

#[test]
fn a_valid_repository_passes_every_query() {
    let sandbox = governed();
    assert_output(&sandbox, &["check"], 0, &["check: PASSED", "7 documents", "task packet 1"]);
    assert_output(&sandbox, &["governance-check"], 0, &["governance-check: PASSED"]);
    assert_output(&sandbox, &["gov-check", "--quiet"], 0, &[]);
    for question in ["task-board-check", "task-packet-claim-check", "spec-current-check"] {
        assert_output(&sandbox, &[question], 0, &["PASSED"]);
    }
    assert_output(&sandbox, &["wp-activation-traceability-check"], 0, &["PASSED"]);
    assert_output(&sandbox, &["worktree-concurrency-check"], 0, &["PASSED"]);
    assert_output(&sandbox, &["validator-packet-complete", "WP-1-Farewell"], 0, &["PASSED"]);
    assert_output(&sandbox, &["validator-phase-gate", "Phase-1"], 1, &["`WP-1-Farewell` is not finished"]);
}

#[test]
fn nothing_to_check_is_not_a_pass() {
    let sandbox = Sandbox::new();
    for question in
        ["check", "governance-check", "task-board-check", "spec-current-check", "validator-phase-gate"]
    {
        assert_output(&sandbox, &[question], 2, &["nothing was judged", "no governance documents"]);
    }
    assert_output(&sandbox, &["validator-packet-complete", "W"], 1, &["packet/id"]);
    assert_output(&sandbox, &["check", "nowhere.md"], 2, &["nowhere.md does not exist"]);
    let sandbox = governed();
    assert_output(&sandbox, &["validator-spec-regression"], 2, &["requires no headings"]);
    assert_output(&sandbox, &["validator-phase-gate", "1/../2"], 2, &["invalid phase"]);
    sandbox.edit(BOARD, "# Greeter Task Board", "# Notes");
    std::fs::remove_file(sandbox.root.join(BOARD)).expect("board");
    assert_output(&sandbox, &["task-board-check"], 2, &["nothing was judged"]);
}

#[test]
fn named_documents_are_checked_alone() {
    let sandbox = governed();
    sandbox.edit(BOARD, "- **[WP-1-Farewell]** - [READY_FOR_DEV]", "- **[WP-1-Farewell]** - [DONE]");
    sandbox.edit(REFINEMENT, "- CONTEXT_TOKEN: MUST say goodbye", "- CONTEXT_TOKEN: MUST");
    assert_output(&sandbox, &["check", BOARD], 1, &["board/entry", "named: 1 document"]);
    let said = assert_output(&sandbox, &["check", ".GOV/refinements"], 1, &["refinement/token"]);
    assert!(!said.contains("board/entry"), "{said}");
    assert_output(&sandbox, &["check", PACKET], 0, &[]);
    assert_output(&sandbox, &["validator-packet-complete", "WP-1-Farewell"], 1, &["refinement/token"]);
    // From a subfolder, and by an absolute path.
    assert_output(&sandbox, &["-C", ".GOV", "check", "roles_shared/TASK_BOARD.md"], 1, &["board/entry"]);
    let whole = sandbox.root.join(BOARD).display().to_string();
    assert_output(&sandbox, &["check", &whole], 1, &["board/entry"]);
}

#[test]
fn documents_outside_of_a_repository_are_checked_too() {
    let sandbox = Sandbox::bare_folder();
    write_documents(&sandbox);
    assert_output(&sandbox, &["check"], 0, &["check: PASSED", "7 documents"]);
    assert_output(&sandbox, &["check", "--staged"], 2, &["not in a git repository"]);
    assert_output(&sandbox, &["worktree-concurrency-check"], 2, &["this is not a git repository"]);
    let outside = sandbox.home().join("contract.md");
    std::fs::write(&outside, "# Contract: x\n\n**Status:** complete\n\n- [ ] **P1.1** open\n")
        .expect("contract");
    assert_output(
        &sandbox,
        &["check", &outside.display().to_string()],
        1,
        &["contract/open-task", "1 of 1 task is open"],
    );
    assert_output(
        &sandbox,
        &["show", &outside.display().to_string()],
        0,
        &["open tasks", "0 of 1 tasks done"],
    );
}

#[test]
fn the_index_and_commits_can_be_checked() {
    let sandbox = governed();
    sandbox.edit(BOARD, "[READY_FOR_DEV]", "[DONE]");
    assert_output(&sandbox, &["check"], 1, &["board/entry"]);
    assert_output(&sandbox, &["check", "--staged"], 0, &[]);
    sandbox.git(&["add", BOARD]);
    assert_output(&sandbox, &["check", "--staged"], 1, &["board/entry"]);
    assert_output(&sandbox, &["check", "--rev", "HEAD"], 0, &[]);
    sandbox.commit("done?");
    assert_output(&sandbox, &["task-board-check", "--rev", "HEAD"], 1, &["board/entry"]);
    assert_output(&sandbox, &["task-board-check", "--rev", "HEAD^"], 0, &[]);
    assert_output(&sandbox, &["check", "--rev", "--upload-pack=x"], 2, &["revision"]);
}

#[test]
fn packets_are_listed() {
    let sandbox = governed();
    sandbox.write(
        ".GOV/task_packets/stubs/WP-1-Later.md",
        "# Work Packet Stub: WP-1-Later\n\n- WP_ID: WP-1-Later\n- STUB_STATUS: STUB\n",
    );
    let said = assert_output(&sandbox, &["list"], 0, &["1 packet, 1 stub"]);
    let line = said.lines().find(|line| line.starts_with("WP-1-Farewell")).expect("a line");
    for cell in ["G2 (2026-02-01)", "Ready for Dev", "READY_FOR_DEV", "active", "2026-02-14"] {
        assert!(line.contains(cell), "{cell} in {line}");
    }
    let (_, said) = sandbox.run_redacted(&["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(list["schema"], "countersign.list/v1");
    assert_eq!(list["packets"][1]["lifecycle"], "stub");
    assert_eq!(list["packets"][1]["status"], "STUB");
}

#[test]
fn linked_working_trees_are_checked_too() {
    let sandbox = governed();
    let claim = |packet: &str| {
        sandbox.edit(packet, "- **Status:** Ready for Dev", "- **Status:** In Progress");
    };
    claim(PACKET);
    let text = std::fs::read_to_string(sandbox.root.join(PACKET)).expect("packet");
    sandbox.write(".GOV/task_packets/WP-1-Greeting.md", text.replace("WP-1-Farewell", "WP-1-Greeting"));
    assert_output(
        &sandbox,
        &["worktree-concurrency-check"],
        1,
        &["2 packets are in progress, but git has only 1 working tree", "says who works on"],
    );
    let log = ".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json";
    sandbox.edit(
        log,
        "\n  ]\n}",
        ",\n    {\"wpId\": \"WP-1-Greeting\", \"type\": \"PREPARE\", \"coder_id\": \"b\", \"branch\": \"feat/WP-1-Greeting\", \"worktree_dir\": \"../wt-greeting\", \"timestamp\": \"2026-02-14T10:00:00Z\"}\n  ]\n}",
    );
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox.git(&["worktree", "add", "-q", "-b", "feat/WP-1-Greeting", "../wt-greeting"]);
    assert_output(&sandbox, &["worktree-concurrency-check"], 0, &["PASSED"]);
    // A check in the linked working tree sees the main one too.
    let there = sandbox.root.with_file_name("wt-greeting");
    for file in [PACKET, ".GOV/task_packets/WP-1-Greeting.md", log] {
        std::fs::copy(sandbox.root.join(file), there.join(file)).expect("copy");
    }
    assert_output(&sandbox, &["-C", "../wt-greeting", "worktree-concurrency-check"], 0, &["PASSED"]);
}

#[test]
fn reports_are_the_same_every_time() {
    let sandbox = governed();
    for number in 0..40 {
        let id = format!("WP-1-Greeting-{number}");
        sandbox.write(
            &format!(".GOV/task_packets/{id}.md"),
            format!("# Task Packet: {id}\n\n- WP_ID: {id}\n\n## SCOPE\n\nText.\n"),
        );
    }
    let report = || {
        let (_, said) = sandbox.run_redacted(&["check", "--format", "json"]);
        let mut value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        value.as_object_mut().expect("object").remove("run");
        value
    };
    let first = report();
    assert!(first["findings"].as_array().expect("findings").len() > 100);
    for _ in 0..5 {
        assert_eq!(report(), first);
    }
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_not_followed() {
    let sandbox = governed();
    std::os::unix::fs::symlink("/etc/passwd", sandbox.root.join(".GOV/task_packets/WP-1-Link.md"))
        .expect("link");
    assert_output(
        &sandbox,
        &["check"],
        1,
        &["text/readable", "it is a symbolic link, which is not followed"],
    );
    std::fs::remove_file(sandbox.root.join(".GOV/task_packets/WP-1-Link.md")).expect("link");
    std::os::unix::fs::symlink("..", sandbox.root.join(".GOV/task_packets/loop")).expect("link");
    assert_output(&sandbox, &["check"], 0, &[]);
    std::fs::remove_file(sandbox.root.join(".GOV/task_packets/loop")).expect("link");
    let fifo = Command::new("mkfifo").arg(sandbox.root.join(".GOV/task_packets/WP-1-Pipe.md")).status();
    if fifo.is_ok_and(|status| status.success()) {
        assert_output(&sandbox, &["check"], 0, &[]);
    }
}

#[test]
fn a_specification_is_found_by_its_hash() {
    let refinement = ".GOV/refinements/WP-1-Farewell.md";
    let check = |sandbox: &Sandbox| {
        let (_, said) = sandbox.run_redacted(&["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let all = report["findings"].as_array().expect("findings").clone();
        let about = |finding: &serde_json::Value| {
            let rule = finding["rule"].as_str().unwrap_or_default();
            rule.starts_with("refinement/")
                .then(|| format!("{rule}: {}", finding["message"].as_str().unwrap_or_default()))
        };
        all.iter().filter_map(about).collect::<Vec<String>>()
    };
    // A checkout with CRLF line ends has another hash; the text is the same.
    let sandbox = governed();
    let spec = sandbox.read("Greeter_Spec_v01.md");
    let sha1 = |text: &str| memory::sha1(text.as_bytes()).to_string();
    let (unix, dos) = (sha1(&spec), sha1(&spec.replace('\n', "\r\n")));
    sandbox.edit(refinement, &unix, &dos);
    assert_eq!(check(&sandbox), Vec::<String>::new());
    sandbox.edit(refinement, "CONTEXT_TOKEN: MUST say goodbye", "CONTEXT_TOKEN: MUST say farewell");
    assert!(check(&sandbox).iter().any(|found| found.starts_with("refinement/token")), "anchors are checked");
    // An invented hash is none of them.
    let invented = format!("{}{}", &dos[..39], if dos.ends_with('0') { '1' } else { '0' });
    sandbox.edit(refinement, &dos, &invented);
    assert!(check(&sandbox).iter().any(|found| found.contains("is not the hash of Greeter_Spec_v01.md")));
    // The file has always been in another folder.
    let sandbox = Sandbox::new();
    write_documents(&sandbox);
    let spec = sandbox.read("Greeter_Spec_v01.md");
    sandbox.remove("Greeter_Spec_v01.md");
    sandbox.write(".GOV/spec/Greeter_Spec_v01.md", spec);
    sandbox.commit("all");
    let found = check(&sandbox).join("\n");
    assert!(found.contains("Greeter_Spec_v01.md does not exist; the recorded version is"), "{found}");
}

#[test]
fn a_tree_of_governance_alone_names_paths_of_a_product_elsewhere() {
    let sandbox = governed();
    sandbox.edit(
        PACKET,
        "  - src/lib.rs\n- SEARCH_TERMS",
        "  - src/lib.rs\n  - app/missing.rs\n- SEARCH_TERMS",
    );
    sandbox.commit("a path that is not there");
    let (_, said) = sandbox.run_redacted(&["check"]);
    assert!(said.contains("FILES_TO_OPEN names `app/missing.rs`"), "{said}");
    // Without any folder of a product, its paths are those of another tree.
    for path in sandbox.git(&["ls-files"]).lines().filter(|path| path.contains('/') && !path.starts_with('.'))
    {
        sandbox.remove(path);
    }
    sandbox.commit("governance alone");
    let (_, said) = sandbox.run_redacted(&["check"]);
    assert!(!said.contains("FILES_TO_OPEN"), "{said}");
    // Records are searched there as before.
    sandbox.edit(PACKET, "  - app/missing.rs\n", "  - .GOV/missing.md\n");
    let (_, said) = sandbox.run_redacted(&["check"]);
    assert!(said.contains("FILES_TO_OPEN names `.GOV/missing.md`"), "{said}");
}

#[test]
fn many_documents_of_another_form_are_one_note() {
    let sandbox = governed();
    let plan = |number: usize| {
        let text =
            format!("# Work Packet: WP-{number:04} - Lamps\n\n## Intent\n\nLamp {number} is replaced.\n");
        (format!("plans/WP-{number:04}_LAMPS.md"), text)
    };
    (1..=3).map(plan).for_each(|(path, text)| sandbox.write(&path, &text));
    let few = assert_output(&sandbox, &["check", "plans"], 0, &["warning[packet/section]"]);
    assert!(few.contains("3 warnings"), "{few}");
    (4..=20).map(plan).for_each(|(path, text)| sandbox.write(&path, &text));
    let many = "20 documents are called packets and have no part of a task packet";
    let said = assert_output(&sandbox, &["check", "plans", "--verbose"], 0, &["note[packet/section]", many]);
    assert!(!said.contains("warning["), "{said}");
    // In the folder of packets, each of them is an error.
    sandbox.write(".GOV/task_packets/WP-1-Lamps.md", "# Work Packet: WP-1-Lamps\n\n## Intent\n\nLamps.\n");
    assert_output(&sandbox, &["check"], 1, &["error[packet/section]"]);
}
