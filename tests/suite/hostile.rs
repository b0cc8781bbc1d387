//! Documents and trees that are made to be slow: every command ends in time,
//! and a pass means that the input was checked.

#![cfg(unix)]

use std::time::{Duration, Instant};

use git2::{ObjectType, Repository};

use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const GATE_LOG: &str = ".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json";
/// Long enough for a debug build on a busy machine. Quadratic time would take
/// minutes.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The demo's repository with its correct work committed.
fn committed() -> Sandbox {
    let sandbox = Sandbox::bare_folder();
    assert_eq!(sandbox.run_redacted(&["demo", "--keep", "."]).0, 0, "the demo plays");
    sandbox
}

/// Runs the program within the time limit; returns exit code and output.
fn run_in_time(sandbox: &Sandbox, arguments: &[&str]) -> (i32, String) {
    let start = Instant::now();
    let output = sandbox.run_redacted(arguments);
    assert!(start.elapsed() < TIME_LIMIT, "{arguments:?} took {:?}", start.elapsed());
    output
}

/// Inserts text before the section HYGIENE of the packet and runs all commands
/// that read packets. Each must end in time, and no gate may pass.
fn packet_with(text: &str) -> Vec<(i32, String)> {
    let sandbox = committed();
    sandbox.edit(PACKET, "## HYGIENE", &format!("{text}\n## HYGIENE"));
    let gates: [&[&str]; 4] = [
        &["check"],
        &["show", "WP-1-Farewell"],
        &["pre-work", "WP-1-Farewell", "--no-run"],
        &["post-work", "WP-1-Farewell", "--no-run", "--worktree"],
    ];
    gates.iter().map(|arguments| run_in_time(&sandbox, arguments)).collect()
}

#[test]
fn packets_that_are_too_long_are_refused() {
    for text in ["x".repeat(17 << 20), "## A\n".repeat(20_000)] {
        let outputs = packet_with(&text);
        assert_eq!(outputs.iter().map(|(exit, _)| *exit).collect::<Vec<_>>(), [1, 2, 1, 1]);
        assert!(outputs[3].1.contains("[packet/readable]"), "{}", outputs[3].1);
        assert!(outputs[0].1.contains("[text/readable]"), "{}", outputs[0].1);
    }
}

#[test]
fn bullets_quotes_and_brackets_are_read_in_linear_time() {
    let runs: String = (1..600).map(|n| format!("{} ", "`".repeat(n))).collect();
    let stairs: String = (0..500).map(|n| format!("{} x\n", ">".repeat(n))).collect();
    for text in [
        "- a\n".repeat(100_000),
        format!("{}x\n", "- ".repeat(50_000)),
        format!("{}x\n", ">".repeat(50_000)),
        format!("{}x\n", "[".repeat(200_000)),
        "[a](b ".repeat(50_000),
        "*a_ ".repeat(100_000),
        "\u{201c}x. ".repeat(100_000),
        "&".repeat(200_000),
        "<!-- ".repeat(50_000),
        "- LABEL: x\n".repeat(50_000),
        runs,
        stairs,
    ] {
        packet_with(&text);
    }
}

#[test]
fn a_packet_with_too_many_waivers_has_none_in_force() {
    let sandbox = committed();
    let line = |n: usize| {
        format!(
            "- W-{n} | CX-573F | 2026-02-14 | Scope: `src/**/a{n}*b*.rs` | Justification: x | Approver: M\n"
        )
    };
    sandbox.edit(PACKET, "- NONE\n", &(0..5_000).map(line).collect::<String>());
    let (exit, said) = run_in_time(&sandbox, &["post-work", "WP-1-Farewell", "--no-run", "--worktree"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("the packet has 5000 waivers, but at most"), "{said}");
}

#[test]
fn large_state_files_are_checked_in_time() {
    let sandbox = committed();
    let entry = |n: usize| {
        format!(
            "{{\"wpId\":\"WP-1-O{n}\",\"type\":\"SIGNATURE\",\"signature\":\"mira150220260915\",\"timestamp\":\"2026-02-14T09:18:00.000Z\"}},"
        )
    };
    let entries: String = (0..10_000).map(entry).collect();
    sandbox.edit(GATE_LOG, "\"gate_logs\": [", &format!("\"gate_logs\": [{entries}"));
    let rows: String = (0..10_000)
        .map(|n| {
            format!("| mira150220260915 | x | 2026-02-15 09:15 | Task packet creation: WP-1-P{n} | v | |\n")
        })
        .collect();
    sandbox.edit(".GOV/roles_shared/SIGNATURE_AUDIT.md", "| mira1402", &format!("{rows}| mira1402"));
    let board: String = (0..10_000).map(|n| format!("- **[WP-1-X{n}]** - [VALIDATED]\n")).collect();
    sandbox.edit(".GOV/roles_shared/TASK_BOARD.md", "## Done\n", &format!("## Done\n{board}"));
    assert_eq!(run_in_time(&sandbox, &["check"]).0, 1);
    sandbox.write(GATE_LOG, "[".repeat(1_000_000));
    let (exit, said) = run_in_time(&sandbox, &["check"]);
    assert!(exit == 1 && said.contains("nested deeper than"), "{said}");
}

#[test]
fn configurations_that_expand_are_refused() {
    let sandbox = committed();
    let lists: String = (0..12)
        .map(|n| {
            format!(
                "{}: &{} [{}]\n",
                letter(n + 1),
                letter(n + 1),
                vec![format!("*{}", letter(n)); 10].join(",")
            )
        })
        .collect();
    for text in [
        format!("version: 1\na: &a [x,x]\n{lists}"),
        format!("version: 1\nrules: {}", "[".repeat(100_000)),
        format!("version: 1\nrules: \n{}", "- ".repeat(100_000)),
        "#\n".repeat(600_000),
        (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
    ] {
        sandbox.write("named.yaml", &text);
        let arguments = ["post-work", "WP-1-Farewell", "--no-run", "--config", "named.yaml"];
        let (exit, said) = run_in_time(&sandbox, &arguments);
        assert_eq!(exit, 2, "{}", said.chars().take(300).collect::<String>());
    }
}

fn letter(number: u8) -> char {
    char::from(b'a' + number)
}

#[test]
fn links_that_turn_in_circles_and_pipes_are_not_followed() {
    let sandbox = committed();
    for (path, target) in
        [("src/here", "."), ("src/a", "b"), ("src/b", "a"), (".GOV/task_packets/up", "../..")]
    {
        std::os::unix::fs::symlink(target, sandbox.root.join(path)).expect("link");
    }
    let pipe = sandbox.root.join(".GOV/task_packets/WP-1-Pipe.md");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo runs").success());
    for arguments in [&["check"][..], &["list"], &["post-work", "WP-1-Farewell", "--no-run", "--worktree"]] {
        run_in_time(&sandbox, arguments);
    }
}

#[test]
fn a_change_of_a_hundred_thousand_paths_is_refused() {
    let sandbox = committed();
    let repo = Repository::open(&sandbox.root).expect("repository");
    let blob = repo.blob(b"x\n").expect("blob");
    let mut raw = Vec::new();
    for number in 0..100_001 {
        raw.extend(format!("100644 {number:06}\0").bytes());
        raw.extend(blob.as_bytes());
    }
    let many = repo.odb().and_then(|odb| odb.write(ObjectType::Tree, &raw)).expect("tree");
    let head = repo.head().and_then(|head| head.peel_to_commit()).expect("HEAD");
    let mut tree = repo.treebuilder(head.tree().ok().as_ref()).expect("tree");
    tree.insert("many", many, 0o040_000).expect("folder");
    let tree = tree.write().expect("tree").to_string();
    let evil = sandbox.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "many"]);
    let (exit, said) = run_in_time(
        &sandbox,
        &["post-work", "WP-1-Farewell", "--no-run", "--range", &format!("HEAD..{evil}")],
    );
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("more than 100000 paths"), "{said}");
}

#[test]
fn broken_links_in_a_large_repository_get_a_limited_number_of_hints() {
    let sandbox = committed();
    for number in 0..4_000 {
        sandbox.write(&format!("src/some/long/folder/name/module_{number}_file.rs"), "");
    }
    sandbox.commit("files");
    let links: String =
        (0..1_000).map(|n| format!("[a](../../src/some/long/folder/name/modula_{n}_file.rs) ")).collect();
    sandbox.edit(PACKET, "## HYGIENE", &format!("{links}\n\n## HYGIENE"));
    let (_, output) = run_in_time(&sandbox, &["check", "--format", "json"]);
    let hints = (0..1_000).filter(|n| output.contains(&format!("name/module_{n}_file.rs"))).count();
    assert!((1..=20).contains(&hints), "{hints} hints");
}

#[test]
fn many_paths_outside_of_many_scope_entries_are_reported_in_time() {
    let sandbox = committed();
    let entries: String = (0..300).map(|n| format!("  - src/some/long/folder/entry_{n}_file.rs\n")).collect();
    sandbox.edit(PACKET, "- IN_SCOPE_PATHS:\n", &format!("- IN_SCOPE_PATHS:\n{entries}"));
    for number in 0..3_000 {
        sandbox.write(&format!("src/some/long/folder/entri_{number}_file.rs"), "");
    }
    let (_, output) =
        run_in_time(&sandbox, &["post-work", "WP-1-Farewell", "--no-run", "--worktree", "--format", "json"]);
    assert!(output.contains("entri_2999_file.rs"), "every path is reported");
    let hints = output.matches("the most similar entry").count();
    assert!((1..=50).contains(&hints), "{hints} hints");
}

/// A fence on a branch, with this scope and `.gitignore`, and many new files.
fn fence_with(scope: &str, ignore: &str, files: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", format!("version: 1\nprofile: fence\nscope:\n{scope}steps: none\n"));
    sandbox.write(".gitignore", ignore);
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    for number in 0..files {
        sandbox.write(&format!("src/e{}/f_{number}_aaaaaaaaaaaaaaaaaaaa.rs", number % 50), "x\n");
    }
    sandbox
}

#[test]
fn globs_of_the_scope_and_paths_have_a_common_limit() {
    let globs: String = (0..1_600).map(|n| format!("  - src/d{n}/*_{n}_x*.rs\n")).collect();
    let (exit, said) = run_in_time(&fence_with(&globs, "", 2_000), &["verify", "--no-run"]);
    assert!(exit == 2 && said.contains("the entries of the scope"), "{exit} {said}");
    let globs: String = (0..100).map(|n| format!("  - src/e{n}/*.rs\n")).collect();
    let (exit, said) = run_in_time(&fence_with(&globs, "", 300), &["verify", "--no-run"]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn patterns_of_ignore_files_and_paths_have_a_common_limit() {
    let patterns: String = (0..5_000).map(|n| format!("*a*a*a*b{n}\n")).collect();
    let sandbox = fence_with("  - src/\n", &patterns, 3_000);
    let (exit, said) = run_in_time(&sandbox, &["verify", "--no-run"]);
    assert!(exit == 2 && said.contains("the patterns of ignore and attribute files"), "{exit} {said}");
    let patterns: String = (0..100).map(|n| format!("*a*b{n}\n")).collect();
    let (exit, said) = run_in_time(&fence_with("  - src/\n", &patterns, 300), &["verify", "--no-run"]);
    assert_eq!(exit, 0, "{said}");
}
