//! Changes that need no packet: exempt paths and documents. And those that only look so.

use crate::support::host::FENCE;
use crate::support::repo::Sandbox;

fn assert_verdict(sandbox: &Sandbox, arguments: &[&str], exit: i32, says: &str) {
    let all: Vec<&str> = std::iter::once("verify").chain(arguments.iter().copied()).collect();
    let (found, said) = sandbox.run_redacted(&all);
    assert!(found == exit && said.contains(says), "exit {found}, not {exit}; {says:?} not in:\n{said}");
}

/// A repository with packets whose rules exempt the documentation.
fn with_exempt_paths() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write("docs/a.md", "one\n");
    let config =
        "version: 1\nprofile: standard\nsteps: none\nexempt:\n  - docs/\n  - .github/\n  - .GOV/\n  - link\n";
    sandbox.write("countersign.yaml", config);
    sandbox.write(".GOV/task_packets/.gitkeep", "");
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "dependabot/docs"]);
    sandbox
}

#[test]
fn a_change_of_exempt_paths_needs_no_packet() {
    let sandbox = with_exempt_paths();
    sandbox.write("docs/a.md", "two\n");
    sandbox.write("docs/new.md", "new\n");
    sandbox.commit("documentation");
    assert_verdict(&sandbox, &[], 0, "PASSED, exempt paths only");
    assert_verdict(&sandbox, &["--range", "main...HEAD"], 0, "PASSED, exempt paths only");
    // What matches no packet and no exemption fails, whatever the branch is called.
    sandbox.write("src/a.txt", "two\n");
    sandbox.commit("code");
    assert_verdict(&sandbox, &[], 2, "it is not known which packet");
    let renamed = with_exempt_paths();
    renamed.git(&["mv", "src/a.txt", "docs/b.txt"]);
    renamed.commit("moved into the exempt folder");
    assert_verdict(&renamed, &[], 2, "it is not known which packet");
    // Protected kinds and governance are never exempt.
    for path in [".github/workflows/ci.yml", ".GOV/task_packets/WP-1-Own.md"] {
        let sandbox = with_exempt_paths();
        sandbox.write(path, "x\n");
        sandbox.commit("protected");
        let (exit, said) = sandbox.run_redacted(&["verify"]);
        assert!(!said.contains("exempt paths only"), "{path}: {exit} {said}");
    }
    // The change cannot exempt itself.
    let own = with_exempt_paths();
    own.edit("countersign.yaml", "  - docs/\n", "  - docs/\n  - src/\n");
    own.write("src/a.txt", "two\n");
    own.commit("own rules");
    assert_verdict(&own, &[], 2, "it is not known which packet");
}

#[cfg(unix)]
#[test]
fn a_link_is_never_exempt() {
    let sandbox = with_exempt_paths();
    std::os::unix::fs::symlink("src/a.txt", sandbox.root.join("link")).expect("link");
    sandbox.commit("link");
    assert_verdict(&sandbox, &[], 2, "it is not known which packet");
}

#[test]
fn what_only_the_index_changes_is_not_exempt_and_not_nothing() {
    let staged = || {
        let sandbox = Sandbox::new();
        sandbox.write("src/a.txt", "one\n");
        sandbox.write("deploy.sh", "old\n");
        sandbox.write("docs/a.md", "one\n");
        sandbox.write("countersign.yaml", format!("{FENCE}exempt: [docs/]\n"));
        sandbox.commit("project");
        sandbox.git(&["switch", "-q", "-c", "work"]);
        sandbox.write("deploy.sh", "evil\n");
        sandbox.git(&["add", "deploy.sh"]);
        sandbox.write("deploy.sh", "old\n");
        sandbox
    };
    assert_verdict(&staged(), &["--worktree"], 1, "deploy.sh");
    assert_verdict(&staged(), &[], 1, "deploy.sh");
    let sandbox = staged();
    sandbox.write("docs/a.md", "two\n");
    assert_verdict(&sandbox, &["--worktree"], 1, "deploy.sh");
    sandbox.git(&["restore", "--staged", "deploy.sh"]);
    assert_verdict(&sandbox, &["--worktree"], 0, "exempt paths only");
}

#[test]
fn a_rule_file_beside_a_document_is_a_change_of_the_rules() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write(".GOV/baseline.txt", "# countersign baseline, version 2\n");
    sandbox.write(".GOV/a.md", "# Notes\n");
    sandbox.write(".GOV/task_packets/.gitkeep", "");
    let scan = "scan: {baseline: .GOV/baseline.txt}\n";
    sandbox.write("countersign.yaml", format!("version: 1\nprofile: standard\nsteps: none\n{scan}"));
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.append(".GOV/a.md", "more\n");
    sandbox.commit("document");
    assert_verdict(&sandbox, &[], 0, "PASSED, contract only");
    sandbox.append(".GOV/baseline.txt", "# more\n");
    sandbox.commit("and a rule");
    let (exit, said) = sandbox.run_redacted(&["verify"]);
    assert!(exit != 0 && !said.contains("contract only"), "{exit} {said}");
}

#[test]
fn the_scope_of_a_packet_that_is_only_a_typed_contract_cannot_be_widened() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write("src/deploy.sh", "old\n");
    let rules = "rules: {packet/section: off, packet/field: off}\n";
    sandbox.write(
        "countersign.yaml",
        format!("version: 1\nprofile: standard\nmanifests: \"off\"\nsteps: none\n{rules}"),
    );
    let path = ".GOV/task_packets/WP-1-A/packet.json";
    let packet = |allowed: &str, forbidden: &str| {
        format!(
            "{{\"schema_id\": \"hsk.work_packet_contract@1\", \"wp_id\": \"WP-1-A\", \"lifecycle\": {{\"status\": \
             \"In Progress\", \"user_signature\": \"mira140220260915\"}}, \"scope\": {{\"allowed_paths\": [\"{allowed}\"], \"forbidden_paths\": [\"{forbidden}\"]}}}}\n"
        )
    };
    sandbox.write(path, packet("src/a.txt", "src/deploy.sh"));
    sandbox.commit("packet");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write(path, packet("src/", "other.txt"));
    sandbox.commit("wider");
    let (exit, said) = sandbox.run_redacted(&["verify", "--range", "main..HEAD"]);
    assert!(exit != 0, "{exit} {said}");
    sandbox.write("src/deploy.sh", "evil\n");
    sandbox.commit("work");
    let (exit, said) =
        sandbox.run_redacted(&["verify", "--packet", "WP-1-A", "--range", "main..HEAD", "--no-run"]);
    assert!(exit == 1 && said.contains("differs from"), "{exit} {said}");
}
