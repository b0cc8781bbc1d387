//! The profile `standard` needs only a scope, a test plan and done-means.

use crate::keys::{public_key, write_key};
use crate::support::initialized::run_ok;
use crate::support::repo::Sandbox;

const PACKET: &str = ".GOV/task_packets/WP-1-Word.md";

const TEXT: &str = "# WP-1-Word\n\n## Scope\n- IN_SCOPE_PATHS:\n  - a.txt\n\n## Test plan\n```bash\n\
    grep -qx two a.txt\n```\n\n## Done means\n- a.txt has the line two.\n";

/// A repository that `init` set up, with a packet written by hand on its branch.
fn written_by_hand(profile: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    run_ok(&sandbox, &["init", "--profile", profile, "--step", "grep -qx two a.txt"]);
    sandbox.edit("countersign.yaml", "timeout: 10m", "tests: false");
    let signer = format!("mira@example.org namespaces=\"countersign\" {}\n", public_key("mira"));
    sandbox.write(".GOV/roles_shared/allowed_signers", signer);
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Word"]);
    sandbox.write(PACKET, TEXT);
    sandbox
}

fn approve(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let key = write_key(sandbox, "mira");
    run_ok(sandbox, &[&["approve", "WP-1-Word", "--ssh-key", &key, "--yes"], arguments].concat())
}

fn work(sandbox: &Sandbox) {
    sandbox.write("a.txt", "one\ntwo\n");
    run_ok(sandbox, &["manifest", "WP-1-Word", "--write"]);
    sandbox.commit("work");
}

/// Runs a command that must fail, and returns its output.
fn assert_fails(sandbox: &Sandbox, arguments: &[&str], reasons: &[&str]) {
    let (exit, said) = sandbox.run_redacted(arguments);
    assert_eq!(exit, 1, "{arguments:?}: {said}");
    for reason in reasons {
        assert!(said.contains(reason), "{arguments:?}: no `{reason}` in {said}");
    }
}

#[test]
fn a_packet_written_by_hand_passes_every_gate_after_its_approval() {
    for title in ["# WP-1-Word\n", "# Task Packet: WP-1-Word\n\n## METADATA\n- WP_ID: WP-1-Word\n"] {
        let sandbox = written_by_hand("standard");
        sandbox.edit(PACKET, "# WP-1-Word\n", title);
        run_ok(&sandbox, &["check"]);
        run_ok(&sandbox, &["gate-check", "WP-1-Word"]);
        assert_fails(&sandbox, &["pre-work", "WP-1-Word"], &["countersign approve WP-1-Word"]);
        approve(&sandbox, &[]);
        sandbox.commit("packet");
        run_ok(&sandbox, &["pre-work", "WP-1-Word"]);
        work(&sandbox);
        for gate in [vec!["post-work", "WP-1-Word"], vec!["verify"], vec!["audit", "WP-1-Word"]] {
            run_ok(&sandbox, &gate);
        }
        let said = run_ok(&sandbox, &["verify", "--range", "main..HEAD"]);
        assert!(said.contains("verify WP-1-Word: PASSED") && said.contains("tests: passed"), "{said}");
        // The limits of the packet hold.
        sandbox.write("b.txt", "x\n");
        sandbox.commit("more");
        assert_fails(&sandbox, &["verify", "--range", "main..HEAD"], &["scope/outside"]);
    }
}

#[test]
fn a_pending_signature_is_replaced_by_the_approval() {
    let sandbox = written_by_hand("standard");
    sandbox.edit(PACKET, "# WP-1-Word\n", "# WP-1-Word\n\n- USER_SIGNATURE: <pending>\n");
    run_ok(&sandbox, &["check"]);
    approve(&sandbox, &[]);
    let text = sandbox.read(PACKET);
    assert!(text.contains("- USER_SIGNATURE: mira") && text.matches("SIGNATURE").count() == 1, "{text}");
    sandbox.commit("packet");
    run_ok(&sandbox, &["pre-work", "WP-1-Word"]);
}

#[test]
fn a_local_branch_of_any_name_finds_the_packet_by_its_scope() {
    let sandbox = written_by_hand("standard");
    sandbox.commit("packet");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    sandbox.git(&["switch", "-q", "-c", "second-word"]);
    work(&sandbox);
    let said = run_ok(&sandbox, &["verify"]);
    assert!(said.contains("verify WP-1-Word: PASSED"), "{said}");
    // A packet that only the work has is not chosen, and of two packets none is.
    let other = TEXT.replace("WP-1-Word", "WP-1-Other");
    sandbox.write(".GOV/task_packets/WP-1-Other.md", other.replace("- a.txt\n", "- a.txt\n  - b.txt\n"));
    sandbox.write("b.txt", "x\n");
    let (exit, said) = sandbox.run_redacted(&["verify"]);
    assert_eq!(exit, 2, "{said}");
    sandbox.remove("b.txt");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write(".GOV/task_packets/WP-1-Other.md", other);
    sandbox.commit("another packet");
    sandbox.git(&["switch", "-q", "-c", "third-word"]);
    sandbox.write("a.txt", "one\ntwo\n");
    let (exit, said) = sandbox.run_redacted(&["verify"]);
    assert!(exit == 2 && said.contains("WP-1-Other") && said.contains("WP-1-Word"), "{exit} {said}");
}

#[test]
fn a_packet_on_the_main_branch_needs_no_signature() {
    let sandbox = written_by_hand("standard");
    sandbox.commit("packet");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    run_ok(&sandbox, &["pre-work", "WP-1-Word"]);
    work(&sandbox);
    let said = run_ok(&sandbox, &["verify", "--range", "main..HEAD"]);
    assert!(said.contains("verify WP-1-Word: PASSED"), "{said}");
    // A status that the work removes does not open a closed packet again.
    let sandbox = written_by_hand("standard");
    sandbox.edit(PACKET, "# WP-1-Word\n", "# WP-1-Word\n\n- **Status:** Validated (PASS)\n");
    sandbox.commit("packet");
    sandbox.git(&["branch", "-f", "main", "HEAD"]);
    sandbox.write(PACKET, TEXT);
    work(&sandbox);
    assert_fails(&sandbox, &["post-work", "WP-1-Word", "--range", "main..HEAD"], &["packet/closed"]);
}

#[test]
fn scope_plan_and_done_means_are_all_needed() {
    for (from, to, reason) in [
        ("  - a.txt\n", "", "[scope/no-entry]"),
        ("grep -qx two a.txt\n", "", "`TEST_PLAN` contains no command"),
        ("## Test plan\n", "", "requires the field `TEST_PLAN`"),
        ("- a.txt has the line two.\n", "", "`DONE_MEANS`"),
        ("## Done means\n", "", "requires the field `DONE_MEANS`"),
        ("## Done means\n", "## Acceptance criteria\n", "this is not read; rename it to `DONE_MEANS`"),
        ("## Test plan\n", "## How to test\n", "this is not read; rename it to `TEST_PLAN`"),
    ] {
        let sandbox = written_by_hand("standard");
        sandbox.edit(PACKET, from, to);
        assert_fails(&sandbox, &["check"], &[reason]);
        assert_fails(&sandbox, &["pre-work", "WP-1-Word"], &[reason]);
    }
}

#[test]
fn the_profile_full_demands_all_sections_and_fields() {
    let sandbox = written_by_hand("full");
    let reasons = ["section `METADATA`", "section `AUTHORITY`", "section `BOOTSTRAP`", "the field `WHAT`"];
    assert_fails(&sandbox, &["check"], &reasons);
    assert_fails(&sandbox, &["pre-work", "WP-1-Word"], &["section `METADATA`", "the packet has no status"]);
}

#[test]
fn a_key_that_the_trusted_revision_does_not_list_approves_nothing() {
    // Without the list, and with a list that the work adds.
    for adds_list in [false, true] {
        let sandbox = written_by_hand("standard");
        sandbox.git(&["switch", "-q", "main"]);
        let list = sandbox.read(".GOV/roles_shared/allowed_signers");
        sandbox.remove(".GOV/roles_shared/allowed_signers");
        sandbox.git(&["commit", "-q", "-a", "-m", "no list"]);
        sandbox.git(&["switch", "-q", "-C", "feat/WP-1-Word"]);
        sandbox.write(PACKET, TEXT);
        if adds_list {
            sandbox.write(".GOV/roles_shared/allowed_signers", list);
        }
        approve(&sandbox, &["--as", "mira"]);
        sandbox.commit("packet");
        let reason = "no key may sign the packet because the trusted revision has no";
        assert_fails(&sandbox, &["pre-work", "WP-1-Word"], &[reason]);
        work(&sandbox);
        assert_fails(&sandbox, &["post-work", "WP-1-Word", "--range", "main..HEAD"], &[reason]);
    }
}

#[test]
fn the_profile_standard_writes_a_packet_without_other_documents() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    let said = run_ok(&sandbox, &["init", "--profile", "standard", "--step", "grep -qx two a.txt"]);
    assert!(!said.contains("SIGNATURE_AUDIT") && said.contains("countersign new packet"), "{said}");
    assert!(sandbox.read("countersign.yaml").contains("\nprofile: standard\n"));
    sandbox.commit("project");
    let said = run_ok(&sandbox, &["new", "packet", "WP-1-Word"]);
    assert!(said.contains("countersign approve WP-1-Word --ssh-key FILE"), "{said}");
    // The template is not a contract.
    assert_fails(
        &sandbox,
        &["check"],
        &["`TEST_PLAN` contains", "`DONE_MEANS` contains", "unparsable-entry"],
    );
    let (exit, said) = sandbox.run_redacted(&["init", "--profile", "full"]);
    assert!(exit == 2 && said.contains("has the profile `standard`"), "{exit} {said}");
}
