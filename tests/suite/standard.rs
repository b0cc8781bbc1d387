//! The profile `standard`: packets without refinements, approved with a key, and
//! manifests in a file beside the packet.

use crate::keys::{public_key, write_key};
use crate::support::host::{Host, Run};
use crate::support::initialized::{assert_refused, run_ok};
use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Word.md";
const MANIFESTS: &str = ".GOV/task_packets/WP-1-Word.manifests";

const TEXT: &str = "# Task Packet: WP-1-Word\n\n## METADATA\n- WP_ID: WP-1-Word\n- DATE: 2026-03-01\n\
    - **Status:** In Progress\n- USER_SIGNATURE: <pending>\n\n## SCOPE\n- What: Add the word.\n- Why: It is missing.\n\
    - IN_SCOPE_PATHS:\n  - a.txt\n- OUT_OF_SCOPE:\n  - deploy.sh\n\n## QUALITY_GATE\n### TEST_PLAN\n```bash\n\
    grep -qx two a.txt\n```\n### DONE_MEANS\n- a.txt has the line two.\n";

/// A repository of the profile with a packet that nothing approves yet, on its branch.
fn proposed() -> Sandbox {
    proposed_with("")
}

/// As `proposed`, with more lines of configuration.
fn proposed_with(configuration: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    sandbox.write(
        "countersign.yaml",
        format!("version: 1\nprofile: standard\nsteps:\n  - {{name: tests, run: [grep, -qx, two, a.txt], tests: false}}\n{configuration}"),
    );
    let signer = format!("mira@example.org namespaces=\"countersign\" {}\n", public_key("mira"));
    sandbox.write(".GOV/roles_shared/allowed_signers", signer);
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Word"]);
    sandbox.write(PACKET, TEXT);
    sandbox
}

fn approve(sandbox: &Sandbox) -> String {
    let key = write_key(sandbox, "mira");
    run_ok(sandbox, &["approve", "WP-1-Word", "--ssh-key", &key, "--yes"])
}

fn gate(sandbox: &Sandbox) -> (i32, String) {
    sandbox.run_redacted(&["post-work", "WP-1-Word", "--range", "main..HEAD", "--no-run"])
}

fn work(sandbox: &Sandbox) {
    sandbox.write("a.txt", "one\ntwo\n");
    run_ok(sandbox, &["manifest", "WP-1-Word", "--write"]);
    sandbox.commit("work");
}

#[test]
fn an_approved_packet_passes_with_manifests_in_a_file() {
    let sandbox = proposed();
    let said = approve(&sandbox);
    assert!(said.contains("IN_SCOPE_PATHS") && said.contains("a.txt has the line two"), "{said}");
    assert!(sandbox.read(PACKET).contains("- USER_SIGNATURE: mira"), "{}", sandbox.read(PACKET));
    sandbox.commit("packet");
    work(&sandbox);
    assert!(!sandbox.read(PACKET).contains("Target File"));
    let text = sandbox.read(MANIFESTS);
    assert!(
        text.starts_with("# Manifests of WP-1-Word\n") && text.contains("- **Target File**: `a.txt`"),
        "{text}"
    );
    let (exit, said) = gate(&sandbox);
    assert!(exit == 0 && said.contains("profile standard"), "{said}");
    // A second run changes nothing.
    run_ok(&sandbox, &["manifest", "WP-1-Word", "--write", "--range", "main..HEAD"]);
    assert_eq!(sandbox.read(MANIFESTS), text);
}

#[test]
fn the_scope_of_an_approved_packet_cannot_be_widened() {
    let sandbox = proposed();
    approve(&sandbox);
    sandbox.commit("packet");
    sandbox.edit(PACKET, "  - a.txt\n", "  - a.txt\n  - b.txt\n");
    sandbox.write("b.txt", "x\n");
    work(&sandbox);
    let (exit, said) = gate(&sandbox);
    assert!(exit == 1 && said.contains("[approval/signed]"), "{said}");
}

#[test]
fn a_typed_signature_approves_nothing() {
    let sandbox = proposed();
    sandbox.edit(PACKET, "<pending>", "mira010320260900");
    sandbox.commit("packet");
    work(&sandbox);
    let (exit, said) = gate(&sandbox);
    assert!(exit == 1 && said.contains("[approval/unsigned-contract]"), "{said}");
    // On the main branch the packet is approved by the branch.
    let sandbox = proposed();
    sandbox.commit("packet");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    work(&sandbox);
    let (exit, said) = gate(&sandbox);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn wrong_and_missing_manifests_of_the_file_are_findings() {
    let sandbox = proposed();
    approve(&sandbox);
    sandbox.commit("packet");
    work(&sandbox);
    sandbox.write("a.txt", "one\ntwo\nthree\n");
    sandbox.commit("more");
    let (exit, said) = gate(&sandbox);
    assert!(exit == 1 && said.contains("[manifest/post-sha1]") && said.contains(MANIFESTS), "{said}");
    sandbox.remove(MANIFESTS);
    sandbox.commit("no manifests");
    let (exit, said) = gate(&sandbox);
    assert!(exit == 1 && said.contains("[manifest/missing]"), "{said}");
}

#[test]
fn packets_on_two_branches_merge_without_a_conflict() {
    for order in [["first", "second"], ["second", "first"]] {
        let sandbox = proposed();
        sandbox.git(&["switch", "-q", "main"]);
        for (branch, file) in [("first", "a"), ("second", "b")] {
            sandbox.git(&["switch", "-q", "-c", branch, "main"]);
            let id = format!("WP-1-{branch}");
            let text = TEXT.replace("WP-1-Word", &id).replace("a.txt", &format!("{file}.txt"));
            sandbox.write(&format!(".GOV/task_packets/{id}.md"), text);
            let key = write_key(&sandbox, "mira");
            run_ok(&sandbox, &["approve", &id, "--ssh-key", &key, "--yes"]);
            sandbox.commit("packet");
            sandbox.write(&format!("{file}.txt"), "two\n");
            run_ok(&sandbox, &["manifest", &id, "--write"]);
            sandbox.commit("work");
        }
        sandbox.git(&["switch", "-q", "main"]);
        for branch in order {
            sandbox.git(&["merge", "-q", "--no-edit", branch]);
        }
        assert!(sandbox.git(&["status", "--porcelain"]).is_empty());
    }
}

#[test]
fn an_agent_and_a_script_cannot_approve() {
    let sandbox = proposed();
    let key = write_key(&sandbox, "mira");
    let arguments = ["approve", "WP-1-Word", "--ssh-key", &key];
    let (exit, said) = sandbox.run_redacted(&arguments);
    assert!(exit == 2 && said.contains("pass --yes to confirm"), "{exit} {said}");
    let mut program = sandbox.program();
    let output = program.env("CLAUDECODE", "1").args(arguments).arg("--yes").output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(sandbox.read(PACKET), TEXT);
    assert_refused(&sandbox, &["approve", "WP-1-Gone", "--ssh-key", &key, "--yes"], "has no packet");
    // A wrong id is reported before a missing key.
    assert_refused(&sandbox, &["approve", "WP-1-Gone", "--yes"], "has no packet");
    // The key of a stranger has no name in the list.
    let other = write_key(&sandbox, "eve");
    assert_refused(
        &sandbox,
        &["approve", "WP-1-Word", "--ssh-key", &other, "--yes"],
        "does not list this key, so the name",
    );
}

#[test]
fn the_key_with_which_git_signs_is_the_default() {
    let sandbox = proposed();
    let key = write_key(&sandbox, "mira");
    let (exit, said) = sandbox.run_redacted(&["approve", "WP-1-Word", "--yes"]);
    assert!(exit == 2 && said.contains("name one with `--ssh-key`"), "{exit} {said}");
    sandbox.git(&["config", "gpg.format", "ssh"]);
    sandbox.git(&["config", "user.signingkey", &key]);
    run_ok(&sandbox, &["approve", "WP-1-Word", "--yes"]);
}

/// Merges the branch of the work as one commit on main.
fn squash(sandbox: &Sandbox) {
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.git(&["merge", "-q", "--squash", "feat/WP-1-Word"]);
    sandbox.git(&["commit", "-q", "-m", "Word (#1)"]);
}

#[test]
fn an_approval_by_key_survives_a_squash_and_a_name_does_not() {
    let judge = |sandbox: &Sandbox| {
        let range = ["post-work", "WP-1-Word", "--range", "main~1..main", "--no-run"];
        let verdict = sandbox.run_redacted(&range);
        let audit = sandbox.run_redacted(&["audit", "WP-1-Word"]);
        assert_eq!(verdict.0, audit.0, "{}\n{}", verdict.1, audit.1);
        verdict
    };
    let sandbox = proposed();
    approve(&sandbox);
    sandbox.commit("packet");
    work(&sandbox);
    squash(&sandbox);
    let (exit, said) = judge(&sandbox);
    assert_eq!(exit, 0, "{said}");
    // A squash that adds a line is outside of what was approved.
    sandbox.git(&["switch", "-q", "feat/WP-1-Word"]);
    sandbox.git(&["branch", "-f", "main", "main~1"]);
    sandbox.write("deploy.sh", "x\n");
    sandbox.commit("one line more");
    squash(&sandbox);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("deploy.sh"), "{said}");
    // The contract was changed after the key signed it.
    let sandbox = proposed();
    approve(&sandbox);
    sandbox.edit(PACKET, "  - a.txt\n", "  - a.txt\n  - b.txt\n");
    sandbox.commit("packet");
    work(&sandbox);
    squash(&sandbox);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("approval/signed"), "{said}");
    // A key that the branch itself allows.
    let sandbox = proposed();
    sandbox.append(
        ".GOV/roles_shared/allowed_signers",
        &format!("otto namespaces=\"countersign\" {}\n", public_key("otto")),
    );
    let key = write_key(&sandbox, "otto");
    run_ok(&sandbox, &["approve", "WP-1-Word", "--ssh-key", &key, "--as", "otto", "--yes"]);
    sandbox.commit("packet");
    work(&sandbox);
    squash(&sandbox);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("approval/"), "{said}");
    // Nobody's key.
    let sandbox = proposed();
    sandbox.edit(PACKET, "<pending>", "mira010320260900");
    sandbox.commit("packet");
    work(&sandbox);
    squash(&sandbox);
    let (exit, said) = judge(&sandbox);
    assert!(exit == 1 && said.contains("approval/unsigned-contract"), "{said}");
}

#[test]
fn an_exempt_path_beside_the_work_needs_neither_scope_nor_manifest() {
    for (path, exit) in [("docs/a.md", 0), ("notes/a.md", 1), ("docs/deploy.sh", 1)] {
        let sandbox = proposed_with("exempt: [docs/]\n");
        sandbox.edit(PACKET, "  - deploy.sh\n", "  - deploy.sh\n  - docs/deploy.sh\n");
        approve(&sandbox);
        sandbox.commit("packet");
        sandbox.write("a.txt", "one\ntwo\n");
        run_ok(&sandbox, &["manifest", "WP-1-Word", "--write"]);
        sandbox.write(path, "text\n");
        sandbox.commit("work");
        let (found, said) = gate(&sandbox);
        assert!(found == exit && (exit == 0 || said.contains(path)), "{path}: {found} {said}");
    }
}

#[test]
fn a_packet_needs_its_history_or_a_signature_by_a_key() {
    let sandbox = proposed();
    approve(&sandbox);
    sandbox.commit("packet");
    work(&sandbox);
    let work = sandbox.git(&["rev-parse", "HEAD"]);
    let host = Host { origin: sandbox, work };
    let merge = host.merge_into("main", "refs/pull/7/merge");
    let run = Run::pull_request(&host, "main", &merge);
    let judge =
        |clone: &Sandbox| run.run(clone, &["verify", "--packet", "WP-1-Word", "--range", "auto", "--no-run"]);
    let reference = ["+refs/pull/7/merge:refs/remotes/pull/7/merge"];
    let (exit, said) = judge(&host.check_out(&merge, 1, &reference));
    assert!(exit == 2 && said.contains("git fetch --unshallow"), "{exit} {said}");
    let clone = host.check_out(&merge, 2, &reference);
    let (exit, said) = judge(&clone);
    assert!(exit == 0 && said.contains("judged as one commit"), "{exit} {said}");
    clone.git(&["fetch", "-q", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    let (exit, said) = judge(&clone);
    assert!(exit == 0 && !said.contains("judged as one commit"), "{exit} {said}");
}
