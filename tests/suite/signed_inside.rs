//! Continuous integration finds a packet that a key signed inside of the judged change.

use serde_json::json;

use crate::keys::{public_key, write_key};
use crate::support::host::{Host, Run};
use crate::support::initialized::run_ok;
use crate::support::repo::Sandbox;

const ID: &str = "WP-1-Word";
const PACKET: &str = ".GOV/task_packets/WP-1-Word.md";
const SIGNERS: &str = ".GOV/roles_shared/allowed_signers";
const ALL_BRANCHES: &str = "+refs/heads/*:refs/remotes/origin/*";

const TEXT: &str = "# WP-1-Word\n\n## SCOPE\n- IN_SCOPE_PATHS:\n  - a.txt\n\n## TEST_PLAN\n```bash\n\
    grep -qx two a.txt\n```\n\n## DONE_MEANS\n- a.txt has the line two.\n";

fn signer(name: &str) -> String {
    format!("{name} namespaces=\"countersign\" {}\n", public_key(name))
}

/// A repository whose main branch lists mira's key, with a packet on the branch `work`.
fn proposed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    sandbox.write("b.txt", "one\n");
    sandbox.write("countersign.yaml", "version: 1\nprofile: standard\nsteps: []\n");
    sandbox.write(SIGNERS, signer("mira"));
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write(PACKET, TEXT);
    sandbox
}

fn approve(sandbox: &Sandbox, name: &str) {
    let key = write_key(sandbox, name);
    run_ok(sandbox, &["approve", ID, "--ssh-key", &key, "--as", name, "--yes"]);
    sandbox.commit("packet");
}

fn work(sandbox: &Sandbox) {
    sandbox.write("a.txt", "one\ntwo\n");
    run_ok(sandbox, &["manifest", ID, "--write"]);
    sandbox.commit("work");
}

/// Judges the branch as a pull request, and after its merge as a push.
fn judge(sandbox: Sandbox) -> [(i32, String); 2] {
    let work = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["switch", "-q", "main"]);
    let host = Host { origin: sandbox, work };
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let command = ["verify", "--range", "auto", "--no-run"];
    let request = Run::pull_request(&host, "main", &host.work).run(&clone, &command);
    let before = host.origin.git(&["rev-parse", "main"]);
    host.origin.git(&["merge", "-q", "--no-ff", "-m", "Merge", "work"]);
    let merge = host.origin.git(&["rev-parse", "HEAD"]);
    let clone = host.check_out(&merge, 0, &[ALL_BRANCHES]);
    let mut push = Run::github("push", &merge, json!({"before": before, "ref": "refs/heads/main"}));
    push.set("GITHUB_REF", "refs/heads/main");
    push.set("GITHUB_REF_NAME", "main");
    [request, push.run(&clone, &command)]
}

#[track_caller]
fn assert_each(found: [(i32, String); 2], exit: i32, reason: &str) {
    for (found, said) in found {
        assert!(found == exit && said.contains(reason), "{found}: {said}");
    }
}

#[test]
fn a_packet_that_an_allowed_key_signs_in_the_request_is_found() {
    let sandbox = proposed();
    approve(&sandbox, "mira");
    work(&sandbox);
    assert_each(judge(sandbox), 0, "verify WP-1-Word: PASSED");
}

#[test]
fn a_packet_that_is_signed_again_for_more_paths_is_found() {
    let sandbox = proposed();
    approve(&sandbox, "mira");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    sandbox.edit(PACKET, "  - a.txt\n", "  - a.txt\n  - b.txt\n");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    approve(&sandbox, "mira");
    sandbox.write("b.txt", "two\n");
    work(&sandbox);
    assert_each(judge(sandbox), 0, "verify WP-1-Word: PASSED");
}

#[test]
fn the_packet_of_a_stranger_is_not_found() {
    // A key that nothing lists, and one that the request itself lists.
    for lists_own_key in [false, true] {
        let sandbox = proposed();
        if lists_own_key {
            sandbox.append(SIGNERS, &signer("otto"));
        }
        approve(&sandbox, "otto");
        work(&sandbox);
        assert_each(judge(sandbox), 2, "--packet WP-1-Word`");
    }
}

#[test]
fn a_contract_that_changes_after_its_signature_fails() {
    let sandbox = proposed();
    approve(&sandbox, "mira");
    sandbox.edit(PACKET, "  - a.txt\n", "  - a.txt\n  - b.txt\n");
    sandbox.write("b.txt", "two\n");
    work(&sandbox);
    assert_each(judge(sandbox), 1, "approval/signed");
    // The signature of another packet.
    let sandbox = proposed();
    approve(&sandbox, "mira");
    for part in ["contract", "contract.sig"] {
        let text = sandbox.read(&format!(".GOV/roles_shared/signatures/{ID}.{part}"));
        sandbox.write(&format!(".GOV/roles_shared/signatures/WP-1-Other.{part}"), text);
        sandbox.remove(&format!(".GOV/roles_shared/signatures/{ID}.{part}"));
    }
    let text = sandbox.read(PACKET).replace(ID, "WP-1-Other");
    sandbox.remove(PACKET);
    sandbox.write(".GOV/task_packets/WP-1-Other.md", text);
    sandbox.write("a.txt", "one\ntwo\n");
    sandbox.commit("another packet");
    assert_each(judge(sandbox), 1, "the signed text is not a contract of `WP-1-Other`");
}

#[test]
fn a_packet_that_was_removed_does_not_come_back() {
    let sandbox = proposed();
    approve(&sandbox, "mira");
    let signed = sandbox.git(&["rev-parse", "HEAD"]);
    for path in [PACKET, ".GOV/roles_shared/signatures"] {
        sandbox.git(&["rm", "-q", "-r", path]);
    }
    sandbox.commit("the work is over");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    sandbox.git(&["checkout", "-q", &signed, "--", PACKET, ".GOV/roles_shared/signatures"]);
    sandbox.commit("packet");
    work(&sandbox);
    assert_each(judge(sandbox), 2, "");
}
