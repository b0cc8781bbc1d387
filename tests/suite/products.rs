//! Inputs in which two sizes that a stranger chooses are large at once.
//!
//! The program counts what it compares, reads and keeps. Inputs up to the limits are judged,
//! and the cost grows with the sum of the sizes; larger ones are refused with the limit. The
//! time is only a backstop: products of these sizes would take minutes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::repo::Sandbox;

/// Much more than a slow machine needs.
const LIMIT: Duration = Duration::from_secs(60);
pub const PACKET: &str = ".GOV/task_packets/WP-1-Wide.md";
pub const CONFIG: &str = "version: 1\nsteps: []\n";
pub const JUDGE: [&str; 7] =
    ["post-work", "WP-1-Wide", "--no-run", "--range", "HEAD^..HEAD", "--format", "json"];
const CHECK: [&str; 3] = ["check", "--format", "json"];

/// A packet of the current format with parts of any size.
pub struct Wide {
    scope: String,
    tests: String,
    done: String,
    rest: String,
}

impl Default for Wide {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self { scope: text("  - src/\n"), tests: text("true\n"), done: text("- done\n"), rest: String::new() }
    }
}

impl Wide {
    pub fn text(&self) -> String {
        let Self { scope, tests, done, rest } = self;
        format!(
            "# Task Packet: WP-1-Wide\n\n## METADATA\n- WP_ID: WP-1-Wide\n- DATE: 2026-03-01\n\
             - **Status:** In Progress\n- PACKET_FORMAT_VERSION: 2026-02-01\n\n## SCOPE\n- What: x\n- Why: y\n\
             - IN_SCOPE_PATHS:\n{scope}\n## QUALITY_GATE\n### TEST_PLAN\n```bash\n{tests}```\n\n\
             ### DONE_MEANS\n{done}\n{rest}\n"
        )
    }
}

pub fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for number in 0..count {
        writeln!(out, "{}", line(number)).expect("text");
    }
    out
}

/// Runs the program; returns what it says. `ran` are rules that must have been checked.
pub fn assert_bounded(sandbox: &Sandbox, arguments: &[&str], ran: &[&str]) -> String {
    let start = Instant::now();
    let (exit, said) = sandbox.run_redacted(arguments);
    let took = start.elapsed();
    assert!(took < LIMIT, "{arguments:?} took {took:?}");
    assert!((0..=2).contains(&exit), "{arguments:?}: {exit}\n{said}");
    if !ran.is_empty() {
        let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        for rule in ran {
            let checks = report["checks"].as_array().expect("checks");
            let status = checks.iter().find(|check| check["rule"] == *rule).expect(rule);
            assert!(status["status"] == "passed" || status["status"] == "failed", "{rule}: {status}");
        }
    }
    said
}

/// A packet on main and a change of many files.
pub fn changed(text: &str, files: &[(String, String)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", CONFIG);
    sandbox.write(PACKET, text);
    sandbox.commit("packet");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox.commit("work");
    sandbox
}

fn one_file() -> Vec<(String, String)> {
    vec![("src/a.txt".to_owned(), "x\n".to_owned())]
}

fn with_rest(rest: String) -> String {
    Wide { rest, ..Wide::default() }.text()
}

/// A manifest with hashes that no file has.
fn manifest(path: &str) -> String {
    let hash = "0".repeat(40);
    format!(
        "- **Target File**: `{path}`\n- **Start**: 1\n- **End**: 1\n- **Line Delta**: 1\n\
         - **Pre-SHA1**: `{hash}`\n- **Post-SHA1**: `{hash}`\n- **Gates Passed**:\n\
         \x20 - [x] rails_untouched_outside_window\n  - [x] window_matches_plan\n"
    )
}

#[test]
fn requirements_evidence_and_logs_are_not_multiplied() {
    let count = 6_000;
    let mapping = lines(count, |number| {
        format!("- REQUIREMENT: \"requirement number {number} holds\"\n- EVIDENCE: `src/a.txt:1`")
    });
    let evidence = lines(count, |number| {
        format!(
            "- COMMAND: cargo test case_{number}\n- EXIT_CODE: 1\n- LOG_PATH: `run.log`\n- PROOF_LINES: ok {number}"
        )
    });
    let wide = Wide {
        tests: lines(count, |number| format!("cargo test case_{number}")),
        done: lines(count, |number| format!("- requirement number {number} holds")),
        rest: format!("## EVIDENCE_MAPPING\n{mapping}\n## EVIDENCE\n{evidence}"),
        ..Wide::default()
    };
    let mut files = one_file();
    files.push(("run.log".to_owned(), lines(20_000, |number| format!("ok {number}"))));
    let sandbox = changed(&wide.text(), &files);
    let rules = ["evidence/command", "evidence/requirement", "evidence/log"];
    assert_bounded(&sandbox, &JUDGE, &rules);
    assert_bounded(&sandbox, &CHECK, &[]);
}

#[test]
fn manifests_waivers_and_files_are_not_multiplied() {
    let different = lines(2_000, |number| manifest(&format!("src/f{number}.txt")));
    // Every block of one file has a wrong hash and a window of its own.
    let same = lines(2_000, |_| manifest("src/f1.txt"));
    let waivers = lines(200, |number| {
        format!(
            "- Waiver ID: W-{number}\n  - Policy: CX-573F\n  - Scope: `other/f{number}.txt`\n\
             \x20 - Date: 2026-03-01\n  - Justification: x\n  - Approver: y"
        )
    });
    let rest = format!("## VALIDATION\n{different}{same}\n## WAIVERS_GRANTED\n{waivers}");
    let file = |number: usize| {
        let folder = if number.is_multiple_of(2) { "src" } else { "other" };
        (format!("{folder}/f{number}.txt"), format!("{number}\n"))
    };
    let files: Vec<(String, String)> = (0..2_000).map(file).collect();
    let sandbox = changed(&with_rest(rest), &files);
    let rules =
        ["manifest/false-claim", "manifest/pre-sha1", "manifest/missing", "waiver/void", "scope/outside"];
    let said = assert_bounded(&sandbox, &JUDGE, &rules);
    assert!(said.contains("W-199"), "the waivers are read");
}

#[test]
fn entries_and_paths_are_not_multiplied_and_their_pairs_are_counted() {
    let files = |count: usize| -> Vec<(String, String)> {
        (0..count).map(|number| (format!("src/f{number}.txt"), "x\n".to_owned())).collect()
    };
    let scope = |count: usize| Wide {
        scope: lines(count, |number| format!("  - src/g{number}.txt (new)")),
        ..Wide::default()
    };
    let sandbox = changed(&scope(20_000).text(), &files(2_000));
    assert_bounded(&sandbox, &JUDGE, &["scope/outside", "scope/overlap"]);
    let sandbox = changed(&scope(40_000).text(), &files(2_000));
    let said = assert_bounded(&sandbox, &JUDGE, &[]);
    assert!(said.contains("the entries of the scope and the paths of the change need more than"), "{said}");
    // Long patterns count for more.
    let pattern = |number: usize| format!("  - src/{}{number}", "*a*b".repeat(900));
    let wide = Wide { scope: lines(400, pattern), ..Wide::default() };
    let said = assert_bounded(&changed(&wide.text(), &files(300)), &JUDGE, &[]);
    assert!(said.contains("need more than"), "{said}");
}

#[test]
fn questions_about_paths_and_the_index_are_not_multiplied() {
    let manifests = lines(8_000, |number| manifest(&format!("src/g{number}.txt")));
    let sandbox = changed(&with_rest(format!("## VALIDATION\n{manifests}")), &one_file());
    for number in 0..8_000 {
        sandbox.write(&format!("src/f{number}.txt"), "x\n");
    }
    sandbox.git(&["add", "-A"]);
    let judge = ["post-work", "WP-1-Wide", "--no-run", "--staged", "--format", "json"];
    let said = assert_bounded(&sandbox, &judge, &["manifest/stale"]);
    assert!(said.contains("src/g7999.txt has a manifest, but the file does not exist"), "the index is asked");
}

#[test]
fn parts_of_a_document_are_counted() {
    for (part, limit) in [
        ("- a\n".repeat(250_001), "lines"),
        ("|a".repeat(200_001), "table cells"),
        ("`a` ".repeat(100_001), "backticks"),
        ("a<b>\n".repeat(50_001), "HTML tags"),
        (format!("{}a\n", "> ".repeat(101)), "too deep"),
        ("# a\n".repeat(10_001), "headings"),
    ] {
        let said =
            assert_bounded(&changed(&with_rest(format!("## NOTES\n{part}")), &one_file()), &CHECK, &[]);
        assert!(said.contains(limit), "{limit}: {said}");
    }
    let report = "VALIDATION REPORT\n\nVERDICT: PASS\n\n";
    // Just below the limits, the document is judged.
    for part in [
        "- a\n".repeat(240_000),
        "TEST_PLAN: x\n\n".repeat(40_000),
        "VALIDATION REPORT\n\nVERDICT: PASS\n\n".repeat(20_000),
        "a<b>\n".repeat(45_000),
        format!("- IN_SCOPE_PATHS:\n{}", "- a/n: c\n".repeat(90_000)),
        format!("{report}{}{}", "- NOT_PROVEN:\n".repeat(40_000), "- NONE\n".repeat(40_000)),
        format!("{report}- a\n{}{}", "NOT_PROVEN:\n".repeat(40_000), "- NONE\n".repeat(40_000)),
        format!("{report}NOT_PROVEN: NONE\n{}", "- NONE\n".repeat(40_000)),
        format!("- OUT_OF_SCOPE: {}\n", "`a` (`b`) ".repeat(45_000)),
        format!("{}\na\n{}", "> ".repeat(100), "a\n".repeat(40_000)),
        "# a\nVALIDATION REPORT\n\n".repeat(9_000),
        "<<<<<<< x\n```\n>>>>>>> y\n```\n".repeat(4_000),
    ] {
        assert_bounded(
            &changed(&with_rest(format!("## NOTES\n{part}")), &one_file()),
            &CHECK,
            &["packet/section"],
        );
    }
}

#[test]
fn rows_of_records_and_packets_are_not_multiplied() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\n");
    for number in 0..400 {
        let text = Wide::default().text().replace("WP-1-Wide", &format!("WP-1-P{number}-v1"));
        sandbox.write(&format!(".GOV/task_packets/WP-1-P{number}-v1.md"), text);
    }
    // Every entry is under the wrong heading, and its edit has the text between both.
    let board = lines(10_000, |number| format!("- **[WP-1-P{number}-v1]** - [VALIDATED]"));
    let head = "# Task Board\n\n## Ready for Dev\n\n## Done\n\n## In Progress\n";
    sandbox.write(".GOV/roles_shared/TASK_BOARD.md", format!("{head}{board}"));
    let rows = lines(10_000, |number| {
        format!("| WP-1-P{number} | .GOV/task_packets/WP-1-P{number}-v1.md | In Progress | x |")
    });
    let head = "# R\n\n| Base WP ID | Active Packet | Task Board | Notes |\n|---|---|---|---|\n";
    sandbox.write(".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", format!("{head}{rows}"));
    let entry = |number: usize| format!("{{\"wpId\": \"WP-9-Q{number}\", \"type\": \"SIGNATURE\"}},");
    let log = format!("{{\"gate_logs\": [{}null]}}", lines(10_000, entry).replace('\n', " "));
    sandbox.write(".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json", log);
    sandbox.commit("records");
    assert_bounded(&sandbox, &["governance-check", "--format", "json"], &["board/entry", "traceability/row"]);
    assert_bounded(&sandbox, &["list"], &[]);
}

#[test]
fn tasks_of_a_contract_are_not_multiplied() {
    // Ids have at most four digits and a letter.
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap_or(0));
    let tasks =
        lines(150_000, |number| format!("- [x] **P1.{}{}** Read it", number / 26 + 1, letter(number)));
    let sandbox = Sandbox::new();
    let head =
        "# Contract — wide\n\n**Status:** complete\n**Goal:** Read.\n\n## Tasks\n\n### Phase 1 — Read\n";
    let last = "- [x] **P1.1a** Read it again\n\n## Acceptance criteria\n\n- read\n";
    sandbox.write("contracts/wide.md", format!("{head}\n{tasks}{last}"));
    let said = assert_bounded(&sandbox, &CHECK, &["contract/task-id"]);
    assert!(said.contains("the task id `P1.1a` is not unique"), "{said}");
}

#[test]
fn paths_of_tasks_and_of_the_scope_are_not_multiplied() {
    let wide = |count: usize| {
        let sandbox = Sandbox::new();
        sandbox.write("countersign.yaml", "version: 1\n");
        let scope = lines(count, |number| format!("  - src/f{number}.txt"));
        let text = Wide { scope, ..Wide::default() }.text();
        sandbox.write(".GOV/task_packets/WP-1-Wide/packet.md", text);
        let owned: Vec<String> = (0..count).map(|number| format!("\"src/g{number}.txt\"")).collect();
        let task = format!(
            "{{\"schema_id\": \"hsk.microtask_contract@1\", \"wp_id\": \"WP-1-Wide\", \"mt_id\": \"MT-001\", \
             \"lifecycle\": {{\"status\": \"PENDING\", \"depends_on\": []}}, \"owned_files\": [{}]}}",
            owned.join(", ")
        );
        sandbox.write(".GOV/task_packets/WP-1-Wide/MT-001.json", task);
        sandbox.commit("documents");
        assert_bounded(&sandbox, &CHECK, &["packet-contract/task"])
    };
    assert!(wide(2_000).contains("the task `MT-001` owns `src/g1999.txt`, which is outside the scope"));
    assert!(wide(30_000).contains("the tasks of `WP-1-Wide` own too many paths"));
}

#[test]
fn commits_and_their_paths_are_counted() {
    let sandbox = changed(&Wide::default().text(), &one_file());
    // Two trees of 32,768 files from a few objects, and 80 commits that switch between them.
    let repo = git2::Repository::open(&sandbox.root).expect("repository");
    let nested = |text: &[u8]| {
        let blob = repo.blob(text).expect("blob");
        let mut tree = blob;
        for depth in 0..3 {
            let mut builder = repo.treebuilder(None).expect("tree");
            for name in 0..32 {
                let mode = if depth == 0 { 0o100_644 } else { 0o040_000 };
                builder.insert(format!("n{name}"), tree, mode).expect("entry");
            }
            tree = builder.write().expect("tree");
        }
        tree
    };
    let trees = [nested(b"a\n"), nested(b"b\n")];
    let who = git2::Signature::new("A", "a@example.org", &git2::Time::new(1_772_500_000, 0)).expect("name");
    let mut parent = repo.head().and_then(|head| head.peel_to_commit()).expect("commit");
    for number in 0..80 {
        let mut root = repo.treebuilder(Some(&parent.tree().expect("tree"))).expect("tree");
        root.insert("src2", trees[number % 2], 0o040_000).expect("entry");
        let tree = repo.find_tree(root.write().expect("tree")).expect("tree");
        let id = repo.commit(Some("HEAD"), &who, &who, "switch", &tree, &[&parent]).expect("commit");
        parent = repo.find_commit(id).expect("commit");
    }
    let said =
        assert_bounded(&sandbox, &["post-work", "WP-1-Wide", "--no-run", "--range", "HEAD~81..HEAD"], &[]);
    assert!(said.contains("its commits change more than 1000000 paths in all"), "{said}");
    assert_bounded(&sandbox, &["post-work", "WP-1-Wide", "--no-run", "--range", "HEAD~10..HEAD"], &[]);
}

#[test]
fn keys_of_package_manifests_and_files_are_not_multiplied() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nprofile: fence\nscope:\n  - src/\nsteps: []\n");
    for commit in ["a", "b"] {
        for number in 0..40 {
            let scripts = lines(500, |key| format!("\"test:{key}\": \"jest {commit}{key}\","));
            let text = format!("{{\"scripts\": {{\n{scripts}\"last\": \"x\"}}}}\n");
            sandbox.write(&format!("src/p{number}/package.json"), text);
        }
        sandbox.commit(commit);
    }
    assert_bounded(&sandbox, &["verify", "--range", "HEAD^..HEAD"], &[]);
}

#[test]
fn patterns_of_attributes_and_ignores_are_counted() {
    for name in [".gitattributes", ".gitignore"] {
        let sandbox = changed(&Wide::default().text(), &one_file());
        let suffix = if name == ".gitattributes" { " text" } else { "" };
        sandbox.write(name, lines(30_000, |number| format!("a{number}.bin{suffix}")));
        for number in 0..4_000 {
            sandbox.write(&format!("src/g{number}.txt"), "y\n");
        }
        let said = assert_bounded(&sandbox, &["post-work", "WP-1-Wide", "--no-run"], &[]);
        if name == ".gitattributes" {
            assert!(said.contains("the patterns of ignore and attribute files"), "{said}");
        }
    }
}
