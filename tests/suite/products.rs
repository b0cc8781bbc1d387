//! Inputs in which two sizes that a stranger chooses are large at once. Every command ends
//! in time that grows with their sum, not with their product: a product would take many
//! times the limit.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::repo::Sandbox;

/// Much more than a slow machine needs, and much less than a product.
const LIMIT: Duration = Duration::from_secs(90);
const PACKET: &str = ".GOV/task_packets/WP-1-Wide.md";

/// A packet with parts of any size.
fn packet(tests: &str, done: &str, rest: &str) -> String {
    format!(
        "# Task Packet: WP-1-Wide\n\n## METADATA\n- WP_ID: WP-1-Wide\n- DATE: 2026-03-01\n\
         - **Status:** In Progress\n\n## SCOPE\n- What: x\n- Why: y\n- IN_SCOPE_PATHS:\n  - src/\n\n\
         ## QUALITY_GATE\n### TEST_PLAN\n```bash\n{tests}\n```\n### DONE_MEANS\n{done}\n\n{rest}\n"
    )
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for number in 0..count {
        writeln!(out, "{}", line(number)).expect("text");
    }
    out
}

fn assert_in_time(sandbox: &Sandbox, arguments: &[&str]) {
    let start = Instant::now();
    let (exit, said) = sandbox.run_redacted(arguments);
    let took = start.elapsed();
    assert!(took < LIMIT, "{arguments:?} took {took:?}");
    assert!((0..=2).contains(&exit), "{arguments:?}: {exit}\n{said}");
}

/// A packet on main and a change of many files.
fn changed(text: &str, files: &[(String, String)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nprofile: standard\nsteps: []\n");
    sandbox.write(PACKET, text);
    sandbox.commit("packet");
    for (path, text) in files {
        sandbox.write(path, text);
    }
    sandbox.commit("work");
    sandbox
}

const JUDGE: [&str; 5] = ["post-work", "WP-1-Wide", "--no-run", "--range", "HEAD^..HEAD"];

#[test]
fn requirements_and_evidence_are_not_multiplied() {
    let done = lines(1_500, |number| format!("- requirement number {number} holds for part {}", number * 7));
    let tests = lines(1_500, |number| format!("cargo test case_{number}"));
    let mapping = lines(1_500, |number| {
        format!(
            "- REQUIREMENT: \"requirement nomber {number} holds for part {}\"\n- EVIDENCE: `src/a.txt:1`",
            number * 7
        )
    });
    let evidence = lines(1_500, |number| {
        format!("- COMMAND: cargo test case_{number} --quiet\n- EXIT_CODE: 0\n- PROOF_LINES: ok {number}")
    });
    let rest = format!("## EVIDENCE_MAPPING\n{mapping}\n## EVIDENCE\n{evidence}");
    let sandbox = changed(&packet(&tests, &done, &rest), &[("src/a.txt".to_owned(), "x\n".to_owned())]);
    assert_in_time(&sandbox, &JUDGE);
    assert_in_time(&sandbox, &["check"]);
}

#[test]
fn manifests_waivers_and_files_are_not_multiplied() {
    let hash = "0".repeat(40);
    let manifests = lines(800, |number| {
        format!(
            "- **Target File**: `src/f{number}.txt`\n- **Start**: 1\n- **End**: 1\n- **Line Delta**: 1\n\
             - **Pre-SHA1**: `{hash}`\n- **Post-SHA1**: `{hash}`\n"
        )
    });
    let waivers = lines(800, |number| {
        format!(
            "- WAIVER_ID: W-{number}\n  - POLICY: scope\n  - SCOPE: other/f{number}.txt\n  - DATE: 2026-03-01\n\
             \x20 - JUSTIFICATION: x\n  - APPROVER: y\n"
        )
    });
    let rest = format!("## VALIDATION\n{manifests}\n## WAIVERS\n{waivers}");
    let file = |number: usize| {
        let folder = if number.is_multiple_of(2) { "src" } else { "other" };
        (format!("{folder}/f{number}.txt"), format!("{number}\n"))
    };
    let files: Vec<(String, String)> = (0..1_000).map(file).collect();
    assert_in_time(&changed(&packet("true", "- done", &rest), &files), &JUDGE);
}

#[test]
fn rows_of_records_and_packets_are_not_multiplied() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\n");
    for number in 0..200 {
        let text = packet("true", "- done", "").replace("WP-1-Wide", &format!("WP-1-P{number}-v1"));
        sandbox.write(&format!(".GOV/task_packets/WP-1-P{number}-v1.md"), text);
    }
    let board = lines(3_000, |number| format!("- **[WP-1-P{number}-v1]** - [IN_PROGRESS]"));
    sandbox.write(".GOV/roles_shared/TASK_BOARD.md", format!("# Task Board\n\n## In Progress\n{board}"));
    let rows = lines(3_000, |number| {
        format!("| WP-1-P{number} | .GOV/task_packets/WP-1-P{number}-v1.md | In Progress | x |")
    });
    let head = "# R\n\n| Base WP ID | Active Packet | Task Board | Notes |\n|---|---|---|---|\n";
    sandbox.write(".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", format!("{head}{rows}"));
    sandbox.commit("records");
    assert_in_time(&sandbox, &["governance-check"]);
    assert_in_time(&sandbox, &["list"]);
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
    assert_in_time(&sandbox, &["verify", "--range", "HEAD^..HEAD"]);
}
