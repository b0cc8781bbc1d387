//! A repository that `init` has set up, and documents that are filled in.

use super::repo::{Sandbox, isolated_command};

/// Paths of documents.
pub const REFINEMENT: &str = ".GOV/refinements/WP-1-Two.md";
pub const PACKET: &str = ".GOV/task_packets/WP-1-Two.md";
pub const LOG: &str = ".GOV/roles/orchestrator/ORCHESTRATOR_GATES/WP-1-Two.json";
pub const AUDIT: &str = ".GOV/roles_shared/SIGNATURE_AUDIT/WP-1-Two.md";
/// Records of all packets, as older repositories have them; `init` writes them without
/// entries.
pub const SHARED_LOG: &str = ".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json";
pub const SHARED_AUDIT: &str = ".GOV/roles_shared/SIGNATURE_AUDIT.md";
pub const STATE: &str = ".GOV/validator_gates/WP-1-Two.json";

pub const SPEC: &str = "# Specification v01\n\n## 1 Purpose\n\nA list of words.\n\n## 2 Words\n\n### 2.1 Second word\n\nThe file `a.txt` MUST hold a second line \u{2014} the word two.\n";

/// A governed repository with a specification, committed.
pub fn governed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    sandbox.write("Spec_v01.md", SPEC);
    run_ok(&sandbox, &["init"]);
    commit(&sandbox, "governance");
    sandbox
}

/// Removes the folders of single packets, as in a repository that an older version set up.
pub fn use_shared_records(sandbox: &Sandbox) {
    for folder in ["SIGNATURE_AUDIT", "TASK_BOARD", "WP_TRACEABILITY_REGISTRY"] {
        sandbox.remove(&format!(".GOV/roles_shared/{folder}/.gitkeep"));
    }
    sandbox.remove(".GOV/roles/orchestrator/ORCHESTRATOR_GATES/.gitkeep");
    commit(sandbox, "records of all packets");
}

/// Commits everything, with the present time.
pub fn commit(sandbox: &Sandbox, message: &str) -> String {
    sandbox.git(&["add", "-A"]);
    let mut git = isolated_command("git", &sandbox.root, &sandbox.home());
    git.env_remove("GIT_AUTHOR_DATE").env_remove("GIT_COMMITTER_DATE");
    assert!(git.args(["commit", "-q", "-m", message]).status().expect("git runs").success());
    sandbox.git(&["rev-parse", "HEAD"])
}

/// Runs a command that must succeed; returns its output.
pub fn run_ok(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let (exit, said) = sandbox.run_redacted(arguments);
    assert_eq!(exit, 0, "{arguments:?}: {said}");
    said
}

/// Runs a command that must fail for this reason and write nothing.
pub fn assert_refused(sandbox: &Sandbox, arguments: &[&str], why: &str) -> String {
    let before = sandbox.git(&["status", "--porcelain", "-uall"]);
    let contents = sandbox.git(&["stash", "create"]);
    let (exit, said) = sandbox.run_redacted(arguments);
    assert!(exit == 1 && said.contains(why), "{arguments:?}: {exit} {said}");
    assert_eq!(sandbox.git(&["status", "--porcelain", "-uall"]), before, "{arguments:?}");
    let after = sandbox.git(&["stash", "create"]);
    let tree = |id: &str| {
        if id.is_empty() { String::new() } else { sandbox.git(&["rev-parse", &format!("{id}^{{tree}}")]) }
    };
    assert_eq!(tree(&after), tree(&contents), "{arguments:?} wrote something");
    said
}

/// Answers the questions of a refinement.
pub fn answer_refinement(sandbox: &Sandbox, path: &str) {
    let mut text = sandbox.read(path).replace("[ ]", "[x] PASS");
    for (question, answer) in [
        ("<fill: PASS or FAIL>", "PASS"),
        ("<fill: YES or NO>", "NO"),
        ("<fill: why>", "Section 2.1 says it in one sentence."),
        ("<fill: why the specification suffices>", "The wording is normative."),
        ("<fill: what is ambiguous, or NONE>", "NONE"),
        ("<fill: what the specification leaves open, or NONE>", "NONE"),
        ("<fill: what is recorded, or NONE>", "NONE"),
        ("<fill: how this could be abused, or NONE>", "NONE"),
        ("<fill: the types and functions, or NONE>", "NONE"),
    ] {
        text = text.replace(question, answer);
    }
    sandbox.write(path, text);
}

/// Fills in a packet: `a.txt` gets its second word.
pub fn fill_packet(sandbox: &Sandbox, path: &str) {
    let mut text = sandbox.read(path);
    for (blank, words) in [
        ("<fill: who wants this>", "Mira (Operator)"),
        ("<fill: who wrote this packet>", "orchestrator-1"),
        ("<fill: LOW, MEDIUM or HIGH>", "LOW"),
        ("<fill: the change, in a sentence>", "Add the second word."),
        ("<fill: the need behind it>", "The specification asks for it."),
        ("  - path/to/file\n", "  - a.txt\n"),
        ("<fill: what stays as it is>", "All other files"),
        ("<fill: one command a line>", "grep -qx two a.txt"),
        ("measurable criterion 1", "a.txt has a second line, `two`."),
        ("<fill: a path>", "a.txt"),
        ("<fill: a word>", "\"one\""),
        ("<fill: a command>", "cat a.txt"),
        ("<fill: \"risk\" -> \"impact\">", "\"the first word is lost\" -> \"readers of line one fail\""),
    ] {
        assert!(text.contains(blank), "{path} does not hold {blank:?}");
        text = text.replacen(blank, words, 1);
    }
    sandbox.write(path, text);
}

/// A signature with the present time, UTC.
pub fn signature_now(name: &str) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    format!("{name}{}", now.strftime("%d%m%Y%H%M"))
}

/// The packet, refined, signed, prepared, filled in and committed on its
/// branch.
pub fn approved() -> Sandbox {
    let sandbox = governed();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    answer_refinement(&sandbox, REFINEMENT);
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    run_ok(&sandbox, &["sign", "WP-1-Two", &signature_now("mira")]);
    run_ok(&sandbox, &["prepare", "WP-1-Two", "--coder", "coder-a"]);
    run_ok(&sandbox, &["new", "packet", "WP-1-Two"]);
    fill_packet(&sandbox, PACKET);
    sandbox.edit(PACKET, "has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n");
    commit(&sandbox, "packet");
    sandbox
}
